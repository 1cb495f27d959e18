package client_test

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/rootgate-project/rootgate/client"
)

func TestErrors(t *testing.T) {
	c, _ := start(t)
	fields := func(reason string, kind error) client.Error {
		return client.Error{Kind: kind, Reason: reason, Message: "said the fake", ArgvIndex: -1}
	}
	denied := fields("NO_RULE", client.ErrDenied)
	denied.Rule, denied.Line, denied.ArgvIndex = "net.ip", 3, 2
	denied.Expected, denied.ExecutionID = "<mtu> int 68..9216", "deny-1"
	malformed := fields("INVALID_ARGV", client.ErrInvalid)
	malformed.Violations = []client.Violation{{Subject: "argv[1]", Description: "holds a NUL byte"}}
	missing := fields("PROGRAM_MISSING", client.ErrPrecondition)
	missing.Violations = []client.Violation{{Subject: "net.ip", Description: "program is missing"}}
	full := fields("QUEUE_FULL", client.ErrExhausted)
	full.Violations = []client.Violation{{Subject: "running_per_uid", Description: "16 commands run"}}
	full.RetryAfter = 1500 * time.Millisecond
	going := fields("SHUTTING_DOWN", client.ErrUnavailable)
	going.RetryAfter = 2 * time.Second

	for _, tt := range []struct {
		code codes.Code
		want client.Error
		text string
	}{
		{codes.PermissionDenied, denied, "denied: NO_RULE: said the fake"},
		{codes.InvalidArgument, malformed, "invalid request: INVALID_ARGV: said the fake"},
		{codes.FailedPrecondition, missing, "precondition not met: PROGRAM_MISSING: said the fake"},
		{codes.ResourceExhausted, full, "limit reached: QUEUE_FULL: said the fake"},
		{codes.Unavailable, going, "unavailable: SHUTTING_DOWN: said the fake"},
		{codes.DeadlineExceeded, fields("TIMEOUT", client.ErrTimeout), "time limit reached: TIMEOUT: said the fake"},
		{codes.Aborted, fields("KILLED_BY_ADMIN", client.ErrAborted), "aborted: KILLED_BY_ADMIN: said the fake"},
		{codes.NotFound, fields("", client.ErrNotFound), "not found: said the fake"},
		{codes.Canceled, fields("", context.Canceled), "context canceled: said the fake"},
		{codes.Unimplemented, fields("", errors.ErrUnsupported), "unsupported operation: said the fake"},
		{codes.Internal, fields("", client.ErrInternal), "internal error: said the fake"},
		{codes.Unknown, fields("", client.ErrInternal), "internal error: said the fake"},
		{codes.DataLoss, fields("", client.ErrInternal), "internal error: said the fake"},
	} {
		t.Run(tt.code.String(), func(t *testing.T) {
			started := tt.want
			if started.ExecutionID == "" {
				started.ExecutionID = "exec-1"
			}
			_, explain := c.Command("refuse", tt.code.String(), tt.want.Reason).Explain(t.Context())
			for name, step := range map[string]struct {
				err  error
				want client.Error
			}{
				"start":   {c.Command("refuse", tt.code.String(), tt.want.Reason).Start(), tt.want},
				"wait":    {c.Command("late", tt.code.String(), tt.want.Reason).Run(), started},
				"explain": {explain, tt.want},
			} {
				var got *client.Error
				if !errors.As(step.err, &got) {
					t.Fatalf("%s: got %v, want an Error", name, step.err)
				}
				if !reflect.DeepEqual(*got, step.want) {
					t.Errorf("%s: got %+v, want %+v", name, *got, step.want)
				}
				if !errors.Is(step.err, tt.want.Kind) || got.Error() != tt.text {
					t.Errorf("%s: got %q, want %q", name, got, tt.text)
				}
			}
		})
	}
}

// A limit that the server kept is not the caller's own.
func TestTimeoutOfServer(t *testing.T) {
	c, _ := start(t)
	err := c.Command("late", "DeadlineExceeded", "TIMEOUT").Run()
	if !errors.Is(err, client.ErrTimeout) || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want %v alone", err, client.ErrTimeout)
	}
}
