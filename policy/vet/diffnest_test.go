package vet

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rootgate-project/rootgate/policy"
)

// A wrapper that comes or goes changes what runs, whatever the effects are.
func TestCompareNested(t *testing.T) {
	load := func(wrap, lines string) *policy.Snapshot {
		text := fmt.Sprintf(`version: 1
callers: [{user: alice}]
rules:
  - id: outer
    exec: /usr/bin/nice
    %s
    chain: [inner]
    argv: |
      %s <inner:command>
  - id: inner
    exec: /bin/inner
    callers: []
    argv: |
      x [y]
`, wrap, lines)
		s, found := policy.Load(t.Context(), []policy.File{{Name: "p.yaml", Data: []byte(text)}}, policy.Options{})
		if s == nil {
			t.Fatal(found)
		}
		return s
	}
	for _, tt := range []struct {
		name     string
		old, new *policy.Snapshot
		want     string
	}{
		{"nothing", load("wrap: nice", "-n 1"), load("wrap: nice", "(-n 1)"), ""},
		{"wrapper goes", load("wrap: nice", "-n 0"), load("why: a", "-n 0"), "~ outer program"},
		{"more", load("wrap: nice", "-n 1"), load("wrap: nice", "-n (1|2)"), "+ inner"},
		{"less", load("wrap: nice", "-n (1|2)"), load("wrap: nice", "-n 1"), "- inner"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, err := Compare(t.Context(), tt.old, tt.new)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, c := range d.Changes {
				s := fmt.Sprintf("%c %s", c.Kind, c.Rule.ID)
				for _, f := range c.Fields {
					s += " " + f.Name
				}
				got = append(got, s)
			}
			if strings.Join(got, "; ") != tt.want {
				t.Errorf("got %q, want %q\n%+v", got, tt.want, d.Changes)
			}
		})
	}
}
