package policy

import (
	"fmt"
	"testing"
)

// TestTypesThatDifferInDash: the notation of a re does not show whether it takes
// a leading "-", yet two rules that differ in it alone are not one answer.
func TestTypesThatDifferInDash(t *testing.T) {
	for dash, want := range map[string]string{"": "", ", dash: true": "A-OVERLAP"} {
		text := "version: 1\ncallers: [{uid: 1000}]\nrules:\n"
		for id, more := range map[string]string{"a": "", "b": dash} {
			text += fmt.Sprintf("  - id: %s\n    exec: /bin/p\n    env: {pass: {X: {type: re, re: '-?[a-z]+'%s}}}\n"+
				"    argv: |\n      go\n    tests: {allow: [p go]}\n", id, more)
		}
		_, found := Load(t.Context(), []File{{Name: "p", Data: []byte(text)}}, Options{})
		got := ""
		for _, f := range found {
			if f.Severity == SeverityError {
				got = f.ID
			}
		}
		if got != want {
			t.Errorf("dash %q: refused by %q, want %q: %v", dash, got, want, found)
		}
	}
}
