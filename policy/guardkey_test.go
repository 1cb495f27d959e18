package policy

import (
	"fmt"
	"testing"
)

// TestArgsHideTypes: a name in args is the rule's own, whatever the language has
// under it, and below it the language's type can still be named.
func TestArgsHideTypes(t *testing.T) {
	text := func(constraint string) string {
		return "version: 1\ncallers: [{uid: 1000}]\nrules:\n  - id: kill\n    exec: /bin/kill\n    args: {pid: " + constraint +
			"}\n    argv: |\n      -9 <pid>\n    tests: {allow: [kill -9 4711], deny: [kill -9 1, kill -9 -1]}\n"
	}
	for constraint, want := range map[string]string{
		"int(2..4194304)":                  "int(2..4194304)",
		"{type: pid, exe: [/usr/sbin/a]}":  "pid {exe: [/usr/sbin/a]}",
		"{type: pid, unit: 'a-*.service'}": "pid {unit: [a-*.service]}",
	} {
		s, found := Load(t.Context(), []File{{Name: "p", Data: []byte(text(constraint))}}, Options{})
		if s == nil {
			t.Fatal(found)
		}
		d := s.Decide(Caller{UID: 1000}, request("kill -9 4711"))
		if !d.Allowed() || d.Captures[0].Type.String() != want {
			t.Errorf("got %+v, want a capture of %s", d, want)
		}
	}
}

// TestConstraintsLoad holds the map form of every constraint to what it means.
func TestConstraintsLoad(t *testing.T) {
	for _, c := range []struct{ constraint, want string }{
		{"{type: decimal, min: 0, max: 60000.5}", "decimal(0..60000.5)"},
		{"{type: decimal, min: -0.5, max: '2'}", "decimal(-0.5..2)"},
		{"{type: size, min: 1, max: 10MiB}", "size(1B..10MiB)"},
		{"{type: duration, min: 1s, max: 90s}", "duration(1s..1m30s)"},
		{"{type: int, min: 1, max: 9, except: [5, 7]}", "int(1..9) {except: [5, 7]}"},
		{"{type: int(1..9), except: 5}", "int(1..9) {except: [5]}"},
		{"{type: decimal(0..9), except: [1.5]}", "decimal(0..9) {except: [1.5]}"},
		{"{type: ip4, under: [10.0.0.0/8]}", "ip4(10.0.0.0/8)"},
		{"{type: csv, of: {type: int, min: 1, max: 9}}", "csv(int(1..9))"},
		{"{type: enum-list, items: [b, a, 1]}", "enum-list(1,a,b)"},
		{"{type: bundle, letters: alh}", "bundle(alh)"},
		{"{type: user, in_group: students, uid_min: 1000}", "user {min: 1000, in_group: students}"},
		{"{type: user, in_group: 100, min: 1000, allow_root: true}", "user {min: 1000, in_group: 100, allow_root: true}"},
		{"{type: ifname, exists: true, kind: veth}", "ifname {exists: true, kind: veth}"},
		{"{type: ifname, exists: false}", "ifname"},
		{"{type: path, under: /srv, owner: [root, caller, 5], depth: 3, bind: fd}", "path(/srv) {depth: 3, owner: [5, caller, root], bind: fd}"},
		{"{type: path, under: /srv, access: write, create: true}", "path(/srv) {create: true}"},
		{"{type: path(/srv), kind: file}", "path(/srv)"},
		{"{type: pid, exe: [/bin/a], unit: a.service, owner: root}", "pid {owner: [root], exe: [/bin/a], unit: [a.service]}"},
	} {
		text := "version: 1\ncallers: [{uid: 1000}]\nrules:\n  - id: a\n    exec: /bin/p\n    args: {v: " + c.constraint + "}\n    argv: |\n      go <v>\n"
		s, found := Load(t.Context(), []File{{Name: "p", Data: []byte(text)}}, Options{Unchecked: true})
		if s == nil {
			t.Errorf("%s: %v", c.constraint, found)
			continue
		}
		for _, h := range s.Executables()[0].Usage[0].Lines[0].Placeholders() {
			if h.Type.String() != c.want {
				t.Errorf("%s: got %s, want %s", c.constraint, h.Type, c.want)
			}
		}
	}
}

// TestTypesThatDifferInGuard: two lines that hold one value to different guards
// are not one answer, whichever of the constraints differs.
func TestTypesThatDifferInGuard(t *testing.T) {
	for _, c := range []struct {
		base, more string
		want       string
	}{
		{"type: pid", "exe: [/bin/a]", "A-OVERLAP"},
		{"type: pid", "unit: a.service", "A-OVERLAP"},
		{"type: pid", "owner: root", "A-OVERLAP"},
		{"type: ifname", "exists: true", "A-OVERLAP"},
		{"type: ifname", "kind: veth", "A-OVERLAP"},
		{"type: ifname", "except: [lo]", ""},
		{"type: user", "in_group: adm", "A-OVERLAP"},
		{"type: user", "min: 1000", "A-OVERLAP"},
		{"type: user", "allow_root: true", "A-OVERLAP"},
		{"type: uid", "in_group: adm", "A-OVERLAP"},
		{"type: uid", "min: 1000", ""},
		{"type: path, under: /a, access: write", "owner: root", "A-OVERLAP"},
		{"type: path, under: /a, access: write", "create: true", "A-OVERLAP"},
		{"type: path, under: /a, access: write", "bind: fd", "A-OVERLAP"},
		{"type: path, under: /a, access: write", "kind: file", "A-OVERLAP"},
		{"type: path, under: /a, access: write", "depth: 2", ""},
	} {
		text := "version: 1\ncallers: [{uid: 1000}]\nrules:\n"
		for id, args := range map[string]string{"a": c.base, "b": c.base + ", " + c.more} {
			text += fmt.Sprintf("  - id: %s\n    exec: /bin/p\n    args: {v: {%s}}\n    argv: |\n      go <v>\n", id, args)
		}
		_, found := Load(t.Context(), []File{{Name: "p", Data: []byte(text)}}, Options{})
		got := ""
		for _, f := range found {
			if f.Severity == SeverityError {
				got = f.ID
			}
		}
		if got != c.want {
			t.Errorf("%s and %s: refused by %q, want %q: %v", c.base, c.more, got, c.want, found)
		}
	}
}
