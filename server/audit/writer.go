package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Writer appends to a log. Its methods are safe for concurrent use. A log that
// fails refuses every record for a second, and then again, until the disk takes
// one; it never goes on behind bytes that are not the chain's.
type Writer struct {
	o      Options
	dir    *directory
	disk   disk
	bootID string
	done   chan struct{} // closed by Close
	idle   chan struct{} // closed when the background goroutine is gone

	mu      sync.Mutex
	clock   *bootClock
	buf     []byte // begins with the head; see appendHash
	seq     uint64
	f       segment
	number  uint64 // of f
	size    int64  // of f, up to the last whole record
	synced  int64  // of f, up to where the disk has it
	limit   *limiter
	space   spaceCheck
	closed  bool
	torn    bool      // f holds a part of a record behind size
	sealed  string    // why f must not be written any more; empty: it may
	failure error     // why nothing is written; wraps ErrUnavailable
	retryAt time.Time // when the failure is looked at again
}

// retryEvery is how long a failed log refuses records before it tries again.
const retryEvery = time.Second

// Append writes r and returns its sequence number. When it returns without error
// the kernel has the whole record: it survives the death of the process. A power
// cut may take the last second.
//
// A DENY over the limit of its caller is counted instead; then the number is 0,
// and a SUPPRESSED record follows within a second. So is a DENY that could not be
// written. The error wraps ErrUnavailable and the cause, or is ErrClosed; r is not
// in the log then. Append neither changes r nor keeps it.
func (w *Writer) Append(r *Record) (seq uint64, err error) {
	switch {
	case r.Type == TypeUnspecified || r.Type >= typeCount:
		return 0, fmt.Errorf("append audit record: no such type: %d", uint8(r.Type))
	case r.ExecutionID == "" && (r.Type == TypeIntent || r.Type == TypeEnd || r.Type == TypeAbort):
		return 0, fmt.Errorf("append audit record: %s without an execution id", r.Type)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return 0, ErrClosed
	}
	now := w.o.Now()
	if r.Type == TypeDeny {
		b := w.limit.bucket(r.Caller)
		if !w.limit.take(b, now) {
			b.suppressed++
			return 0, nil
		}
		defer func() {
			if err != nil {
				b.suppressed++
			}
		}()
	}
	if err := w.ready(r.Type, now); err != nil {
		return 0, err
	}
	if r.Type == TypeStop {
		if err := w.flushSuppressed(now); err != nil {
			return 0, err
		}
	}
	return w.write(r)
}

// ready makes the log writable when that is due, or says why it is not.
func (w *Writer) ready(t Type, now time.Time) error {
	if w.failure != nil {
		if now.Before(w.retryAt) && !t.closing() {
			return w.failure
		}
		if err := w.recover(); err != nil {
			return err
		}
	}
	if t.closing() {
		return nil
	}
	if err := w.space.check(w.disk, w.o.MinFree, now); err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return nil
}

// write appends r to the current segment, or to the next. On an error the tail is
// cut off again and the log has failed.
func (w *Writer) write(r *Record) (uint64, error) {
	rec := *r
	rec.Seq = w.seq + 1
	rec.Wall = w.o.Now()
	rec.BootID = w.bootID
	if w.o.Boottime != nil {
		rec.MonoNS = w.o.Boottime()
	} else {
		rec.MonoNS = w.clock.now()
	}
	b, sum := appendHash(appendRecord(w.buf[:sha256.Size], &rec), sha256.Size)
	if cap(b) <= MaxRecordBytes {
		w.buf = b // kept for the next record; a larger one is not
	}
	line := b[sha256.Size:]

	if w.size > 0 && w.size+int64(len(line)) > w.o.SegmentBytes {
		if err := w.rotate(); err != nil {
			return 0, w.fail(err)
		}
	}
	// Write(2) goes on after EINTR and short writes (os.File); what comes back
	// short is an error.
	if n, err := w.f.Write(line); err != nil || n != len(line) {
		w.torn = n > 0
		if w.torn {
			w.torn = w.f.Truncate(w.size) != nil
		}
		return 0, w.fail(errors.Join(err, shortWrite(n, len(line))))
	}
	w.size += int64(len(line))
	w.seq++
	copy(w.buf, sum[:])
	return w.seq, nil
}

func shortWrite(n, want int) error {
	if n == want {
		return nil
	}
	return fmt.Errorf("%d of %d bytes written", n, want)
}

// fail puts the log into the failed state and returns its error.
func (w *Writer) fail(cause error) error {
	w.failure = fmt.Errorf("%w: %w", ErrUnavailable, cause)
	w.retryAt = w.o.Now().Add(retryEvery)
	return w.failure
}

// Head returns the sequence number and the hash of the last record, as 64
// hexadecimal digits; 0 and 64 zeros before the first. Whoever keeps them
// elsewhere can find a log that was cut short or made anew.
func (w *Writer) Head() (seq uint64, hash string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.seq, hex.EncodeToString(w.buf[:sha256.Size])
}

// Writable returns nil when a record of a new command would be tried, and else
// the error that Append would return. It writes nothing.
func (w *Writer) Writable() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return ErrClosed
	}
	if w.failure != nil {
		return w.failure
	}
	if err := w.space.check(w.disk, w.o.MinFree, w.o.Now()); err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return nil
}
