package broker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/rootgate-project/rootgate/policy"
	"github.com/rootgate-project/rootgate/server/internal/sandbox"
	"github.com/rootgate-project/rootgate/server/internal/sandbox/stdio"
)

// outputs are the two output pipes of a command.
type outputs struct{ stdout, stderr *stdio.Output }

func openOutputs() (*outputs, error) {
	stdout, err := stdio.NewOutput()
	if err != nil {
		return nil, err
	}
	stderr, err := stdio.NewOutput()
	if err != nil {
		stdout.Close()
		return nil, err
	}
	return &outputs{stdout, stderr}, nil
}

func (o *outputs) launched() { o.stdout.Launched(); o.stderr.Launched() }
func (o *outputs) treeDead() { o.stdout.TreeDead(); o.stderr.TreeDead() }
func (o *outputs) close()    { o.stdout.Close(); o.stderr.Close() }

// pumps move the output of a command to its caller.
type pumps struct {
	done           sync.WaitGroup
	stdout, stderr error
}

// start moves both outputs. A caller that takes no more ends the command.
func (o *outputs) start(ctx context.Context, sink Sink, maxStdout, maxStderr int64, kill context.CancelCauseFunc) *pumps {
	p := &pumps{}
	move := func(out *stdio.Output, limit int64, to func(context.Context, []byte) error) error {
		err := out.Copy(limit, func(p []byte) error { return to(ctx, p) })
		if err != nil {
			kill(fmt.Errorf("deliver output: %w", err))
		}
		return err
	}
	p.done.Go(func() { p.stdout = move(o.stdout, maxStdout, sink.Stdout) })
	p.done.Go(func() { p.stderr = move(o.stderr, maxStderr, sink.Stderr) })
	return p
}

// wait returns when all output was delivered, or says why it was not.
func (p *pumps) wait() error {
	p.done.Wait()
	return errors.Join(p.stdout, p.stderr)
}

// Input is standard input as it comes from the caller.
type Input interface {
	// Next returns the next chunk, not empty, or io.EOF at the end. It returns
	// when the context is done, with its error.
	Next(ctx context.Context) ([]byte, error)
}

// Bytes is an Input that is there at once.
type Bytes []byte

// Next implements Input.
func (b *Bytes) Next(context.Context) ([]byte, error) {
	if len(*b) == 0 {
		return nil, io.EOF
	}
	chunk := *b
	*b = nil
	return chunk, nil
}

// input is the standard input of one command: nothing, a sealed file that was
// read and checked before the launch, or a pipe.
type input struct {
	ctx    context.Context //nolint:containedctx // of the one call that this input belongs to
	src    Input
	max    int64
	sealed *os.File
	pipe   *stdio.Input
	count  atomic.Int64
}

// openInput reads the whole input where the rule wants it checked, or where it
// is all there already; otherwise it makes a pipe.
func (x *execution) openInput(ctx context.Context) (*input, error) {
	rule := x.decision.Rule.Stdin
	in := &input{ctx: ctx, src: x.call.Input, max: rule.Max}
	if !x.takesStdin() || in.src == nil {
		return in, nil
	}
	if _, whole := in.src.(*Bytes); !whole && !rule.Whole() {
		pipe, err := stdio.NewInput()
		if err != nil {
			return nil, internal("open stdin: %w", err)
		}
		in.pipe = pipe
		return in, nil
	}
	data, err := in.readAll(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return nil, x.ended(ctx)
		}
		return nil, err
	}
	if reason, message := rule.Check(data); reason != "" {
		return nil, &Error{Kind: KindDenied, Reason: string(reason), Rule: x.decision.Rule.ID, Line: x.decision.Line, Message: message}
	}
	if in.sealed, err = stdio.Sealed(data); err != nil {
		return nil, internal("seal stdin: %w", err)
	}
	in.count.Store(int64(len(data)))
	return in, nil
}

