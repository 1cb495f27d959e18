package policy

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// update writes what is found as what is wanted; read the difference.
var update = flag.Bool("update", false, "write testdata/malformed.want")

// malformed is a file that must be refused.
type malformed struct {
	name string
	data []byte
}

// malformedFiles reads testdata/malformed.txtar. A file whose name ends in
// " quoted" is a list of Go strings, each with how often it stands there; {n} is
// the number of its turn.
func malformedFiles(t *testing.T) []malformed {
	t.Helper()
	archive, err := txtar.ParseFile("testdata/malformed.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var out []malformed
	for _, f := range archive.Files {
		name, quoted := strings.CutSuffix(f.Name, " quoted")
		if !quoted {
			out = append(out, malformed{name, f.Data})
			continue
		}
		var data strings.Builder
		for line := range strings.Lines(string(f.Data)) {
			count, text := 1, strings.TrimSpace(line)
			if n, rest, ok := strings.Cut(text, " "); ok && text[0] != '"' {
				text = rest
				if count, err = strconv.Atoi(n); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
			}
			s, err := strconv.Unquote(text)
			if err != nil {
				t.Fatalf("%s: %q: %v", name, text, err)
			}
			for i := range count {
				data.WriteString(strings.ReplaceAll(s, "{n}", strconv.Itoa(i)))
			}
		}
		out = append(out, malformed{name, []byte(data.String())})
	}
	return out
}

// wanted reads testdata/malformed.want: of each file, a line for each error with
// its place, its check, and how its message begins.
func wanted(t *testing.T) map[string][]string {
	t.Helper()
	data, err := os.ReadFile("testdata/malformed.want")
	if err != nil && !*update {
		t.Fatal(err)
	}
	out := make(map[string][]string)
	for line := range strings.Lines(string(data)) {
		name, want, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		out[name] = append(out[name], want)
	}
	return out
}

// maxMessage is how much of a message is held to, in bytes.
const maxMessage = 50

// maxErrors is how many errors of a file are listed, the one that says that
// there are more included.
const maxErrors = 3

func errorsOf(found Findings) []string {
	var out []string
	for _, f := range found {
		if f.Severity == SeverityError {
			out = append(out, fmt.Sprintf("%d:%d %s %s", f.Line, f.Column, f.ID, f.Message))
		}
	}
	if len(out) > maxErrors {
		out = append(out[:maxErrors-1:maxErrors-1], fmt.Sprintf("and %d more", len(out)-maxErrors+1))
	}
	return out
}

// liveHeap is the metric of what the last collection of garbage left.
const liveHeap = "/gc/heap/live:bytes"

// peakOf returns how much of the heap f holds on to at once, in bytes: the most
// that any collection leaves while f runs, less what there was before. As they
// come whenever the heap has grown by a fourth, it is the peak but for that.
func peakOf(f func()) uint64 {
	defer debug.SetGCPercent(debug.SetGCPercent(25))
	runtime.GC()
	live := func() uint64 {
		sample := []metrics.Sample{{Name: liveHeap}}
		metrics.Read(sample)
		return sample[0].Value.Uint64()
	}
	before := live()
	var peak atomic.Uint64
	var done atomic.Bool
	// What nothing refers to is cleaned up by the next collection, and then comes
	// the next one.
	var watch func(int)
	watch = func(int) {
		peak.Store(max(peak.Load(), live()))
		if !done.Load() {
			runtime.AddCleanup(new([2]*int), watch, 0)
		}
	}
	watch(0)
	f()
	done.Store(true)
	return max(peak.Load(), live()) - before
}

// TestPeakOf: the measure sees what is held and dropped again.
func TestPeakOf(t *testing.T) {
	var held [][]byte
	got := peakOf(func() {
		for range 64 {
			held = append(held, make([]byte, 1<<20))
		}
		for range 4 { // collections, each until what it found has been cleaned up
			cleaned := make(chan struct{})
			runtime.AddCleanup(new([2]*int), func(c chan struct{}) { close(c) }, cleaned)
			runtime.GC()
			<-cleaned
		}
		held = nil
		runtime.GC()
	})
	if held != nil || got < 60<<20 || got > 72<<20 {
		t.Errorf("peak of 64 MiB: got %d MiB", got>>20)
	}
}

// TestMalformed holds that each way to get a policy wrong has one error, at its
// place, in words that help; and that none costs more than its bounds.
func TestMalformed(t *testing.T) {
	const memory = 256 << 20
	files, want := malformedFiles(t), wanted(t)
	if len(files) < 300 {
		t.Errorf("%d files, want at least 300", len(files))
	}
	var out strings.Builder
	for _, f := range files {
		ctx, cancel := context.WithTimeout(t.Context(), LoadTimeout)
		var s *Snapshot
		var found Findings
		load := func() { s, found = Load(ctx, []File{{Name: "p.yaml", Data: f.data}}, options()) }
		if strings.HasPrefix(f.name, "bound/") {
			if got := peakOf(load); got > memory {
				t.Errorf("%s: %d MiB of the heap are held at once, the bound is %d", f.name, got>>20, memory>>20)
			}
		} else {
			load()
		}
		cancel()
		if s != nil {
			t.Errorf("%s: is accepted", f.name)
		}
		got := errorsOf(found)
		for _, e := range got {
			fmt.Fprintf(&out, "%s: %.*s\n", f.name, maxMessage, e)
		}
		if *update {
			continue
		}
		if len(got) != len(want[f.name]) || len(got) == 0 {
			t.Errorf("%s: errors %q, want %q", f.name, got, want[f.name])
			continue
		}
		for i, w := range want[f.name] {
			if !strings.HasPrefix(got[i], w) {
				t.Errorf("%s: got %q, want %q", f.name, got[i], w)
			}
		}
		delete(want, f.name)
	}
	if *update {
		if err := os.WriteFile("testdata/malformed.want", []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	for name := range want {
		t.Errorf("testdata/malformed.want names %s, which is no file", name)
	}
	debug.FreeOSMemory()
}
