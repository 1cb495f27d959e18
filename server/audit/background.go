package audit

import (
	"errors"
	"io/fs"
	"time"
)

// tickEvery is how often the log is synced, looked at, and counts are written.
const tickEvery = time.Second

func (w *Writer) start() {
	w.done, w.idle = make(chan struct{}), make(chan struct{})
	if w.o.manual {
		close(w.idle)
		return
	}
	go func() {
		defer close(w.idle)
		t := time.NewTicker(tickEvery)
		defer t.Stop()
		for {
			select {
			case <-w.done:
				return
			case <-t.C:
				w.tick()
			}
		}
	}()
}

// tick does what is due each second.
func (w *Writer) tick() {
	w.mu.Lock()
	now := w.o.Now()
	w.clock.adjust()
	if w.ready(TypeSuppressed, now) == nil {
		// An error is in the state of w; the counts wait for the next tick.
		_ = w.flushSuppressed(now)
	}
	if w.failure == nil {
		w.inspect()
	}
	f, size, idle := w.f, w.size, w.failure != nil || w.size == w.synced
	w.mu.Unlock()
	if idle {
		return
	}
	// Without the lock: records go on while the disk works.
	err := f.datasync()
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case err == nil && w.f == f:
		w.synced = max(w.synced, min(size, w.size))
	case err == nil || errors.Is(err, fs.ErrClosed):
		// The segment was closed meanwhile; rotate synced it.
	default:
		// Even when f is not the segment any more: the kernel tells one caller of an
		// error, and rotate's sync then saw none. The RECOVERED record says so.
		w.sealed = sealSync
		_ = w.fail(err)
	}
}

// inspect notices a segment that somebody else removed, replaced, shortened or
// wrote to. Such a file is left as it is, as evidence.
func (w *Writer) inspect() {
	size, err := w.f.size()
	if err == nil && size == w.size {
		return
	}
	w.sealed = sealChanged
	_ = w.fail(errors.Join(errSegmentChanged, err))
}

func (w *Writer) flushSuppressed(now time.Time) error {
	return w.limit.flush(now, func(c *Caller, count uint64) error {
		_, err := w.write(&Record{Type: TypeSuppressed, Caller: c, Count: count, Message: "refusals were counted, not written"})
		return err
	})
}

// Probe looks whether a failed log can be written again, when that is due, and
// returns what Writable would. Call it when nothing else does: a server that
// refuses everything appends nothing. The background does so each second.
func (w *Writer) Probe() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return ErrClosed
	}
	return w.ready(TypeSuppressed, w.o.Now())
}

// Close writes the counts that are due, puts the log on the disk, and unlocks it.
// The error says that the end of the log may not be there. Later calls of any
// method get ErrClosed.
func (w *Writer) Close() error {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return ErrClosed
	}
	w.closed = true
	now := w.o.Now()
	var err error
	if w.failure != nil {
		err = w.recover()
	}
	if err == nil {
		err = w.flushSuppressed(now)
	}
	w.mu.Unlock()
	close(w.done)
	<-w.idle
	w.mu.Lock()
	defer w.mu.Unlock()
	if err == nil && w.sealed == "" {
		err = w.f.datasync()
	}
	if err == nil {
		err = w.failure
	}
	return errors.Join(err, w.f.Close(), w.dir.close())
}
