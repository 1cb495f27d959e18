package broker

import (
	"context"

	"github.com/rootgate-project/rootgate/policy"
)

// Install puts a generation in force. Commands that run keep the one that
// allowed them.
func (b *Broker) Install(gen *Generation) { b.generation.Store(gen) }

// Generation returns the policy in force, nil before the first Install.
func (b *Broker) Generation() *Generation { return b.generation.Load() }

// Decide says what Run would decide, and in which generation. It runs nothing,
// records nothing and looks at nothing of the host.
func (b *Broker) Decide(c Caller, r policy.Request) (policy.Decision, uint64, error) {
	gen := b.generation.Load()
	if gen == nil {
		return policy.Decision{}, 0, errNoPolicy()
	}
	return gen.Snapshot.Decide(c.policy(), r), gen.Number, nil
}

// Commands returns the usage lines that a caller may run.
func (b *Broker) Commands(c Caller) ([]policy.Command, error) {
	gen := b.generation.Load()
	if gen == nil {
		return nil, errNoPolicy()
	}
	return gen.Snapshot.Commands(c.policy()), nil
}

func errNoPolicy() error {
	return &Error{Kind: KindUnavailable, Reason: reasonShutdown, Message: "no policy is loaded", RetryAfter: retrySoon}
}

// Executions returns what runs now, oldest first.
func (b *Broker) Executions() []Execution { return b.executions.list() }

// Watch sends an event for each command that runs now, then one for each that
// starts or ends. The channel is closed when the watcher does not keep up, or
// after cancel.
func (b *Broker) Watch() (events <-chan Event, cancel func()) { return b.executions.watch() }

// Kill kills one execution and returns when its whole tree is dead.
func (b *Broker) Kill(ctx context.Context, id string) error {
	return b.executions.kill(ctx, id, &Error{Kind: KindAborted, Reason: reasonKilled, Message: "an administrator killed the command"})
}

// Drain waits until nothing runs. When the context is done first, what still
// runs is killed, and Drain waits for that. It is called once, when no new call
// can begin.
func (b *Broker) Drain(ctx context.Context) {
	if b.executions.wait(ctx) != nil {
		b.executions.killAll(&Error{
			Kind: KindUnavailable, Reason: reasonShutdown, RetryAfter: retrySoon,
			Message: "the server is shutting down: the command and all its processes were killed",
		})
		_ = b.executions.wait(context.WithoutCancel(ctx)) // cannot end early
	}
	close(b.closing)
	b.late.Wait()
}
