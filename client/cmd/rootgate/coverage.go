package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

// coverage is what policy test --coverage prints.
type coverage struct {
	verdict
	Tests    int          `json:"tests"`
	Lines    covered      `json:"lines"`
	Branches covered      `json:"branches"`
	Rules    []lineReport `json:"coverage"` // by rule and line
}

type covered struct {
	Exercised int `json:"exercised"`
	Total     int `json:"total"`
}

func (c *covered) add(exercised bool) {
	if c.Total++; exercised {
		c.Exercised++
	}
}

func (c covered) String() string { return fmt.Sprintf("%d/%d", c.Exercised, c.Total) }

type lineReport struct {
	Rule      string         `json:"rule"`
	Line      int            `json:"line"`
	File      string         `json:"file"`
	FileLine  int            `json:"file_line"`
	Usage     string         `json:"usage"`
	Exercised bool           `json:"exercised"`
	Branches  []branchReport `json:"branches"`
}

type branchReport struct {
	Of        string `json:"of"`
	Text      string `json:"text"`
	Exercised bool   `json:"exercised"`
}

func newCoverage(l *loaded, clean bool) coverage {
	out := coverage{verdict: newVerdict(l, clean), Tests: l.snapshot.Tests(), Rules: []lineReport{}}
	for _, c := range l.snapshot.Coverage() {
		line := c.Rule.Lines[c.Line-1]
		r := lineReport{
			Rule: string(c.Rule.ID), Line: c.Line, File: line.Pos.File, FileLine: line.Pos.Line,
			Usage: line.Text, Exercised: c.Exercised, Branches: []branchReport{},
		}
		out.Lines.add(c.Exercised)
		for _, b := range c.Branches {
			out.Branches.add(b.Exercised)
			r.Branches = append(r.Branches, branchReport(b))
		}
		out.Rules = append(out.Rules, r)
	}
	return out
}

// text is a table with a row a line, and the totals below it.
func (c coverage) text() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	row := func(cells ...string) { _, _ = fmt.Fprintln(w, strings.Join(cells, "\t")) } // a Builder takes all
	row("LINE", "BRANCHES", "NEVER EXERCISED")
	for _, r := range c.Rules {
		var n covered
		var missed []string
		for _, br := range r.Branches {
			if n.add(br.Exercised); !br.Exercised {
				missed = append(missed, br.Text+" of "+br.Of)
			}
		}
		if !r.Exercised {
			missed = []string{"the line: " + r.Usage}
		}
		row(place(r.Rule, r.Line), n.String(), printable(strings.Join(missed, ", ")))
	}
	_ = w.Flush()
	fmt.Fprintf(&b, "%d tests exercise %s lines and %s branches\n", c.Tests, c.Lines, c.Branches)
	return b.String()
}

// covered prints what the tests of a policy use of it. A policy that is refused
// has findings alone.
func (a *app) covered(l *loaded) error {
	bad := l.bad()
	c := newCoverage(l, !bad)
	switch {
	case a.json():
		return ended(a.printJSON(c), bad)
	case l.snapshot == nil:
		return a.judged(l, "")
	}
	return ended(a.print("%s%s", l.text(), c.text()), bad)
}
