package guard

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/rootgate-project/rootgate/policy"
)

// fakeAccounts is a host with the users of its rows and groups adm=4 and
// students=500.
type fakeAccounts map[string]struct {
	uid, gid uint32
	groups   []uint32
}

func (f fakeAccounts) User(name string) (uid, gid uint32, ok bool) {
	u, ok := f[name]
	return u.uid, u.gid, ok
}

func (f fakeAccounts) Name(uid uint32) (string, bool) {
	for name, u := range f {
		if u.uid == uid {
			return name, true
		}
	}
	return "", false
}

func (f fakeAccounts) Group(name string) (uint32, bool) {
	gid, ok := map[string]uint32{"wheel": 0, "adm": 4, "students": 500}[name]
	return gid, ok
}

func (f fakeAccounts) Groups(name string) []uint32 { return f[name].groups }

var users = fakeAccounts{
	"ann":    {1001, 100, []uint32{4, 500}},
	"bob":    {1002, 500, nil},
	"daemon": {2, 2, nil},
	"toor":   {0, 0, []uint32{500}},
}

// decideValue returns the decision on one value of a type.
func decideValue(t *testing.T, constraint, value string) policy.Decision {
	t.Helper()
	text := "version: 1\ncallers: [{uid: 1000}]\nrules:\n  - id: r\n    exec: /bin/tool\n    args: {v: " + constraint +
		"}\n    argv: |\n      <v>\n"
	s, findings := policy.Load(context.Background(), []policy.File{{Name: "p.yaml", Data: []byte(text)}}, policy.Options{})
	if err := findings.Err(); err != nil {
		t.Fatal(err)
	}
	d := s.Decide(policy.Caller{UID: 1000}, policy.Request{Argv: []string{"tool", value}})
	if !d.Allowed() {
		t.Fatalf("%s of %s is denied: %v", value, constraint, d.Denial)
	}
	return d
}

func TestAccounts(t *testing.T) {
	for _, tt := range []struct{ constraint, value, want string }{
		{"user", "ann", ""},
		{"user", "1001", ""},
		{"user", "5555", ""},
		{"user", "nobody-has-it", "no such account"},
		{"user", "toor", "has the id 0"},
		{"{type: user, allow_root: true}", "toor", ""},
		{"{type: user, allow_root: true}", "0", ""},
		{"{type: user, min: 1000}", "ann", ""},
		{"{type: user, uid_min: 1000}", "daemon", "out of range"},
		{"{type: user, max: 1001}", "bob", "out of range"},
		{"{type: user, min: 1002, max: 1002}", "bob", ""},
		{"{type: user, in_group: students}", "ann", ""},
		{"{type: user, in_group: students}", "bob", ""},
		{"{type: user, in_group: 500}", "bob", ""},
		{"{type: user, in_group: 4}", "1001", ""},
		{"{type: user, in_group: adm}", "bob", "not in the group adm"},
		{"{type: user, in_group: adm}", "1002", "not in the group adm"},
		{"{type: user, in_group: students}", "5555", "groups are not known"},
		{"{type: user, in_group: students}", "toor", "has the id 0"},
		{"{type: user, in_group: gone}", "ann", "no group gone"},
		{"{type: uid, in_group: students}", "1002", ""},
		{"{type: uid, in_group: students}", "2", "not in the group"},
		{"uid", "5555", ""},
		{"group", "adm", ""},
		{"group", "4", ""},
		{"group", "gone", "no such group"},
		{"group", "wheel", "has the id 0"},
		{"{type: group, allow_root: true}", "wheel", ""},
		{"{type: group, min: 100}", "adm", "out of range"},
	} {
		host := Host{Accounts: func() (Accounts, error) { return users, nil }}
		held, err := Open(decideValue(t, tt.constraint, tt.value), host)
		if held != nil {
			held.Close()
		}
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s of %s: got %v, want %q", tt.value, tt.constraint, err, tt.want)
		}
	}
}

// TestNoAccounts: what cannot be looked up does not hold.
func TestNoAccounts(t *testing.T) {
	broken := errors.New("unreadable")
	for name, host := range map[string]Host{
		"no source": {},
		"error":     {Accounts: func() (Accounts, error) { return nil, broken }},
	} {
		for _, d := range []policy.Decision{
			decideValue(t, "user", "ann"), decideValue(t, "group", "4"),
			decideValue(t, "{type: path, under: /etc, owner: root}", "/etc/passwd"),
		} {
			held, err := Open(d, host)
			if e, ok := errors.AsType[*Error](err); !ok || e.Unavailable || held != nil {
				t.Errorf("%s: %s: got %v, %v", name, d.Captures[0].Type, held, err)
			}
		}
	}
}

func TestOwner(t *testing.T) {
	dir := t.TempDir()
	for name, uid := range map[string]int{"mine": 1000, "ann": 1001, "root": 0} {
		if err := os.WriteFile(dir+"/"+name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(dir+"/"+name, uid, uid); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct{ owner, file, want string }{
		{"[caller]", "mine", ""},
		{"[caller]", "ann", "owned by uid 1001"},
		{"[ann, caller]", "ann", ""},
		{"[1001]", "ann", ""},
		{"[0]", "root", ""},
		{"[gone, bob]", "ann", "owned by uid 1001"},
		{"[gone]", "root", "owned by uid 0"},
		{"[bob, ann]", "mine", "owned by uid 1000"},
	} {
		host := Host{Caller: 1000, Accounts: func() (Accounts, error) { return users, nil }}
		held, err := Open(decideValue(t, "{type: path, under: "+dir+", owner: "+tt.owner+"}", dir+"/"+tt.file), host)
		if held != nil {
			held.Close()
		}
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s owned by %s: got %v, want %q", tt.file, tt.owner, err, tt.want)
		}
	}
}
