package rpc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	rootgatev1 "github.com/rootgate-project/rootgate/proto/rootgate/v1"
	"github.com/rootgate-project/rootgate/server/internal/broker"
)

// maxChunk bounds one stdin message, in bytes.
const maxChunk = 64 << 10

// maxSignals is how many signals may wait for a command that is not launched
// yet. A caller that sends more waits itself.
const maxSignals = 64

// ExecuteStream implements CommandService. Three goroutines: this one runs the
// command, one receives, one sends. This one returns when the command is dead,
// also while a send waits for a caller that does not read.
func (s *service) ExecuteStream(stream rootgatev1.CommandService_ExecuteStreamServer) error {
	caller, err := callerOf(stream.Context())
	if err != nil {
		return err
	}
	first, err := stream.Recv()
	if err != nil {
		if errors.Is(err, io.EOF) {
			return invalidMessage("the stream ended before start")
		}
		return err
	}
	if first.GetStart() == nil {
		return invalidMessage("the first message must be start")
	}
	call, err := callOf(caller, first.GetStart())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(stream.Context())
	defer cancel(nil)
	in := &incoming{
		stream: stream, cancel: cancel, signals: make(chan syscall.Signal, maxSignals), takes: make(chan bool, 1),
		chunks: make(chan []byte), first: first.GetStart().GetStdin(),
	}
	go in.receive(ctx) // ends with the stream, which ends when this handler returns
	call.Input, call.Signals = in, in.signals

	out := &outgoing{stream: stream, takes: in.takes, messages: make(chan *rootgatev1.ExecuteStreamResponse), sent: make(chan error, 1)}
	go out.send(cancel) // likewise
	call.Sink = out

	res, err := s.broker.Run(ctx, call)
	close(out.messages)
	if err != nil {
		return s.toStatus(ctx, err)
	}
	if err := <-out.sent; err != nil {
		return err
	}
	return stream.Send(&rootgatev1.ExecuteStreamResponse{Message: &rootgatev1.ExecuteStreamResponse_Exited{Exited: &rootgatev1.Exited{
		ExitStatus: exitStatus(res), StdoutTruncated: res.StdoutTruncated, StderrTruncated: res.StderrTruncated,
		Usage: usage(res), Enforcement: enforcement(res),
	}}})
}

// outgoing is the sink of a streaming call: an unbuffered channel to the one
// goroutine that sends, so that a slow caller slows down the command.
type outgoing struct {
	stream   rootgatev1.CommandService_ExecuteStreamServer
	takes    chan<- bool
	messages chan *rootgatev1.ExecuteStreamResponse
	sent     chan error // one value, when messages is closed and all was sent
}

func (o *outgoing) send(cancel context.CancelCauseFunc) {
	var failed error
	for m := range o.messages {
		if failed != nil {
			continue
		}
		if failed = o.stream.Send(m); failed != nil {
			cancel(failed)
		}
	}
	o.sent <- failed
}

