package broker

import (
	"fmt"
	"testing"

	"github.com/rootgate-project/rootgate/policy"
)

// TestUnavailableLines: a line is warned of once, where it stands, for all the
// programs of its rule, and a policy with it is not refused.
func TestUnavailableLines(t *testing.T) {
	const text = `version: 1
callers: [{uid: 1000}]
rules:
  - id: r
    exec: [/bin/a, /bin/b]
    args:
      p: {type: pid, exe: [/bin/c]}
      l: {type: ifname, exists: true}
    argv: |
      show
      kill <p> on <l>
      stop <u:user> <f:path(/srv)>
      link <l>
`
	s, findings := policy.Load(t.Context(), []policy.File{{Name: "p.yaml", Data: []byte(text)}}, policy.Options{})
	if err := findings.Err(); err != nil {
		t.Fatal(err)
	}
	got := unavailable(s)
	want := []string{
		"p.yaml:11:7: W X-GUARD: r:2: this server cannot look up pid {exe: [/bin/c]} for <p>: calls with it are refused",
		"p.yaml:13:7: W X-GUARD: r:4: this server cannot look up ifname {exists: true} for <l>: calls with it are refused",
	}
	if len(got) != len(want) {
		t.Fatalf("got %v, want %q", got, want)
	}
	for i := range want {
		if fmt.Sprint(got[i]) != want[i] || got[i].Rule != "r" {
			t.Errorf("got  %v\nwant %s", got[i], want[i])
		}
	}
}
