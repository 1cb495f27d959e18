package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// event is one line of `go test -json`; see `go doc test2json`.
type event struct {
	Action     string
	Package    string
	ImportPath string // of build-output and build-fail, in the place of Package
	Test       string // empty: the package as a whole
	Output     string
	Elapsed    float64 // seconds
}

// report counts the tests of a run, subtests included.
type report struct {
	passed, failed int
	skipped        []string        // reasons, one a test
	broken         []string        // packages that did not build or did not end well
	open           map[string]bool // packages that started and have not ended
	output         map[string]*strings.Builder
	tests          map[string]int // tests that ended, by package
}

// read consumes the events of in, and writes a line to progress for each package
// that ends, and the output of each test that fails. Lines that are not JSON are
// passed through: go writes some of its complaints plainly.
func read(in io.Reader, progress io.Writer) (*report, error) {
	r := &report{open: map[string]bool{}, output: map[string]*strings.Builder{}, tests: map[string]int{}}
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) != nil || e.Action == "" {
				fmt.Fprintf(progress, "%s\n", strings.TrimRight(string(line), "\n"))
			} else {
				r.add(e, progress)
			}
		}
		if err == io.EOF {
			return r, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read events: %w", err)
		}
	}
}

func (r *report) add(e event, progress io.Writer) {
	key := e.Package + e.ImportPath + "\x00" + e.Test
	switch e.Action {
	case "start":
		r.open[e.Package] = true
	case "output", "build-output":
		if r.output[key] == nil {
			r.output[key] = &strings.Builder{}
		}
		r.output[key].WriteString(e.Output)
	case "build-fail":
		fmt.Fprint(progress, r.take(key))
	case "pass", "fail", "skip":
		if e.Test == "" {
			r.endPackage(e, r.take(key), progress)
		} else {
			r.endTest(e, r.take(key), progress)
		}
	}
}

func (r *report) endTest(e event, output string, progress io.Writer) {
	r.tests[e.Package]++
	switch e.Action {
	case "pass":
		r.passed++
	case "fail":
		r.failed++
		fmt.Fprint(progress, shorten(output))
	case "skip":
		var reason []string
		for line := range strings.Lines(output) {
			if !strings.HasPrefix(line, "=== ") && !strings.HasPrefix(strings.TrimSpace(line), "--- SKIP") {
				reason = append(reason, strings.TrimSpace(line))
			}
		}
		r.skipped = append(r.skipped, fmt.Sprintf("%s %s: %s", e.Package, e.Test, strings.Join(reason, " ")))
	}
}

func (r *report) endPackage(e event, output string, progress io.Writer) {
	delete(r.open, e.Package)
	switch e.Action {
	case "pass":
		fmt.Fprintf(progress, "ok    %s  %.1f s, %d tests\n", e.Package, e.Elapsed, r.tests[e.Package])
	case "fail":
		// A panic or a race report outside a test, or a package that does not build.
		fmt.Fprint(progress, shorten(output))
		r.broken = append(r.broken, e.Package)
	}
}

// shown is how many bytes are shown of each end of a long output.
const shown = 16 << 10

// shorten leaves out the middle of a long output: a test that repeats itself until
// it times out would bury the others.
func shorten(output string) string {
	if len(output) <= 2*shown {
		return output
	}
	left := len(output) - 2*shown
	return fmt.Sprintf("%s\n[%d bytes left out]\n%s", output[:shown], left, output[len(output)-shown:])
}

// take returns what was collected under key and forgets it.
func (r *report) take(key string) string {
	b := r.output[key]
	delete(r.output, key)
	if b == nil {
		return ""
	}
	return b.String()
}

// good reports whether every package ended well, with at least one test in all
// and, if strict, without skipping any.
func (r *report) good(strict bool) bool {
	return r.failed == 0 && len(r.broken) == 0 && len(r.open) == 0 && r.passed > 0 &&
		(!strict || len(r.skipped) == 0)
}

// print writes the skips, the packages that failed and the closing line.
func (r *report) print(w io.Writer) {
	for _, s := range r.skipped {
		fmt.Fprintf(w, "SKIP  %s\n", s)
	}
	for _, p := range r.broken {
		fmt.Fprintf(w, "FAIL  %s\n", p)
	}
	for p := range r.open {
		fmt.Fprintf(w, "FAIL  %s: did not end\n", p)
	}
	fmt.Fprintf(w, "%d passed, %d failed, %d skipped\n", r.passed, max(r.failed, len(r.broken)+len(r.open)), len(r.skipped))
}
