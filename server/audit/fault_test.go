package audit

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// faultyDisk gives the errors it is told to, and does the rest on the real disk.
type faultyDisk struct {
	disk
	writeErr    error // of the next writes
	writeBytes  int   // that they write nonetheless
	truncateErr error
	syncErr     error
	dirSyncErr  error
	createErr   error
	freeBytes   uint64 // 0: the real one
	syncs       int
}

func (d *faultyDisk) seg(s segment, err error) (segment, error) {
	if err != nil {
		return nil, err
	}
	return &faultySegment{s, d}, nil
}

func (d *faultyDisk) create(name string) (segment, error) {
	if d.createErr != nil {
		return nil, d.createErr
	}
	return d.seg(d.disk.create(name))
}

func (d *faultyDisk) reopen(name string) (segment, error) { return d.seg(d.disk.reopen(name)) }

func (d *faultyDisk) sync() error {
	if d.dirSyncErr != nil {
		return d.dirSyncErr
	}
	return d.disk.sync()
}

func (d *faultyDisk) free() (uint64, error) {
	if d.freeBytes != 0 {
		return d.freeBytes, nil
	}
	return d.disk.free()
}

type faultySegment struct {
	segment
	d *faultyDisk
}

func (s *faultySegment) Write(b []byte) (int, error) {
	if s.d.writeErr == nil {
		return s.segment.Write(b)
	}
	n, err := s.segment.Write(b[:min(s.d.writeBytes, len(b))])
	return n, errors.Join(err, s.d.writeErr)
}

func (s *faultySegment) Truncate(n int64) error {
	if s.d.truncateErr != nil {
		return s.d.truncateErr
	}
	return s.segment.Truncate(n)
}

func (s *faultySegment) datasync() error {
	s.d.syncs++
	if s.d.syncErr != nil {
		return s.d.syncErr
	}
	return s.segment.datasync()
}

// faulty opens a log on a faulty disk, with three records.
func faulty(t *testing.T, o Options) (w *Writer, d *faultyDisk, clock *fakeClock, dir string) {
	t.Helper()
	d, clock, dir = &faultyDisk{}, newFakeClock(), filepath.Join(t.TempDir(), "log")
	o.Now, o.manual = clock.now, true
	o.wrap = func(real disk) disk { d.disk = real; return d }
	w = mustOpen(t, dir, o)
	mustAppend(t, w, &Record{Type: TypeStart})
	mustAppend(t, w, intent("a"))
	mustAppend(t, w, end("a"))
	return w, d, clock, dir
}

func wantUnavailable(t *testing.T, err, cause error) {
	t.Helper()
	if !errors.Is(err, ErrUnavailable) || !errors.Is(err, cause) {
		t.Fatalf("got %v, want %v of %v", err, ErrUnavailable, cause)
	}
}

func TestFailedWriteStopsForASecond(t *testing.T) {
	w, d, clock, dir := faulty(t, Options{})
	d.writeErr, d.writeBytes = syscall.EIO, 100
	_, err := w.Append(intent("b"))
	wantUnavailable(t, err, syscall.EIO)
	d.writeErr = nil
	_, err = w.Append(intent("b"))
	wantUnavailable(t, err, syscall.EIO)
	wantUnavailable(t, w.Writable(), syscall.EIO)
	wantUnavailable(t, w.Probe(), syscall.EIO)
	mustVerify(t, dir, w)
	if got := mustAppend(t, w, end("z")); got != 4 {
		t.Fatalf("END did not try at once: seq %d, want 4", got)
	}

	d.writeErr, d.writeBytes = syscall.EIO, 0
	_, err = w.Append(intent("b"))
	wantUnavailable(t, err, syscall.EIO)
	clock.add(999 * time.Millisecond)
	d.writeErr = nil
	wantUnavailable(t, w.Probe(), syscall.EIO)
	clock.add(time.Millisecond)
	if got := mustAppend(t, w, intent("b")); got != 5 {
		t.Fatalf("seq %d, want 5", got)
	}
	if err := w.Writable(); err != nil {
		t.Fatal(err)
	}
	mustVerify(t, dir, w)
}

