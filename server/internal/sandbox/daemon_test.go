package sandbox

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/rootgate-project/rootgate/server/internal/sandbox/cgroup"
)

// guardians lists the live guardians of a daemon.
func guardians(t *testing.T, parent int) []int {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/status")
	if err != nil {
		t.Fatal(err)
	}
	var pids []int
	for _, path := range all {
		text, err := os.ReadFile(path)
		s := string(text)
		if err != nil || statusField(s, "Name") != "rootgate-guard" || strings.HasPrefix(statusField(s, "State"), "Z") {
			continue
		}
		if statusField(s, "PPid") == itoa(parent) {
			pids = append(pids, number(statusField(s, "Pid")))
		}
	}
	return pids
}

func number(s string) int {
	n := 0
	for _, c := range s {
		n = n*10 + int(c-'0')
	}
	return n
}

// subtrees are the cgroups that a process made.
func subtrees(t *testing.T, pid int) []string {
	t.Helper()
	base, err := cgroup.Find()
	if err != nil {
		t.Fatal(err)
	}
	found, err := filepath.Glob(base + "/rootgate-" + itoa(pid) + "-*")
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestDaemonDeathLeavesNothing(t *testing.T) {
	for _, mode := range []string{"cgroup", "namespace"} {
		t.Run(mode, func(t *testing.T) {
			t.Cleanup(reapAdopted)
			m := marker()
			c := role(t, "daemon", mode, m, "")
			begin(t, c)
			pid := c.Process.Pid
			until(t, "the family is there", func() bool { return len(marked(t, m)) == familySize })
			guards := guardians(t, pid)
			if len(guards) != 1 {
				t.Fatalf("guardians are %v, want one", guards)
			}
			if err := c.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			until(t, "every process of the command is gone", func() bool { return len(marked(t, m)) == 0 })
			until(t, "the guardian is gone", func() bool { return stopped(guards[0]) })
			if left := subtrees(t, pid); len(left) != 0 {
				t.Errorf("cgroups %v outlive daemon and guardian", left)
			}
		})
	}
}

// stopped says that a process is gone or a zombie whose parent is not this
// test's business.
func stopped(pid int) bool {
	st, err := readStat(pid)
	return err != nil || st.state == 'Z'
}

// reapAdopted takes what a dead daemon left to this process, which is a
// subreaper too.
func reapAdopted() {
	for {
		if pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); err != nil || pid <= 0 {
			return
		}
	}
}

func TestSweep(t *testing.T) {
	t.Cleanup(reapAdopted)
	// A place of its own: any launcher that starts on this host sweeps the
	// common one.
	base, err := cgroup.Find()
	if err != nil {
		t.Fatal(err)
	}
	ground, err := os.MkdirTemp(base, "rgtest-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.Remove(ground); err != nil {
			t.Errorf("something is left: %v", err)
		}
	})
	m := marker()
	c := role(t, "daemon", "cgroup", m, ground)
	begin(t, c)
	pid := c.Process.Pid
	until(t, "the family is there", func() bool { return len(marked(t, m)) == familySize })

	// While it lives, another launcher leaves it alone.
	launcher(t, Options{CgroupRoot: ground})
	if n := len(marked(t, m)); n != familySize {
		t.Fatalf("%d processes of a living daemon, want %d", n, familySize)
	}
	guards := guardians(t, pid)
	// The guardian must not see the daemon die, nor the daemon restart it.
	if err := c.Process.Signal(unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	until(t, "the daemon is stopped", func() bool {
		st, err := readStat(pid)
		return err == nil && st.state == 'T'
	})
	for _, g := range guards {
		_ = unix.Kill(g, unix.SIGKILL)
		until(t, "the guardian is dead", func() bool { return stopped(g) })
	}
	_ = c.Process.Kill()
	_ = c.Wait()
	if n := len(marked(t, m)); n != familySize {
		t.Fatalf("%d processes are left to sweep, want %d", n, familySize)
	}
	launcher(t, Options{CgroupRoot: ground})
	if left := marked(t, m); len(left) != 0 {
		t.Errorf("processes %v outlive the sweep", left)
	}
	if left, err := filepath.Glob(ground + "/rootgate-" + itoa(pid) + "-*"); err != nil || len(left) != 0 {
		t.Errorf("cgroups %v outlive the sweep", left)
	}
}

func TestGuardianDeath(t *testing.T) {
	modes(t, func(t *testing.T, o Options) {
		changes := make(chan bool, 8)
		o.GuardianChanged = func(alive bool) { changes <- alive }
		l := launcher(t, o)
		g := l.guard.pid
		if !l.Features().Guardian {
			t.Fatal("no guardian")
		}
		if err := unix.Kill(g, unix.SIGKILL); err != nil {
			t.Fatal(err)
		}
		if alive := <-changes; alive {
			t.Error("first change is to alive")
		}
		refused, s := false, spec(t, "/bin/true")
		for alive := false; !alive; {
			p, err := l.Start(t.Context(), s)
			if err == nil {
				_, _ = p.Wait()
			}
			if refused = refused || errors.Is(err, ErrNoGuardian); err != nil && !errors.Is(err, ErrNoGuardian) {
				t.Fatal(err)
			}
			select {
			case alive = <-changes:
			default:
			}
		}
		if !refused {
			t.Error("no launch was refused while there was no guardian")
		}
		if _, err := start(t, l, s).Wait(); err != nil || !l.Features().Guardian {
			t.Errorf("after the restart: %v", err)
		}
		if l.guard.pid == g || !gone(g) {
			t.Errorf("guardian is %d, was %d", l.guard.pid, g)
		}
	})
}

// A guardian has nothing of the daemon's open: an output pipe that it kept
// would never end for its reader.
func TestGuardianHoldsNothing(t *testing.T) {
	modes(t, func(t *testing.T, o Options) {
		l := launcher(t, o)
		until(t, "the guardian has its name", func() bool {
			text, _ := os.ReadFile("/proc/" + itoa(l.guard.pid) + "/comm")
			return string(text) == "rootgate-guard\n"
		})
		want := 1
		if l.tree != nil {
			want = 8
		}
		until(t, "only its own descriptors are open", func() bool {
			all, err := os.ReadDir("/proc/" + itoa(l.guard.pid) + "/fd")
			return err == nil && len(all) == want
		})
	})
}
