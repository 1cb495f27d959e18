package policy

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestBounds holds the bounds of the language: what reaches one loads, and what
// passes it is refused with the rule that did it.
func TestBounds(t *testing.T) {
	count := func(n int) string {
		var b strings.Builder
		b.WriteString(head)
		for i := range n {
			fmt.Fprintf(&b, "  - {id: r%d, exec: /bin/p%d, argv: ''}\n", i, i%50)
		}
		return b.String()
	}
	lines := func(n int) string {
		var b strings.Builder
		b.WriteString(head + "  - id: r\n    exec: /bin/r\n    argv: |\n")
		for i := range n {
			fmt.Fprintf(&b, "      w%d\n", i)
		}
		return b.String()
	}
	block := func(lines ...string) string {
		return head + "  - id: r\n    exec: /bin/r\n    argv: |\n      " + strings.Join(lines, "\n      ") + "\n"
	}
	// Each of its types needs few states, together they need their product.
	var many []string
	for i, n := range []int{2, 3, 5, 7, 11, 13, 17} {
		many = append(many, fmt.Sprintf("w%d <a:re((a{%d})*)>", i, n))
	}
	// What stood n tokens before the end has to be remembered of n tokens.
	before := func(n int) string { return "[(a|b)]... a" + strings.Repeat(" (a|b)", n) }
	for _, tt := range []struct {
		name     string
		at, over string // a policy at the bound, and one over it; no policy: not tried
		id, msg  string
		rule     RuleID
	}{
		{"rules", count(maxRules), count(maxRules + 1), "F-LIMIT", "more than 1000 rules", "r1000"},
		{"lines of a rule", lines(64), lines(65), "G-PARSE", "more than 64 lines", "r"},
		{"bytes of a line", block(strings.Repeat("a", 4096)), block(strings.Repeat("a", 4097)), "G-PARSE", "longer than 4096 bytes", "r"},
		{"bytes of a line, continued", block("w "+strings.Repeat("a", 2000), "  "+strings.Repeat("b", 2000)), block("w "+strings.Repeat("a", 2100), "  "+strings.Repeat("b", 2100)), "G-PARSE", "longer than 4096 bytes", "r"},
		{"lexer states", block(many[:5]...), block(many...), "G-STATES", "more than 200000 lexer states for /bin/r", "r"},
		{"token states", block(before(12)), block(before(16)), "G-STATES", "more than 50000 token states for /bin/r", "r"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			// The proofs have bounds of their own.
			o := options()
			o.unproved = true
			if s, found := Load(t.Context(), []File{{Name: "p.yaml", Data: []byte(tt.at)}}, o); s == nil {
				t.Errorf("at the bound: %v", found)
			}
			s, found := Load(t.Context(), []File{{Name: "p.yaml", Data: []byte(tt.over)}}, o)
			if s != nil || len(found) == 0 {
				t.Fatal("over the bound it loads")
			}
			f := found[0]
			if f.ID != tt.id || !strings.Contains(f.Message, tt.msg) || f.Rule != tt.rule || f.File != "p.yaml" || f.Line < 4 || f.Column < 1 {
				t.Errorf("finding %v of rule %q, want %s with %q of %q", f, f.Rule, tt.id, tt.msg, tt.rule)
			}
		})
	}
	if LoadTimeout != 10*time.Second {
		t.Errorf("a load may take %v, want 10 s", LoadTimeout)
	}
}
