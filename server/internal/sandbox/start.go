package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"

	"github.com/rootgate-project/rootgate/server/internal/sandbox/cgroup"
)

// attempts bounds how often a launch is repeated whose child was killed before
// it ran anything.
const attempts = 3

// descriptors are the child's sources, all at 10 or above and none at 900.
type descriptors struct {
	stdio                        [3]int
	program, dir, netns, ruleset int
	procs, leaf                  int   // one of them, or neither
	copies                       []int // closed after the launch
}

// launch is one Start on its way to a thread.
type launch struct {
	spec *Spec
	from descriptors
	leaf *cgroup.Leaf
	slot *int32
	done chan struct{}

	process *Process
	err     error
}

// Start launches a command. It returns when the program runs, or with an error
// that proves that it never did: a LaunchError, ErrNoGuardian, ErrClosed, or
// the context's. The context ends the wait for a launcher thread, not the
// command.
func (l *Launcher) Start(ctx context.Context, s *Spec) (*Process, error) {
	if err := s.check(l.features.Scopes); err != nil {
		return nil, err
	}
	l.gate.RLock()
	defer l.gate.RUnlock()
	if l.stopping() {
		return nil, ErrClosed
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("launch: %w", context.Cause(ctx))
	}
	j := &launch{spec: s, done: make(chan struct{})}
	defer runtime.KeepAlive(s)
	if err := j.prepare(l); err != nil {
		j.drop(l)
		return nil, err
	}
	if err := l.dispatch(ctx, j); err != nil {
		j.drop(l)
		return nil, err
	}
	<-j.done
	j.drop(l)
	return j.process, j.err
}

// dispatch hands a launch to a thread: to a bare one if it can be.
func (l *Launcher) dispatch(ctx context.Context, j *launch) error {
	bare := l.bare
	if j.spec.Caps != 0 {
		bare = nil // what such a thread has dropped, its children cannot have
	}
	select {
	case bare <- j:
		return nil
	default:
	}
	select {
	case bare <- j:
	case l.full <- j:
	case <-ctx.Done():
		return fmt.Errorf("launch: %w", context.Cause(ctx))
	case <-l.stop:
		return ErrClosed
	}
	return nil
}

// prepare resolves descriptors and takes a cgroup leaf, before anything is
// cloned.
func (j *launch) prepare(l *Launcher) error {
	d, s := &j.from, j.spec
	d.netns, d.ruleset, d.procs, d.leaf = -1, -1, -1, -1
	null := [3]*os.File{l.nullRead, l.nullWrite, l.nullWrite}
	for i, f := range [3]*os.File{s.Stdin, s.Stdout, s.Stderr} {
		if f == nil {
			f = null[i]
		}
		if err := d.place(f, &d.stdio[i]); err != nil {
			return err
		}
	}
	dir := s.Dir
	if dir == nil {
		dir = l.root
	}
	for _, f := range []struct {
		file *os.File
		to   *int
	}{{s.Program, &d.program}, {dir, &d.dir}, {s.Netns, &d.netns}, {s.Ruleset, &d.ruleset}} {
		if f.file == nil {
			continue
		}
		if err := d.place(f.file, f.to); err != nil {
			return err
		}
	}
	if l.tree == nil {
		if j.slot = l.roster.take(); j.slot == nil {
			return &LaunchError{Step: StepPrepare, Errno: unix.EAGAIN, Detail: "roster full"}
		}
		return nil
	}
	leaf, err := l.tree.Take()
	if err != nil {
		return &LaunchError{Step: StepPrepare, Detail: "cgroup", err: err}
	}
	j.leaf = leaf
	if l.features.CgroupClone {
		d.leaf = leaf.DirFD()
	} else {
		d.procs = leaf.ProcsFD()
	}
	return nil
}

// place puts a descriptor where no step of the child overwrites it before use:
// dup3 to 0, 1 and 2 comes first, then the program goes to 900.
func (d *descriptors) place(f *os.File, to *int) error {
	fd := int(f.Fd())
	*to = fd
	lowest := 10
	switch {
	case fd < 0:
		return &LaunchError{Step: StepPrepare, Errno: unix.EBADF, Detail: f.Name()}
	case fd == ProgramFD:
		lowest = ProgramFD + 1
	case fd >= 10:
		return nil
	}
	high, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, lowest)
	if err != nil {
		return &LaunchError{Step: StepPrepare, Detail: f.Name(), err: err}
	}
	*to = high
	d.copies = append(d.copies, high)
	return nil
}

