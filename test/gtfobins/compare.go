package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/rootgate-project/rootgate/policy"
)

// counterparts are, for each function of GTFOBins, the kinds of escape that are
// it. A program that sends a file reads it, and one that fetches writes one.
var counterparts = map[string][]string{
	"shell":                         {"shell", "exec", "batch"},
	"command":                       {"shell", "exec", "batch"},
	"reverse-shell":                 {"shell", "exec", "batch"},
	"bind-shell":                    {"shell", "exec", "batch"},
	"non-interactive-reverse-shell": {"shell", "exec", "batch"},
	"non-interactive-bind-shell":    {"shell", "exec", "batch"},
	"file-read":                     {"file-read"},
	"file-upload":                   {"file-read"},
	"file-write":                    {"file-write"},
	"file-download":                 {"file-write"},
	"library-load":                  {"library-load"},
}

// code are kinds that run what their caller wrote, and so do all the rest too.
var code = []string{"shell", "exec", "batch", "library-load"}

// report is what a comparison found.
type report struct {
	programs, known int
	// Pairs of a program and a function. What a program does under sudo or with a
	// bit of its mode set repeats its functions, and is not counted.
	pairs, same, refused int
	missing              []string // "program: function", with no counterpart at all
}

// compare counts the pairs that package policy knows.
func compare(entries []entry) report {
	var r report
	for _, e := range entries {
		r.programs++
		var kinds []string
		for _, k := range policy.KnownEscapes(e.program) {
			kinds = append(kinds, k.Kind)
		}
		if len(kinds) > 0 {
			r.known++
		}
		for _, f := range e.functions {
			want, counted := counterparts[f]
			if !counted {
				continue
			}
			r.pairs++
			same := hasAny(kinds, want)
			if same {
				r.same++
			}
			if same || hasAny(kinds, code) {
				r.refused++
			} else {
				r.missing = append(r.missing, e.program+": "+f)
			}
		}
	}
	return r
}

func hasAny(list, of []string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return slices.Contains(of, s) })
}

func (r report) print(w io.Writer) {
	// Nobody would read an error of a report's own output.
	_, _ = fmt.Fprintf(w, "programs  %d, known %d (%s)\n", r.programs, r.known, share(r.known, r.programs))
	_, _ = fmt.Fprintf(w, "pairs     %d of a program and a function, %d with an escape of that kind (%s), %d with one or with code of the caller's (%s)\n",
		r.pairs, r.same, share(r.same, r.pairs), r.refused, share(r.refused, r.pairs))
	_, _ = fmt.Fprintf(w, "missing   %s\n", strings.Join(r.missing, ", "))
}

func share(n, of int) string { return fmt.Sprintf("%.1f %%", 100*float64(n)/float64(max(of, 1))) }
