package audit

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReaderGoesOnBehindBadLines(t *testing.T) {
	dir := t.TempDir()
	w := mustOpen(t, dir, Options{manual: true})
	mustAppend(t, w, intent("a"))
	mustClose(t, w)
	good, err := os.ReadFile(segmentPath(dir, 1))
	if err != nil {
		t.Fatal(err)
	}
	log := bytes.Join([][]byte{
		good, []byte("garbage\n"), []byte("\n"), []byte(`{"type":"TYPE_INTENT"}` + "\n"), []byte(`{"seq":1}` + "\n"),
		[]byte(`{"seq":1,"type":"TYPE_NEW"}` + "\n"), []byte(strings.Repeat("x", MaxLineBytes+1) + "\n"),
		[]byte(`{"seq":9,"type":"TYPE_STOP","added_later":1}` + strings.Repeat(" ", MaxLineBytes-44) + "\n"),
		bytes.TrimSuffix(good, []byte("\n")),
	}, nil)
	if err := os.WriteFile(segmentPath(dir, 1), log, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := OpenReader(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := []error{nil, ErrNotRecord, ErrNotRecord, ErrNotRecord, ErrNotRecord, ErrNotRecord, ErrLineTooLong, nil, ErrPartialLine}
	for i, want := range want {
		e, err := r.Next()
		if !errors.Is(err, want) {
			t.Fatalf("line %d: %v, want %v", i+1, err, want)
		}
		var at *LineError
		switch {
		case want == nil && e.Num != i+1:
			t.Errorf("line %d says %d", i+1, e.Num)
		case want != nil && (!errors.As(err, &at) || at.Line != i+1 || at.File != segmentName(1)):
			t.Errorf("line %d: position in %v", i+1, err)
		}
	}
	for range 2 {
		if _, err := r.Next(); !errors.Is(err, io.EOF) {
			t.Fatalf("at the end: %v, want io.EOF", err)
		}
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

func TestReaderGivesWhatWasWritten(t *testing.T) {
	dir := t.TempDir()
	w := mustOpen(t, dir, Options{manual: true, Boottime: func() uint64 { return 42 }})
	r := full(TypeIntent, plainText, func() uint64 { return 3 })
	r.Message = hostile
	mustAppend(t, w, r)
	seq, head := w.Head()
	e := readAll(t, segmentPath(dir, 1))[0]
	if e.Seq != seq || e.Hash != head || e.MonoNS != 42 || e.Message != hostile || e.Request.Argv[1] != "text" || e.File != segmentName(1) {
		t.Errorf("got %+v", e)
	}
	if !bytes.HasPrefix(e.Raw, []byte(`{"seq":1,"type":"TYPE_INTENT","wall":"20`)) {
		t.Errorf("raw line %q", e.Raw)
	}
	checkLine(t, e.Raw)
	if r.Seq != 3 || r.MonoNS != 3 {
		t.Error("Append changed its argument")
	}
}

// A line whose end comes while it is read is a whole line.
func TestLineBeingWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(path, []byte("one\ntw"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := openRegular(path, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	l := newLineReader(f, true)
	waits := 0
	l.settle = func() {
		if waits++; waits == 2 {
			appendTo(t, path, "o\nthr")
		}
	}
	for i, want := range []string{"one", "two"} {
		if got, err := l.next(); err != nil || string(got) != want {
			t.Fatalf("line %d: %q, %v, want %q", i+1, got, err, want)
		}
	}
	if _, err := l.next(); !errors.Is(err, ErrPartialLine) || l.off != 8 || l.n != 3 {
		t.Fatalf("last line: %v at %d, want ErrPartialLine at 8", err, l.off)
	}
}

func TestSegmentNames(t *testing.T) {
	for name, want := range map[string]uint64{
		"audit-00000001.jsonl": 1, "audit-100000000.jsonl": 100000000, "audit-00000000.jsonl": 0, "audit-1.jsonl": 0,
		"audit-000000001.jsonl": 0, "audit-00000001.jsonl.1.torn": 0, "audit-+0000001.jsonl": 0, "x": 0, "": 0,
		"audit-18446744073709551615.jsonl": 18446744073709551615, "audit-18446744073709551616.jsonl": 0,
	} {
		if n, ok := segmentNumber(name); ok != (want != 0) || (ok && n != want) {
			t.Errorf("segmentNumber(%q) = %d, %v, want %d", name, n, ok, want)
		}
	}
}

func TestOpenReaderRefuses(t *testing.T) {
	for name, path := range map[string]string{"no log": t.TempDir(), "no path": "/nonexistent"} {
		if r, err := OpenReader(path); err == nil || r != nil {
			t.Errorf("%s: %v, %v, want an error", name, r, err)
		}
	}
	if _, err := OpenReader(t.TempDir()); !errors.Is(err, ErrNoLog) {
		t.Errorf("empty directory: %v, want ErrNoLog", err)
	}
}
