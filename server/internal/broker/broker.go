// Package broker never runs what it has not decided, and never decides what it
// has not recorded. One request goes one way, in this file, from top to bottom:
// decide, throttle, guard, audit INTENT, launch, stream, audit END.
package broker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/rootgate-project/rootgate/policy"
	"github.com/rootgate-project/rootgate/policy/argv"
	"github.com/rootgate-project/rootgate/server/audit"
	"github.com/rootgate-project/rootgate/server/internal/guard"
	"github.com/rootgate-project/rootgate/server/internal/sandbox"
	"github.com/rootgate-project/rootgate/server/internal/throttle"
)

const (
	// maxWall bounds every command, whatever its rule says.
	maxWall = time.Hour
	// grace is how long a command may take to end by itself after SIGTERM. With
	// it a command is gone within a second of its caller.
	grace = 500 * time.Millisecond
	// retrySoon is what a caller is told when the cause is ours to mend.
	retrySoon = time.Second
)

// Caller is who asks, as the kernel said when it connected.
type Caller struct {
	UID, GID uint32
	PID      int32 // for display only
	Groups   []uint32
	Unit     string // the systemd service it runs in; empty: in none
}

func (c Caller) policy() policy.Caller {
	return policy.Caller{UID: c.UID, GID: c.GID, Groups: c.Groups, Unit: c.Unit}
}

// Call is one request to run a command.
type Call struct {
	Caller  Caller
	Request policy.Request
	// Timeout is the wall clock limit that the caller asks for. Zero: the
	// rule's own.
	Timeout time.Duration
	// Input is read only when the rule takes standard input. Nil: none is given.
	Input Input
	// Signals are for the leader. Nil: none.
	Signals <-chan syscall.Signal
	Sink    Sink
}

// Sink takes what a call produces.
type Sink interface {
	// Started is called once, before anything else, when the command is allowed
	// and about to be launched.
	Started(context.Context, Started) error
	// Stdout and Stderr get the command's output, each from one goroutine. The
	// slice is valid during the call only. An error ends the command. They
	// return when the context is done, which it is when the command must end.
	Stdout(context.Context, []byte) error
	Stderr(context.Context, []byte) error
}

// Started says that a command is allowed.
type Started struct {
	ID         string
	TakesStdin bool
	Decision   Decision
}

// Decision names what allowed a command.
type Decision struct {
	Rule       policy.RuleID
	Line       int
	Generation uint64
}

// Result is the end of a command that ran.
type Result struct {
	ID                               string
	Decision                         Decision
	Exit                             sandbox.ExitState
	StdoutTruncated, StderrTruncated bool
	Wall                             time.Duration
	Layers                           []Layer // shared: must not be changed
}

// Audit is the log. Append returns when the record has reached the kernel. It
// may count a refusal instead of writing it, where there are too many.
type Audit interface {
	Append(*audit.Record) (uint64, error)
}

// Options are what a broker works with.
type Options struct {
	Launcher *sandbox.Launcher
	Audit    Audit
	Slots    *throttle.Slots
	Log      *slog.Logger
	// Accounts returns the accounts of the host as they are now.
	Accounts func() (guard.Accounts, error)
	// MaxRunning is the number of slots.
	MaxRunning int
}

// Broker runs commands. Safe for concurrent use.
type Broker struct {
	o          Options
	generation atomic.Pointer[Generation]
	executions *executions
	ids        idSource
	late       sync.WaitGroup // END records that are still to be written
	closing    chan struct{}  // closed by Drain
}

// New returns a broker without a policy: it refuses everything until Install.
func New(o Options) *Broker {
	return &Broker{o: o, executions: newExecutions(), ids: newIDSource(), closing: make(chan struct{})}
}

