package policy

import "testing"

func TestLeastCaller(t *testing.T) {
	s := load(t, `version: 1
rules:
  - {id: a, callers: [{user: alice}], exec: /bin/a, argv: ''}
  - {id: b, callers: [{group: ops}], exec: /bin/b, argv: ''}
  - {id: c, callers: [{user: bob, group: log}], exec: /bin/c, argv: ''}
  - {id: d, callers: [], exec: /bin/d, argv: ''}
  - {id: e, callers: [{uid: 7}], exec: /bin/e, argv: ''}
`)
	names := map[RuleID]string{"a": "user alice", "b": "group ops", "c": "user bob in group log", "e": "user 7"}
	for _, r := range s.Rules() {
		for _, spec := range r.Callers {
			c, ok := spec.Least()
			if !ok || spec.String() != names[r.ID] {
				t.Errorf("%s: %v, %q", r.ID, ok, spec)
			}
			for _, o := range s.Rules() {
				if o.Admits(c) != (o == r) {
					t.Errorf("the least caller of %s and rule %s: %v", r.ID, o.ID, o.Admits(c))
				}
			}
		}
	}
	if _, ok := (CallerSpec{}).Least(); ok || (CallerSpec{}).String() != "nobody" {
		t.Error("nobody has a least caller")
	}
	for _, name := range []string{"a", "b", "c", "e"} {
		if d := s.DecideForAnyone(Request{Argv: []string{name}}); !d.Allowed() {
			t.Errorf("%s: %+v", name, d.Denial)
		}
	}
	if s.DecideForAnyone(Request{Argv: []string{"d"}}).Allowed() {
		t.Error("anyone may call what nobody may")
	}
}

func TestSyntheticCaller(t *testing.T) {
	s, found := Load(t.Context(), []File{{"p.yaml", []byte(`version: 1
rules:
  - {id: a, callers: [{user: alice}], exec: /bin/a, argv: ''}
  - {id: b, callers: [{group: ops}], exec: /bin/b, argv: ''}
  - {id: c, callers: [{uid: 7, group: 9}], exec: /bin/c, argv: ''}
  - {id: d, callers: [{group: alice}], exec: /bin/d, argv: ''}
`)}}, Options{})
	if s == nil {
		t.Fatal(found)
	}
	for _, c := range []struct {
		caller Caller
		want   string
	}{
		{SyntheticCaller("alice"), "a"},
		{SyntheticCaller("alice", "log", "ops"), "ab"},
		{SyntheticCaller("7"), ""},
		{SyntheticCaller("7", "9"), "c"},
		{SyntheticCaller("ops"), ""},
	} {
		got := ""
		for _, r := range s.Rules() {
			if r.Admits(c.caller) {
				got += string(r.ID)
			}
		}
		if got != c.want {
			t.Errorf("%+v: %q, want %q", c.caller, got, c.want)
		}
	}
}