// A torn tail that cannot be cut is never written behind.
func TestTornTailThatStays(t *testing.T) {
	w, d, clock, dir := faulty(t, Options{SegmentBytes: 2000})
	d.writeErr, d.writeBytes, d.truncateErr = syscall.ENOSPC, 7, syscall.EROFS
	_, err := w.Append(intent("b"))
	wantUnavailable(t, err, syscall.ENOSPC)
	d.writeErr = nil
	for range 3 {
		clock.add(2 * time.Second)
		_, err = w.Append(intent("b"))
		wantUnavailable(t, err, syscall.EROFS)
		_, err = w.Append(end("b"))
		wantUnavailable(t, err, syscall.EROFS)
	}
	d.truncateErr = nil
	clock.add(2 * time.Second)
	mustAppend(t, w, intent("b"))
	mustVerify(t, dir, w)

	// And the next server cuts what this one could not.
	d.writeErr, d.truncateErr = syscall.ENOSPC, syscall.EROFS
	_, err = w.Append(end("b"))
	wantUnavailable(t, err, syscall.ENOSPC)
	if err := w.Close(); err == nil {
		t.Error("Close of a failed log says nothing")
	}
	again := mustOpen(t, dir, Options{manual: true})
	es := readAll(t, dir)
	if got := types(es[4:]); got != "RECOVERED ABORT" || es[4].Count != 7 {
		t.Fatalf("records %q %+v, want RECOVERED of 7 bytes and ABORT", got, es[4].Record)
	}
	mustVerify(t, dir, again)
}

func TestFailedSyncGivesSegmentUp(t *testing.T) {
	w, d, clock, dir := faulty(t, Options{})
	d.syncErr = syscall.EIO
	w.tick()
	_, err := w.Append(intent("b"))
	wantUnavailable(t, err, syscall.EIO)
	syncs := d.syncs
	d.syncErr = nil
	w.tick()
	if d.syncs != syncs {
		t.Fatal("a failed segment was synced again")
	}
	d.createErr = syscall.ENOSPC
	clock.add(time.Second)
	_, err = w.Append(intent("b"))
	wantUnavailable(t, err, syscall.ENOSPC)
	d.createErr = nil
	clock.add(time.Second)
	if got := mustAppend(t, w, intent("b")); got != 5 {
		t.Fatalf("seq %d, want 5", got)
	}
	es := readAll(t, dir)
	if got := es[3]; got.Type != TypeRecovered || got.Reason != "sync_failed" || got.Count == 0 || got.File != segmentName(2) {
		t.Fatalf("record 4 is %+v in %s, want RECOVERED in segment 2", got.Record, got.File)
	}
	mustVerify(t, dir, w)
	w.tick()
	if err := w.Writable(); err != nil {
		t.Fatal(err)
	}
	// A later failure of another kind leaves the new segment in use.
	d.writeErr = syscall.ENOSPC
	_, err = w.Append(end("b"))
	wantUnavailable(t, err, syscall.ENOSPC)
	d.writeErr = nil
	mustAppend(t, w, end("b"))
	if w.number != 2 {
		t.Errorf("writing segment %d, want 2", w.number)
	}
}

// The count of a segment that was given up is its own, not one of the segment before.
func TestFailedSyncCountsItsSegment(t *testing.T) {
	w, d, clock, dir := faulty(t, Options{SegmentBytes: 2000})
	for i := 0; w.number < 2 && i < 10; i++ {
		mustAppend(t, w, intent("b"))
	}
	lost := uint64(w.size)
	d.syncErr = syscall.EIO
	w.tick()
	d.syncErr = nil
	clock.add(time.Second)
	mustAppend(t, w, intent("c"))
	es := readAll(t, segmentPath(dir, 3))
	if es[0].Type != TypeRecovered || es[0].Count != lost {
		t.Errorf("got %+v, want RECOVERED of %d bytes", es[0].Record, lost)
	}
}

