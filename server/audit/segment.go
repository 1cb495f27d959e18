package audit

import (
	"errors"
	"fmt"
)

// rotate closes the current segment and begins the next. The old one is on the
// disk before the new one has a name: a power cut leaves no hole between them.
func (w *Writer) rotate() error {
	if err := w.f.datasync(); err != nil {
		w.sealed = sealSync
		return err
	}
	w.synced = w.size
	return w.nextSegment()
}

// nextSegment makes the next file and writes to it from now on. On an error the
// current one stays.
func (w *Writer) nextSegment() error {
	name := segmentName(w.number + 1)
	f, err := w.disk.create(name)
	if err != nil {
		return err
	}
	if err := w.disk.sync(); err != nil {
		// A name that a power cut could take would take the records with it.
		return errors.Join(err, f.Close(), w.disk.remove(name))
	}
	if w.f != nil {
		// Its bytes are on the disk, or are given up: nothing is learnt from close.
		_ = w.f.Close()
	}
	w.f, w.number, w.size, w.synced = f, w.number+1, 0, 0
	return nil
}

// Reasons of RECOVERED records for a segment that was given up.
const (
	// fsync(2) tells of an error once and then of success, with the pages gone: a
	// file whose sync failed is never synced again.
	sealSync    = "sync_failed"
	sealChanged = "segment_changed"
)

// recover leaves the failed state when the log can go on: the tail is cut off, and
// the segment is a new one where the old must not be used.
func (w *Writer) recover() error {
	if w.torn {
		if err := w.f.Truncate(w.size); err != nil {
			return w.fail(fmt.Errorf("cut torn tail: %w", err))
		}
		w.torn = false
	}
	if w.sealed != "" {
		old, reason, lost := segmentName(w.number), w.sealed, w.size-w.synced
		if err := w.nextSegment(); err != nil {
			return w.fail(err)
		}
		w.sealed = ""
		r := Record{Type: TypeRecovered, Reason: reason, Count: uint64(max(lost, 0)), Message: fmt.Sprintf(
			"%s was given up after record %d: its last %d bytes may not be on the disk: %v", old, w.seq, lost, w.failure)}
		if _, err := w.write(&r); err != nil {
			return err
		}
	}
	w.failure = nil
	return nil
}
