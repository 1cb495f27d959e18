package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rootgate-project/rootgate/client"
	"github.com/rootgate-project/rootgate/test/harness"
)

// What a value must be on the host is looked up there at the call: accounts in the
// host's own files, the owner of a file where it lies. What the server cannot look
// up refuses the call and not the policy.
func TestGuards(t *testing.T) {
	o := harness.Options{Policy: `version: 1
about: values that the host decides
callers: [{group: nogroup}]
rules:
  - id: account
    exec: /usr/bin/true
    args:
      member: {type: user, in_group: daemon}
      person: {type: user, min: 1000}
      admin: {type: user, allow_root: true}
      id: {type: uid, in_group: daemon}
    argv: |
      user <name:user>
      member <member>
      person <person>
      admin <admin>
      group <team:group>
      id <id>
  - id: file
    exec: /usr/bin/true
    args:
      file: {type: path, under: ['{DIR}/data'], owner: [root, caller]}
    argv: |
      file <file>
  - id: unknown
    exec: /usr/bin/true
    args:
      process: {type: pid, exe: [/usr/bin/sleep]}
      device: {type: ifname, exists: true}
    argv: |
      process <process>
      device <device>
`, Files: map[string]string{"data/root": "", "data/alice": "", "data/bob": ""}}
	w := start(t, o)
	data := filepath.Join(w.Dir, "data")
	for name, u := range map[string]harness.User{"alice": harness.Alice, "bob": harness.Bob} {
		if err := os.Chown(filepath.Join(data, name), int(u.UID), int(u.GID)); err != nil {
			t.Fatal(err)
		}
	}
	users := map[string]*client.Client{"alice": w.Client(harness.Alice), "bob": w.Client(harness.Bob)}
	for _, tt := range []struct{ user, what, value, want string }{
		{"alice", "user", "daemon", ""},
		{"alice", "user", "root", "VALUE_NOT_OF_TYPE"},
		{"alice", "user", "nosuchaccount", "GUARD_FAILED"},
		{"alice", "member", "daemon", ""},
		{"alice", "member", "bin", "GUARD_FAILED"},
		{"alice", "person", "nobody", ""},
		{"alice", "person", "daemon", "GUARD_FAILED"},
		{"alice", "admin", "root", ""},
		{"alice", "group", "daemon", ""},
		{"alice", "group", "root", "VALUE_NOT_OF_TYPE"},
		{"alice", "id", "1", ""},
		{"alice", "id", "2", "GUARD_FAILED"},
		{"alice", "id", "60101", "GUARD_FAILED"}, // of no account: its groups are not known
		{"alice", "file", data + "/root", ""},
		{"alice", "file", data + "/alice", ""},
		{"alice", "file", data + "/bob", "GUARD_FAILED"},
		{"bob", "file", data + "/bob", ""},
		{"bob", "file", data + "/alice", "GUARD_FAILED"},
		{"alice", "process", fmt.Sprint(os.Getpid()), "GUARD_UNAVAILABLE"},
		{"alice", "device", "lo", "GUARD_UNAVAILABLE"},
	} {
		t.Run(tt.user+" "+tt.what+" "+filepath.Base(tt.value), func(t *testing.T) {
			err := users[tt.user].CommandContext(t.Context(), "true", tt.what, tt.value).Run()
			if tt.want == "" {
				if err != nil {
					t.Errorf("got %v, want it to run", err)
				}
				return
			}
			if tt.want != "GUARD_UNAVAILABLE" {
				wantRefusal(t, err, client.ErrDenied, tt.want)
				return
			}
			wantRefusal(t, err, client.ErrPrecondition, tt.want)
			if e := refusal(t, err); e.Rule != "unknown" {
				t.Errorf("got rule %q, want unknown", e.Rule)
			}
		})
	}
	for _, line := range []string{"unknown:1: this server cannot look up pid", "unknown:2: this server cannot look up ifname"} {
		if !strings.Contains(w.Log(), "check=X-GUARD rule=unknown") || !strings.Contains(w.Log(), line) {
			t.Errorf("got no X-GUARD in the log, want it with %q", line)
		}
	}
}

// A rule takes requests from the one that it overrides, and from no other.
func TestOverrides(t *testing.T) {
	w := start(t, harness.Options{Policy: `version: 1
about: a rule for some requests of another
callers: [{group: nogroup}]
rules:
  - id: any
    exec: /usr/bin/printenv
    env: {set: {WHO: any}}
    argv: |
      <name:re([A-Z]{1,8})>
  - id: who
    overrides: any
    exec: /usr/bin/printenv
    env: {set: {WHO: who, HOME: /}}
    argv: |
      WHO
`})
	for _, tt := range []struct {
		argv   string
		status int
		want   string
	}{{"WHO", 0, "who\n"}, {"HOME", 1, ""}} {
		if got := w.Exec(harness.Alice, "printenv", tt.argv); got.Status != tt.status || got.Stdout != tt.want {
			t.Errorf("%s: got %+v, want status %d and %q", tt.argv, got, tt.status, tt.want)
		}
	}
	if got := w.Rootgate(harness.Alice, "explain", "--", "printenv", "WHO"); !strings.Contains(got.Stdout, "who:1 ") {
		t.Errorf("got %+v, want the rule who", got)
	}
}

// A file of the site's directory stands for the vendor's of the same name, an
// empty one for nothing; the other files of the vendor stay.
func TestPolicyDirectories(t *testing.T) {
	file := func(id, word string) string {
		return "version: 1\ncallers: [{group: nogroup}]\nrules:\n  - id: " + id + "\n    exec: /usr/bin/echo\n    argv: |\n      " + word + "\n"
	}
	s := harness.New(t, harness.Options{Policy: "version: 1\nrules: []\n"})
	s.WriteFile("vendor/10-a.yaml", file("vendor.a", "vendor-a"))
	s.WriteFile("vendor/20-b.yaml", file("vendor.b", "vendor-b"))
	s.WriteFile("policy/10-a.yaml", file("site.a", "site-a"))
	config := filepath.Join(s.Dir, "rootgate.yaml")
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	s.WriteFile("rootgate.yaml", strings.Replace(string(text), "policy: [", "policy: ["+s.Dir+"/vendor, ", 1))
	s.Start()
	w := &world{s, t}
	allowed := func(want ...string) {
		t.Helper()
		var got []string
		for _, word := range []string{"vendor-a", "vendor-b", "site-a"} {
			if w.Exec(harness.Alice, "echo", word).Status == 0 {
				got = append(got, word)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %q allowed, want %q", got, want)
		}
	}
	allowed("vendor-b", "site-a")
	if findings := strings.Join(w.Status().GetPolicy().GetFindings(), "\n"); !strings.Contains(findings, "F-MASK") {
		t.Errorf("got findings %q, want F-MASK", findings)
	}
	s.WriteFile("policy/10-a.yaml", "")
	if _, err := w.Client(harness.Root).Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	allowed("vendor-b")
}