func TestFailedRotation(t *testing.T) {
	for _, tt := range []struct {
		name string
		set  func(d *faultyDisk, err error)
	}{
		{"create", func(d *faultyDisk, err error) { d.createErr = err }},
		{"sync of the old segment", func(d *faultyDisk, err error) { d.syncErr = err }},
		{"sync of the directory", func(d *faultyDisk, err error) { d.dirSyncErr = err }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w, d, clock, dir := faulty(t, Options{SegmentBytes: 2000})
			tt.set(d, syscall.EIO)
			var err error
			for i := 0; err == nil && i < 10; i++ {
				_, err = w.Append(intent("b"))
			}
			wantUnavailable(t, err, syscall.EIO)
			seq, _ := w.Head()
			tt.set(d, nil)
			clock.add(time.Second)
			mustAppend(t, w, intent("c"))
			if rep := mustVerify(t, dir, w); rep.LastSeq < seq+1 {
				t.Errorf("log ends at %d, want %d at least", rep.LastSeq, seq+1)
			}
		})
	}
}

func TestLowSpaceRefusesNewCommandsOnly(t *testing.T) {
	w, d, clock, dir := faulty(t, Options{MinFree: 1000})
	d.freeBytes = 999
	mustAppend(t, w, intent("b")) // what was asked a moment ago holds for a second
	clock.add(time.Second)
	_, err := w.Append(intent("c"))
	wantUnavailable(t, err, ErrLowSpace)
	wantUnavailable(t, w.Writable(), ErrLowSpace)
	_, err = w.Append(deny(1))
	wantUnavailable(t, err, ErrLowSpace)
	mustAppend(t, w, end("b"))
	d.freeBytes = 1000
	clock.add(time.Second)
	mustAppend(t, w, intent("c"))
	w.tick()
	es := readAll(t, dir)
	if last := es[len(es)-1]; last.Type != TypeSuppressed || last.Count != 1 {
		t.Errorf("the DENY that could not be written is not counted: %+v", last.Record)
	}
	mustVerify(t, dir, w)
}

func TestSegmentChangedByAnother(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(path string) error
		intact bool // the log as a whole, afterwards
	}{
		{"removed", os.Remove, false},
		{"renamed", func(p string) error { return os.Rename(p, p+".old") }, false},
		{"replaced", func(p string) error {
			b, err := os.ReadFile(p)
			return errors.Join(err, os.WriteFile(p+".new", b, 0o600), os.Rename(p+".new", p))
		}, true},
		{"shortened", func(p string) error { return os.Truncate(p, 100) }, false},
		{"written to", func(p string) error {
			b, err := os.ReadFile(p)
			return errors.Join(err, os.WriteFile(p, append(b, "x\n"...), 0o600))
		}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w, _, clock, dir := faulty(t, Options{})
			if err := tt.change(segmentPath(dir, 1)); err != nil {
				t.Fatal(err)
			}
			w.tick()
			_, err := w.Append(intent("b"))
			wantUnavailable(t, err, errSegmentChanged)
			clock.add(time.Second)
			mustAppend(t, w, intent("b"))
			es := readAll(t, segmentPath(dir, 2))
			if got := types(es); got != "RECOVERED INTENT" || !strings.Contains(es[0].Message, segmentName(1)) {
				t.Fatalf("second segment: %q %+v", got, es[0].Record)
			}
			seq, head := w.Head()
			rep, err := Verify(dir, VerifyOptions{Head: head, Seq: seq})
			if err != nil || rep.Intact() != tt.intact {
				t.Errorf("%v, %v, want intact %v", rep, err, tt.intact)
			}
		})
	}
}

func TestNoSyncWithoutRecords(t *testing.T) {
	w, d, _, _ := faulty(t, Options{})
	w.tick()
	before := d.syncs
	w.tick()
	if before != 1 || d.syncs != 1 {
		t.Errorf("%d then %d syncs, want 1 and 1", before, d.syncs)
	}
}
