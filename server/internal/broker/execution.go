package broker

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/rootgate-project/rootgate/policy"
)

// Execution is one command that was allowed and has not ended. It is a copy:
// nothing in it changes.
type Execution struct {
	ID      string
	Caller  Caller
	Rule    policy.RuleID
	Line    int
	Argv    []string
	PID     int // 0 until it is launched
	Started time.Time
	Timeout time.Duration
}

// EventKind is what happened to an execution.
type EventKind int

// The kinds of events.
const (
	EventRunning EventKind = iota
	EventStarted
	EventEnded
)

// Event is one change of the running executions.
type Event struct {
	Kind      EventKind
	Execution Execution
}

// watchBuffer is how many events a watcher may fall behind.
const watchBuffer = 1024

type running struct {
	Execution
	kill context.CancelCauseFunc
	done chan struct{}
}

// executions is the table of what runs now.
type executions struct {
	mu       sync.Mutex
	byID     map[string]*running
	watchers map[chan Event]struct{}
	idle     chan struct{} // closed while nothing runs
}

func newExecutions() *executions {
	idle := make(chan struct{})
	close(idle)
	return &executions{byID: map[string]*running{}, watchers: map[chan Event]struct{}{}, idle: idle}
}

func (x *executions) add(r *running) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.byID) == 0 {
		x.idle = make(chan struct{})
	}
	x.byID[r.ID] = r
}

func (x *executions) launched(r *running, pid int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	r.PID = pid
	x.tell(Event{EventStarted, r.Execution})
}

func (x *executions) remove(r *running) {
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.byID, r.ID)
	if r.PID != 0 {
		x.tell(Event{EventEnded, r.Execution})
	}
	close(r.done)
	if len(x.byID) == 0 {
		close(x.idle)
	}
}

// tell drops a watcher that does not keep up: its channel is closed, and it is
// told so rather than left with a gap.
func (x *executions) tell(e Event) {
	for w := range x.watchers {
		select {
		case w <- e:
		default:
			delete(x.watchers, w)
			close(w)
		}
	}
}

func (x *executions) list() []Execution {
	x.mu.Lock()
	defer x.mu.Unlock()
	list := make([]Execution, 0, len(x.byID))
	for _, r := range x.byID {
		list = append(list, r.Execution)
	}
	slices.SortFunc(list, func(a, b Execution) int { return a.Started.Compare(b.Started) })
	return list
}

// watch sends what runs now, then every change, until cancel is called.
func (x *executions) watch() (events <-chan Event, cancel func()) {
	x.mu.Lock()
	defer x.mu.Unlock()
	w := make(chan Event, watchBuffer+len(x.byID))
	for _, r := range x.byID {
		if r.PID != 0 {
			w <- Event{EventRunning, r.Execution}
		}
	}
	x.watchers[w] = struct{}{}
	return w, func() {
		x.mu.Lock()
		defer x.mu.Unlock()
		if _, ok := x.watchers[w]; ok {
			delete(x.watchers, w)
			close(w)
		}
	}
}

// kill ends one execution with cause and waits until its tree is dead.
func (x *executions) kill(ctx context.Context, id string, cause error) error {
	x.mu.Lock()
	r := x.byID[id]
	x.mu.Unlock()
	if r == nil {
		return &Error{Kind: KindNotFound, Reason: reasonNotRunning, Message: "no such execution runs"}
	}
	r.kill(cause)
	select {
	case <-r.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (x *executions) killAll(cause error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, r := range x.byID {
		r.kill(cause)
	}
}

// wait returns when nothing runs.
func (x *executions) wait(ctx context.Context) error {
	x.mu.Lock()
	idle := x.idle
	x.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