// Run carries one call from decision to end. A nil error means that the command
// ran and ended by itself, whatever its status; every other error is an *Error.
// When Run returns no process of the command is left.
func (b *Broker) Run(ctx context.Context, call *Call) (*Result, error) {
	x := &execution{broker: b, call: call, id: b.ids.next()}
	res, err := x.run(ctx)
	if err != nil {
		e := asError(err)
		e.ExecutionID = x.id
		return nil, e
	}
	return res, nil
}

// execution is the state of one call on its way.
type execution struct {
	broker   *Broker
	call     *Call
	id       string
	gen      *Generation
	decision policy.Decision
	guards   *guard.Held
	launch   *launch
	wall     time.Duration
	outcome  audit.Outcome
}

func (x *execution) run(ctx context.Context) (*Result, error) {
	// Decide, in the policy snapshot that the audit record will name.
	if err := x.decide(); err != nil {
		return nil, err
	}
	// Throttle: fair between users, bounded in every direction.
	if err := x.enter(ctx); err != nil {
		return nil, err
	}
	defer x.broker.o.Slots.Release(x.call.Caller.UID)
	// Guard: what the policy says about the host, looked at once, held open.
	if err := x.guard(); err != nil {
		return nil, x.deny(err)
	}
	defer x.guards.Close()
	if err := x.prepare(); err != nil {
		return nil, x.deny(err)
	}
	defer x.launch.close()

	ctx, kill := context.WithCancelCause(ctx)
	defer kill(nil)
	ctx, cancel := context.WithTimeoutCause(ctx, x.wall, errWall)
	defer cancel()
	r := x.register(kill)
	defer x.broker.executions.remove(r)

	if err := x.call.Sink.Started(ctx, Started{ID: x.id, TakesStdin: x.takesStdin(), Decision: x.named()}); err != nil {
		kill(err) // without effect where the call has ended for another cause
		return nil, x.deny(x.ended(ctx))
	}
	in, err := x.openInput(ctx)
	if err != nil {
		return nil, x.deny(err)
	}
	defer in.close()
	if ctx.Err() != nil {
		return nil, x.deny(x.ended(ctx))
	}

	// A policy that was installed while the caller sent its input may have taken
	// the permission back.
	if err := x.stillAllowed(); err != nil {
		return nil, x.deny(err)
	}
	// Audit INTENT: nothing runs that is not on record.
	if err := x.intent(); err != nil {
		return nil, err
	}
	began := time.Now()
	exit, err := x.launchAndStream(ctx, r, in, kill)
	x.outcome.WallNS = uint64(time.Since(began))
	// Audit END, before the reply, also when the caller is gone.
	if auditErr := x.end(exit, err); auditErr != nil && err == nil {
		err = auditErr
	}
	if err != nil {
		return nil, err
	}
	return x.result(exit, time.Since(began)), nil
}

// decide asks the policy in force.
func (x *execution) decide() error {
	x.gen = x.broker.generation.Load()
	if x.gen == nil {
		return &Error{Kind: KindUnavailable, Reason: reasonShutdown, Message: "no policy is loaded", RetryAfter: retrySoon}
	}
	c := x.call.Caller
	x.decision = x.gen.Snapshot.Decide(c.policy(), x.call.Request)
	if x.decision.Allowed() {
		x.wall = x.decision.Effect.Limits.Wall
		if t := x.call.Timeout; t > 0 {
			x.wall = min(x.wall, t)
		}
		x.wall = min(x.wall, maxWall)
		return nil
	}
	return x.deny(denied(x.decision))
}

