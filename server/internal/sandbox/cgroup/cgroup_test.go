package cgroup

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const mount = "41 31 0:38 / /sys/fs/cgroup rw,relatime shared:9 - cgroup2 cgroup2 rw\n"

func TestLocate(t *testing.T) {
	for _, tt := range []struct {
		name, mounts, own, want string
	}{
		{"root", mount, "0::/\n", "/sys/fs/cgroup"},
		{"service", mount, "0::/system.slice/rootgated.service\n", "/sys/fs/cgroup/system.slice/rootgated.service"},
		{"hybrid", "38 31 0:35 / /sys/fs/cgroup/blkio rw - cgroup cgroup rw,blkio\n" +
			strings.ReplaceAll(mount, "/sys/fs/cgroup", "/sys/fs/cgroup/unified"), "4:memory:/x\n0::/\n", "/sys/fs/cgroup/unified"},
		{"mounted subtree", strings.Replace(mount, " / ", " /docker/1 ", 1), "0::/docker/1/sub\n", "/sys/fs/cgroup/sub"},
		{"sibling of the mounted subtree", strings.Replace(mount, " / ", " /docker/1 ", 1), "0::/docker/12\n", ""},
		{"escaped space", strings.ReplaceAll(mount, "/sys/fs", `/a\040b\134c`), "0::/\n", `/a b\c/cgroup`},
		{"version 1 only", strings.ReplaceAll(mount, "cgroup2", "cgroup"), "0::/\n", ""},
		{"no entry", mount, "4:memory:/x\n", ""},
		{"relative", mount, "0::x\n", ""},
		{"empty", "", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := locate(tt.mounts, tt.own)
			if got != tt.want || (tt.want == "") != errors.Is(err, ErrNotFound) {
				t.Errorf("locate = %q, %v; want %q", got, err, tt.want)
			}
		})
	}
}

func FuzzLocate(f *testing.F) {
	f.Add(mount, "0::/a\n")
	f.Add(`1 2 0:1 /\040 /\1 rw - cgroup2 x`, "0::/ /b")
	f.Fuzz(func(t *testing.T, mounts, own string) {
		if got, err := locate(mounts, own); (got == "") == (err == nil) {
			t.Errorf("locate = %q, %v", got, err)
		}
	})
}

// ground is a directory of this test's own, so that its sweeps see nobody else.
func ground(t *testing.T) string {
	t.Helper()
	base, err := Find()
	if err != nil {
		t.Fatalf("this test needs cgroup2: %v", err)
	}
	dir, err := os.MkdirTemp(base, "rgtest-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.Remove(dir); err != nil {
			t.Errorf("something is left: %v", err)
		}
	})
	return dir
}