func (in *input) readAll(ctx context.Context) ([]byte, error) {
	var data []byte
	for {
		chunk, err := in.src.Next(ctx)
		if errors.Is(err, io.EOF) {
			return data, nil
		}
		if err != nil {
			return nil, err
		}
		if int64(len(data)+len(chunk)) > in.max {
			return nil, in.tooLarge()
		}
		if data == nil {
			data = chunk
		} else {
			data = append(data, chunk...)
		}
	}
}

func (in *input) tooLarge() *Error {
	return &Error{
		Kind: KindDenied, Reason: string(policy.ReasonStdinTooLarge),
		Message: fmt.Sprintf("standard input is longer than the rule's limit of %d bytes", in.max),
	}
}

// file is what the command gets; nil: /dev/null.
func (in *input) file() *os.File {
	switch {
	case in.sealed != nil:
		return in.sealed
	case in.pipe != nil:
		return in.pipe.Reader()
	default:
		return nil
	}
}

func (in *input) launched() {
	if in.pipe != nil {
		in.pipe.Launched()
	}
}

func (in *input) close() {
	if in.sealed != nil {
		_ = in.sealed.Close()
	}
	if in.pipe != nil {
		in.pipe.Close()
	}
}

// feed is the goroutine that moves the input.
type feed struct {
	in   *input
	stop context.CancelFunc
	done chan struct{}
}

func (in *input) start(kill context.CancelCauseFunc) *feed {
	ctx, stop := context.WithCancel(in.ctx)
	f := &feed{in: in, stop: stop, done: make(chan struct{})}
	if in.pipe == nil {
		close(f.done)
		return f
	}
	go func() {
		defer close(f.done)
		defer in.pipe.CloseWrite()
		for {
			chunk, err := in.src.Next(ctx)
			if err != nil {
				return // the end, or the call is over
			}
			if in.count.Add(int64(len(chunk))) > in.max {
				kill(in.tooLarge())
				return
			}
			if _, err := in.pipe.Write(chunk); err != nil {
				return // the command reads no more
			}
		}
	}()
	return f
}

func (f *feed) wait() uint64 {
	f.stop()
	<-f.done
	return uint64(f.in.count.Load())
}

// signals forwards the caller's signals.
type signals struct {
	quit chan struct{}
	done chan struct{}
}

// forwardSignals hands the leader those that the rule allows. One that it does
// not allow ends the call, and with it the command.
func (x *execution) forwardSignals(proc *sandbox.Process, kill context.CancelCauseFunc) *signals {
	s := &signals{quit: make(chan struct{}), done: make(chan struct{})}
	if x.call.Signals == nil {
		close(s.done)
		return s
	}
	go func() {
		defer close(s.done)
		for {
			select {
			case <-s.quit:
				return
			case sig := <-x.call.Signals:
				if !slices.Contains(x.decision.Rule.Signals, signalName(sig)) {
					kill(&Error{
						Kind: KindDenied, Reason: reasonSignal, Rule: x.decision.Rule.ID, Line: x.decision.Line,
						Message: fmt.Sprintf("the rule does not allow signal %d (%s)", int(sig), signalName(sig)),
					})
					return
				}
				// ESRCH: it ended in this moment, and its end says how.
				_ = proc.Signal(sig)
			}
		}
	}()
	return s
}

func (s *signals) stop() { close(s.quit); <-s.done }

// reaper ends the command when its context does: SIGTERM to the leader, then,
// after the grace period, SIGKILL to the tree.
type reaper struct {
	exited chan struct{}
	done   chan struct{}
	unset  func() bool
}

func startReaper(ctx context.Context, proc *sandbox.Process) *reaper {
	r := &reaper{exited: make(chan struct{}), done: make(chan struct{})}
	r.unset = context.AfterFunc(ctx, func() {
		defer close(r.done)
		_ = proc.Signal(syscall.SIGTERM)
		t := time.NewTimer(grace)
		defer t.Stop()
		select {
		case <-r.exited:
		case <-t.C:
			proc.Kill()
		}
	})
	return r
}

// stop is called after the command ended. It reports whether the reaper had
// begun to end it.
func (r *reaper) stop() bool {
	close(r.exited)
	if r.unset() {
		return false
	}
	<-r.done
	return true
}
