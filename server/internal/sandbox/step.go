package sandbox

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// Errors of Start, Wait and New. ErrNeverStarted and ErrProcessLimit are found
// in a LaunchError with errors.Is.
var (
	// ErrNeverStarted says that the child was killed before it became the
	// command: not one instruction of the program ran.
	ErrNeverStarted = errors.New("killed before the program started")
	// ErrProcessLimit says that the command's uid or the system has as many
	// processes as it may have.
	ErrProcessLimit = errors.New("process limit reached")
	// ErrNoGuardian says that no guardian stands ready, so nothing may run.
	ErrNoGuardian = errors.New("the guardian is not running")
	// ErrClosed says that the launcher was closed.
	ErrClosed = errors.New("launcher closed")
	// ErrSurvivors says that a process of the tree did not die of SIGKILL.
	ErrSurvivors = errors.New("processes of the command survive")
	// ErrDone says that the command has ended.
	ErrDone = errors.New("command has ended")
)

// Step is a step of the launch. The first ones happen in the daemon, those
// from StepCgroup on in the child, in this order.
type Step int

// The steps, as launch.h counts them.
const (
	StepClone Step = iota
	StepCgroup
	StepSignals
	StepSession
	StepAttributes
	StepDescriptors
	StepLimits
	StepNetns
	StepLatePaths
	StepDirectory
	StepBounding
	StepIdentity
	StepCapabilities
	StepDeathsig
	StepNoNewPrivs
	StepLandlock
	StepMask
	StepSeccomp
	StepExec
	StepSpec    // the Spec itself
	StepPrepare // descriptors and cgroup, in the daemon
)

// String names a step for a log or an error.
func (s Step) String() string {
	names := [...]string{
		"clone", "cgroup", "signals", "session", "attributes", "descriptors", "limits",
		"netns", "late paths", "directory", "bounding set", "identity", "capabilities",
		"parent death signal", "no_new_privs", "landlock", "signal mask", "seccomp", "exec",
		"spec", "prepare",
	}
	if s < 0 || int(s) >= len(names) {
		return fmt.Sprintf("step %d", int(s))
	}
	return names[s]
}

// LaunchError says which step of a launch was refused and why. At StepExec,
// ENOENT and EACCES may also speak of the program's ELF interpreter.
type LaunchError struct {
	Step   Step
	Errno  unix.Errno
	Detail string // for a log; may be empty
	err    error
}

func (e *LaunchError) Error() string {
	text := "launch: " + e.Step.String()
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	if e.err != nil {
		return text + ": " + e.err.Error()
	}
	return text + ": " + e.Errno.Error()
}

// Unwrap gives errors.Is the errno, or the cause where there is none.
func (e *LaunchError) Unwrap() error {
	if e.err != nil {
		return e.err
	}
	return e.Errno
}

// Is recognises ErrProcessLimit. EAGAIN means that at clone for the
// whole system, the daemon's cgroup or its uid, at exec for the command's uid,
// which changed in between (execve(2)), and before either for the roster.
func (e *LaunchError) Is(target error) bool {
	return target == ErrProcessLimit && e.Errno == unix.EAGAIN &&
		(e.Step == StepClone || e.Step == StepExec || e.Step == StepPrepare)
}
