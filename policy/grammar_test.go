package policy

import (
	"strings"
	"testing"
)

// grammarPolicy has a rule for each construct that a decision must see through.
const grammarPolicy = `version: 1
rules:
  - id: g
    exec: /usr/bin/g
    callers: [{user: alice}]
    argv: |
      copy <vg:re([a-z]{1,8})> to <vg!>
      [-v/--verbose] wait -w/--wait:<n:int(1..60)>
      pick {-i <i:int(1..9)>... | -q!}
      maybe [-a <b:re([a-z]{1,8})>] <b!>
`

func TestGrammarDecides(t *testing.T) {
	s := load(t, grammarPolicy)
	tests := []struct {
		argv   string
		reason Reason // empty: allowed
		want   string
	}{
		{"g copy a to a", "", ""},
		{"g copy a to b", ReasonValueMismatch, "argv[4] b: expected <vg!> re([a-z]{1,8}) (the same value as in argv[2])"},
		{"g maybe x", ReasonValueMismatch, "argv[2] x: expected <b!> re([a-z]{1,8}) (the same value as before, and there is none, or more than one)"},
		{"g maybe -a x x", "", ""},
		{"g -v wait -w 5", "", ""},
		{"g --verbose wait --wait 5", "", ""},
		{"g wait --wait=5", "", ""},
		{"g wait -w5", ReasonValueNotOfType, "argv[2] -w5"},
		{"g wait --wai 5", ReasonValueNotOfType, "argv[2] --wai"},
		{"g -v --verbose wait -w 5", ReasonNoSuchSubcommand, "argv[2] --verbose"},
		{"g pick -i 1 -q -i 2 -i 3", "", ""},
		{"g pick -i 1", ReasonMissingArgument, "argv[4] is missing: expected -i or -q"},
		{"g pick -q -q", ReasonDuplicateOption, "already given at argv[2]"},
	}
	for _, tt := range tests {
		t.Run(tt.argv, func(t *testing.T) {
			d := s.Decide(alice, Request{Argv: strings.Fields(tt.argv)})
			if d.Denial.Reason != tt.reason || !strings.Contains(d.Denial.Message, tt.want) || d.Allowed() != (tt.reason == "") {
				t.Errorf("got  %s %s\nwant %s %s", d.Denial.Reason, d.Denial.Message, tt.reason, tt.want)
			}
		})
	}
}
