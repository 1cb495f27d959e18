package policy

import (
	"strings"
	"testing"
)

// host is a fixed set of accounts.
type host struct{}

func (host) User(name string) (uid, gid uint32, ok bool) {
	id, ok := map[string]uint32{"root": 0, "nobody": 65534, "alice": 1000, "bob": 1001, "rootgate-run": 990}[name]
	return id, id, ok
}

func (host) Group(name string) (gid uint32, ok bool) {
	id, ok := map[string]uint32{"root": 0, "nogroup": 65534, "alice": 1000, "ops": 2000, "log": 2001, "spool": 2002}[name]
	return id, ok
}

func (host) Groups(name string) []uint32 {
	return map[string][]uint32{"bob": {2000}, "rootgate-run": {2002}}[name]
}

var (
	alice  = Caller{UID: 1000, GID: 1000}
	bob    = Caller{UID: 1001, GID: 1001, Groups: []uint32{2000}}
	mallet = Caller{UID: 666, GID: 666}
)

func options() Options { return Options{Accounts: host{}, RunUser: "rootgate-run"} }

// load loads one file named p.yaml and fails on a finding of severity E.
func load(t testing.TB, text string) *Snapshot {
	t.Helper()
	s, found := Load(t.Context(), []File{{Name: "p.yaml", Data: []byte(text)}}, options())
	if err := found.Err(); err != nil || s == nil {
		t.Fatalf("Load: %v\n%s", err, text)
	}
	return s
}

// head is the beginning of a file for alice. Its rules begin on line 4.
const head = "version: 1\ncallers: [{user: alice}]\nrules:\n"

// rule returns a file with one rule for /bin/true without arguments, and more
// fields of it. The first of those stands on line 7.
func rule(fields ...string) string {
	s := head + "  - id: r\n    exec: /bin/true\n    argv: ''\n"
	for _, f := range fields {
		s += "    " + strings.ReplaceAll(f, "\n", "\n    ") + "\n"
	}
	return s
}
