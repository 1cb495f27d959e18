package main

import (
	"errors"
	"os"
	"syscall"
	"testing"
	"time"
)

// recorder is a command that takes signals, or refuses to.
type recorder struct {
	got []os.Signal
	err error
}

func (r *recorder) Signal(sig os.Signal) error {
	r.got = append(r.got, sig)
	return r.err
}

func TestForwarder(t *testing.T) {
	type event struct {
		sig   syscall.Signal
		after time.Duration
	}
	for _, tt := range []struct {
		name      string
		err       error
		events    []event
		cancelled bool
		passed    int
	}{
		{"one", nil, []event{{syscall.SIGTERM, 0}}, false, 1},
		{"two in a moment", nil, []event{{syscall.SIGTERM, 0}, {syscall.SIGTERM, 0}}, false, 2},
		{"a second one", nil, []event{{syscall.SIGTERM, 0}, {syscall.SIGTERM, time.Second}}, true, 1},
		{"another second one", nil, []event{{syscall.SIGINT, 0}, {syscall.SIGTERM, time.Second}}, true, 1},
		{"others do not count", nil, []event{{syscall.SIGHUP, 0}, {syscall.SIGUSR1, time.Second}, {syscall.SIGTERM, time.Second}}, false, 3},
		{"ended", os.ErrProcessDone, []event{{syscall.SIGTERM, 0}}, true, 1},
		{"not to be sent", errors.New("full"), []event{{syscall.SIGUSR1, 0}}, true, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cancelled := false
			f := forward(func() { cancelled = true })
			f.stop() // the test sends
			cmd := &recorder{err: tt.err}
			f.attach(cmd)
			for _, e := range tt.events {
				if !f.asked.IsZero() {
					f.asked = f.asked.Add(-e.after)
				}
				f.handle(e.sig)
			}
			if cancelled != tt.cancelled || len(cmd.got) != tt.passed {
				t.Errorf("got cancelled %v, passed %v, want %v and %d", cancelled, cmd.got, tt.cancelled, tt.passed)
			}
			if last := tt.events[len(tt.events)-1].sig; f.stop() != last {
				t.Errorf("got %v, want %v", f.stop(), last)
			}
		})
	}
}

// A signal that comes before the command has started is passed on when it has, and
// cancels it when it does not start soon.
func TestForwarderBeforeTheStart(t *testing.T) {
	cancelled := make(chan struct{})
	f := forward(func() { close(cancelled) })
	f.stop() // the test sends
	f.handle(syscall.SIGUSR1)
	cmd := &recorder{}
	f.attach(cmd)
	if len(cmd.got) != 1 || cmd.got[0] != syscall.SIGUSR1 {
		t.Errorf("got %v, want USR1 when the command has started", cmd.got)
	}
	f = forward(func() { close(cancelled) })
	f.stop()
	f.handle(syscall.SIGINT)
	select {
	case <-cancelled:
	case <-t.Context().Done():
		t.Error("a command that does not start was not cancelled")
	}
}
