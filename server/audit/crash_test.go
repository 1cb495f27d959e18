package audit

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// childAppend writes until it is killed, and prints each number once it is
// acknowledged.
func childAppend(args []string) error {
	w, err := Open(args[0], Options{SegmentBytes: 16 << 10})
	if err != nil {
		return err
	}
	for i := 0; ; i++ {
		r := intent(executionID(i))
		r.Request.Argv = append(r.Request.Argv, strings.Repeat("x", 3000))
		seq, err := w.Append(r)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintln(os.Stdout, seq); err != nil {
			return err
		}
	}
}

func TestKilledWriterLosesNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "log")
	var acked uint64
	for round := range 8 {
		r, out, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		p := child(t, out, nil, "append", dir)
		_ = out.Close()
		lines := bufio.NewScanner(r)
		for range 5 + 17*round {
			if !lines.Scan() {
				t.Fatalf("child stopped: %v", lines.Err())
			}
		}
		if err := p.Kill(); err != nil {
			t.Fatal(err)
		}
		for last := lines.Text(); ; last = lines.Text() {
			if acked, err = strconv.ParseUint(last, 10, 64); err != nil {
				t.Fatal(err)
			}
			if !lines.Scan() {
				break
			}
		}
		_ = r.Close()
		_, _ = p.Wait()

		w := mustOpen(t, dir, Options{manual: true})
		seq, _ := w.Head()
		if seq < acked {
			t.Fatalf("round %d: log ends at %d, but %d was acknowledged", round, seq, acked)
		}
		if rep := mustVerify(t, dir, w); len(rep.Open) != 0 {
			t.Fatalf("round %d: %d INTENTs are open after Open", round, len(rep.Open))
		}
		mustAppend(t, w, &Record{Type: TypeStart})
		mustClose(t, w)
	}
	intents, aborts := 0, 0
	for _, e := range readAll(t, dir) {
		switch e.Type {
		case TypeIntent:
			intents++
		case TypeAbort:
			aborts++
		}
	}
	if intents == 0 || intents != aborts {
		t.Errorf("%d INTENTs and %d ABORTs, want as many", intents, aborts)
	}
}

