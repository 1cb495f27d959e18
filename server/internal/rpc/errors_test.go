package rpc

import (
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/rootgate-project/rootgate/policy"
	"github.com/rootgate-project/rootgate/policy/argv"
	rootgatev1 "github.com/rootgate-project/rootgate/proto/rootgate/v1"
	"github.com/rootgate-project/rootgate/server/internal/broker"
)

// TestEveryKindHasACode: a kind without one would be reported as OK's code 0.
func TestEveryKindHasACode(t *testing.T) {
	for kind := broker.KindInternal; kind <= broker.KindNotFound; kind++ {
		if code, ok := codeOf[kind]; !ok || code == codes.OK {
			t.Errorf("kind %d has code %v", kind, code)
		}
	}
	if len(codeOf) != int(broker.KindNotFound)+1 {
		t.Errorf("%d codes, want %d", len(codeOf), broker.KindNotFound+1)
	}
}

func details[T any](t *testing.T, err error) T {
	t.Helper()
	for _, d := range status.Convert(err).Details() {
		if v, ok := d.(T); ok {
			return v
		}
	}
	t.Fatalf("%v has no detail of the type wanted, but %v", err, status.Convert(err).Details())
	panic("unreachable")
}

func TestDetails(t *testing.T) {
	s := &service{log: slog.New(slog.DiscardHandler)}
	denied := s.toStatus(t.Context(), &broker.Error{
		Kind: broker.KindDenied, Reason: "VALUE_OUT_OF_RANGE", Message: "m", Rule: "l3.ip", Line: 3, ExecutionID: "x-1",
		Denial: &policy.Denial{ArgvIndex: 6, Escape: "ip: x", Expected: []argv.Expect{{Kind: argv.ExpectType, Text: "<mtu>", Params: "int(68..9216)"}, {Kind: argv.ExpectEnd}}},
		Cause:  errors.New("secret of the host"),
	})
	if status.Code(denied) != codes.PermissionDenied || strings.Contains(denied.Error(), "secret") {
		t.Errorf("got %v, want PermissionDenied without the cause", denied)
	}
	info := details[*errdetails.ErrorInfo](t, denied)
	want := map[string]string{
		"rule": "l3.ip", "line": "3", "execution_id": "x-1", "argv_index": "6", "expected": "<mtu> int(68..9216), end of arguments", "known_escape": "ip: x",
	}
	if info.GetReason() != "VALUE_OUT_OF_RANGE" || info.GetDomain() != "rootgate" || len(info.GetMetadata()) != len(want) {
		t.Errorf("ErrorInfo = %v, want reason VALUE_OUT_OF_RANGE and %v", info, want)
	}
	for k, v := range want {
		if got := info.GetMetadata()[k]; got != v {
			t.Errorf("metadata %s = %q, want %q", k, got, v)
		}
	}
	exhausted := s.toStatus(t.Context(), &broker.Error{Kind: broker.KindExhausted, Reason: "QUEUE_FULL", RetryAfter: 2 * time.Second})
	if d := details[*errdetails.RetryInfo](t, exhausted).GetRetryDelay().AsDuration(); d != 2*time.Second {
		t.Errorf("retry delay %v, want 2s", d)
	}
	if v := details[*errdetails.QuotaFailure](t, exhausted).GetViolations(); len(v) != 1 {
		t.Errorf("quota violations %v, want 1", v)
	}
	pre := s.toStatus(t.Context(), &broker.Error{Kind: broker.KindPrecondition, Reason: "PROGRAM_MISSING", Message: "m", Violations: []string{"a", "b"}})
	if v := details[*errdetails.PreconditionFailure](t, pre).GetViolations(); len(v) != 3 {
		t.Errorf("violations %v, want 3", v)
	}
	bad := s.toStatus(t.Context(), &broker.Error{Kind: broker.KindInvalid, Reason: "INVALID_ARGV", Field: "argv"})
	if v := details[*errdetails.BadRequest](t, bad).GetFieldViolations(); len(v) != 1 || v[0].GetField() != "argv" {
		t.Errorf("field violations %v, want one of argv", v)
	}
}

func TestInternalSaysNothing(t *testing.T) {
	var log strings.Builder
	s := &service{log: slog.New(slog.NewTextHandler(&log, nil))}
	for _, err := range []error{io.ErrUnexpectedEOF, &broker.Error{Kind: broker.KindInternal, Reason: "INTERNAL", Cause: io.ErrUnexpectedEOF}} {
		got := s.toStatus(t.Context(), err)
		message, id, ok := strings.Cut(status.Convert(got).Message(), "internal error ")
		if status.Code(got) != codes.Internal || message != "" || !ok || len(status.Convert(got).Details()) != 0 {
			t.Errorf("got %v, want Internal with an id and nothing more", got)
		}
		if !strings.Contains(log.String(), id) || !strings.Contains(log.String(), "unexpected EOF") {
			t.Errorf("log %q, want id %s and the cause", log.String(), id)
		}
	}
}

func TestExpectedIsBounded(t *testing.T) {
	many := make([]argv.Expect, 1000)
	for i := range many {
		many[i] = argv.Expect{Kind: argv.ExpectLiteral, Text: "keyword"}
	}
	if n := len(expectedText(many)); n > maxExpected+8 {
		t.Errorf("%d bytes, want at most %d", n, maxExpected+8)
	}
}

func TestUnknownField(t *testing.T) {
	known := &rootgatev1.ExecuteStreamRequest{Message: &rootgatev1.ExecuteStreamRequest_Start{Start: &rootgatev1.ExecuteRequest{
		Argv: []string{"a"}, Env: map[string]string{"K": "V"},
	}}}
	if name, found := unknownField(known.ProtoReflect()); found {
		t.Errorf("unknown field in %s of a message without one", name)
	}
	known.GetStart().ProtoReflect().SetUnknown([]byte{0xf8, 0x07, 0x01})
	if name, found := unknownField(known.ProtoReflect()); !found || name != "rootgate.v1.ExecuteRequest" {
		t.Errorf("unknown field = %q, %t, want in rootgate.v1.ExecuteRequest", name, found)
	}
}

func TestCheckDecoded(t *testing.T) {
	m := &rootgatev1.ExecuteRequest{}
	tests := []struct {
		name string
		err  error
		want codes.Code
	}{
		{"fine", nil, codes.OK},
		{"too large", status.Error(codes.ResourceExhausted, "larger than max"), codes.ResourceExhausted},
		{"cancelled", status.Error(codes.Canceled, "x"), codes.Canceled},
	}
	for _, tt := range tests {
		if got := status.Code(checkDecoded(m, tt.err)); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
	if err := checkDecoded(m, io.EOF); !errors.Is(err, io.EOF) {
		t.Errorf("EOF became %v", err)
	}
	m.ProtoReflect().SetUnknown(undecodable)
	if got := status.Code(checkDecoded(m, nil)); got != codes.InvalidArgument {
		t.Errorf("does not decode: %v, want %v", got, codes.InvalidArgument)
	}
}
