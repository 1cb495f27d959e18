package main

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// burst is how far apart two signals must be to count as two. timeout(1) sends its
// own to the process and to the process group, which reach us as two in a moment.
const burst = 100 * time.Millisecond

// forwarder passes this process's signals on to a command. One that comes before
// the command has started waits for that a moment, as its first output may have
// been seen already, and then cancels it instead.
type forwarder struct {
	cancel  context.CancelFunc
	signals chan os.Signal
	quit    chan struct{}
	done    chan struct{}
	once    sync.Once

	mu      sync.Mutex
	cmd     signaler         // nil until it has started
	pending []syscall.Signal // came before that
	timer   *time.Timer      // ends the wait of the first of them
	last    syscall.Signal   // the last signal that was passed on, or cancelled
	asked   time.Time        // when one first asked for the end
}

// signaler is a command that has started.
type signaler interface {
	Signal(os.Signal) error
}

// forward begins. stop must be called.
func forward(cancel context.CancelFunc) *forwarder {
	f := &forwarder{
		cancel: cancel, signals: make(chan os.Signal, 16),
		quit: make(chan struct{}), done: make(chan struct{}),
	}
	for _, sig := range []os.Signal{
		syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2,
	} {
		// What the parent process ignores, as nohup and a shell's background jobs
		// do, stays ignored.
		if !signal.Ignored(sig) {
			signal.Notify(f.signals, sig)
		}
	}
	go func() {
		defer close(f.done)
		for {
			select {
			case sig := <-f.signals:
				f.handle(sig)
			case <-f.quit:
				return
			}
		}
	}()
	return f
}

// attach names the command, which has started.
func (f *forwarder) attach(cmd signaler) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cmd = cmd
	for _, sig := range f.pending {
		f.pass(sig)
	}
	f.pending = nil
}

func (f *forwarder) handle(sig os.Signal) {
	f.mu.Lock()
	defer f.mu.Unlock()
	number, ok := sig.(syscall.Signal)
	if !ok {
		return
	}
	f.last = number
	if f.cmd != nil {
		f.pass(number)
		return
	}
	f.pending = append(f.pending, number)
	if f.timer == nil {
		f.timer = time.AfterFunc(burst, func() {
			f.mu.Lock()
			defer f.mu.Unlock()
			if f.cmd == nil {
				f.cancel()
			}
		})
	}
}

// pass hands a signal to the command, or cancels it. The caller holds mu.
func (f *forwarder) pass(sig syscall.Signal) {
	again := false
	if sig == syscall.SIGINT || sig == syscall.SIGTERM {
		again = !f.asked.IsZero() && time.Since(f.asked) > burst
		if f.asked.IsZero() {
			f.asked = time.Now()
		}
	}
	if again || f.cmd.Signal(sig) != nil {
		f.cancel()
	}
}

// stop ends the forwarding and returns the last signal, or 0. It may be called
// more than once.
func (f *forwarder) stop() syscall.Signal {
	f.once.Do(func() {
		signal.Stop(f.signals)
		close(f.quit)
		<-f.done
	})
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.timer != nil {
		f.timer.Stop()
	}
	return f.last
}
