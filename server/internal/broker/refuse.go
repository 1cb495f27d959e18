package broker

import (
	"errors"
	"syscall"

	"github.com/rootgate-project/rootgate/policy"
	"github.com/rootgate-project/rootgate/server/internal/guard"
	"github.com/rootgate-project/rootgate/server/internal/sandbox"
	"github.com/rootgate-project/rootgate/server/internal/sandbox/program"
)

// guardError hides from the caller what the guard saw of the host: whether a
// file exists is root's knowledge (sudo's CVE-2021-23239).
func guardError(d policy.Decision, err error) error {
	g, ok := errors.AsType[*guard.Error](err)
	if !ok {
		return internal("guard: %w", err)
	}
	e := &Error{
		Kind: KindDenied, Reason: reasonGuard, Message: "the guard of " + g.What + " does not hold",
		Denial: &policy.Denial{Reason: reasonGuard, ArgvIndex: g.ArgvIndex}, Rule: d.Rule.ID, Line: d.Line, Cause: g.Cause,
	}
	if g.Unavailable {
		e.Kind, e.Reason, e.Denial = KindPrecondition, reasonUnavailable, nil
		e.Message = "this server cannot evaluate the guard of " + g.What
	}
	if g.Missing {
		e.Kind, e.Reason, e.Denial = KindPrecondition, reasonNetns, nil
		e.Message = "there is no network namespace " + d.Netns
	}
	return e
}

func programError(d policy.Decision, err error) error {
	e := &Error{Kind: KindPrecondition, Reason: reasonProgUntrusted, Rule: d.Rule.ID, Line: d.Line, Cause: err}
	e.Message = d.Program + " is not what the policy trusts"
	if errors.Is(err, program.ErrMissing) {
		e.Reason, e.Message = reasonProgMissing, d.Program+" is not installed"
	}
	return e
}

// launchError says what a launch that failed means to the caller.
func launchError(d policy.Decision, err error) error {
	e := &Error{Kind: KindInternal, Reason: "INTERNAL", Rule: d.Rule.ID, Line: d.Line, Cause: err}
	set := func(kind Kind, reason, message string) { e.Kind, e.Reason, e.Message = kind, reason, message }
	var le *sandbox.LaunchError
	switch {
	case errors.Is(err, sandbox.ErrNeverStarted):
		set(KindAborted, reasonNeverStarted, "the command was killed before it started; nothing of it ran")
	case errors.Is(err, sandbox.ErrProcessLimit):
		set(KindExhausted, reasonProcesses, "the command's user has too many processes")
		e.RetryAfter = retrySoon
	case errors.Is(err, sandbox.ErrNoGuardian), errors.Is(err, sandbox.ErrClosed):
		set(KindUnavailable, reasonShutdown, "the server cannot launch commands now")
		e.RetryAfter = retrySoon
	case !errors.As(err, &le):
	case le.Errno == syscall.E2BIG:
		set(KindInvalid, reasonArgv, "the arguments and the environment are too long for the kernel")
		e.Field = "argv"
	case le.Step == sandbox.StepAttributes && le.Errno == syscall.EPERM:
		set(KindPrecondition, reasonFeature, "this host does not let the server set the command's I/O priority")
	case le.Step == sandbox.StepBounding || le.Step == sandbox.StepCapabilities || le.Step == sandbox.StepNetns:
		set(KindPrecondition, reasonFeature, "this host does not let the server set up the command's "+le.Step.String())
	case le.Step == sandbox.StepExec && (le.Errno == syscall.EPERM || le.Errno == syscall.EACCES || le.Errno == syscall.ENOENT):
		set(KindPrecondition, reasonFeature, "the program or its interpreter cannot be executed within the rule's profile")
	}
	return e
}