func create(t *testing.T, base string, keep int) *Tree {
	t.Helper()
	tree, err := Create(base, keep)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// inhabit puts a sleeping process into a leaf.
func inhabit(t *testing.T, l *Leaf) *exec.Cmd {
	t.Helper()
	c := exec.Command("sleep", "1000")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
	join(t, l.ProcsFD(), c.Process.Pid)
	return c
}

func join(t *testing.T, procs, pid int) {
	t.Helper()
	if _, err := unix.Write(procs, []byte(itoa(pid))); err != nil {
		t.Fatal(err)
	}
}

func itoa(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + itoa(n%10)
}

func TestLeafLife(t *testing.T) {
	tree := create(t, ground(t), 1)
	defer tree.Close()
	take := func() *Leaf {
		l, err := tree.Take()
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	a := take()
	tree.Put(a)
	if b := take(); b != a {
		t.Errorf("a clean leaf was not used again")
	}
	c := inhabit(t, a)
	if alive, err := a.Populated(); !alive || err != nil {
		t.Errorf("Populated = %v, %v with a process", alive, err)
	}
	if err := a.End(10 * time.Second); err != nil {
		t.Fatal(err)
	}
	if alive, err := a.Populated(); alive || err != nil {
		t.Errorf("Populated = %v, %v after End", alive, err)
	}
	_ = c.Wait()
	if sig := c.ProcessState.String(); sig != "signal: killed" {
		t.Errorf("process ended with %q", sig)
	}
	tree.Put(a)
	tree.work.Wait()
	if d := take(); d == a || d.Name() == a.Name() {
		t.Error("a killed leaf was used again")
	}
	if _, err := os.Stat(filepath.Join(tree.Path(), "run", a.Name())); err == nil {
		t.Error("a killed leaf was not removed")
	}
}

func TestTakeBeyondThePool(t *testing.T) {
	tree := create(t, ground(t), 2)
	defer tree.Close()
	var all []*Leaf
	names := map[string]bool{}
	for range 10 {
		l, err := tree.Take()
		if err != nil || names[l.Name()] {
			t.Fatalf("leaf %q, %v", l.Name(), err)
		}
		names[l.Name()] = true
		all = append(all, l)
	}
	for _, l := range all {
		tree.Put(l)
	}
	tree.work.Wait()
	entries, err := os.ReadDir(filepath.Join(tree.Path(), "run"))
	dirs := 0
	for _, e := range entries {
		if e.IsDir() {
			dirs++
		}
	}
	if err != nil || dirs != 2 {
		t.Errorf("%d leaves are kept, %v; want 2", dirs, err)
	}
}

func TestSweepSparesTheLiving(t *testing.T) {
	base := ground(t)
	tree := create(t, base, 1)
	l, err := tree.Take()
	if err != nil {
		t.Fatal(err)
	}
	c := inhabit(t, l)
	if n, err := Sweep(base, time.Second); n != 0 || err != nil {
		t.Errorf("Sweep = %d, %v with a living owner", n, err)
	}
	if err := unix.Kill(c.Process.Pid, 0); err != nil {
		t.Errorf("process of a living owner: %v", err)
	}
	// The owner dies: its descriptors close, and nothing else is done.
	for _, f := range []*os.File{tree.base, tree.home, tree.dir, tree.run, tree.guard, tree.kill, tree.event} {
		_ = f.Close()
	}
	nested := filepath.Join(tree.Path(), "run", l.Name(), "deep", "er")
	if err := os.MkdirAll(nested, 0o755); err != nil { //nolint:gosec // a cgroup
		t.Fatal(err)
	}
	if n, err := Sweep(base, 10*time.Second); n != 1 || err != nil {
		t.Errorf("Sweep = %d, %v with a dead owner; want 1", n, err)
	}
	if _, err := os.Stat(tree.Path()); err == nil {
		t.Error("the subtree of a dead owner is left")
	}
	_ = c.Wait()
	if got := c.ProcessState.String(); got != "signal: killed" {
		t.Errorf("process of a dead owner: %q", got)
	}
}

// Creators and sweepers at once: no creator may end up with a directory that a
// sweep removed.
func TestCreateAgainstSweep(t *testing.T) {
	base := ground(t)
	stop := make(chan struct{})
	var sweepers, creators sync.WaitGroup
	for range 2 {
		sweepers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					_, _ = Sweep(base, time.Second)
				}
			}
		})
	}
	for range 4 {
		creators.Go(func() {
			for range 20 {
				tree, err := Create(base, 1)
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := os.Stat(tree.Path()); err != nil {
					t.Errorf("subtree of a living owner: %v", err)
				}
				tree.Close()
			}
		})
	}
	creators.Wait()
	close(stop)
	sweepers.Wait()
	_, _ = Sweep(base, time.Second)
}

func TestKillAll(t *testing.T) {
	tree := create(t, ground(t), 1)
	defer tree.Close()
	var all []*exec.Cmd
	for range 3 {
		l, err := tree.Take()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, inhabit(t, l))
	}
	if err := tree.KillAll(10 * time.Second); err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		_ = c.Wait()
		if got := c.ProcessState.String(); got != "signal: killed" {
			t.Errorf("process ended with %q", got)
		}
	}
}
