package sandbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rootgate-project/rootgate/server/internal/sandbox/cgroup"
)

// Options of a Launcher. The zero value is usable.
type Options struct {
	// Threads is how many launches may be under way at once (not how many
	// commands may run); 0 is two for each processor, at least four. Half of
	// them serve only commands without capabilities, and those faster.
	Threads int
	// CgroupRoot is the cgroup2 directory in which the subtree is made; "" is
	// this process's own cgroup.
	CgroupRoot string
	// NoCgroup uses pid namespaces even where cgroup2 is there.
	NoCgroup bool
	// StartTimeout is how long a stopped child may stay stopped; 0 is 100 ms.
	StartTimeout time.Duration
	// GuardianChanged is called with false when launches begin to be refused
	// because the guardian died, and with true when another stands. It must not
	// block. Optional.
	GuardianChanged func(alive bool)
	Log             *slog.Logger // nil discards
}

// Launcher starts commands. Its methods may be called from any goroutine.
type Launcher struct {
	options  Options
	log      *slog.Logger
	features Features
	filtered bool // this process has a system call filter of its own

	tree   *cgroup.Tree // one of tree and roster is set
	roster *roster
	guard  guardian

	root, nullRead, nullWrite *os.File

	threads []*thread
	bare    chan *launch // to threads with an empty bounding set
	full    chan *launch // to the others
	stop    chan struct{}
	stopped sync.Once
	owners  sync.WaitGroup // threads, and the guardian's watch
	gate    sync.RWMutex   // held for reading by each Start

	children children
	reaping  sync.Mutex // held during a pass; guards head
	head     foreign
	running  atomic.Int64
	passMu   sync.Mutex
	pass     bool

	mu        sync.Mutex
	processes map[*Process]struct{}
}

// New probes the kernel, sweeps what a dead daemon left, proves that a cgroup
// leaf can be joined and killed, and starts guardian and threads. A FeatureError
// names what is missing. It makes this process a subreaper. Preconditions: root
// in the initial user namespace with the identity capabilities, and
// HardenProcess before.
func New(o Options) (*Launcher, error) {
	if o.Threads <= 0 {
		o.Threads = max(4, 2*runtime.GOMAXPROCS(0))
	}
	if o.StartTimeout <= 0 {
		o.StartTimeout = 100 * time.Millisecond
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	features, err := probe()
	if err != nil {
		return nil, err
	}
	l := &Launcher{
		options: o, log: o.Log, features: features,
		bare: make(chan *launch), full: make(chan *launch), stop: make(chan struct{}),
		processes: make(map[*Process]struct{}),
	}
	if err := l.open(); err != nil {
		_ = l.Close(context.Background())
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	return l, nil
}

// open acquires in an order that Close undoes wherever it stopped. The
// guardian comes before anything that could run a command.
func (l *Launcher) open() error {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err
	}
	if err := adoptOrphans(); err != nil {
		return err
	}
	l.filtered = statusField(string(status), "Seccomp") != "0"
	for _, f := range []struct {
		to   **os.File
		path string
		flag int
	}{
		{&l.root, "/", unix.O_PATH | unix.O_DIRECTORY},
		{&l.nullRead, os.DevNull, unix.O_RDONLY},
		{&l.nullWrite, os.DevNull, unix.O_WRONLY},
	} {
		fd, err := unix.Open(f.path, f.flag|unix.O_CLOEXEC, 0)
		if err != nil {
			return &os.PathError{Op: "open", Path: f.path, Err: err}
		}
		*f.to = os.NewFile(uintptr(fd), f.path)
	}
	if err := l.openTree(); err != nil {
		l.features.TreeKill = TreeKillNamespace
		l.features.TreeReason = err.Error()
		l.log.Warn("commands run in pid namespaces", "reason", err)
		if l.roster, err = newRoster(); err != nil {
			return err
		}
	}
	if err := l.startGuardian(); err != nil {
		return err
	}
	for range l.options.Threads {
		t, err := newThread(l.options.StartTimeout)
		if err != nil {
			return err
		}
		l.threads = append(l.threads, t)
	}
	for i, t := range l.threads {
		queue := l.full
		if i%2 == 1 {
			queue = l.bare
		}
		l.owners.Go(func() { l.serve(t, queue, make(chan struct{})) })
	}
	return nil
}

// openTree sets up the cgroups and tries them, or says why there are none.
func (l *Launcher) openTree() error {
	if l.options.NoCgroup {
		return errors.New("not wanted")
	}
	base := l.options.CgroupRoot
	if base == "" {
		var err error
		if base, err = cgroup.Find(); err != nil {
			return err
		}
	}
	swept, err := cgroup.Sweep(base, survivorLimit)
	if err != nil {
		l.log.Error("cgroups of a dead daemon stay", "error", err)
	}
	if swept > 0 {
		l.log.Warn("cgroups of a dead daemon removed", "count", swept)
	}
	tree, err := cgroup.Create(base, 2*l.options.Threads)
	if err != nil {
		return err
	}
	if err := killCanary(tree); err != nil {
		tree.Close()
		return err
	}
	l.tree = tree
	l.features.CgroupClone = birthCanary(tree) == nil
	l.features.TreeKill, l.features.CgroupPath = TreeKillCgroup, tree.Path()
	return nil
}

// Features says what this launcher found, and how it stands now.
func (l *Launcher) Features() Features {
	f := l.features
	l.guard.mu.RLock()
	defer l.guard.mu.RUnlock()
	f.Guardian = l.guard.alive
	return f
}

func (l *Launcher) remember(p *Process) {
	l.mu.Lock()
	l.processes[p] = struct{}{}
	l.mu.Unlock()
	l.running.Add(1)
	l.keepReaping()
}

func (l *Launcher) forget(p *Process) {
	l.mu.Lock()
	delete(l.processes, p)
	l.mu.Unlock()
	l.running.Add(-1)
}

func (l *Launcher) stopping() bool {
	select {
	case <-l.stop:
		return true
	default:
		return false
	}
}

// pause returns false if the launcher is closed meanwhile.
func (l *Launcher) pause(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-l.stop:
		return false
	}
}

