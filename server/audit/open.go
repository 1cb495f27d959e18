package audit

import (
	"errors"
	"fmt"
	"time"
)

// Options of a Writer. The zero value of each field means its default.
type Options struct {
	SegmentBytes int64 // a file is closed before it grows beyond; default 16 MiB
	MinFree      int64 // bytes; below, new commands are refused; default 16 MiB
	DenyRate     int   // DENY records a second and user; default 100
	DenyBurst    int   // DENY records a user may cause at once; default 1000

	// Now is the wall clock, default time.Now. Limits are measured with it too.
	Now func() time.Time
	// Boottime returns nanoseconds of CLOCK_BOOTTIME; the default is right to 10 ms.
	Boottime func() uint64

	manual bool            // tests call tick themselves
	wrap   func(disk) disk // tests inject errors
}

func (o Options) withDefaults() (Options, error) {
	if o.SegmentBytes < 0 || o.MinFree < 0 || o.DenyRate < 0 || o.DenyBurst < 0 {
		return o, errors.New("an option is negative")
	}
	setDefault(&o.SegmentBytes, 16<<20)
	setDefault(&o.MinFree, 16<<20)
	setDefault(&o.DenyRate, 100)
	setDefault(&o.DenyBurst, 1000)
	if o.Now == nil {
		o.Now = time.Now
	}
	return o, nil
}

func setDefault[T int | int64](v *T, d T) {
	if *v == 0 {
		*v = d
	}
}

// Open opens the log in dir for writing and goes on where it ends. dir is made
// with mode 0700 when it is absent (its parent must exist) and must belong to root
// or to our uid and be writable by nobody else. It stays locked until Close or the
// end of the process.
//
// Before it returns, Open cuts a torn tail off into a file beside the segment and
// writes RECOVERED (Count: its bytes), and writes ABORT for each INTENT of a dead
// server that has no END. Its callers have seen to it that those commands are dead.
//
// Errors: ErrLocked, *BrokenError, or what the file system said.
func Open(dir string, o Options) (*Writer, error) {
	w, err := open(dir, o)
	if err != nil {
		return nil, fmt.Errorf("open audit log: %w", err)
	}
	return w, nil
}

func open(path string, o Options) (w *Writer, err error) {
	if o, err = o.withDefaults(); err != nil {
		return nil, err
	}
	dir, err := openDirectory(path)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = dir.close()
		}
	}()
	w = &Writer{o: o, dir: dir, disk: dir, limit: newLimiter(o.DenyRate, o.DenyBurst)}
	if o.wrap != nil {
		w.disk = o.wrap(dir)
	}
	if w.bootID, err = readBootID(); err != nil {
		return nil, err
	}
	if w.clock, err = newBootClock(); err != nil {
		return nil, err
	}
	st, err := dir.load()
	if err != nil {
		return nil, err
	}
	if err := w.resume(st); err != nil {
		if w.f != nil {
			_ = w.f.Close()
		}
		return nil, err
	}
	w.start()
	return w, nil
}

// resume takes up the state and writes what the server before left unsaid.
func (w *Writer) resume(st state) error {
	w.number, w.size, w.seq = st.number, st.size, st.seq
	w.buf = append(make([]byte, 0, 4096), st.head[:]...)
	if st.number == 0 {
		if err := w.nextSegment(); err != nil {
			return err
		}
	} else {
		f, err := w.disk.reopen(segmentName(st.number))
		if err != nil {
			return err
		}
		w.f = f
	}
	if st.torn > 0 {
		r := Record{Type: TypeRecovered, Reason: "torn_tail", Count: st.torn, Message: fmt.Sprintf(
			"%d bytes behind record %d were no record and are now in %s", st.torn, st.seq, st.tornFile)}
		if _, err := w.write(&r); err != nil {
			return err
		}
	}
	for _, h := range st.open {
		r := Record{Type: TypeAbort, ExecutionID: h.ExecutionID, Caller: h.Caller, Rule: h.Rule, Message: fmt.Sprintf(
			"the server died before the command of record %d had ended; how it ended is not known", h.Seq)}
		if _, err := w.write(&r); err != nil {
			return err
		}
	}
	return nil
}
