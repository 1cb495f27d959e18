package house

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Lines of a hand-written file that is not a test. Longer than the last: a noun is
// hiding in there.
const (
	medianLines = 120
	p90Lines    = 300
	maxLines    = 500
)

func TestFileSizes(t *testing.T) {
	var sizes []int
	check := func(path string, lines int) {
		sizes = append(sizes, lines)
		if lines > maxLines {
			t.Errorf("%s has %d lines, want at most %d", path, lines, maxLines)
		}
	}
	for _, s := range sources(t) {
		if !s.test && !s.generated {
			check(s.path, s.lines)
		}
	}
	for _, path := range files(t) {
		if ext := filepath.Ext(path); ext == ".c" || ext == ".h" {
			check(path, bytes.Count(read(t, path), []byte("\n")))
		}
	}
	slices.Sort(sizes)
	median, p90 := sizes[len(sizes)/2], sizes[len(sizes)*9/10]
	t.Logf("%d files: median %d lines, 90th percentile %d, longest %d", len(sizes), median, p90, sizes[len(sizes)-1])
	if median > medianLines {
		t.Logf("median %d lines, want at most %d", median, medianLines)
	}
	if p90 > p90Lines {
		t.Logf("90th percentile %d lines, want at most %d", p90, p90Lines)
	}
}

// machine finds paths that hold on one developer's machine only.
var machine = regexp.MustCompile(`/(?:Users/[a-z]+|home/[a-z]+/(?:go|src|git|code|work)|root/(?:go|\.cache|src))/`)

func TestNoPathsOfOneMachine(t *testing.T) {
	top, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files(t) {
		text := read(t, path)
		if bytes.IndexByte(text, 0) >= 0 {
			continue // not text
		}
		// A checkout directly below / may have a name that text uses otherwise.
		if strings.Count(top, "/") > 1 && bytes.Contains(text, []byte(top+"/")) {
			t.Errorf("%s holds the path of this checkout", path)
		}
		if found := machine.Find(text); found != nil && path != "test/house/files_test.go" {
			t.Errorf("%s holds %q, a path of one machine", path, found)
		}
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return text
}
