package broker

import (
	"errors"
	"fmt"
	"time"

	"github.com/rootgate-project/rootgate/policy"
)

// Kind is what went wrong, in the terms of the contract. The zero value is the
// one that says least.
type Kind int

// The kinds of errors.
const (
	KindInternal     Kind = iota
	KindInvalid           // the request is malformed
	KindDenied            // the policy or a guard refuses
	KindPrecondition      // the host lacks something that the rule needs
	KindExhausted         // a limit of the server
	KindUnavailable       // audit or shutdown
	KindTimeout           // a time limit ended the command
	KindCanceled          // the caller went away
	KindAborted           // the command never started, or was killed on demand
	KindNotFound          // no such execution
)

// Error is a refusal or a failure. What it holds may be shown to the caller,
// except for Cause.
type Error struct {
	Kind   Kind
	Reason string // stable, as CommandService lists them
	// Message is one sentence for a person.
	Message string
	// Field names the request's field for KindInvalid.
	Field string
	// Denial holds what the policy found, for KindDenied.
	Denial *policy.Denial
	// Rule and Line are the allowing rule, or the nearest one; empty and 0 when
	// there is none.
	Rule policy.RuleID
	Line int
	// ExecutionID finds the records of the audit log; empty when there are none.
	ExecutionID string
	// RetryAfter says when the same request may succeed, for KindExhausted and
	// KindUnavailable.
	RetryAfter time.Duration
	// Violations are sentences for KindPrecondition, one each.
	Violations []string
	// Cause is for the log only.
	Cause error
}

func (e *Error) Error() string {
	s := e.Reason
	if e.Message != "" {
		s += ": " + e.Message
	}
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.Cause }

// The reasons that this package gives. Those of the policy are its own.
const (
	reasonArgv          = "INVALID_ARGV"
	reasonTimeout       = "TIMEOUT"
	reasonCanceled      = "CANCELED"
	reasonSignal        = "SIGNAL_NOT_ALLOWED"
	reasonGuard         = "GUARD_FAILED"
	reasonUnavailable   = "GUARD_UNAVAILABLE"
	reasonProgMissing   = "PROGRAM_MISSING"
	reasonProgUntrusted = "PROGRAM_UNTRUSTED"
	reasonNetns         = "NETNS_MISSING"
	reasonFeature       = "FEATURE_MISSING"
	reasonQueue         = "QUEUE_FULL"
	reasonProcesses     = "PROCESS_LIMIT"
	reasonAudit         = "AUDIT_UNAVAILABLE"
	reasonShutdown      = "SHUTTING_DOWN"
	reasonNeverStarted  = "NEVER_STARTED"
	reasonKilled        = "KILLED_BY_ADMIN"
	reasonNotRunning    = "NOT_RUNNING"
)

func internal(format string, args ...any) *Error {
	return &Error{Kind: KindInternal, Reason: "INTERNAL", Cause: fmt.Errorf(format, args...)}
}

// asError returns err as an *Error; what is none is internal.
func asError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return internal("%w", err)
}
