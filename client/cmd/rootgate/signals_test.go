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
		started   bool
		err       error
		events    []event
		cancelled bool
		passed    int
	}{
		{"before the start", false, nil, []event{{syscall.SIGINT, 0}}, true, 0},
		{"one", true, nil, []event{{syscall.SIGTERM, 0}}, false, 1},
		{"two in a moment", true, nil, []event{{syscall.SIGTERM, 0}, {syscall.SIGTERM, 0}}, false, 2},
		{"a second one", true, nil, []event{{syscall.SIGTERM, 0}, {syscall.SIGTERM, time.Second}}, true, 1},
		{"another second one", true, nil, []event{{syscall.SIGINT, 0}, {syscall.SIGTERM, time.Second}}, true, 1},
		{"others do not count", true, nil, []event{{syscall.SIGHUP, 0}, {syscall.SIGUSR1, time.Second}, {syscall.SIGTERM, time.Second}}, false, 3},
		{"ended", true, os.ErrProcessDone, []event{{syscall.SIGTERM, 0}}, true, 1},
		{"not to be sent", true, errors.New("full"), []event{{syscall.SIGUSR1, 0}}, true, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cancelled := false
			f := forward(func() { cancelled = true })
			f.stop() // the test sends
			cmd := &recorder{err: tt.err}
			if tt.started {
				f.attach(cmd)
			}
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
