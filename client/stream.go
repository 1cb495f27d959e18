package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"google.golang.org/grpc"

	rootgatev1 "github.com/rootgate-project/rootgate/proto/rootgate/v1"
)

// chunk is the largest piece of input that the protocol carries, in bytes.
const chunk = 64 << 10

// signalQueue bounds the signals that wait behind input that the command does
// not take.
const signalQueue = 32

// call is one ExecuteStream under way. Three goroutines serve it: receive owns
// everything that arrives, send is the only one that sends, feed reads Stdin.
type call struct {
	stream grpc.BidiStreamingClient[rootgatev1.ExecuteStreamRequest, rootgatev1.ExecuteStreamResponse]
	cancel context.CancelCauseFunc

	input   chan *rootgatev1.ExecuteStreamRequest // from feed to send
	taken   chan struct{}                         // send is done with what input carried
	signals chan syscall.Signal

	ended chan struct{} // receive is done; err stands
	sent  chan struct{} // send is done
	fed   chan struct{} // feed is done, or there is none

	exited *rootgatev1.Exited // with err: read after ended
	err    error
}

// ioFailure is the error of a Reader or Writer of the caller for which the call
// was cancelled.
type ioFailure struct{ error }

// Start starts the command. It returns nil once the server allowed it; a refusal
// is an [*Error].
func (c *Cmd) Start() error {
	if c.call != nil {
		return errors.New("the command has started already")
	}
	req, err := c.request()
	if err != nil {
		c.closeAll()
		return err
	}
	req.Stdin = peek(c.Stdin)
	ctx, cancel := context.WithCancelCause(c.ctx)
	started, err := c.open(ctx, cancel, req)
	if err != nil {
		cancel(nil)
		c.closeAll()
		return err
	}
	d := started.GetDecision()
	c.ProcessState = &ProcessState{
		executionID: started.GetExecutionId(),
		takesStdin:  started.GetTakesStdin(),
		decision:    Decision{Rule: d.GetRule(), Line: int(d.GetLine()), Generation: d.GetPolicyGeneration()},
	}
	go c.call.send()
	skip(c.Stdin, len(req.GetStdin()))
	if c.ProcessState.takesStdin {
		go c.call.feed(c.Stdin)
	} else {
		close(c.call.fed)
		if c.input != nil {
			_ = c.input.Close() // whoever writes learns that nobody reads
		}
	}
	go c.receive(ctx)
	return nil
}

// open asks for the command and waits for the verdict.
func (c *Cmd) open(ctx context.Context, cancel context.CancelCauseFunc, req *rootgatev1.ExecuteRequest) (*rootgatev1.Started, error) {
	stream, err := c.client.commands.ExecuteStream(ctx)
	if err != nil {
		return nil, errorOf(c.ctx, err)
	}
	c.call = &call{
		stream: stream, cancel: cancel,
		input: make(chan *rootgatev1.ExecuteStreamRequest), taken: make(chan struct{}, 1),
		signals: make(chan syscall.Signal, signalQueue),
		ended:   make(chan struct{}), sent: make(chan struct{}), fed: make(chan struct{}),
	}
	// io.EOF says that the server has ended the call; why, Recv tells.
	first := &rootgatev1.ExecuteStreamRequest{Message: &rootgatev1.ExecuteStreamRequest_Start{Start: req}}
	if err := stream.Send(first); err != nil && !errors.Is(err, io.EOF) {
		return nil, errorOf(c.ctx, err)
	}
	resp, err := stream.Recv()
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, errorOf(c.ctx, err)
	}
	if resp.GetStarted() == nil {
		return nil, unexpected("the server did not say that the command started")
	}
	return resp.GetStarted(), nil
}

// Wait waits for the end of the command and of its input. It returns nil when
// the command exited with 0, an [*ExitError] when it ended otherwise, and an
// [*Error] when the server ended it or is gone.
func (c *Cmd) Wait() error {
	switch {
	case c.ProcessState == nil:
		return errors.New("the command has not started")
	case c.waited:
		return errors.New("wait was already called")
	}
	c.waited = true
	<-c.call.ended
	<-c.call.sent
	c.ProcessState.exited = c.call.exited
	late := c.join()
	c.closeAll()
	switch {
	case c.call.err != nil:
		return c.call.err
	case !c.ProcessState.Success():
		return &ExitError{ProcessState: c.ProcessState}
	default:
		return late
	}
}

// Signal sends a signal to the leader of the command, which the rule must allow:
// one that it does not allow ends the command with [ErrDenied]. The signal goes
// behind the input that is under way. It returns [os.ErrProcessDone] when the
// command has ended.
func (c *Cmd) Signal(sig os.Signal) error {
	number, ok := sig.(syscall.Signal)
	switch {
	case !ok:
		return fmt.Errorf("signal %v: %w", sig, errors.ErrUnsupported)
	case c.ProcessState == nil:
		return errors.New("the command has not started")
	}
	select {
	case <-c.call.ended:
		return os.ErrProcessDone
	default:
	}
	select {
	case c.call.signals <- number:
		return nil
	default:
		return fmt.Errorf("signal %v: %d signals wait already", sig, signalQueue)
	}
}

// receive takes what the server sends until the call is over, and then tells the
// others.
func (c *Cmd) receive(ctx context.Context) {
	err := c.deliver()
	var failure ioFailure
	switch {
	case err == nil:
	case errors.As(err, &failure):
		err = failure.error
	case errors.As(context.Cause(ctx), &failure):
		err = failure.error
	default:
		err = c.identify(err)
	}
	c.call.err = err
	close(c.call.ended)
	c.call.cancel(nil)
	for _, end := range c.outputs {
		_ = end.Close()
	}
	if c.input != nil {
		_ = c.input.Close()
	}
}

// deliver hands the output on. Once a Writer has failed, or the call ended, it
// returns why; nil means that the end of the command is known.
func (c *Cmd) deliver() error {
	for {
		resp, err := c.call.stream.Recv()
		switch {
		case errors.Is(err, io.EOF) && c.call.exited != nil:
			return nil
		case errors.Is(err, io.EOF):
			return unexpected("the server did not say how the command ended")
		case err != nil:
			return err
		}
		switch m := resp.GetMessage().(type) {
		case *rootgatev1.ExecuteStreamResponse_Stdout:
			err = write("stdout", c.Stdout, m.Stdout)
		case *rootgatev1.ExecuteStreamResponse_Stderr:
			err = write("stderr", c.Stderr, m.Stderr)
		case *rootgatev1.ExecuteStreamResponse_Exited:
			c.call.exited = m.Exited
		default:
			err = unexpected("the server sent a message out of order")
		}
		if err != nil {
			c.call.cancel(err)
			return err
		}
	}
}

// identify completes an error of the call with what Start learned.
func (c *Cmd) identify(err error) error {
	var e *Error
	if !errors.As(err, &e) && !errors.As(errorOf(c.ctx, err), &e) {
		return err
	}
	if e.ExecutionID == "" {
		e.ExecutionID = c.ProcessState.executionID
	}
	return e
}

func write(name string, w io.Writer, p []byte) error {
	if w == nil {
		return nil
	}
	n, err := w.Write(p)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	if err != nil {
		return ioFailure{fmt.Errorf("write %s: %w", name, err)}
	}
	return nil
}

func unexpected(message string) *Error {
	return &Error{Kind: ErrInternal, Message: message, ArgvIndex: -1}
}
