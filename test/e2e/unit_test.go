package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/rootgate-project/rootgate/test/harness"
)

// TestCallerByUnit runs the client in cgroups of systemd's names: only who runs
// in the service's own cgroup is its caller, and only as the user of the rule.
func TestCallerByUnit(t *testing.T) {
	unit := fmt.Sprintf("rootgate-test-%d.service", os.Getpid())
	both := fmt.Sprintf("callers: [{uid: %d, unit: '%s'}]", harness.Alice.UID, unit)
	w := start(t, options(
		script{name: "both", text: "echo both", rule: both},
		script{name: "any", text: "echo any", rule: "callers: [{unit: [other.service, 'rootgate-test-*.service']}]"},
		script{name: "user", text: "echo user", rule: fmt.Sprintf("callers: [{uid: %d}]", harness.Alice.UID)},
	))
	for _, tt := range []struct {
		cgroup, script string
		user           harness.User
		want           string // output; empty: refused
	}{
		{"system.slice/" + unit, "both", harness.Alice, "both\n"},
		{"system.slice/" + unit, "any", harness.Alice, "any\n"},
		{"system.slice/" + unit, "user", harness.Alice, "user\n"},
		{"system.slice/" + unit, "both", harness.Bob, ""},
		{"system.slice/" + unit, "any", harness.Bob, "any\n"},
		{"system.slice/x" + unit, "any", harness.Alice, ""},
		{"system.slice/" + unit + "/sub", "both", harness.Alice, ""},
		{"system.slice/" + unit + "/" + unit, "both", harness.Alice, ""},
		{"system.slice", "both", harness.Alice, ""},
		{"user.slice/" + unit, "both", harness.Alice, ""},
		{"user.slice/user-60101.slice/user@60101.service/app.slice/" + unit, "both", harness.Alice, ""},
		{"user.slice/user-60101.slice/system.slice/" + unit, "any", harness.Alice, ""},
		{"user.slice/" + unit, "user", harness.Alice, "user\n"},
	} {
		t.Run(fmt.Sprintf("%s as %d of %s", tt.script, tt.user.UID, tt.cgroup), func(t *testing.T) {
			dir := harness.Cgroup(t, tt.cgroup)
			cmd := w.As(tt.user, harness.Program(t, "rootgate"), append([]string{"exec", "--"}, w.argv(tt.script)...)...)
			cmd.SysProcAttr.UseCgroupFD, cmd.SysProcAttr.CgroupFD = true, int(dir.Fd())
			got := harness.Collect(t, cmd, nil)
			if c := w.Records()[len(w.Records())-1].Caller; tt.want != "" && tt.script != "user" && c.Unit != unit {
				t.Errorf("audit record of the unit %q, want %q", c.Unit, unit)
			}
			if tt.want != "" && (got.Status != 0 || got.Stdout != tt.want) {
				t.Errorf("got %+v, want %q", got, tt.want)
			}
			if tt.want == "" && (got.Status != 126 || got.Stdout != "" || !strings.Contains(got.Stderr, "denied: ")) {
				t.Errorf("got %+v, want it denied", got)
			}
		})
	}
}