func (o *outgoing) put(ctx context.Context, m *rootgatev1.ExecuteStreamResponse) error {
	select {
	case o.messages <- m:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Started implements broker.Sink.
func (o *outgoing) Started(ctx context.Context, st broker.Started) error {
	o.takes <- st.TakesStdin
	return o.put(ctx, &rootgatev1.ExecuteStreamResponse{Message: &rootgatev1.ExecuteStreamResponse_Started{Started: &rootgatev1.Started{
		ExecutionId: st.ID, TakesStdin: st.TakesStdin, Decision: decision(st.Decision),
	}}})
}

// Stdout implements broker.Sink.
func (o *outgoing) Stdout(ctx context.Context, p []byte) error {
	return o.put(ctx, &rootgatev1.ExecuteStreamResponse{Message: &rootgatev1.ExecuteStreamResponse_Stdout{Stdout: bytes.Clone(p)}})
}

// Stderr implements broker.Sink.
func (o *outgoing) Stderr(ctx context.Context, p []byte) error {
	return o.put(ctx, &rootgatev1.ExecuteStreamResponse{Message: &rootgatev1.ExecuteStreamResponse_Stderr{Stderr: bytes.Clone(p)}})
}

// incoming is what the caller sends after start.
type incoming struct {
	stream  rootgatev1.CommandService_ExecuteStreamServer
	cancel  context.CancelCauseFunc
	signals chan syscall.Signal
	takes   chan bool
	chunks  chan []byte // closed at the end of the input
	first   []byte      // bytes that came with start
}

// Next implements broker.Input.
func (in *incoming) Next(ctx context.Context) ([]byte, error) {
	if first := in.first; len(first) > 0 {
		in.first = nil
		return first, nil
	}
	select {
	case chunk, ok := <-in.chunks:
		if !ok {
			return nil, io.EOF
		}
		return chunk, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// receive ends the call with a typed error when the caller breaks the order of
// messages, and by itself when the caller sends no more.
func (in *incoming) receive(ctx context.Context) {
	r := receiver{incoming: in}
	for {
		m, err := in.stream.Recv()
		if err == nil {
			err = r.take(ctx, m)
		}
		switch {
		case err == nil:
		case errors.Is(err, io.EOF):
			r.closeInput()
			return
		case status.Code(err) == codes.InvalidArgument:
			in.cancel(badMessage(status.Convert(err).Message()))
			return
		default:
			in.cancel(err)
			return
		}
	}
}

// receiver is the state of receive.
type receiver struct {
	*incoming
	known, takesStdin, closed bool
}

func (r *receiver) take(ctx context.Context, m *rootgatev1.ExecuteStreamRequest) error {
	switch m := m.GetMessage().(type) {
	case *rootgatev1.ExecuteStreamRequest_Stdin:
		return r.stdin(ctx, m.Stdin)
	case *rootgatev1.ExecuteStreamRequest_CloseStdin:
		r.closeInput()
		return nil
	case *rootgatev1.ExecuteStreamRequest_Signal:
		return r.signal(ctx, m.Signal)
	case *rootgatev1.ExecuteStreamRequest_WindowSize:
		return &broker.Error{Kind: broker.KindPrecondition, Reason: "NO_TERMINAL", Message: "no rule provides a terminal in this version"}
	case *rootgatev1.ExecuteStreamRequest_Start:
		return badMessage("start may be sent only once")
	default:
		return badMessage("empty message")
	}
}

func (r *receiver) stdin(ctx context.Context, chunk []byte) error {
	switch {
	case r.closed:
		return badMessage("stdin after close_stdin")
	case len(chunk) == 0 || len(chunk) > maxChunk:
		return &broker.Error{
			Kind: broker.KindInvalid, Reason: "INVALID_STDIN", Field: "stdin",
			Message: fmt.Sprintf("a chunk of %d bytes, expected 1 to %d", len(chunk), maxChunk),
		}
	}
	if !r.known {
		// A caller that did not wait for started is made to wait here.
		select {
		case r.takesStdin = <-r.takes:
			r.known = true
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	if !r.takesStdin {
		return &broker.Error{Kind: broker.KindDenied, Reason: "STDIN_NOT_ALLOWED", Message: "the rule takes no standard input"}
	}
	select {
	case r.chunks <- chunk:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (r *receiver) closeInput() {
	if !r.closed {
		r.closed = true
		close(r.chunks)
	}
}

func (r *receiver) signal(ctx context.Context, number int32) error {
	if number < 1 || number > 64 {
		return &broker.Error{
			Kind: broker.KindInvalid, Reason: "INVALID_SIGNAL", Field: "signal",
			Message: fmt.Sprintf("found %d, expected 1 to 64", number),
		}
	}
	select {
	case r.signals <- syscall.Signal(number):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func badMessage(message string) error {
	return &broker.Error{Kind: broker.KindInvalid, Reason: "INVALID_MESSAGE", Field: "message", Message: message}
}
