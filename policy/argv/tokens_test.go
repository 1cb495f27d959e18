package argv

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestCheckTokens(t *testing.T) {
	many := func(n int, s string) []string { return slices.Repeat([]string{s}, n) }
	tests := []struct {
		name  string
		argv  []string
		index int
		want  string // empty: accepted
	}{
		{"one", []string{"ip"}, 0, ""},
		{"an empty argument", []string{"ip", ""}, 0, ""},
		{"no token", nil, -1, "is empty"},
		{"an empty program", []string{"", "a"}, 0, "is empty"},
		{"64 tokens", many(64, "a"), 0, ""},
		{"65 tokens", many(65, "a"), -1, "has 65 tokens"},
		{"10000 tokens", many(10000, "a"), -1, "has 10000 tokens"},
		{"4 KiB", []string{"a", strings.Repeat("b", 4096)}, 0, ""},
		{"4 KiB and a byte", []string{"a", strings.Repeat("b", 4097)}, 1, "has 4097 bytes"},
		{"128 KiB", []string{"a", strings.Repeat("b", 128<<10)}, 1, "has 131072 bytes"},
		{"32 KiB", many(8, strings.Repeat("a", 4096)), 0, ""},
		{"32 KiB and a byte", append(many(8, strings.Repeat("a", 4096)), "b"), 8, "goes over 32768 bytes"},
		{"NUL", []string{"a", "b\x00"}, 1, "U+0000 at byte 1"},
		{"newline", []string{"a", "5\n"}, 1, "U+000A at byte 1"},
		{"escape", []string{"\x1b[2J"}, 0, "U+001B at byte 0"},
		{"DEL", []string{"a", "\x7f"}, 1, "U+007F"},
		{"invalid UTF-8", []string{"a", "b\xff"}, 1, "not valid UTF-8"},
		{"overlong", []string{"a", "\xc0\xaf"}, 1, "not valid UTF-8"},
		{"surrogate", []string{"a", "\xed\xa0\x80"}, 1, "not valid UTF-8"},
		{"U+202E is for the types to refuse", []string{"a", "\u202e"}, 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := CheckTokens(tt.argv)
			if tt.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			var te *TokenError
			if !errors.As(err, &te) || te.Index != tt.index || !strings.Contains(te.Error(), tt.want) {
				t.Errorf("got %v, want index %d, %q", err, tt.index, tt.want)
			}
		})
	}
}

func TestSplitTest(t *testing.T) {
	tests := []struct{ in, want string }{
		{"", `[]`},
		{"  a  b ", `["a" "b"]`},
		{"a '' b", `["a" "" "b"]`},
		{"''", `[""]`},
		{"''''", `["'"]`},
		{"'a b''c'd e", `["a b'cd" "e"]`},
		{`a\ b`, `["a\\" "b"]`},
		{"a''b", `["ab"]`},
		{"'5\n'", `["5\n"]`},
		{"'a", "error"},
		{"a'b' '", "error"},
		{"'''", "error"},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			toks, err := SplitTest(tt.in)
			got := fmt.Sprintf("%q", toks)
			if err != nil {
				got = "error"
			}
			if got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func FuzzSplitTest(f *testing.F) {
	for _, s := range []string{"a b", "'' ''''", "'a", "a'b c'd", "\\ \""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		toks, err := SplitTest(s)
		if err != nil {
			return
		}
		// Quoting every token and splitting again is the identity.
		var b strings.Builder
		for _, tok := range toks {
			b.WriteString(" '" + strings.ReplaceAll(tok, "'", "''") + "'")
		}
		again, err := SplitTest(b.String())
		if err != nil || !slices.Equal(again, toks) {
			t.Errorf("got %q, %v, want %q", again, err, toks)
		}
	})
}
