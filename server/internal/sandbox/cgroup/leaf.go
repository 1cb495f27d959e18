package cgroup

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// ErrAlive says that processes of a leaf outlived every attempt to kill them
// within the time given (uninterruptible sleep).
var ErrAlive = errors.New("processes survive in the cgroup")

// Leaf is the cgroup of one execution. Its methods may be called from any
// goroutine until it has been given back.
type Leaf struct {
	name   string
	dir    *os.File // for a child to be cloned into
	procs  *os.File // cgroup.procs, for the child to join by writing "0"
	events *os.File // cgroup.events
	kill   *os.File // cgroup.kill
	killed atomic.Bool
}

func newLeaf(run *os.File, name string) (*Leaf, error) {
	if err := unix.Mkdirat(int(run.Fd()), name, 0o755); err != nil {
		return nil, fmt.Errorf("make cgroup leaf: %w", err)
	}
	l := &Leaf{name: name}
	var err error
	for _, f := range []struct {
		to   **os.File
		name string
		flag int
	}{
		{&l.dir, ".", unix.O_PATH | unix.O_DIRECTORY},
		{&l.procs, "cgroup.procs", unix.O_WRONLY},
		{&l.events, "cgroup.events", unix.O_RDONLY},
		{&l.kill, "cgroup.kill", unix.O_WRONLY},
	} {
		if *f.to, err = openAt(run, name+"/"+f.name, f.flag); err != nil {
			l.close()
			_ = unix.Unlinkat(int(run.Fd()), name, unix.AT_REMOVEDIR)
			return nil, fmt.Errorf("open cgroup leaf: %w", err)
		}
	}
	return l, nil
}

func (l *Leaf) close() {
	for _, f := range []*os.File{l.dir, l.procs, l.events, l.kill} {
		if f != nil {
			_ = f.Close()
		}
	}
}

// ProcsFD is the descriptor of the leaf's cgroup.procs, open for writing and
// at 10 or above. It stays the leaf's own.
func (l *Leaf) ProcsFD() int { return int(l.procs.Fd()) }

// DirFD is the leaf's directory, for CLONE_INTO_CGROUP; like ProcsFD.
func (l *Leaf) DirFD() int { return int(l.dir.Fd()) }

// Name is the leaf's name in the executions' cgroup.
func (l *Leaf) Name() string { return l.name }

// Populated asks the kernel whether a live process is in the leaf.
func (l *Leaf) Populated() (bool, error) { return populated(l.events) }

func populated(events *os.File) (bool, error) {
	var block [64]byte
	n, err := unix.Pread(int(events.Fd()), block[:], 0)
	if err != nil {
		return true, fmt.Errorf("read cgroup.events: %w", err)
	}
	return !bytes.HasPrefix(block[:n], []byte("populated 0\n")), nil
}

// Kill sends SIGKILL to every process of the leaf and of cgroups below it, and
// to every child they are about to have. It does not wait.
func (l *Leaf) Kill() error {
	l.killed.Store(true)
	if _, err := unix.Write(int(l.kill.Fd()), []byte("1")); err != nil {
		return fmt.Errorf("write cgroup.kill: %w", err)
	}
	return nil
}

// End kills what is left in the leaf and returns when nothing is, or with
// ErrAlive after limit. It blocks a thread in poll while something is alive.
func (l *Leaf) End(limit time.Duration) error {
	alive, err := l.Populated()
	if err != nil || !alive {
		return err
	}
	return kill(l.events, l.Kill, limit)
}

// kill repeats again until events says that nothing lives. kernfs wakes a
// poller of cgroup.events with POLLPRI whenever the file changes after a read.
func kill(events *os.File, again func() error, limit time.Duration) error {
	deadline := time.Now().Add(limit)
	for {
		if err := again(); err != nil {
			return err
		}
		alive, err := populated(events)
		if err != nil || !alive {
			return err
		}
		if time.Now().After(deadline) {
			return ErrAlive
		}
		p := []unix.PollFd{{Fd: int32(events.Fd()), Events: unix.POLLPRI}}
		if _, err := unix.Poll(p, 100); err != nil && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("poll cgroup.events: %w", err)
		}
	}
}

// openAt opens below dir at a descriptor of 10 or above, where the launcher
// wants everything that the child uses.
func openAt(dir *os.File, path string, flag int) (*os.File, error) {
	fd, err := unix.Openat(int(dir.Fd()), path, flag|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, os.NewSyscallError("openat "+strconv.Quote(path), err)
	}
	if fd < 10 {
		high, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 10)
		_ = unix.Close(fd)
		if err != nil {
			return nil, os.NewSyscallError("fcntl", err)
		}
		fd = high
	}
	return os.NewFile(uintptr(fd), path), nil
}
