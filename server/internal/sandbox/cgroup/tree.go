package cgroup

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

const prefix = "rootgate-"

// Tree is one daemon's subtree. Its methods may be called from any goroutine.
type Tree struct {
	name  string
	path  string
	base  *os.File // the directory that holds the subtree
	home  *os.File // its cgroup.procs
	dir   *os.File // the subtree, locked
	run   *os.File // the executions' cgroup
	guard *os.File // cgroup.procs of the guardian's cgroup
	kill  *os.File // cgroup.kill of run
	event *os.File // cgroup.events of run

	mu     sync.Mutex
	next   uint64
	ready  []*Leaf
	keep   int
	closed bool
	work   sync.WaitGroup // removals and refills off the hot path
}

// Create makes a locked subtree in the directory base with keep leaves ready.
// The lock ends with the last process that holds the descriptor: this one, or
// a fork of it.
func Create(base string, keep int) (*Tree, error) {
	t := &Tree{keep: keep}
	err := t.make(base)
	if err == nil {
		err = t.open()
	}
	for err == nil && len(t.ready) < keep {
		var l *Leaf
		if l, err = t.fresh(); err == nil {
			t.ready = append(t.ready, l)
		}
	}
	if err != nil {
		t.Close()
		return nil, fmt.Errorf("create cgroup subtree: %w", err)
	}
	return t, nil
}

// make takes the lock before the name counts: a sweep in another process may
// have found the directory between mkdir and flock, and removed it.
func (t *Tree) make(base string) error {
	fd, err := unix.Open(base, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("open "+strconv.Quote(base), err)
	}
	root := os.NewFile(uintptr(fd), base)
	defer root.Close()
	if t.base, err = openAt(root, ".", unix.O_RDONLY|unix.O_DIRECTORY); err != nil {
		return err
	}
	for range 8 {
		var mark [4]byte
		_, _ = rand.Read(mark[:]) // never fails (crypto/rand, Go 1.24)
		name := prefix + strconv.Itoa(os.Getpid()) + "-" + hex.EncodeToString(mark[:])
		if err := unix.Mkdirat(int(t.base.Fd()), name, 0o755); err != nil {
			return os.NewSyscallError("mkdirat", err)
		}
		if t.dir = lock(t.base, name); t.dir != nil {
			t.name, t.path = name, filepath.Join(base, name)
			return nil
		}
	}
	return errors.New("a sweep removes every new subtree")
}

func (t *Tree) open() error {
	for _, name := range []string{"run", "guard"} {
		if err := unix.Mkdirat(int(t.dir.Fd()), name, 0o755); err != nil {
			return os.NewSyscallError("mkdirat", err)
		}
	}
	for _, f := range []struct {
		to   **os.File
		dir  *os.File
		name string
		flag int
	}{
		{&t.home, t.base, "cgroup.procs", unix.O_WRONLY},
		{&t.guard, t.dir, "guard/cgroup.procs", unix.O_WRONLY},
		{&t.run, t.dir, "run", unix.O_RDONLY | unix.O_DIRECTORY},
		{&t.kill, t.dir, "run/cgroup.kill", unix.O_WRONLY},
		{&t.event, t.dir, "run/cgroup.events", unix.O_RDONLY},
	} {
		var err error
		if *f.to, err = openAt(f.dir, f.name, f.flag); err != nil {
			return err
		}
	}
	return nil
}

// Name is the subtree's name in its base directory.
func (t *Tree) Name() string { return t.name }

// Path is where the subtree was made.
func (t *Tree) Path() string { return t.path }

// Descriptors are what a guardian needs to end the executions and to remove
// the subtree. They stay the tree's own.
type Descriptors struct {
	Base, Home, Tree, Run, Guard, Kill, Events int
}

// Descriptors returns the tree's descriptors, all of them at 10 or above.
func (t *Tree) Descriptors() Descriptors {
	return Descriptors{
		Base: int(t.base.Fd()), Home: int(t.home.Fd()), Tree: int(t.dir.Fd()),
		Run: int(t.run.Fd()), Guard: int(t.guard.Fd()), Kill: int(t.kill.Fd()),
		Events: int(t.event.Fd()),
	}
}

func (t *Tree) fresh() (*Leaf, error) {
	t.mu.Lock()
	t.next++
	name := strconv.FormatUint(t.next, 10)
	t.mu.Unlock()
	return newLeaf(t.run, name)
}

// Take hands out a leaf in which no process lives and none was ever killed.
func (t *Tree) Take() (*Leaf, error) {
	t.mu.Lock()
	if n := len(t.ready); n > 0 {
		l := t.ready[n-1]
		t.ready = t.ready[:n-1]
		t.mu.Unlock()
		return l, nil
	}
	t.mu.Unlock()
	return t.fresh()
}

// Put takes a leaf back. Only an empty one that was never killed is used
// again: after one cgroup.kill a kernel may kill at birth whatever is cloned
// into the leaf. Any other is removed in the background, and replaced.
func (t *Tree) Put(l *Leaf) {
	alive, err := l.Populated()
	clean := err == nil && !alive && !l.killed.Load()
	t.mu.Lock()
	defer t.mu.Unlock()
	if clean && !t.closed && len(t.ready) < t.keep {
		t.ready = append(t.ready, l)
		return
	}
	if t.closed {
		l.close()
		return
	}
	t.work.Go(func() { t.replace(l) })
}

// replace removes a leaf and refills the pool. A leaf that cannot be removed
// yet goes with the subtree.
func (t *Tree) replace(l *Leaf) {
	l.close()
	_ = removeAll(t.run, l.name)
	t.mu.Lock()
	want := !t.closed && len(t.ready) < t.keep
	t.mu.Unlock()
	if !want {
		return
	}
	fresh, err := t.fresh()
	if err != nil {
		return // Take makes one, and reports
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed || len(t.ready) >= t.keep {
		_ = unix.Unlinkat(int(t.run.Fd()), fresh.name, unix.AT_REMOVEDIR)
		fresh.close()
		return
	}
	t.ready = append(t.ready, fresh)
}

// KillAll ends every execution and returns when none lives, or with ErrAlive
// after limit. No leaf of the tree may be joined afterwards.
func (t *Tree) KillAll(limit time.Duration) error {
	return kill(t.event, func() error {
		_, err := unix.Write(int(t.kill.Fd()), []byte("1"))
		return os.NewSyscallError("write cgroup.kill", err)
	}, limit)
}

// Close removes the subtree as far as it is empty and drops the descriptors.
// The caller has ended the executions and the guardian before.
func (t *Tree) Close() {
	t.mu.Lock()
	t.closed = true
	ready := t.ready
	t.ready = nil
	t.mu.Unlock()
	t.work.Wait()
	for _, l := range ready {
		l.close()
	}
	if t.dir != nil {
		_ = removeAll(t.base, t.name)
	}
	for _, f := range []*os.File{t.base, t.home, t.dir, t.run, t.guard, t.kill, t.event} {
		if f != nil {
			_ = f.Close()
		}
	}
}
