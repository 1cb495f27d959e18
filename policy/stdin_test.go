package policy

import (
	"strings"
	"testing"

	"github.com/rootgate-project/rootgate/policy/argv"
)

// TestStdinParts: each part of what a rule says of standard input counts, by
// itself.
func TestStdinParts(t *testing.T) {
	lines := func(re string) *argv.Type {
		typ, err := argv.ParseType("re("+re+")", nil)
		if err != nil {
			t.Fatal(err)
		}
		return typ
	}
	all := []struct {
		stdin Stdin
		want  string // String
		whole bool
	}{
		{Stdin{}, "none", false},
		{Stdin{Max: 1}, "{max: 1B}", false},
		{Stdin{Max: 2}, "{max: 2B}", false},
		{Stdin{Max: 2, UTF8: true}, "{max: 2B, utf8: true}", true},
		{Stdin{Max: 2, Lines: lines("a+")}, `{max: 2B, lines: "a+"}`, true},
		{Stdin{Max: 2, Lines: lines("b+")}, `{max: 2B, lines: "b+"}`, true},
		{Stdin{Max: 2, MaxLines: 1}, "{max: 2B, max_lines: 1}", true},
		{Stdin{Max: 2, MaxLines: 2}, "{max: 2B, max_lines: 2}", true},
	}
	for i, a := range all {
		if got := a.stdin.String(); got != a.want || a.stdin.Whole() != a.whole {
			t.Errorf("got %s, whole %v, want %s, %v", got, a.stdin.Whole(), a.want, a.whole)
		}
		for j, b := range all {
			if a.stdin.Equal(b.stdin) != (i == j) {
				t.Errorf("%s and %s: equal %v", a.want, b.want, i != j)
			}
		}
	}
}

// TestStdinBounds: as many bytes and lines as there may be pass, and one more
// does not.
func TestStdinBounds(t *testing.T) {
	word, err := argv.ParseType("re(a*)", nil)
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("a", MaxStdinLine)
	for _, tt := range []struct {
		name  string
		stdin Stdin
		data  string
		want  Reason // empty: passes
	}{
		{"one byte", Stdin{Max: 1}, "a", ""},
		{"nothing where nothing may be", Stdin{}, "", ReasonStdinNotAllowed},
		{"all lines", Stdin{Max: 99, MaxLines: 2}, "a\nb", ""},
		{"one line more", Stdin{Max: 99, MaxLines: 2}, "a\nb\nc", ReasonStdinTooLarge},
		{"any number of lines", Stdin{Max: 99, Lines: word}, "a\naa\n\n", ""},
		{"another line", Stdin{Max: 99, Lines: word}, "a\nab\n", ReasonStdinLine},
		{"lines are text", Stdin{Max: 99, Lines: word}, "a\x00", ReasonStdinNotText},
		{"counted lines need not be", Stdin{Max: 99, MaxLines: 1}, "a\x00", ""},
		{"a long line", Stdin{Max: 1 << 20, Lines: word}, long + "\n", ""},
		{"text to its ends", Stdin{Max: 99, UTF8: true}, " ~\u00a0\ufffd", ""},
		{"the last control character", Stdin{Max: 99, UTF8: true}, "\u009f", ReasonStdinNotText},
		{"the first one of a terminal", Stdin{Max: 99, UTF8: true}, "\x7f", ReasonStdinNotText},
	} {
		t.Run(tt.name, func(t *testing.T) {
			reason, msg := tt.stdin.Check([]byte(tt.data))
			if reason != tt.want || (msg == "") != (reason == "") {
				t.Errorf("got %q, %q", reason, msg)
			}
		})
	}
	if reason, msg := (Stdin{Max: 1 << 20, Lines: word}).Check([]byte(long + "a\n")); reason != ReasonStdinLine || !strings.Contains(msg, "longer than") {
		t.Errorf("a line that is too long: %q, %q", reason, msg)
	}
}
