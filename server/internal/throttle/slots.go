// Package throttle never lets one caller stand in the way of another: commands
// run in a bounded number of slots, each user has a bounded share of them, and
// a slot that becomes free goes to the waiting users in turn.
package throttle

import (
	"context"
	"errors"
	"sync"
)

// ErrQueueFull is returned to a user whose waiting line is full.
var ErrQueueFull = errors.New("queue full")

// ErrClosed is returned once Close was called.
var ErrClosed = errors.New("shutting down")

// Limits bound the commands that run or wait. Every field is a number of
// commands; Queue may be zero: nobody waits.
type Limits struct {
	Running, RunningPerUID, Queue int
}

// Slots are the places in which commands run. Safe for concurrent use.
type Slots struct {
	limits Limits

	mu      sync.Mutex
	closed  bool
	running int
	queued  int
	users   map[uint32]*user
	// turn holds the users with someone waiting, the next one to be served first.
	turn []*user
}

type user struct {
	uid     uint32
	running int
	waiting []*waiter
}

type waiter struct {
	ready chan struct{} // closed when admitted or refused
	err   error         // set before ready is closed
}

// NewSlots returns free slots.
func NewSlots(l Limits) *Slots { return &Slots{limits: l, users: make(map[uint32]*user)} }

// Acquire waits for a slot, in order of arrival within a user and in turn
// between users. It returns ErrQueueFull at once when the user's line is full,
// ErrClosed, or the context's error. A slot that was granted must be given back
// by Release exactly once.
func (s *Slots) Acquire(ctx context.Context, uid uint32) error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return ErrClosed
	}
	u := s.users[uid]
	if u == nil {
		u = &user{uid: uid}
		s.users[uid] = u
	}
	if len(u.waiting) == 0 && s.free(u) {
		s.running++
		u.running++
		s.mu.Unlock()
		return nil
	}
	if len(u.waiting) >= s.limits.Queue {
		s.forget(u)
		s.mu.Unlock()
		return ErrQueueFull
	}
	w := &waiter{ready: make(chan struct{})}
	u.waiting = append(u.waiting, w)
	if len(u.waiting) == 1 {
		s.turn = append(s.turn, u)
	}
	s.queued++
	s.mu.Unlock()

	select {
	case <-w.ready:
		return w.err
	case <-ctx.Done():
		return s.abandon(ctx, u, w)
	}
}

// abandon takes w out of its line, or gives back the slot that it was granted in
// the same moment.
func (s *Slots) abandon(ctx context.Context, u *user, w *waiter) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, other := range u.waiting {
		if other == w {
			u.waiting = append(u.waiting[:i], u.waiting[i+1:]...)
			s.queued--
			if len(u.waiting) == 0 {
				s.leaveTurn(u)
			}
			s.forget(u)
			return ctx.Err()
		}
	}
	if w.err == nil {
		s.release(u)
	}
	return ctx.Err()
}

// Release gives back one slot of a user.
func (s *Slots) Release(uid uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.release(s.users[uid])
}

func (s *Slots) release(u *user) {
	s.running--
	u.running--
	s.admit()
	s.forget(u)
}

// admit serves the users in turn until no slot can be given.
func (s *Slots) admit() {
	for i := 0; i < len(s.turn); {
		u := s.turn[i]
		if !s.free(u) {
			if s.running >= s.limits.Running {
				return
			}
			i++ // this user has its share; the next may not
			continue
		}
		w := u.waiting[0]
		u.waiting = u.waiting[1:]
		s.queued--
		s.running++
		u.running++
		close(w.ready)
		s.turn = append(s.turn[:i], s.turn[i+1:]...)
		if len(u.waiting) > 0 {
			s.turn = append(s.turn, u)
		}
		i = 0
	}
}

func (s *Slots) free(u *user) bool {
	return s.running < s.limits.Running && u.running < s.limits.RunningPerUID
}

func (s *Slots) leaveTurn(u *user) {
	for i, other := range s.turn {
		if other == u {
			s.turn = append(s.turn[:i], s.turn[i+1:]...)
			return
		}
	}
}

func (s *Slots) forget(u *user) {
	if u.running == 0 && len(u.waiting) == 0 {
		delete(s.users, u.uid)
	}
}

// Close refuses everyone who waits and everyone who comes, with ErrClosed.
// Slots that are in use stay so until they are given back.
func (s *Slots) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, u := range s.turn {
		for _, w := range u.waiting {
			w.err = ErrClosed
			close(w.ready)
		}
		u.waiting = nil
		s.forget(u)
	}
	s.turn, s.queued = nil, 0
}

// Count returns how many commands run and how many wait.
func (s *Slots) Count() (running, queued int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running, s.queued
}
