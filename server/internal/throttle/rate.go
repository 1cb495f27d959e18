package throttle

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// idleUser is after how long without a request a user's bucket is forgotten. It
// is longer than any bucket takes to refill, so that forgetting changes nothing.
const idleUser = time.Minute

// Rate is a token bucket a user. Safe for concurrent use.
type Rate struct {
	perSecond, burst int
	now              func() time.Time

	mu      sync.Mutex
	buckets map[uint32]*bucket
	swept   time.Time
}

type bucket struct {
	limiter *rate.Limiter
	last    time.Time
}

// NewRate allows each user perSecond requests a second and bursts of twice as
// many, both above zero.
func NewRate(perSecond int) *Rate {
	return &Rate{perSecond: perSecond, burst: 2 * perSecond, now: time.Now, buckets: make(map[uint32]*bucket)}
}

// Allow reports whether one more request of the user fits.
func (r *Rate) Allow(uid uint32) bool {
	now := r.now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Sub(r.swept) > idleUser {
		r.swept = now
		for uid, b := range r.buckets {
			if now.Sub(b.last) > idleUser {
				delete(r.buckets, uid)
			}
		}
	}
	b := r.buckets[uid]
	if b == nil {
		b = &bucket{limiter: rate.NewLimiter(rate.Limit(r.perSecond), r.burst)}
		r.buckets[uid] = b
	}
	b.last = now
	return b.limiter.AllowN(now, 1)
}
