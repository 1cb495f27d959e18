package audit

import (
	"cmp"
	"slices"
	"time"
)

// maxBuckets bounds the users that are counted each by itself. The rest share one
// bucket, so that many users cost no more memory than few.
const maxBuckets = 4096

// limiter decides which DENY records are written and which only counted: a token
// bucket a user, so that one who floods the log does not drown another's refusals.
// It is not safe for concurrent use.
type limiter struct {
	rate, burst float64 // a second; records
	byUID       map[uint32]*bucket
	rest        *bucket
}

type bucket struct {
	caller     *Caller // nil: more than one user
	tokens     float64
	last       time.Time
	suppressed uint64
}

func newLimiter(rate, burst int) *limiter {
	return &limiter{
		rate: float64(rate), burst: float64(burst),
		byUID: make(map[uint32]*bucket), rest: &bucket{tokens: float64(burst)},
	}
}

// bucket returns the bucket that c's records count against.
func (l *limiter) bucket(c *Caller) *bucket {
	if c == nil {
		return l.rest
	}
	b := l.byUID[c.UID]
	if b == nil {
		if len(l.byUID) >= maxBuckets {
			return l.rest
		}
		b = &bucket{caller: &Caller{UID: c.UID}, tokens: l.burst}
		l.byUID[c.UID] = b
	}
	return b
}

// take reports whether one more record of b may be written now.
func (l *limiter) take(b *bucket, now time.Time) bool {
	l.fill(b, now)
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

func (l *limiter) fill(b *bucket, now time.Time) {
	if d := now.Sub(b.last); d > 0 && !b.last.IsZero() {
		b.tokens = min(l.burst, b.tokens+d.Seconds()*l.rate)
	}
	b.last = now
}

// flush hands every count to write, in the order of uids, and forgets it once
// write took it. Users who have their full burst again are forgotten as well.
func (l *limiter) flush(now time.Time, write func(c *Caller, count uint64) error) error {
	pending := []*bucket{}
	for uid, b := range l.byUID {
		l.fill(b, now)
		switch {
		case b.suppressed > 0:
			pending = append(pending, b)
		case b.tokens >= l.burst:
			delete(l.byUID, uid)
		}
	}
	slices.SortFunc(pending, func(a, b *bucket) int { return cmp.Compare(a.caller.UID, b.caller.UID) })
	if l.rest.suppressed > 0 {
		pending = append(pending, l.rest)
	}
	for _, b := range pending {
		if err := write(b.caller, b.suppressed); err != nil {
			return err
		}
		b.suppressed = 0
	}
	return nil
}