// enter waits for a slot. A policy that was installed meanwhile decides anew: a
// permission that was taken back is not used up in the queue.
func (x *execution) enter(ctx context.Context) error {
	b := x.broker
	err := b.o.Slots.Acquire(ctx, x.call.Caller.UID)
	switch {
	case err == nil:
	case errors.Is(err, throttle.ErrQueueFull):
		return x.deny(&Error{Kind: KindExhausted, Reason: reasonQueue, Message: "too many commands of this user wait", RetryAfter: retrySoon})
	case errors.Is(err, throttle.ErrClosed):
		return x.deny(&Error{Kind: KindUnavailable, Reason: reasonShutdown, Message: "the server is shutting down", RetryAfter: retrySoon})
	case errors.Is(err, context.DeadlineExceeded):
		return x.deny(&Error{Kind: KindTimeout, Reason: reasonTimeout, Message: "the deadline passed while the command waited to run"})
	default:
		return x.deny(x.ended(ctx))
	}
	if x.gen != b.generation.Load() {
		if err := x.decide(); err != nil {
			b.o.Slots.Release(x.call.Caller.UID)
			return err
		}
	}
	return nil
}

// stillAllowed asks the policy in force again, when it is another one than the
// request was decided in. What was guarded and prepared serves on if the new
// decision is the same in all that it was made from.
func (x *execution) stillAllowed() error {
	gen := x.broker.generation.Load()
	if x.gen == gen {
		return nil
	}
	c := x.call.Caller
	d := gen.Snapshot.Decide(c.policy(), x.call.Request)
	if !d.Allowed() {
		x.gen, x.decision = gen, d
		return denied(d)
	}
	if !sameDecision(x.decision, d) {
		return &Error{
			Kind: KindAborted, Reason: reasonNeverStarted, RetryAfter: retrySoon, Rule: d.Rule.ID, Line: d.Line,
			Message: "the policy was changed before the command was launched; nothing of it ran",
		}
	}
	x.gen, x.decision = gen, d
	return nil
}

// sameDecision reports whether two decisions lead to the same launch.
func sameDecision(a, b policy.Decision) bool {
	return a.Program == b.Program && slices.Equal(a.SHA256, b.SHA256) && slices.Equal(a.Argv, b.Argv) &&
		slices.Equal(a.Env, b.Env) && a.Cwd == b.Cwd && slices.Equal(a.Owners, b.Owners) && a.Netns == b.Netns &&
		a.Effect.Equal(b.Effect) && a.Rule.Stdin.Equal(b.Rule.Stdin) && slices.Equal(a.Rule.Signals, b.Rule.Signals) &&
		sameCaptures(a.Captures, b.Captures) && sameCaptures(a.Outer, b.Outer)
}

func sameCaptures(a, b []argv.Capture) bool {
	return slices.EqualFunc(a, b, func(x, y argv.Capture) bool {
		return x.Name == y.Name && x.Value == y.Value && x.Type.Key() == y.Type.Key()
	})
}

func (x *execution) guard() error {
	held, err := guard.Open(x.decision, guard.Host{Caller: x.call.Caller.UID, Accounts: x.broker.o.Accounts})
	if err != nil {
		return guardError(x.decision, err)
	}
	x.guards = held
	return nil
}

// prepare turns the decision into a launch. It takes nothing from the request
// but what the decision holds.
func (x *execution) prepare() error {
	l, err := x.gen.prepare(x.decision, x.guards, x.programChanged)
	if err != nil {
		return err
	}
	x.launch = l
	return nil
}

func (x *execution) register(kill context.CancelCauseFunc) *running {
	r := &running{
		Execution: Execution{
			ID: x.id, Caller: x.call.Caller, Rule: x.decision.Rule.ID, Line: x.decision.Line,
			Argv: x.call.Request.Argv, Started: time.Now(), Timeout: x.wall,
		},
		kill: kill, done: make(chan struct{}),
	}
	x.broker.executions.add(r)
	return r
}

