package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rootgate-project/rootgate/policy"
)

// hostPolicy is a policy with one rule for a program, with a path argument.
func hostPolicy(t *testing.T, program, root, more string) *policy.Snapshot {
	t.Helper()
	text := fmt.Sprintf("version: 1\ncallers: [{uid: 1000}]\nrules:\n  - id: r\n    exec: %s\n    args: {f: {type: path, under: [%s]%s}}\n    argv: |\n      <f>\n", program, root, more)
	s, found := policy.Load(t.Context(), []policy.File{{Name: "p.yaml", Data: []byte(text)}}, policy.Options{Unchecked: true})
	if s == nil {
		t.Fatal(found)
	}
	return s
}

func TestCheckScripts(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct{ name, text, want string }{
		{"a script", "#!/usr/bin/python3 -I\nx", "/usr/bin/python3 opens again"},
		{"with a space", "#! /bin/sh\n", "/bin/sh opens again"},
		{"nothing named", "#!\n", "/bin/sh opens again"},
		{"a program", "\x7fELF", ""},
		{"nothing", "", ""},
	} {
		path := filepath.Join(dir, strings.ReplaceAll(c.name, " ", "-"))
		if err := os.WriteFile(path, []byte(c.text), 0o755); err != nil {
			t.Fatal(err)
		}
		rules := hostPolicy(t, path, "/srv", "").Rules()
		found := checkScripts(rules)
		if c.want == "" && len(found) > 0 || c.want != "" && (len(found) != 1 || !strings.Contains(found[0].String(), c.want) || found[0].Severity != policy.SeverityWarning) {
			t.Errorf("%s: got %v", c.name, found)
		}
		granted := *rules[0]
		granted.Effect.FS.Exec = []string{"/bin/sh", "/usr/bin/python3"}
		if found := checkScripts([]*policy.Rule{&granted}); len(found) > 0 {
			t.Errorf("%s: got %v", c.name, found)
		}
	}
	if found := checkScripts(hostPolicy(t, filepath.Join(dir, "none"), "/srv", "").Rules()); len(found) > 0 {
		t.Error(found)
	}
}

func TestCheckRoots(t *testing.T) {
	dir := tree(t)
	for name, uid := range map[string]int{"group": 0, "foreign": 12345} {
		path := filepath.Join(dir, name)
		if err := os.Mkdir(path, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(path, uid, 12345); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, 0o775); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ root, more, want string }{
		{"closed", "", ""},
		{"sticky", "", "can be written by everybody"},
		{"sticky", ", owner: [root]", ""},
		{"open", "", ""}, // by its group, root
		{"group", "", "can be written by gid 12345"},
		{"foreign", "", "belongs to uid 12345"},
		{"none", "", ""},
		{"closed/file", "", ""},
	} {
		s := hostPolicy(t, "/bin/x", filepath.Join(dir, c.root), c.more)
		found := checkRoots(s.Executables())
		if c.want == "" && len(found) > 0 || c.want != "" && (len(found) != 1 || !strings.Contains(found[0].Message, c.want)) {
			t.Errorf("%s: got %v, want %q", c.root, found, c.want)
		}
		rules := s.Rules()
		if got := unaccepted(append(policy.Findings{}, append(found, found...)...), rules); len(got) != len(found) {
			t.Errorf("%s: twice: %v", c.root, got)
		}
		rules[0].Accept = []string{"P-SYMLINKDIR"}
		if got := unaccepted(found, rules); len(got) > 0 {
			t.Errorf("%s: accepted: %v", c.root, got)
		}
	}
}
