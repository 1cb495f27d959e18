package peer

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/rootgate-project/rootgate/test/harness"
)

func TestUnitIn(t *testing.T) {
	for _, tt := range []struct{ name, groups, want string }{
		{"unified", "0::/system.slice/x.service\n", "x.service"},
		{"no newline", "0::/system.slice/x.service", "x.service"},
		{"legacy", "9:memory:/system.slice/y.service\n1:name=systemd:/system.slice/x.service\n0::/\n", "x.service"},
		{"legacy without version 2", "1:name=systemd:/system.slice/x.service\n", "x.service"},
		{"hybrid", "1:name=systemd:/system.slice/y.service\n0::/system.slice/x.service\n", "x.service"},
		{"hybrid, user", "1:name=systemd:/system.slice/y.service\n0::/user.slice/user-1.slice/x.service\n", ""},
		{"hybrid in the other order", "0::/user.slice/x.service\n1:name=systemd:/system.slice/y.service\n", ""},
		{"instance", "0::/system.slice/x@a-b\\x2dc.service\n", "x@a-b\\x2dc.service"},
		{"escaped", "0::/system.slice/_cpu.service\n", "cpu.service"},
		{"escaped underscore", "0::/system.slice/__x.service\n", "_x.service"},
		{"another controller", "4:memory:/system.slice/x.service\n0::/\n", ""},
		{"another name", "4:name=other:/system.slice/x.service\n", ""},
		{"a name that ends so", "4:xname=systemd:/system.slice/x.service\n", ""},
		{"colon in a path", "4:memory:/a:name=systemd:/system.slice/x.service\n", ""},
		{"colons of a unit", "0::/system.slice/a:b.service\n", "a:b.service"},
		{"delegated", "0::/system.slice/x.service/y.service\n", ""},
		{"nested slice", "0::/system.slice/system-x.slice/x@1.service\n", ""},
		{"user", "0::/user.slice/user-1000.slice/user@1000.service/app.slice/x.service\n", ""},
		{"user's slice of that name", "0::/user.slice/user-1000.slice/user@1000.service/system.slice/x.service\n", ""},
		{"other slice", "0::/machine.slice/x.service\n", ""},
		{"longer slice", "0::/system.slicer/x.service\n", ""},
		{"below another root", "0::/a/system.slice/x.service\n", ""},
		{"outside of the namespace", "0::/../system.slice/x.service\n", ""},
		{"dots inside", "0::/system.slice/../x.service\n", ""},
		{"scope", "0::/system.slice/x.scope\n", ""},
		{"slice", "0::/system.slice\n", ""},
		{"no name", "0::/system.slice/.service\n", ""},
		{"removed", "0::/system.slice/x.service (deleted)\n", ""},
		{"star", "0::/system.slice/x*.service\n", ""},
		{"long", "0::/system.slice/" + strings.Repeat("x", 248) + ".service\n", ""},
		{"root", "0::/\n", ""},
		{"empty", "", ""},
		{"garbage", "x\n0::/system.slice/x.service\n", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := unitIn([]byte(tt.groups)); got != tt.want {
				t.Errorf("unitIn(%q) = %q, want %q", tt.groups, got, tt.want)
			}
		})
	}
}

// sleeper runs a process in a cgroup until the test, or end, ends it.
func sleeper(t *testing.T, dir *os.File) (pidfd, pid int, end func()) {
	t.Helper()
	cmd := exec.Command("/bin/sleep", "1000")
	cmd.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(dir.Fd()), PidFD: &pidfd}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	end = func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }
	t.Cleanup(func() { end(); _ = unix.Close(pidfd) })
	return pidfd, cmd.Process.Pid, end
}

func TestUnitOf(t *testing.T) {
	unit := fmt.Sprintf("peer-test-%d.service", os.Getpid())
	for path, want := range map[string]string{
		"system.slice/" + unit:                         unit,
		"system.slice/" + unit + "/sub":                "",
		"system.slice/" + unit + "/" + unit:            "",
		"user.slice/" + unit:                           "",
		"user.slice/user-1.slice/system.slice/" + unit: "",
		"peer-test/system.slice/" + unit:               "",
	} {
		pidfd, pid, _ := sleeper(t, harness.Cgroup(t, path))
		if got := unitOf(pidfd, pid); got != want {
			t.Errorf("unit of a process in %s: %q, want %q", path, got, want)
		}
	}
	if got := unitOf(-1, os.Getpid()); got != "" {
		t.Errorf("unit without a process: %q, want none", got)
	}
	if got := unitOf(0, 1<<22+1); got != "" {
		t.Errorf("unit of no process: %q, want none", got)
	}
}

// TestUnitOfEnded gives the pidfd of an ended process with the pid of one that
// runs in a service, as if the pid had been taken over.
func TestUnitOfEnded(t *testing.T) {
	dir := harness.Cgroup(t, fmt.Sprintf("system.slice/peer-test-%d.service", os.Getpid()))
	_, pid, _ := sleeper(t, dir)
	pidfd, _, end := sleeper(t, dir)
	if unitOf(pidfd, pid) == "" {
		t.Fatal("no unit while both run")
	}
	end()
	if got := unitOf(pidfd, pid); got != "" {
		t.Errorf("unit of an ended process: %q, want none", got)
	}
}
