package argv

import (
	"errors"
	"strings"
	"testing"
)

func TestExpand(t *testing.T) {
	tests := []struct{ name, src, want string }{
		{"nothing", "  \n", "  \n"},
		{"a comment behind a line", "a  (b|c)  # x\n", ""},
		{"a flag", "[-v/--verbose] x", "[(-v|--verbose)] x"},
		{"a value", "-w/--wait:<n:int(1..60)> x", "(-w <n:int(1..60)>|--wait <n:int(1..60)>|--wait=<n:int(1..60)>) x"},
		{"an unknown type", "-w/--wait:<n:foo>...2", "(-w <n:foo>|--wait <n:foo>|--wait=<n:foo>)...2"},
		{"a choice", "-m/--mode:(a|b)x", "(-m (a|b)x|--mode (a|b)x|--mode=(a|b)x)"},
		{"a quote", "-m/--mode:'a ''b'", "(-m 'a ''b'|--mode 'a ''b'|--mode='a ''b')"},
		{"an empty value", "-m/--mode:''", "(-m ''|--mode ''|--mode='')"},
		{
			"two on a line, and more lines", "\n  é -a/--all -b/--bee\n  # -c/--see\n    -d/--dee:<x> <x!>\n\n  -e/--e {-f/--f!|g...}\n",
			"\n  é (-a|--all) (-b|--bee)\n  # -c/--see\n    (-d <x>|--dee <x>|--dee=<x>) <x!>\n\n  (-e|--e) {(-f|--f)!|g...}\n",
		},
		{"words that mean themselves", "/srv/-x a/b -w/-x '-v/--verbose' x-v/--verbose", "same"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.want == "same" {
				tt.want = tt.src
			}
			got, err := Expand(tt.src)
			if tt.want == "" {
				if err == nil || got != "" {
					t.Errorf("got %q, %v", got, err)
				}
				return
			}
			if err != nil || got != tt.want {
				t.Fatalf("got %q, %v", got, err)
			}
			if again, err := Expand(got); err != nil || again != got {
				t.Errorf("again: %q, %v", again, err)
			}
		})
	}
}

// TestExpandErrors: a place is that of Parse.
func TestExpandErrors(t *testing.T) {
	tests := []struct{ name, src, want string }{
		{"a bad line", "a\n  -v/--verbose )\nb", "2:16: "},
		{"an option without its value", "é -w/--wait:", "1:13: the value of an option"},
		{"a tab", "\ta", "1:1: tab"},
		{"a line that becomes too long", "-w/--wait:" + strings.Repeat("x", 4000), "line longer than 4096 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Expand(tt.src)
			var se *SyntaxError
			if !errors.As(err, &se) || got != "" || !strings.Contains(se.Error(), tt.want) {
				t.Errorf("got %q, %v, want %s", got, err, tt.want)
			}
		})
	}
	_, err := Expand(strings.Repeat(")\n", 20))
	if joined, ok := err.(interface{ Unwrap() []error }); !ok || len(joined.Unwrap()) != maxErrors { //nolint:errorlint // the joined error itself is looked at
		t.Errorf("got %v", err)
	}
}

// FuzzExpand: what is written out is the same language, and stays as it is.
func FuzzExpand(f *testing.F) {
	for _, s := range []string{
		"-v/--verbose", "[-w/--wait:<n>]... x", "{-a/--all!|-b/--bee:<n>...}", "a\n  -x/--xx:(a|b)[c]\n# -y/--yy\n", "-x/--xx:'é ''q' <n> <n!>",
		"x(-v/--verbose|b)", "-v/--verbose:", "(((-v/--v)))",
	} {
		f.Add(s)
	}
	scope := Scope{"n": mustType(f, "int(1..9)")}
	f.Fuzz(func(t *testing.T, src string) {
		b, parseErr := Parse(src, scope)
		out, err := Expand(src)
		if parseErr == nil && err != nil {
			var se *SyntaxError
			if !errors.As(err, &se) || !strings.Contains(se.Msg, "longer than") {
				t.Fatalf("Parse reads it, and Expand says %v", err)
			}
		}
		if err != nil {
			return
		}
		if again, err := Expand(out); err != nil || again != out {
			t.Fatalf("%q became %q, then %q, %v", src, out, again, err)
		}
		if parseErr != nil {
			return
		}
		plain, err := Parse(out, scope)
		if err != nil || len(plain.Lines) != len(b.Lines) {
			t.Fatalf("%q became %q: %v", src, out, err)
		}
		for i, l := range b.Lines {
			if got, want := describe(plain.Lines[i].seq), describe(l.seq); got != want {
				t.Fatalf("%q became %q: got %s, want %s", src, out, got, want)
			}
		}
	})
}
