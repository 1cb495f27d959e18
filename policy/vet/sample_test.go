package vet

import (
	"reflect"
	"strings"
	"testing"

	"github.com/rootgate-project/rootgate/policy"
)

const askedPolicy = `version: 1
callers: [{user: alice}, {group: ops}]
rules:
  - id: link
    exec: [/usr/sbin/ip, /opt/ip]
    netns: {type: 're(n[0-9])', required: true}
    argv: |
      link set <d:ifname> (up|down)
      link get <d:ifname> from <d!>
  - {id: bob, callers: [{user: bob}], exec: /bin/cat, argv: ''}
  - {id: nobody, callers: [], exec: /bin/dog, argv: ''}
`

func TestSample(t *testing.T) {
	s := snapshot(t, "p.yaml", askedPolicy)
	all, err := Sample(s, "link", 0, 200, 1)
	if err != nil || len(all) != 200 {
		t.Fatal(len(all), err)
	}
	programs, verbs := map[string]int{}, map[string]int{}
	for _, r := range all {
		programs[r.Argv[0]]++
		verbs[r.Argv[2]]++
		if d := s.Decide(policy.SyntheticCaller("alice"), r); !d.Allowed() || d.Rule.ID != "link" {
			t.Errorf("%q: %+v", r.Argv, d.Denial)
		}
	}
	// Two programs of one name are asked by path.
	if programs["/usr/sbin/ip"] < 50 || programs["/opt/ip"] < 50 || verbs["set"] < 50 || verbs["get"] < 50 {
		t.Errorf("%v %v", programs, verbs)
	}
	again, _ := Sample(s, "link", 0, 200, 1)
	other, _ := Sample(s, "link", 0, 200, 2)
	if !reflect.DeepEqual(all, again) || reflect.DeepEqual(all, other) {
		t.Error("the seed does not decide")
	}
	line, err := Sample(s, "link", 2, 20, 1)
	if err != nil || len(line) != 20 {
		t.Fatal(len(line), err)
	}
	for _, r := range line {
		if r.Argv[2] != "get" {
			t.Errorf("%q is not of line 2", r.Argv)
		}
	}
	if one, err := Sample(s, "bob", 1, 1, 1); err != nil || !reflect.DeepEqual(one[0].Argv, []string{"cat"}) {
		t.Errorf("%v, %v", one, err)
	}
	for _, c := range []struct {
		rule policy.RuleID
		line int
		want string
	}{{"none", 0, `no rule "none"`}, {"bob", 2, "has no line 2"}, {"nobody", 0, "nobody may call it"}} {
		if _, err := Sample(s, c.rule, c.line, 1, 1); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s:%d: %v, want %q", c.rule, c.line, err, c.want)
		}
	}
}

// TestSampleOverridden leaves out what another rule decides.
func TestSampleOverridden(t *testing.T) {
	s := snapshot(t, "p.yaml", head+"  - id: all\n    exec: /bin/a\n    argv: |\n      x\n      y\n"+
		"  - id: few\n    exec: /bin/a\n    overrides: all\n    run: {nice: 1}\n    argv: |\n      y\n")
	if _, err := Sample(s, "all", 2, 1, 1); err == nil || !strings.Contains(err.Error(), "nothing was drawn") {
		t.Error(err)
	}
	if got, err := Sample(s, "few", 0, 1, 1); err != nil || len(got) != 1 {
		t.Error(got, err)
	}
}

func TestWhoCan(t *testing.T) {
	s := snapshot(t, "p.yaml", askedPolicy)
	for _, c := range []struct {
		argv string
		want string
	}{
		{"/usr/sbin/ip link set j up", "group ops link n0,user alice link n0"},
		{"cat", "user bob bob "},
		{"dog", ""},
		{"none", ""},
		{"cat x", ""},
	} {
		var got []string
		for _, u := range WhoCan(s, policy.Request{Argv: strings.Fields(c.argv)}) {
			got = append(got, u.Caller.String()+" "+string(u.Decision.Rule.ID)+" "+u.Request.Netns)
		}
		if strings.Join(got, ",") != c.want {
			t.Errorf("%s: got %q, want %q", c.argv, got, c.want)
		}
	}
}