// launchAndStream starts the command, moves its bytes, and returns when its tree
// is dead and its output read.
func (x *execution) launchAndStream(ctx context.Context, r *running, in *input, kill context.CancelCauseFunc) (sandbox.ExitState, error) {
	out, err := openOutputs()
	if err != nil {
		return sandbox.ExitState{}, internal("open pipes: %w", err)
	}
	defer out.close()
	spec := &x.launch.spec
	spec.Stdin, spec.Stdout, spec.Stderr = in.file(), out.stdout.Writer(), out.stderr.Writer()
	proc, err := x.broker.o.Launcher.Start(ctx, spec)
	out.launched()
	in.launched()
	if cause := context.Cause(ctx); err != nil && cause != nil && errors.Is(err, cause) {
		return sandbox.ExitState{}, x.ended(ctx) // while it waited for a launcher
	}
	if err != nil {
		return sandbox.ExitState{}, launchError(x.decision, err)
	}
	// Whatever happens below, a panic included, nothing of the command stays.
	defer func() { proc.Kill(); _, _ = proc.Wait() }()
	x.outcome.PID = int32(proc.PID())
	x.broker.executions.launched(r, proc.PID())

	limits := x.decision.Effect.Limits
	pumps := out.start(ctx, x.call.Sink, limits.Stdout, limits.Stderr, kill)
	feed := in.start(kill)
	signals := x.forwardSignals(proc, kill)
	reaper := startReaper(ctx, proc)

	exit, err := proc.Wait()
	forced := reaper.stop()
	signals.stop()
	in.close()
	x.outcome.StdinBytes = feed.wait()
	out.treeDead()
	undelivered := pumps.wait()
	x.outcome.StdoutBytes, x.outcome.StderrBytes = out.stdout.Total, out.stderr.Total
	x.launch.truncated = [2]bool{out.stdout.Truncated, out.stderr.Truncated}
	if err != nil {
		return exit, launchError(x.decision, err)
	}
	if forced || undelivered != nil {
		// Also when it ended by itself but its output could not be handed over
		// within its time: a part of it must not look like the whole.
		return exit, x.ended(ctx)
	}
	return exit, nil
}

// errWall is the cause of a context whose rule's or caller's time limit passed.
var errWall = errors.New("time limit")

// ended says why the server ended a command, from the cause of its context.
func (x *execution) ended(ctx context.Context) error {
	cause := context.Cause(ctx)
	if e, ok := errors.AsType[*Error](cause); ok {
		x.outcome.EndedBy = endedBy(e)
		return e
	}
	switch {
	case errors.Is(cause, errWall):
		x.outcome.EndedBy = "timeout"
		return &Error{
			Kind: KindTimeout, Reason: reasonTimeout, Rule: x.decision.Rule.ID, Line: x.decision.Line,
			Message: fmt.Sprintf("the command and all its processes were killed after its time limit of %v", x.wall),
		}
	case errors.Is(cause, context.DeadlineExceeded):
		x.outcome.EndedBy = "timeout"
		return &Error{
			Kind: KindTimeout, Reason: reasonTimeout, Rule: x.decision.Rule.ID, Line: x.decision.Line,
			Message: "the command and all its processes were killed at the deadline of the call",
		}
	default:
		x.outcome.EndedBy = "caller_gone"
		return &Error{Kind: KindCanceled, Reason: reasonCanceled, Message: "the caller went away", Cause: cause}
	}
}

func endedBy(e *Error) string {
	switch e.Reason {
	case reasonKilled:
		return "admin"
	case reasonShutdown:
		return "shutdown"
	case string(policy.ReasonStdinTooLarge):
		return "stdin_limit"
	default:
		return "request"
	}
}

func (x *execution) result(exit sandbox.ExitState, wall time.Duration) *Result {
	return &Result{
		ID: x.id, Decision: x.named(), Exit: exit, Wall: wall, Layers: x.launch.layers,
		StdoutTruncated: x.launch.truncated[0], StderrTruncated: x.launch.truncated[1],
	}
}

func (x *execution) named() Decision {
	return Decision{Rule: x.decision.Rule.ID, Line: x.decision.Line, Generation: x.gen.Number}
}

func (x *execution) takesStdin() bool { return x.decision.Rule.Stdin.Max > 0 }
