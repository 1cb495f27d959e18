package rpc

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/rootgate-project/rootgate/policy/argv"
	"github.com/rootgate-project/rootgate/server/internal/broker"
)

// domain is that of every ErrorInfo.
const domain = "rootgate"

// codeOf maps each kind of error to its code; a test holds it to be complete.
var codeOf = map[broker.Kind]codes.Code{
	broker.KindInternal:     codes.Internal,
	broker.KindInvalid:      codes.InvalidArgument,
	broker.KindDenied:       codes.PermissionDenied,
	broker.KindPrecondition: codes.FailedPrecondition,
	broker.KindExhausted:    codes.ResourceExhausted,
	broker.KindUnavailable:  codes.Unavailable,
	broker.KindTimeout:      codes.DeadlineExceeded,
	broker.KindCanceled:     codes.Canceled,
	broker.KindAborted:      codes.Aborted,
	broker.KindNotFound:     codes.NotFound,
}

// toStatus is the one place where an error becomes what a caller sees. What is
// not a broker.Error, and the cause of what is, goes to the log only.
func (s *service) toStatus(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := status.FromError(err); ok {
		return err
	}
	e, ok := errors.AsType[*broker.Error](err)
	if !ok || e.Kind == broker.KindInternal {
		id := s.newID()
		s.log.LogAttrs(ctx, slog.LevelError, "internal error", slog.String("id", id), slog.Any("error", err))
		return status.Error(codes.Internal, "internal error "+id)
	}
	if e.Cause != nil {
		s.log.LogAttrs(ctx, slog.LevelWarn, "refused", slog.String("reason", e.Reason),
			slog.String("execution", e.ExecutionID), slog.Any("error", e.Cause))
	}
	return statusOf(e)
}

func statusOf(e *broker.Error) error {
	message := e.Message
	if message == "" {
		message = e.Reason
	}
	st := status.New(codeOf[e.Kind], message)
	details := []protoadapt.MessageV1{&errdetails.ErrorInfo{Reason: e.Reason, Domain: domain, Metadata: metadataOf(e)}}
	if e.Field != "" {
		details = append(details, &errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{
			{Field: e.Field, Description: message, Reason: e.Reason},
		}})
	}
	if e.Kind == broker.KindPrecondition {
		failure := &errdetails.PreconditionFailure{}
		for _, v := range append([]string{message}, e.Violations...) {
			failure.Violations = append(failure.Violations,
				&errdetails.PreconditionFailure_Violation{Type: e.Reason, Subject: string(e.Rule), Description: v})
		}
		details = append(details, failure)
	}
	if e.Kind == broker.KindExhausted {
		details = append(details, &errdetails.QuotaFailure{Violations: []*errdetails.QuotaFailure_Violation{
			{Subject: e.Reason, Description: message},
		}})
	}
	if e.RetryAfter > 0 {
		details = append(details, &errdetails.RetryInfo{RetryDelay: durationpb.New(e.RetryAfter)})
	}
	with, err := st.WithDetails(details...)
	if err != nil {
		return st.Err() // the details are ours and always marshal
	}
	return with.Err()
}

func metadataOf(e *broker.Error) map[string]string {
	m := map[string]string{}
	if e.Rule != "" {
		m["rule"] = string(e.Rule)
	}
	if e.Line > 0 {
		m["line"] = strconv.Itoa(e.Line)
	}
	if e.ExecutionID != "" {
		m["execution_id"] = e.ExecutionID
	}
	if d := e.Denial; d != nil {
		m["argv_index"] = strconv.Itoa(d.ArgvIndex)
		if expected := expectedText(d.Expected); expected != "" {
			m["expected"] = expected
		}
		if d.DidYouMean != "" {
			m["did_you_mean"] = d.DidYouMean
		}
		if d.Escape != "" {
			m["known_escape"] = d.Escape
		}
	}
	return m
}

// maxExpected bounds the text of what was expected: a status travels in a
// header, which clients limit to 8 KiB.
const maxExpected = 1024

func expectedText(expected []argv.Expect) string {
	var b strings.Builder
	for i, e := range expected {
		text := expectText(e)
		if b.Len()+len(text) > maxExpected {
			b.WriteString(", …")
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(text)
	}
	return b.String()
}

func expectText(e argv.Expect) string {
	switch {
	case e.Kind == argv.ExpectEnd:
		return "end of arguments"
	case e.Params != "" && e.Params != e.Text:
		return e.Text + " " + e.Params
	default:
		return e.Text
	}
}

func invalid(reason, field, message string) error {
	return statusOf(&broker.Error{Kind: broker.KindInvalid, Reason: reason, Field: field, Message: message})
}

func invalidMessage(message string) error {
	return invalid("INVALID_MESSAGE", "message", message)
}
