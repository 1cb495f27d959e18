package policy

import (
	"fmt"
	"strings"
	"testing"
)

func TestCallersByUnit(t *testing.T) {
	for _, tt := range []struct {
		callers string
		allowed []string // of all below
	}{
		{"{unit: x.service}", []string{"alice x", "bob x"}},
		{"{unit: [x.service, y.service]}", []string{"alice x", "bob x", "alice y"}},
		{"{user: alice, unit: x.service}", []string{"alice x"}},
		{"{group: ops, unit: x.service}", []string{"bob x"}},
		{"{user: alice, unit: [x.service, agent-*.service]}", []string{"alice x", "alice agent-l3", "alice agent-"}},
		{"{unit: agent-*3.service}", []string{"alice agent-l3"}},
		{"{user: alice}", []string{"alice x", "alice y", "alice agent-l3", "alice agent-", "alice agent", "alice X", "alice"}},
		{"{unit: y.service}, {user: bob}", []string{"bob x", "alice y"}},
	} {
		s := load(t, "version: 1\nrules:\n  - {id: r, exec: /bin/r, callers: ["+tt.callers+"], argv: ''}\n")
		var got []string
		for _, who := range []string{"alice x", "bob x", "alice y", "alice agent-l3", "alice agent-", "alice agent", "alice X", "alice"} {
			name, unit, in := strings.Cut(who, " ")
			c := map[string]Caller{"alice": alice, "bob": bob}[name]
			if in {
				c.Unit = unit + ".service"
			}
			if s.Decide(c, Request{Argv: []string{"r"}}).Allowed() {
				got = append(got, who)
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(tt.allowed) {
			t.Errorf("%s: allowed %q, want %q", tt.callers, got, tt.allowed)
		}
	}
}

func TestUnitsDiffer(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{"x.service", "x.service", false},
		{"x.service", "y.service", true},
		{"x-*.service", "x-y.service", false},
		{"x-*.service", "y-x.service", true},
		{"x-*.service", "x-y*.service", false},
		{"x-*.service", "y-*.service", true},
		{"x-*a.service", "x-*b.service", true},
		{"x-*ba.service", "x-y*a.service", false},
		{"xx*x.service", "xx.service", true},
	} {
		if got, back := unitsDiffer(tt.a, tt.b), unitsDiffer(tt.b, tt.a); got != tt.want || back != tt.want {
			t.Errorf("%s and %s: %t, %t, want %t", tt.a, tt.b, got, back, tt.want)
		}
	}
	// Two rules that no unit may call both are no overlap.
	pair := func(a, b string) string {
		return rules("go\n    callers: [{unit: "+a+"}]", "go\n    callers: [{unit: "+b+"}]\n    run: {nice: 1}")
	}
	load(t, pair("x.service", "y.service"))
	badPolicy{"", pair("x.service", "x*.service"), "12:7: A-OVERLAP", "both accept [x go]"}.run(t)
	badPolicy{"", rules("go\n    callers: [{unit: x.service}]", "go\n    run: {nice: 1}"), "12:7: A-OVERLAP", "both accept [x go]"}.run(t)
}

// TestLeastUnit holds that the least caller of a spec is one of no other unit.
func TestLeastUnit(t *testing.T) {
	s := load(t, `version: 1
rules:
  - {id: exact, callers: [{unit: x-1.service}], exec: /bin/a, argv: ''}
  - {id: open, callers: [{unit: x-*.service}], exec: /bin/b, argv: ''}
  - {id: wide, callers: [{user: alice, unit: x*.service}], exec: /bin/c, argv: ''}
  - {id: user, callers: [{user: alice}], exec: /bin/d, argv: ''}
`)
	want := map[string]string{
		"exact": "unit x-1.service: exact open", "open": "unit x-*.service: open",
		"user": "user alice: user", "wide": "user alice in unit x*.service: user wide",
	}
	for _, r := range s.Rules() {
		c, ok := r.Callers[0].Least()
		got := r.Callers[0].String() + ":"
		for _, o := range s.Rules() {
			if o.Admits(c) {
				got += " " + string(o.ID)
			}
		}
		if !ok || got != want[string(r.ID)] {
			t.Errorf("%s: %q, want %q", r.ID, got, want[string(r.ID)])
		}
	}
}

func TestUnitInTests(t *testing.T) {
	load(t, "version: 1\nrules:\n  - id: r\n    exec: /bin/r\n    callers: [{user: alice, unit: [a.service, x.service]}]\n    argv: ''\n"+
		"    tests:\n      allow: [{argv: r, caller: {user: alice, unit: x.service}}]\n"+
		"      deny: [{argv: r, caller: alice}, {argv: r, caller: {user: alice}}, {argv: r, caller: {user: bob, unit: x.service}}, {argv: r, caller: {user: 1000, unit: y.service}}]\n")
}

func TestBadUnits(t *testing.T) {
	unit := func(s string) string { return "version: 1\ncallers: [{unit: " + s + "}]\n" }
	for _, b := range []badPolicy{
		{"empty", unit("[]"), "2:18: F-VALUE", "names 0 units"},
		{"too many", unit("[" + strings.Repeat("a.service, ", 65) + "]"), "2:18: F-VALUE", "names 65 units"},
		{"mapping", unit("{}"), "2:18: F-YAMLTYPE", "expected a list"},
		{"number", unit("[1]"), "2:19: F-YAMLTYPE", "expected text"},
		{"socket", unit("x.socket"), "2:18: F-VALUE", "only services can be callers"},
		{"user's slice", unit("user.slice"), "2:18: F-VALUE", "only services"},
		{"path", unit("a/x.service"), "2:18: F-VALUE", "expected the name of a service"},
		{"all services", unit("'*.service'"), "2:18: F-VALUE", "not at its beginning"},
		{"two stars", unit("a*b*.service"), "2:18: F-VALUE", "one * at most"},
		{"space", unit("'a b.service'"), "2:18: F-VALUE", "expected the name"},
		{"long", unit(strings.Repeat("a", 248) + ".service"), "2:18: F-VALUE", "expected the name"},
		{"test without a user", rule("tests: {allow: [{argv: 'true', caller: {unit: x.service}}]}"), "7:44: F-VALUE", "no user"},
		{"test with a group", rule("tests: {allow: [{argv: 'true', caller: {group: x}}]}"), "7:45: F-UNKNOWN", "unknown field"},
		{"test of nobody", rule("tests: {allow: [{argv: 'true', caller: {user: carol}}]}"), "7:51: F-VALUE", "no account"},
	} {
		t.Run(b.name, b.run)
	}
	load(t, unit(strings.Repeat("a", 247)+".service")+"rules: []\n")
}
