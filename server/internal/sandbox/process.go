package sandbox

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rootgate-project/rootgate/server/internal/sandbox/cgroup"
)

// survivorLimit bounds the wait for a tree that does not die of SIGKILL: a
// process in uninterruptible sleep may take forever.
const survivorLimit = 30 * time.Second

// ExitState is how a command ended.
type ExitState struct {
	Code       int            // exit status; meaningless if Signal is not 0
	Signal     syscall.Signal // the signal that ended it, or 0
	CoreDumped bool           // the kernel would have dumped; the limit is 0

	// SeccompKilled: it died of a SIGSYS that this launcher did not send. No
	// other command can send one (Landlock scope). A program that raises SIGSYS
	// against itself looks the same: the kernel leaves no other trace.
	SeccompKilled bool

	User, System time.Duration // CPU of the leader and of children it waited for
}

// Process is a command that was started. Its methods may be called from any
// goroutine. Wait must be called, or the tree stays until Close.
type Process struct {
	l    *Launcher
	pid  int
	wait *waiter
	leaf *cgroup.Leaf // nil where a pid namespace holds the tree
	slot *int32       // the place in the roster then

	mu    sync.Mutex
	ended bool
	sent  syscall.Signal // delivered as SIGKILL, see Signal
	sys   bool           // a SIGSYS of ours

	once  sync.Once
	state ExitState
	err   error
}

// PID is the leader's process id in the daemon's pid namespace. It is an
// identity only until Wait returns.
func (p *Process) PID() int { return p.pid }

// Signal sends to the leader, through its pidfd: never to another process that
// has its number. In a pid namespace the leader is an init, for which the
// kernel discards signals without a handler; a signal whose default action
// would have ended it is then sent as SIGKILL and reported as itself.
// ErrDone after the end.
func (p *Process) Signal(sig unix.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return ErrDone
	}
	real := sig
	if p.leaf == nil && p.deadly(sig) {
		p.sent, real = sig, unix.SIGKILL
	}
	if sig == unix.SIGSYS {
		p.sys = true
	}
	if err := unix.PidfdSendSignal(p.wait.fd, real, nil, 0); err != nil {
		if err == unix.ESRCH {
			return ErrDone
		}
		return os.NewSyscallError("pidfd_send_signal", err)
	}
	return nil
}

// deadly says whether a process that is no init would die of sig.
func (p *Process) deadly(sig unix.Signal) bool {
	switch sig {
	case 0, unix.SIGKILL, unix.SIGSTOP, unix.SIGTSTP, unix.SIGTTIN, unix.SIGTTOU,
		unix.SIGCHLD, unix.SIGCONT, unix.SIGURG, unix.SIGWINCH:
		return false
	}
	if sig < 0 || sig > 64 {
		return false
	}
	text, err := os.ReadFile("/proc/" + strconv.Itoa(p.pid) + "/status")
	if err != nil {
		return false
	}
	handled := uint64(0)
	for _, name := range []string{"SigCgt", "SigIgn", "SigBlk"} {
		set, ok := signalSet(string(text), name)
		if !ok {
			return false
		}
		handled |= set
	}
	return handled>>(uint(sig)-1)&1 == 0
}

// Kill sends SIGKILL to every process of the tree. It does not wait; after the
// end it does nothing.
func (p *Process) Kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return
	}
	if p.leaf != nil {
		if err := p.leaf.Kill(); err != nil {
			p.l.log.Error("kill a command's cgroup", "pid", p.pid, "error", err)
		}
	}
	// A leader that runs as root may have left its cgroup.
	_ = unix.PidfdSendSignal(p.wait.fd, unix.SIGKILL, nil, 0)
}

// Wait returns when the leader has been reaped and no process of its tree is
// alive: what the leader leaves behind is killed. Every call gives the same
// answer. The error is ErrNeverStarted in a LaunchError, ErrSurvivors, or an
// unexpected one of the kernel.
func (p *Process) Wait() (ExitState, error) {
	p.once.Do(p.end)
	return p.state, p.err
}

func (p *Process) end() {
	status, err := p.wait.exited()
	if err != nil {
		p.Kill()
		p.err = fmt.Errorf("wait: %w", err)
	}
	// Before the leader is reaped: its number in /proc is still its own.
	never := false
	if err == nil && status.code != codeExited {
		st, err := readStat(p.pid)
		never = err == nil && st.neverExecuted()
	}
	if p.leaf != nil {
		if err := p.leaf.End(survivorLimit); err != nil && p.err == nil {
			p.err = fmt.Errorf("%w: %w", ErrSurvivors, err)
		}
	}
	var usage unix.Rusage
	if _, err := p.wait.reap(&usage); err != nil && p.err == nil {
		p.err = fmt.Errorf("wait: %w", err)
	}
	p.finish(status, &usage)
	if never && p.err == nil {
		p.err = &LaunchError{Step: StepExec, err: ErrNeverStarted}
	}
}

// finish gives back what the process held. The number leaves the register
// last: until then nobody else reaps it.
func (p *Process) finish(status childStatus, usage *unix.Rusage) {
	p.mu.Lock()
	p.ended = true
	p.wait.close()
	p.mu.Unlock()
	p.l.children.remove(p.pid, p.wait)
	p.l.roster.put(p.slot)
	if p.leaf != nil {
		p.l.tree.Put(p.leaf)
	}
	p.l.forget(p)
	p.l.reapOrphans()
	p.l.keepReaping() // a tree just killed may not be all zombies yet

	p.state.User = time.Duration(usage.Utime.Nano())
	p.state.System = time.Duration(usage.Stime.Nano())
	if status.code == codeExited {
		p.state.Code = int(status.status)
		return
	}
	p.state.Signal = syscall.Signal(status.status)
	p.state.CoreDumped = status.code == codeDumped
	if p.sent != 0 && p.state.Signal == syscall.SIGKILL {
		p.state.Signal = p.sent
	}
	p.state.SeccompKilled = p.state.Signal == syscall.SIGSYS && !p.sys
}