func TestOpenCutsTornTail(t *testing.T) {
	const tail = "{\"seq\":4,\"type\":\"TYPE_IN\x00\x00"
	for _, tt := range []struct {
		name   string
		before func(t *testing.T, dir string) (file uint64, seq uint64)
	}{
		{"behind records", func(t *testing.T, dir string) (uint64, uint64) {
			w := mustOpen(t, dir, Options{manual: true})
			mustAppend(t, w, intent("a"))
			mustAppend(t, w, end("a"))
			mustClose(t, w)
			return 1, 2
		}},
		{"in an empty log", func(t *testing.T, dir string) (uint64, uint64) {
			mustClose(t, mustOpen(t, dir, Options{manual: true}))
			return 1, 0
		}},
		{"in a fresh segment", func(t *testing.T, dir string) (uint64, uint64) {
			w := mustOpen(t, dir, Options{SegmentBytes: 1, manual: true})
			mustAppend(t, w, &Record{Type: TypeStart})
			mustAppend(t, w, &Record{Type: TypeStop})
			mustClose(t, w)
			if err := os.WriteFile(segmentPath(dir, 3), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			return 3, 0
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			file, last := tt.before(t, dir)
			appendTo(t, segmentPath(dir, file), tail)
			w := mustOpen(t, dir, Options{manual: true})
			es := readAll(t, dir)
			got := es[len(es)-1]
			if got.Type != TypeRecovered || got.Count != uint64(len(tail)) || got.Reason != "torn_tail" {
				t.Fatalf("last record %+v, want RECOVERED of %d bytes", got.Record, len(tail))
			}
			torn, err := os.ReadFile(fmt.Sprintf("%s.%d.torn", segmentPath(dir, file), last))
			if err != nil || string(torn) != tail {
				t.Fatalf("torn file %q, %v, want %q", torn, err, tail)
			}
			mustVerify(t, dir, w)
			mustClose(t, w)
			w = mustOpen(t, dir, Options{manual: true})
			if again := readAll(t, dir); len(again) != len(es) {
				t.Errorf("second Open wrote %q", types(again[len(es):]))
			}
			mustVerify(t, dir, w)
		})
	}
}

// The cut is done before its record: a crash between them must not hide it.
func TestOpenRecordsCutOfCrashedRecovery(t *testing.T) {
	dir := t.TempDir()
	w := mustOpen(t, dir, Options{manual: true})
	mustAppend(t, w, &Record{Type: TypeStart})
	mustClose(t, w)
	if err := os.WriteFile(segmentPath(dir, 1)+".1.torn", []byte("abc"), 0o600); err != nil {
		t.Fatal(err)
	}
	w = mustOpen(t, dir, Options{manual: true})
	es := readAll(t, dir)
	if got := es[len(es)-1]; got.Type != TypeRecovered || got.Count != 3 {
		t.Fatalf("last record %+v, want RECOVERED of 3 bytes", got.Record)
	}
	mustVerify(t, dir, w)
}

func TestOpenRefusesBrokenChain(t *testing.T) {
	dir := t.TempDir()
	w := mustOpen(t, dir, Options{SegmentBytes: 2048, manual: true})
	for i := range 20 {
		mustAppend(t, w, end(executionID(i)))
	}
	last := w.number
	mustClose(t, w)
	good, err := os.ReadFile(segmentPath(dir, last))
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(good, []byte("\n"))
	for name, bad := range map[string][]byte{
		"changed":       bytes.Replace(good, []byte(`"code":0`), []byte(`"code":1`), 1),
		"first gone":    bytes.Join(lines[1:], nil),
		"repeated":      append(append([]byte(nil), good...), lines[len(lines)-2]...),
		"empty line":    append(append([]byte(nil), good...), '\n'),
		"no record":     append(append([]byte(nil), good...), "garbage\n"...),
		"line too long": append(append([]byte(nil), good...), strings.Repeat("x", MaxLineBytes+1)+"\n"...),
	} {
		if err := os.WriteFile(segmentPath(dir, last), bad, 0o600); err != nil {
			t.Fatal(err)
		}
		var broken *BrokenError
		if _, err := Open(dir, Options{manual: true}); !errors.As(err, &broken) {
			t.Errorf("%s: Open: %v, want BrokenError", name, err)
		}
		if now, err := os.ReadFile(segmentPath(dir, last)); err != nil || !bytes.Equal(now, bad) {
			t.Errorf("%s: Open changed the broken segment", name)
		}
	}
	if err := os.WriteFile(segmentPath(dir, last), good, 0o600); err != nil {
		t.Fatal(err)
	}
	mustOpen(t, dir, Options{manual: true})
}

func TestOpenAbortsAcrossSegments(t *testing.T) {
	dir := t.TempDir()
	w := mustOpen(t, dir, Options{SegmentBytes: 1, manual: true})
	mustAppend(t, w, intent("before start"))
	mustAppend(t, w, &Record{Type: TypeStart})
	mustAppend(t, w, intent("ended"))
	mustAppend(t, w, intent("open"))
	mustAppend(t, w, end("ended"))
	mustAppend(t, w, intent("open too"))
	if w.number != 6 {
		t.Errorf("6 records larger than a segment stand in %d files", w.number)
	}
	mustClose(t, w)
	w = mustOpen(t, dir, Options{manual: true})
	es := readAll(t, dir)[6:]
	if got := types(es); got != "ABORT ABORT" || es[0].ExecutionID != "open" || es[1].ExecutionID != "open too" {
		t.Fatalf("Open wrote %q %+v, want ABORT of open and of open too", got, es)
	}
	if es[0].Caller == nil || es[0].Caller.UID != 60001 || es[0].Rule != "link" {
		t.Errorf("ABORT does not say whose command it was: %+v", es[0].Record)
	}
	mustClose(t, w)
	mustOpen(t, dir, Options{manual: true})
	if again := readAll(t, dir); len(again) != 8 {
		t.Errorf("second Open wrote %q", types(again[8:]))
	}
}

func appendTo(t *testing.T, path, s string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteString(s)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}
