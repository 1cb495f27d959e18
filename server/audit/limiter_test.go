package audit

import (
	"testing"
	"time"
)

// suppressed sums the counts by user, and counts the DENY records.
func suppressed(es []Entry) (byUID map[uint32]uint64, denies int) {
	byUID = make(map[uint32]uint64)
	for _, e := range es {
		switch e.Type {
		case TypeDeny:
			denies++
		case TypeSuppressed:
			byUID[e.Caller.UID] += e.Count
		}
	}
	return byUID, denies
}

func TestDenyFloodIsCountedExactly(t *testing.T) {
	clock, dir := newFakeClock(), t.TempDir()
	w := mustOpen(t, dir, Options{DenyRate: 100, DenyBurst: 1000, Now: clock.now, manual: true})
	const flood = 5000
	written := 0
	for range flood {
		seq, err := w.Append(deny(1))
		if err != nil {
			t.Fatal(err)
		}
		if seq != 0 {
			written++
		}
	}
	if written != 1000 {
		t.Fatalf("%d of the flood were written, want the burst of 1000", written)
	}
	// Another user is not touched, and neither are other records.
	if seq := mustAppend(t, w, deny(2)); seq == 0 {
		t.Error("another user's DENY was suppressed")
	}
	if seq := mustAppend(t, w, intent("a")); seq == 0 {
		t.Error("an INTENT was suppressed")
	}
	w.tick()
	w.tick() // nothing new: no second record
	clock.add(time.Second)
	for range 300 {
		mustAppend(t, w, deny(1))
	}
	mustClose(t, w)
	got, denies := suppressed(readAll(t, dir))
	if denies != 1000+1+100 || got[1] != 4000+200 || got[2] != 0 {
		t.Errorf("%d DENY, %v suppressed, want 1101 and 4200 of user 1", denies, got)
	}
	n := 0
	for _, e := range readAll(t, dir) {
		if e.Type == TypeSuppressed {
			n++
		}
	}
	if n != 2 {
		t.Errorf("%d SUPPRESSED records, want 2", n)
	}
	mustVerify(t, dir, w)
}

func TestStopFollowsCounts(t *testing.T) {
	dir := t.TempDir()
	w := mustOpen(t, dir, Options{DenyBurst: 1, Now: newFakeClock().now, manual: true})
	mustAppend(t, w, deny(1))
	mustAppend(t, w, deny(1))
	mustAppend(t, w, &Record{Type: TypeStop})
	mustClose(t, w)
	if got := types(readAll(t, dir)); got != "DENY SUPPRESSED STOP" {
		t.Errorf("got %q, want DENY SUPPRESSED STOP", got)
	}
}

func TestLimiterMemoryIsBounded(t *testing.T) {
	now := newFakeClock()
	l := newLimiter(1, 1)
	for uid := range uint32(maxBuckets * 2) {
		l.take(l.bucket(&Caller{UID: uid}), now.now())
	}
	if len(l.byUID) != maxBuckets {
		t.Fatalf("%d buckets, want %d", len(l.byUID), maxBuckets)
	}
	b := l.bucket(&Caller{UID: maxBuckets + 1})
	if b != l.rest || l.bucket(nil) != l.rest || l.take(b, now.now()) {
		t.Fatal("users beyond the bound do not share one bucket")
	}
	b.suppressed++
	now.add(time.Second)
	var total uint64
	if err := l.flush(now.now(), func(c *Caller, n uint64) error {
		if c != nil {
			t.Errorf("count of many users says user %d", c.UID)
		}
		total += n
		return nil
	}); err != nil || total != 1 {
		t.Fatalf("flush: %d, %v, want 1", total, err)
	}
	if len(l.byUID) != 0 {
		t.Errorf("%d users are remembered who have their burst again", len(l.byUID))
	}
}

func TestLimiterClockBack(t *testing.T) {
	now := newFakeClock()
	l := newLimiter(10, 1)
	b := l.bucket(&Caller{UID: 1})
	if !l.take(b, now.now()) || l.take(b, now.now()) {
		t.Fatal("burst of 1 is not 1")
	}
	now.add(-time.Hour)
	if l.take(b, now.now()) {
		t.Error("a clock set back gave a token")
	}
	now.add(time.Second)
	if !l.take(b, now.now()) {
		t.Error("no token a second later")
	}
}
