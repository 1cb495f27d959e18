package broker

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/rootgate-project/rootgate/policy"
	"github.com/rootgate-project/rootgate/server/internal/sandbox"
	"github.com/rootgate-project/rootgate/server/internal/sandbox/landlock"
	"github.com/rootgate-project/rootgate/server/internal/sandbox/seccomp"
)

// load returns the findings of severity E for a rule with the given run.
func load(t *testing.T, run string) string {
	t.Helper()
	text := fmt.Sprintf(`version: 1
callers: [{uid: 1000}]
rules:
  - id: r
    why: a test
    exec: /usr/bin/true
    run: %s
    argv: ''
    tests: {allow: ['true']}
`, run)
	_, findings := policy.Load(t.Context(), []policy.File{{Name: "p.yaml", Data: []byte(text)}}, policy.Options{})
	if err := findings.Err(); err != nil {
		return err.Error()
	}
	return ""
}

// TestNamesOfPolicyAndSandbox: the policy has tables of its own, as it knows no
// sandbox. They must name the same things.
func TestNamesOfPolicyAndSandbox(t *testing.T) {
	for _, s := range seccomp.Sets() {
		if err := load(t, fmt.Sprintf("{seccomp: ['%s'], fs: host}", s.Name)); err != "" {
			t.Errorf("the policy refuses the sandbox's set %s: %s", s.Name, err)
		}
	}
	if err := load(t, "{seccomp: ['@nosuchset']}"); !strings.Contains(err, "@nosuchset") {
		t.Errorf("unknown set: %q, want refused by name", err)
	}
	names, err := os.ReadFile("../../../policy/syscalls.txt")
	if err != nil {
		t.Fatal(err)
	}
	for name := range strings.FieldsSeq(string(names)) {
		refused := load(t, fmt.Sprintf("{seccomp: ['@default', %q]}", name))
		_, err := seccomp.Compile(seccomp.Request{Names: []string{"@default", name}})
		if e, ok := errors.AsType[*seccomp.NameError](err); ok && e.Reason == seccomp.OtherArch {
			continue // a name of the other architecture loads, and does nothing here
		}
		if (refused == "") != (err == nil) {
			t.Errorf("%s: the policy says %q, the sandbox %v", name, refused, err)
		}
	}
}

// TestProgramDescriptor: the policy, the filter and the launcher speak of one
// descriptor.
func TestProgramDescriptor(t *testing.T) {
	if sandbox.ProgramFD != seccomp.ProgramFD {
		t.Errorf("launcher %d, filter %d, want the same", sandbox.ProgramFD, seccomp.ProgramFD)
	}
	if err := load(t, fmt.Sprintf("{limits: {nofile: %d}}", sandbox.ProgramFD)); err != "" {
		t.Errorf("nofile up to the descriptor is refused: %s", err)
	}
	if err := load(t, fmt.Sprintf("{limits: {nofile: %d}}", sandbox.ProgramFD+1)); !strings.Contains(err, "R-NOFILE") {
		t.Errorf("nofile beyond the descriptor: %q, want R-NOFILE", err)
	}
}

func TestCapabilities(t *testing.T) {
	for name, want := range map[string]uint64{"chown": 1, "net_admin": 1 << 12, "net_raw": 1 << 13, "checkpoint_restore": 1 << 40} {
		if got, err := capabilities([]string{name}); got != want || err != nil {
			t.Errorf("%s = %#x, %v, want %#x", name, got, err, want)
		}
	}
	if mask, err := capabilities([]string{"net_admin", "everything"}); mask != 0 || err == nil {
		t.Errorf("unknown capability: %#x, %v, want an error", mask, err)
	}
}

// TestBaseOfPrivilegedCommands: file modes do not hold uid 0 and two capabilities,
// so that all of /proc and /sys would be theirs to read.
func TestBaseOfPrivilegedCommands(t *testing.T) {
	has := func(rules []landlock.PathRule, path string) bool {
		for _, r := range rules {
			if r.Path == path {
				return true
			}
		}
		return false
	}
	tests := []struct {
		name string
		uid  uint32
		caps string
		want bool
	}{
		{"unprivileged", 1000, "net_admin", true},
		{"root", 0, "net_admin", false},
		{"dac_override", 1000, "dac_override", false},
		{"dac_read_search", 1000, "dac_read_search", false},
	}
	for _, tt := range tests {
		mask, err := capabilities([]string{tt.caps})
		if err != nil {
			t.Fatal(err)
		}
		view := base(tt.uid, mask)
		if has(view, "/proc") != tt.want || has(view, "/sys") != tt.want || !has(view, "/usr/share") {
			t.Errorf("%s: /proc %t, /sys %t, want %t", tt.name, has(view, "/proc"), has(view, "/sys"), tt.want)
		}
	}
}
