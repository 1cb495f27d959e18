package resolved

import (
	"fmt"
	"strings"

	"github.com/rootgate-project/rootgate/policy"
)

// Part is one fact of a rule.
type Part struct {
	Path  string          `json:"path"`  // as in "run.limits.wall"
	Value string          `json:"value"` // as the language writes it
	File  string          `json:"file,omitempty"`
	Line  int             `json:"line,omitempty"` // 0 with an empty File: compiled in
	Pos   policy.Position `json:"-"`
}

// View is a resolved rule.
type View struct {
	Rule       policy.RuleID        `json:"rule"`
	Profiles   []policy.ProfileName `json:"profiles"` // base first
	Parts      []Part               `json:"parts"`
	AllowTests int                  `json:"allow_tests"`
	DenyTests  int                  `json:"deny_tests"`

	lines []textLine
}

// textLine is a line of the text form; one without a part has no origin.
type textLine struct {
	text string
	part int // index in Parts, or -1
	// above puts the origin on a line of its own: in a literal block, text
	// behind an argument would be another one.
	above bool
}

// Text returns the rule as a policy file. Every line that states something ends
// in its origin.
func (v View) Text() string {
	width := 0
	for _, l := range v.lines {
		if n := len([]rune(l.text)); l.part >= 0 && !l.above && n <= 60 {
			width = max(width, n)
		}
	}
	var b strings.Builder
	for _, l := range v.lines {
		switch {
		case l.part < 0:
			b.WriteString(l.text)
		case l.above:
			indent := l.text[:len(l.text)-len(strings.TrimLeft(l.text, " "))]
			fmt.Fprintf(&b, "%s# %s\n%s", indent, v.Parts[l.part].origin(), l.text)
		default:
			fmt.Fprintf(&b, "%-*s  # %s", width, l.text, v.Parts[l.part].origin())
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// origin returns where the part was written: "base" when no file says it.
func (p Part) origin() string {
	if p.Pos == (policy.Position{}) {
		return "base"
	}
	return p.Pos.String()
}
