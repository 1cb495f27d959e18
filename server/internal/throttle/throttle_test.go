package throttle

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestSlotsFairBetweenUsers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSlots(Limits{Running: 1, RunningPerUID: 1, Queue: 100})
		if err := s.Acquire(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		var order []uint32
		queue := func(uid uint32) {
			go func() {
				if err := s.Acquire(t.Context(), uid); err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				order = append(order, uid)
				mu.Unlock()
				s.Release(uid)
			}()
			synctest.Wait()
		}
		for range 5 {
			queue(1)
		}
		queue(2)
		s.Release(1)
		synctest.Wait()
		if len(order) != 6 || order[1] != 2 {
			t.Errorf("order = %v, want user 2 second of 6: one user's line does not hold up another", order)
		}
		if r, q := s.Count(); r != 0 || q != 0 || len(s.users) != 0 {
			t.Errorf("after: %d running, %d queued, %d users known, want none", r, q, len(s.users))
		}
	})
}

func TestSlotsLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSlots(Limits{Running: 3, RunningPerUID: 2, Queue: 1})
		for range 2 {
			if err := s.Acquire(t.Context(), 1); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		waited := make(chan error, 1)
		go func() { waited <- s.Acquire(ctx, 1) }()
		synctest.Wait()
		if err := s.Acquire(t.Context(), 1); !errors.Is(err, ErrQueueFull) {
			t.Errorf("fourth of user 1: %v, want %v", err, ErrQueueFull)
		}
		if err := s.Acquire(t.Context(), 2); err != nil {
			t.Errorf("user 2 with a free slot: %v, want none", err)
		}
		cancel()
		if err := <-waited; !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v, want %v", err, context.Canceled)
		}
		go func() { waited <- s.Acquire(t.Context(), 1) }()
		synctest.Wait()
		s.Close()
		if err := <-waited; !errors.Is(err, ErrClosed) {
			t.Errorf("closed while waiting: %v, want %v", err, ErrClosed)
		}
		if err := s.Acquire(t.Context(), 3); !errors.Is(err, ErrClosed) {
			t.Errorf("after close: %v, want %v", err, ErrClosed)
		}
	})
}

func TestSlotsUnderLoad(t *testing.T) {
	const running, perUID = 4, 3
	s := NewSlots(Limits{Running: running, RunningPerUID: perUID, Queue: 1000})
	var now atomic.Int64
	var of [3]atomic.Int64
	var wg sync.WaitGroup
	for i := range 300 {
		wg.Go(func() {
			uid := uint32(i % 3)
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rand.IntN(20)+1)*time.Millisecond)
			defer cancel()
			if err := s.Acquire(ctx, uid); err != nil {
				return
			}
			if n := now.Add(1); n > running {
				t.Errorf("%d run, want at most %d", n, running)
			}
			if n := of[uid].Add(1); n > perUID {
				t.Errorf("%d of user %d run, want at most %d", n, uid, perUID)
			}
			of[uid].Add(-1)
			now.Add(-1)
			s.Release(uid)
		})
	}
	wg.Wait()
	if r, q := s.Count(); r != 0 || q != 0 || len(s.users) != 0 || len(s.turn) != 0 {
		t.Errorf("after: %d running, %d queued, users %v, turn %v, want nothing left", r, q, s.users, s.turn)
	}
}

func TestRate(t *testing.T) {
	now := time.Unix(1000, 0)
	r := NewRate(10)
	r.now = func() time.Time { return now }
	allowed := func(uid uint32) (n int) {
		for range 100 {
			if r.Allow(uid) {
				n++
			}
		}
		return n
	}
	if got := allowed(1); got != 20 {
		t.Errorf("burst = %d, want 20", got)
	}
	if got := allowed(2); got != 20 {
		t.Errorf("burst of another user = %d, want 20", got)
	}
	now = now.Add(time.Second)
	if got := allowed(1); got != 10 {
		t.Errorf("after a second = %d, want 10", got)
	}
	now = now.Add(2 * idleUser)
	r.Allow(3)
	if len(r.buckets) != 1 {
		t.Errorf("%d buckets are kept, want 1", len(r.buckets))
	}
}
