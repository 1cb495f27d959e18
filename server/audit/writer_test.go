package audit

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

func TestAppendContinuesAfterReopen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "log")
	w := mustOpen(t, dir, Options{manual: true})
	if seq, h := w.Head(); seq != 0 || h != strings.Repeat("0", 64) {
		t.Fatalf("Head of an empty log = %d %s", seq, h)
	}
	if got := mustAppend(t, w, &Record{Type: TypeStart, Version: "1"}); got != 1 {
		t.Fatalf("first seq = %d, want 1", got)
	}
	mustAppend(t, w, intent("a"))
	mustAppend(t, w, end("a"))
	_, head := w.Head()
	mustClose(t, w)
	if _, err := w.Append(end("a")); !errors.Is(err, ErrClosed) {
		t.Fatalf("Append after Close: %v, want ErrClosed", err)
	}

	w = mustOpen(t, dir, Options{manual: true})
	if seq, h := w.Head(); seq != 3 || h != head {
		t.Fatalf("Head after reopen = %d %s, want 3 %s", seq, h, head)
	}
	if got := mustAppend(t, w, &Record{Type: TypeStart}); got != 4 {
		t.Fatalf("seq after reopen = %d, want 4", got)
	}
	if rep := mustVerify(t, dir, w); rep.LastSeq != 4 || !rep.HeadFound {
		t.Fatalf("report %+v", rep)
	}
	es := readAll(t, dir)
	if got, want := types(es), "START INTENT END START"; got != want {
		t.Fatalf("types %q, want %q", got, want)
	}
	if es[0].BootID == "" || es[0].MonoNS == 0 || es[0].Wall.IsZero() || es[1].MonoNS < es[0].MonoNS {
		t.Fatalf("stamps are missing: %+v", es[0].Record)
	}
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Fatalf("directory mode %v, %v, want 0700", info.Mode(), err)
	}
	if info, err = os.Stat(segmentPath(dir, 1)); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("file mode %v, %v, want 0600", info.Mode(), err)
	}
}

func TestAppendRefusesRecordsThatSayNothing(t *testing.T) {
	w := mustOpen(t, t.TempDir(), Options{manual: true})
	for name, r := range map[string]*Record{
		"no type":      {},
		"unknown type": {Type: typeCount},
		"no id":        {Type: TypeIntent},
		"no id in END": {Type: TypeEnd},
	} {
		if seq, err := w.Append(r); err == nil || seq != 0 {
			t.Errorf("%s: Append = %d, %v, want an error", name, seq, err)
		}
	}
	if seq, _ := w.Head(); seq != 0 {
		t.Errorf("head is at %d, want 0", seq)
	}
}

func TestSegments(t *testing.T) {
	dir := t.TempDir()
	for round := range 3 {
		w := mustOpen(t, dir, Options{SegmentBytes: 4096, manual: true})
		for i := range 50 {
			id := executionID(round*50 + i)
			mustAppend(t, w, intent(id))
			mustAppend(t, w, end(id))
		}
		mustVerify(t, dir, w)
		mustClose(t, w)
	}
	es := readAll(t, dir)
	if len(es) != 300 {
		t.Fatalf("%d records, want 300", len(es))
	}
	files, err := filepath.Glob(filepath.Join(dir, "audit-*.jsonl"))
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files, %v, want at least 20", len(files), err)
	}
	for _, f := range files {
		if info, err := os.Stat(f); err != nil || info.Size() > 4096 || info.Size() == 0 {
			t.Errorf("%s: %v, %v, want 1 to 4096 bytes", f, info.Size(), err)
		}
	}
}

func TestConcurrentAppend(t *testing.T) {
	const workers, each = 64, 40
	dir := t.TempDir()
	w := mustOpen(t, dir, Options{SegmentBytes: 64 << 10})
	var wg sync.WaitGroup
	for g := range workers {
		wg.Go(func() {
			for i := range each {
				id := executionID(g*each + i)
				if _, err := w.Append(intent(id)); err != nil {
					t.Error(err)
				}
				if _, err := w.Append(end(id)); err != nil {
					t.Error(err)
				}
				if i%8 == 0 {
					w.Head()
					if err := errors.Join(w.Writable(), w.Probe()); err != nil {
						t.Error(err)
					}
					w.tick()
				}
			}
		})
	}
	// A reader without the lock sees whole records only.
	wg.Go(func() {
		for range 5 {
			seq, head := w.Head()
			rep, err := Verify(dir, VerifyOptions{Head: head, Seq: seq})
			if seq > 0 && (err != nil || !rep.Intact()) {
				t.Errorf("verify while writing: %v, %v", rep, err)
			}
		}
	})
	wg.Wait()
	rep := mustVerify(t, dir, w)
	if rep.Records != 2*workers*each || len(rep.Open) != 0 {
		t.Fatalf("%d records, %d open, want %d and 0", rep.Records, len(rep.Open), 2*workers*each)
	}
}

func TestOpenRefuses(t *testing.T) {
	hold := t.TempDir()
	mustOpen(t, hold, Options{manual: true})
	mode := func(m os.FileMode) string {
		d := filepath.Join(t.TempDir(), "log")
		if err := errors.Join(os.Mkdir(d, 0o700), os.Chmod(d, m)); err != nil {
			t.Fatal(err)
		}
		return d
	}
	link := filepath.Join(t.TempDir(), "link")
	foreign := mode(0o700)
	fifo, linked, shared := mode(0o700), mode(0o700), mode(0o700)
	if err := errors.Join(
		os.Symlink(mode(0o700), link),
		os.Chown(foreign, 60001, 60001),
		syscall.Mkfifo(segmentPath(fifo, 1), 0o600),
		os.Symlink("/etc/hostname", segmentPath(linked, 1)),
		os.WriteFile(segmentPath(shared, 1), nil, 0o600),
		os.Chmod(segmentPath(shared, 1), 0o666),
	); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, dir string
		o         Options
		want      string
	}{
		{name: "second server", dir: hold, want: ErrLocked.Error()},
		{name: "group may write", dir: mode(0o770), want: "can be written by others"},
		{name: "all may write", dir: mode(0o707 | os.ModeSticky), want: "can be written by others"},
		{name: "other owner", dir: foreign, want: "belongs to another user"},
		{name: "symbolic link", dir: link, want: "not a directory"},
		{name: "no parent", dir: filepath.Join(hold, "a", "b"), want: "no such file"},
		{name: "fifo as segment", dir: fifo, want: "not a regular file"},
		{name: "link as segment", dir: linked, want: "too many levels"},
		{name: "segment that all may write", dir: shared, want: "can be written by others"},
		{name: "negative option", dir: mode(0o700), o: Options{MinFree: -1}, want: "negative"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.o.manual = true
			w, err := Open(tt.dir, tt.o)
			if err == nil || w != nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("Open = %v, %v, want %q", w, err, tt.want)
			}
		})
	}
	if _, err := Open(hold, Options{}); !errors.Is(err, ErrLocked) {
		t.Errorf("second server: %v, want ErrLocked", err)
	}
}

func TestCloseUnlocks(t *testing.T) {
	dir := t.TempDir()
	for range 3 {
		mustClose(t, mustOpen(t, dir, Options{}))
	}
	w := mustOpen(t, dir, Options{})
	mustClose(t, w)
	for _, err := range []error{w.Close(), w.Probe(), w.Writable()} {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("after Close: %v, want ErrClosed", err)
		}
	}
}
