package vet

import (
	"testing"

	"github.com/rootgate-project/rootgate/policy"
)

// TestGuards holds that what a server still asks is named with its place in the
// request, behind a wrapper, too.
func TestGuards(t *testing.T) {
	const text = `version: 1
callers: [{user: agent}]
rules:
  - id: in.cat
    exec: /usr/bin/cat
    callers: []
    argv: |
      <file:path(/srv)>
  - id: in
    exec: /usr/sbin/ip
    wrap: netns
    chain: [in.cat]
    argv: |
      netns exec <ns:netns> <inner:command>
  - id: named
    exec: /usr/bin/wc
    netns: {re: 'n[0-9]', required: true}
    argv: |
      <file:path(/srv)>
`
	s, found := policy.Load(t.Context(), []policy.File{{Name: "p.yaml", Data: []byte(text)}}, policy.Options{})
	if s == nil {
		t.Fatal(found)
	}
	for _, c := range []struct {
		name    string
		request policy.Request
		want    []Guard
	}{
		{
			"a namespace in the arguments",
			policy.Request{Argv: []string{"ip", "netns", "exec", "n1", "cat", "/srv/a"}},
			[]Guard{
				{"file", "path(/srv)", "/srv/a", 5, "path: read"},
				{"ns", "netns", "n1", 3, "network namespace"},
			},
		},
		{
			"a namespace of the request",
			policy.Request{Argv: []string{"wc", "/srv/a"}, Netns: "n1"},
			[]Guard{
				{"file", "path(/srv)", "/srv/a", 1, "path: read"},
				{"netns", "re(n[0-9])", "n1", -1, "network namespace"},
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			agent, _ := s.Rules()[len(s.Rules())-1].Callers[0].Least()
			d := s.Decide(agent, c.request)
			if !d.Allowed() {
				t.Fatal(d.Denial)
			}
			got := Guards(d)
			if len(got) != len(c.want) {
				t.Fatalf("got %+v, want %+v", got, c.want)
			}
			for i, w := range c.want {
				if got[i].Name != w.Name || got[i].Type != w.Type || got[i].Value != w.Value || got[i].ArgvIndex != w.ArgvIndex {
					t.Errorf("got %+v, want %+v", got[i], w)
				}
			}
		})
	}
}
