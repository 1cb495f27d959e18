package main

import (
	"context"
	"errors"

	"github.com/rootgate-project/rootgate/client"
)

// jsonError is an error for a program.
type jsonError struct {
	// Kind: invalid, denied, precondition, exhausted, unavailable, timeout,
	// aborted, canceled, not_found, unsupported, internal, or rootgate for what
	// failed on this side.
	Kind         string          `json:"kind"`
	Reason       string          `json:"reason,omitempty"`
	Message      string          `json:"message"`
	Rule         string          `json:"rule,omitempty"`
	Line         int             `json:"line,omitempty"`
	ArgvIndex    *int            `json:"argv_index,omitempty"`
	Expected     string          `json:"expected,omitempty"`
	DidYouMean   string          `json:"did_you_mean,omitempty"`
	KnownEscape  string          `json:"known_escape,omitempty"`
	ExecutionID  string          `json:"execution_id,omitempty"`
	RetryAfterNS int64           `json:"retry_after_ns,omitempty"`
	Violations   []jsonViolation `json:"violations,omitempty"`
}

type jsonViolation struct {
	Subject     string `json:"subject"`
	Description string `json:"description"`
}

func newJSONError(err error) *jsonError {
	out := &jsonError{Kind: kindName(err), Message: err.Error()}
	var e *client.Error
	if !errors.As(err, &e) {
		return out
	}
	out.Reason, out.Message, out.Rule, out.Line = e.Reason, e.Message, e.Rule, e.Line
	out.Expected, out.DidYouMean, out.KnownEscape, out.ExecutionID = e.Expected, e.DidYouMean, e.KnownEscape, e.ExecutionID
	out.RetryAfterNS = e.RetryAfter.Nanoseconds()
	if e.ArgvIndex >= 0 {
		index := e.ArgvIndex
		out.ArgvIndex = &index
	}
	for _, v := range e.Violations {
		out.Violations = append(out.Violations, jsonViolation(v))
	}
	return out
}

func kindName(err error) string {
	for _, k := range []struct {
		kind error
		name string
	}{
		{client.ErrInvalid, "invalid"},
		{client.ErrDenied, "denied"},
		{client.ErrPrecondition, "precondition"},
		{client.ErrExhausted, "exhausted"},
		{client.ErrUnavailable, "unavailable"},
		{client.ErrTimeout, "timeout"},
		{client.ErrAborted, "aborted"},
		{client.ErrNotFound, "not_found"},
		{client.ErrInternal, "internal"},
		{errors.ErrUnsupported, "unsupported"},
		{context.Canceled, "canceled"},
	} {
		if errors.Is(err, k.kind) {
			return k.name
		}
	}
	return "rootgate"
}
