package client

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// The kinds of [*Error], for [errors.Is].
var (
	// ErrInvalid: the request is malformed. It can never succeed.
	ErrInvalid = errors.New("invalid request")
	// ErrDenied: the policy does not allow it to this caller.
	ErrDenied = errors.New("denied")
	// ErrPrecondition: the host is not as the rule needs it, or a policy with
	// errors was refused.
	ErrPrecondition = errors.New("precondition not met")
	// ErrExhausted: a limit is reached; [Error.RetryAfter] says when to come back.
	ErrExhausted = errors.New("limit reached")
	// ErrUnavailable: the server is gone, going, or cannot write its audit log.
	ErrUnavailable = errors.New("unavailable")
	// ErrTimeout: a time limit ended the command.
	ErrTimeout = errors.New("time limit reached")
	// ErrAborted: an administrator killed the command, or it never started.
	ErrAborted = errors.New("aborted")
	// ErrNotFound: no such execution runs.
	ErrNotFound = errors.New("not found")
	// ErrInternal: the server's own fault; [Error.Message] holds the id that
	// finds the line in its log.
	ErrInternal = errors.New("internal error")
)

// ErrWaitDelay says that [Cmd.WaitDelay] passed before [Cmd.Stdin] returned from a read.
var ErrWaitDelay = errors.New("wait delay expired before i/o complete")

// Error is a call that the server, or the client in its place, did not carry out
// to its end.
type Error struct {
	// Kind is one of the Err values of this package, [context.Canceled] when the
	// call was cancelled, or [errors.ErrUnsupported] when the server does not
	// know the call.
	Kind error
	// Reason is stable, such as NO_RULE; CommandService in the protocol lists
	// them. It is empty for what gRPC itself reports.
	Reason string
	// Message is one sentence for a person.
	Message string
	// Rule that came nearest, if any.
	Rule string
	// Line of that rule, from 1; 0 when unknown.
	Line int
	// ArgvIndex is where the command stopped matching, or -1 when the reason does
	// not lie in argv. It is the number of arguments when more was expected.
	ArgvIndex int
	// Expected describes what would have been accepted there.
	Expected string
	// DidYouMean is a correction that would have been accepted there.
	DidYouMean string
	// KnownEscape is what the command is known to make its program do beyond what
	// a rule would mean, as in "ip: runs a program in a VRF".
	KnownEscape string
	// ExecutionID finds the request in the audit log.
	ExecutionID string
	// RetryAfter is how long to wait before the next attempt; 0 when unknown.
	RetryAfter time.Duration
	// Violations hold one entry for each field, precondition or quota that the
	// server named.
	Violations []Violation

	cause error // the error of the context, when that ended first
}

// Violation is one field, precondition or quota that a call ran against.
type Violation struct {
	// Subject is the field of the request, or what the precondition or the quota
	// is about.
	Subject string
	// Description is a sentence for a person.
	Description string
}

// Error returns the kind, the reason and the message.
func (e *Error) Error() string {
	parts := []string{e.Kind.Error()}
	if e.Reason != "" {
		parts = append(parts, e.Reason)
	}
	if e.Message != "" && e.Message != parts[0] {
		parts = append(parts, e.Message)
	}
	return strings.Join(parts, ": ")
}

// Unwrap returns the kind and, when the context of the call ended first, its
// error: a deadline of the caller is [ErrTimeout] and [context.DeadlineExceeded].
func (e *Error) Unwrap() []error {
	if e.cause == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.cause}
}

// kindOf maps a code to the kind of error that a caller branches on. What is not
// listed is the server's own fault.
func kindOf(code codes.Code) error {
	switch code {
	case codes.InvalidArgument:
		return ErrInvalid
	case codes.PermissionDenied:
		return ErrDenied
	case codes.FailedPrecondition:
		return ErrPrecondition
	case codes.ResourceExhausted:
		return ErrExhausted
	case codes.Unavailable:
		return ErrUnavailable
	case codes.DeadlineExceeded:
		return ErrTimeout
	case codes.Aborted:
		return ErrAborted
	case codes.NotFound:
		return ErrNotFound
	case codes.Canceled:
		return context.Canceled
	case codes.Unimplemented:
		return errors.ErrUnsupported
	default:
		return ErrInternal
	}
}

// errorOf turns the error of a call into an *Error. ctx is the context that the
// caller gave.
func errorOf(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	st := status.Convert(err)
	e := &Error{Kind: kindOf(st.Code()), Message: st.Message(), ArgvIndex: -1}
	for _, detail := range st.Details() {
		e.add(detail)
	}
	if cause := ended(ctx); cause != nil && (errors.Is(e.Kind, ErrTimeout) || errors.Is(e.Kind, context.Canceled)) {
		e.cause = cause
		if errors.Is(cause, context.DeadlineExceeded) {
			e.Kind = ErrTimeout
		}
	}
	return e
}

// ended is ctx.Err, but does not wait for the timer: the server may have seen the
// deadline pass first.
func ended(ctx context.Context) error {
	if d, ok := ctx.Deadline(); ctx.Err() == nil && ok && !d.After(time.Now()) {
		return context.DeadlineExceeded
	}
	return ctx.Err()
}

// add takes over what one detail says.
func (e *Error) add(detail any) {
	violation := func(subject, description string) {
		e.Violations = append(e.Violations, Violation{Subject: subject, Description: description})
	}
	switch d := detail.(type) {
	case *errdetails.ErrorInfo:
		e.Reason = d.GetReason()
		e.metadata(d.GetMetadata())
	case *errdetails.RetryInfo:
		e.RetryAfter = d.GetRetryDelay().AsDuration()
	case *errdetails.BadRequest:
		for _, v := range d.GetFieldViolations() {
			violation(v.GetField(), v.GetDescription())
		}
	case *errdetails.PreconditionFailure:
		for _, v := range d.GetViolations() {
			violation(v.GetSubject(), v.GetDescription())
		}
	case *errdetails.QuotaFailure:
		for _, v := range d.GetViolations() {
			violation(v.GetSubject(), v.GetDescription())
		}
	}
}

func (e *Error) metadata(m map[string]string) {
	e.Rule = m["rule"]
	e.Expected = m["expected"]
	e.DidYouMean = m["did_you_mean"]
	e.KnownEscape = m["known_escape"]
	e.ExecutionID = m["execution_id"]
	if n, err := strconv.Atoi(m["line"]); err == nil {
		e.Line = n
	}
	if n, err := strconv.Atoi(m["argv_index"]); err == nil {
		e.ArgvIndex = n
	}
}