// Close refuses further launches, kills what runs and waits for it, lets the
// guardian remove the subtree, and ends the threads. The context bounds the
// wait for survivors. Close may be called more than once.
func (l *Launcher) Close(ctx context.Context) error {
	var err error
	l.stopped.Do(func() { err = l.close(ctx) })
	return err
}

func (l *Launcher) close(ctx context.Context) error {
	close(l.stop)
	l.gate.Lock() // every Start has returned, and no other gets in
	defer l.gate.Unlock()
	err := l.killAll(ctx)
	l.endGuardian()
	ended := make(chan struct{})
	go func() {
		l.owners.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-ctx.Done():
		// The guardian is at its post until nothing lives: it is left there.
		return errors.Join(err, fmt.Errorf("close launcher: %w", context.Cause(ctx)))
	}
	l.reapOrphans()
	if l.tree != nil {
		l.tree.Close()
	}
	l.reaping.Lock() // no pass reads the threads' blocks any more
	for _, t := range l.threads {
		t.free()
	}
	l.threads = nil
	l.roster.free()
	l.reaping.Unlock()
	for _, f := range []*os.File{l.root, l.nullRead, l.nullWrite} {
		if f != nil {
			_ = f.Close()
		}
	}
	return err
}

// killAll ends every command and waits for each.
func (l *Launcher) killAll(ctx context.Context) error {
	l.mu.Lock()
	var all []*Process
	for p := range l.processes {
		all = append(all, p)
	}
	l.mu.Unlock()
	done := make(chan error, len(all))
	for _, p := range all {
		p.Kill()
		go func() {
			_, err := p.Wait()
			if !errors.Is(err, ErrSurvivors) {
				err = nil // how it ended is for its own waiter
			}
			done <- err
		}()
	}
	var failed error
	for range all {
		select {
		case err := <-done:
			failed = errors.Join(failed, err)
		case <-ctx.Done():
			return fmt.Errorf("close launcher: %w", context.Cause(ctx))
		}
	}
	return failed
}
