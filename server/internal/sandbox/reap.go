package sandbox

import (
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// children are the processes whose status has an owner. All others that the
// kernel shows as zombies of this process are orphans of some command: the
// daemon is a subreaper, and they came to it when their parents died.
type children struct {
	mu    sync.Mutex
	owner map[int]*waiter
}

func (c *children) add(pid int, w *waiter) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.owner == nil {
		c.owner = make(map[int]*waiter)
	}
	c.owner[pid] = w
}

// remove is called after the child was reaped: its number may belong to a new
// child by now, which keeps its entry.
func (c *children) remove(pid int, w *waiter) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.owner[pid] == w {
		delete(c.owner, pid)
	}
}

func (c *children) owned(pid int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.owner[pid] != nil
}

// reapOrphans takes the status of orphans and of nobody else. It peeks first:
// wait4(-1) would steal the status of a command from its Wait. A child that
// was cloned but is not registered yet shows in its thread's block, where the
// kernel wrote its number before it first ran; the block is cleared only after
// the child is registered, so looking there first and in the register second
// misses none.
func (l *Launcher) reapOrphans() {
	if !l.reaping.TryLock() {
		return // another pass is under way
	}
	defer l.reaping.Unlock()
	for {
		// Always the first zombie in the kernel's list: one that is owned hides
		// those behind it until it is reaped, and the next pass finds them.
		status, err := waitid(unix.P_ALL, 0, unix.WEXITED|unix.WNOWAIT|unix.WNOHANG, nil)
		pid := int(status.pid)
		if err != nil || pid == 0 || l.launching(pid) || l.children.owned(pid) ||
			(!l.orphan(pid) && !l.unclaimed(pid)) {
			return
		}
		if _, err := waitid(unix.P_PID, pid, unix.WEXITED|unix.WNOHANG, nil); err != nil {
			return
		}
	}
}

func (l *Launcher) launching(pid int) bool {
	for _, t := range l.threads {
		if t.child() == pid {
			return true
		}
	}
	return false
}

// orphan tells a command's descendant from a child that some other part of
// the program has started and waits for: it carries a filter that it cannot
// have taken off, or its cgroup is one of ours. A zombie still shows both.
func (l *Launcher) orphan(pid int) bool {
	dir := "/proc/" + strconv.Itoa(pid)
	if !l.filtered {
		status, err := os.ReadFile(dir + "/status")
		if err == nil && statusField(string(status), "Seccomp") == "2" {
			return true
		}
	}
	if l.tree == nil {
		return false
	}
	group, err := os.ReadFile(dir + "/cgroup")
	return err == nil && strings.Contains(string(group), "/"+l.tree.Name()+"/run/")
}

// foreign is a zombie at the head of the kernel's list that is no orphan of
// ours as far as one can see.
type foreign struct {
	pid   int
	start uint64
	since time.Time
}

// unclaimed says that a foreign zombie has stood there for longer than any
// waiter takes to collect it: then it is nobody's, and hides the others.
func (l *Launcher) unclaimed(pid int) bool {
	st, err := readStat(pid)
	if err != nil {
		return false
	}
	if l.head.pid != pid || l.head.start != st.start {
		l.head = foreign{pid, st.start, time.Now()}
	}
	return time.Since(l.head.since) > 5*time.Second
}

// keepReaping passes once a second while something runs, and once more after.
func (l *Launcher) keepReaping() {
	l.passMu.Lock()
	defer l.passMu.Unlock()
	if l.pass || l.stopping() {
		return
	}
	l.pass = true
	time.AfterFunc(time.Second, func() {
		l.passMu.Lock()
		l.pass = false
		l.passMu.Unlock()
		if l.stopping() {
			return
		}
		l.reapOrphans()
		if l.running.Load() > 0 {
			l.keepReaping()
		}
	})
}
