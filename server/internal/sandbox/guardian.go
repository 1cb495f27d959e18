package sandbox

import (
	"fmt"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// guardian is the daemon's end of the process that ends the executions when
// the daemon dies.
type guardian struct {
	mu    sync.RWMutex // held for reading across a launch
	alive bool
	keeper
}

// startGuardian forks one and watches it. The watch restarts it when it dies;
// until then nothing is launched.
func (l *Launcher) startGuardian() error {
	k, err := forkGuardian(l.tree, l.roster, -1, -1)
	if err != nil {
		return fmt.Errorf("start guardian: %w", err)
	}
	w, err := newWaiter(k.pidfd)
	if err != nil {
		_ = unix.Close(k.pipe) // it ends itself
		return fmt.Errorf("start guardian: %w", err)
	}
	l.children.add(k.pid, w)
	l.guard.mu.Lock()
	l.guard.keeper, l.guard.alive = k, true
	if l.stopping() { // Close has looked already, and nobody else will end it
		l.guard.hangUp()
	}
	l.guard.mu.Unlock()
	l.owners.Go(func() { l.watchGuardian(k, w) })
	return nil
}

// watchGuardian owns the guardian's status and descriptors.
func (l *Launcher) watchGuardian(k keeper, w *waiter) {
	born := time.Now()
	status, err := w.exited()
	if err == nil {
		_, err = w.reap(nil)
	}
	l.guard.mu.Lock()
	l.guard.hangUp()
	w.close()
	l.guard.mu.Unlock()
	l.children.remove(k.pid, w)
	if l.stopping() {
		return
	}
	l.log.Error("guardian died; nothing is launched until another stands", "pid", k.pid,
		"status", status.status, "error", err)
	l.tell(false)
	for {
		// A guardian that dies at birth must not become a fork loop.
		if time.Since(born) < time.Second && !l.pause(time.Second) {
			return
		}
		err := l.startGuardian()
		if err == nil {
			l.log.Warn("guardian restarted")
			l.tell(true)
			return
		}
		born = time.Now()
		l.log.Error("guardian not restarted", "error", err)
	}
}

// endGuardian lets the guardian do what it does at the daemon's death, which
// is the one way in which executions and subtree are ever cleared.
func (l *Launcher) endGuardian() {
	l.guard.mu.Lock()
	defer l.guard.mu.Unlock()
	l.guard.hangUp()
}

// hangUp closes the pipe, whose end the guardian waits for. mu is held.
func (g *guardian) hangUp() {
	if g.alive {
		g.alive = false
		_ = unix.Close(g.pipe)
	}
}

// tell reports a change of the guardian to the daemon's health.
func (l *Launcher) tell(alive bool) {
	if l.options.GuardianChanged != nil {
		l.options.GuardianChanged(alive)
	}
}