// drop closes what only the launch needed, and the leaf if nothing runs in it.
func (j *launch) drop(l *Launcher) {
	for _, fd := range j.from.copies {
		_ = unix.Close(fd)
	}
	if j.process == nil {
		l.roster.put(j.slot)
	}
	if j.leaf != nil && j.process == nil {
		if err := j.leaf.End(survivorLimit); err != nil {
			l.log.Error("cgroup leaf of a failed launch", "error", err)
		}
		l.tree.Put(j.leaf)
	}
}

// serve is a launcher thread. It is locked and ends locked: the parent death
// signal of a command belongs to the thread that cloned it. The main thread
// does not serve: what /proc shows of the daemon is that thread's.
func (l *Launcher) serve(t *thread, queue <-chan *launch, locked chan<- struct{}) {
	runtime.LockOSThread()
	if unix.Gettid() == os.Getpid() {
		other := make(chan struct{})
		l.owners.Go(func() { l.serve(t, queue, other) })
		<-other // on another thread, since this one is taken
		runtime.UnlockOSThread()
		close(locked)
		return
	}
	close(locked)
	t.cutBounding(queue == l.bare)
	for {
		select {
		case j := <-queue:
			j.process, j.err = l.launch(t, j)
			close(j.done)
		case <-l.stop:
			return
		}
	}
}

func (l *Launcher) launch(t *thread, j *launch) (*Process, error) {
	if err := t.fill(j.spec, &j.from); err != nil {
		return nil, &LaunchError{Step: StepPrepare, Detail: "memory", err: err}
	}
	var last error
	for range attempts {
		p, err := l.once(t, j)
		if err == nil || !errors.Is(err, ErrNeverStarted) {
			return p, err
		}
		last = err
		l.log.Warn("launch repeated", "error", err)
		if j.leaf != nil { // the canary may have spoken for a kernel that a kill has changed
			t.joinByWriting(j.leaf.ProcsFD())
		}
	}
	return nil, last
}

// once is one attempt. Whatever its outcome, the child is registered or reaped
// before the thread's block lets go of its number.
func (l *Launcher) once(t *thread, j *launch) (*Process, error) {
	a, err := t.clone(&l.guard, j.slot)
	if err != nil {
		return nil, err
	}
	defer t.release()
	if a.clone != 0 {
		return nil, &LaunchError{Step: StepClone, Errno: a.clone}
	}
	w, err := newWaiter(a.pidfd)
	if err != nil {
		_ = unix.Kill(a.pid, unix.SIGKILL) // not reaped, so still ours
		_, _ = waitid(unix.P_PID, a.pid, unix.WEXITED, nil)
		return nil, &LaunchError{Step: StepPrepare, Detail: "pidfd", err: err}
	}
	if a.errno == 0 && (a.step != StepExec || a.killed) {
		err = l.neverRan(w, a)
	} else if a.errno != 0 {
		err = &LaunchError{Step: a.step, Errno: a.errno}
	}
	if err != nil {
		_ = w.await()
		w.close()
		return nil, err
	}
	p := &Process{l: l, pid: a.pid, wait: w, leaf: j.leaf, slot: j.slot}
	l.children.add(a.pid, w)
	l.remember(p)
	return p, nil
}

// neverRan decides about a child that was killed at some step. PF_FORKNOEXEC
// in its stat proves that it ran nothing; without the flag it won the race
// against the watchdog, has run, and its Wait says how it died.
func (l *Launcher) neverRan(w *waiter, a attempt) error {
	if _, err := w.exited(); err != nil {
		return &LaunchError{Step: a.step, Detail: "wait", err: err}
	}
	st, err := readStat(a.pid)
	if err == nil && !st.neverExecuted() {
		return nil
	}
	return &LaunchError{Step: a.step, err: ErrNeverStarted}
}
