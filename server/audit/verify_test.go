package audit

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// sample is a log in memory: files of whole lines.
type sample struct {
	files [][]byte
	seq   uint64
	head  string
}

// newSample writes n records (START, pairs, DENY) in segments of about size bytes.
func newSample(t testing.TB, n int, size int64) sample {
	t.Helper()
	dir := t.TempDir()
	// The same bytes in each process: fuzzing has many.
	o := Options{SegmentBytes: size, Now: newFakeClock().now, Boottime: func() uint64 { return 1 }, manual: true}
	w := mustOpen(t, dir, o)
	mustAppend(t, w, &Record{Type: TypeStart, Version: "1"})
	for i := 1; i < n; i++ {
		switch id := executionID(i / 3); i % 3 {
		case 0:
			mustAppend(t, w, &Record{Type: TypeIntent, ExecutionID: id, Rule: "link"})
		case 1:
			mustAppend(t, w, deny(uint32(i)))
		default:
			mustAppend(t, w, &Record{Type: TypeEnd, ExecutionID: executionID(i/3 - 1), Outcome: &Outcome{}})
		}
	}
	var s sample
	s.seq, s.head = w.Head()
	for i := range w.number {
		b, err := os.ReadFile(segmentPath(dir, i+1))
		if err != nil {
			t.Fatal(err)
		}
		s.files = append(s.files, b)
	}
	return s
}

// verify verifies files as the directory that holds them; nil is a missing one.
func verifyFiles(t testing.TB, files [][]byte, o VerifyOptions) Report {
	t.Helper()
	var list []source
	for i, b := range files {
		if b != nil {
			list = append(list, source{name: segmentName(uint64(i + 1)), number: uint64(i + 1), open: func() (io.ReadCloser, error) {
				return io.NopCloser(bytes.NewReader(b)), nil
			}})
		}
	}
	rep, err := verifySources(list, true, o)
	if err != nil {
		t.Fatalf("verify: %v", err)
	}
	return rep
}

// replaced returns the files with the bytes of one of them replaced.
func (s sample) replaced(file int, b []byte) [][]byte {
	files := slices.Clone(s.files)
	files[file] = b
	return files
}

func TestVerifyFindsEveryChangeOfARecord(t *testing.T) {
	records := 300
	if raceEnabled {
		records = 60
	}
	s := newSample(t, records, 1<<20)
	o := VerifyOptions{Head: s.head, Seq: s.seq}
	if rep := verifyFiles(t, s.files, o); !rep.Intact() || rep.Records != uint64(records) || !rep.HeadFound || rep.AfterHead != 0 {
		t.Fatalf("the log itself: %v", rep)
	}
	lines := bytes.SplitAfter(s.files[0], []byte("\n"))
	lines = lines[:len(lines)-1]
	join := func(parts ...[][]byte) []byte { return bytes.Join(slices.Concat(parts...), nil) }
	flip := func(i, at int) []byte {
		l := bytes.Clone(lines[i])
		l[at] ^= 1
		return join(lines[:i], [][]byte{l}, lines[i+1:])
	}
	for i := range lines {
		seq, l := uint64(i+1), lines[i]
		type change struct {
			name  string
			log   []byte
			first uint64 // record at which the first break is found; 0: not said

			spelling bool
		}
		changes := []change{
			{"deleted", join(lines[:i], lines[i+1:]), seq + 1, false},
			{"repeated", join(lines[:i+1], lines[i:]), seq, false},
			{"empty line before", join(lines[:i], [][]byte{[]byte("\n")}, lines[i:]), seq, true},
			{"space in it", join(lines[:i], [][]byte{slices.Insert(bytes.Clone(l), 1, ' ')}, lines[i+1:]), seq, true},
			{"end of line gone", flipTo(lines, i, len(l)-1, ' '), seq, true},
			{"carriage return", flipTo(lines, i, len(l)-1, '\r'), seq, true},
			{"first byte", flip(i, 0), seq, true},
			{"body", flip(i, 9+i%(len(l)-hashTail-10)), 0, false},
			{"name of the hash", flip(i, len(l)-1-hashTail+2), seq, true},
			{"hash", flip(i, len(l)-4-i%64), seq, false},
			{"hash in capitals", upperHash(lines, i), seq, true},
			{"closing brace", flip(i, len(l)-2), seq, true},
			{"cut behind it", join(lines[:i]), 0, false},
			{"cut in it", append(join(lines[:i]), l[:1+i%(len(l)-1)]...), 0, false},
			{"cut before its newline", append(join(lines[:i]), l[:len(l)-1]...), 0, true},
		}
		if i+1 < len(lines) {
			changes = append(changes, change{"swapped", join(lines[:i], lines[i+1:i+2], lines[i:i+1], lines[i+2:]), seq + 1, false})
		} else {
			changes[0].first = 0 // the last record deleted: a truncation
		}
		if i%5 != 0 {
			// The spellings are the same for each record; what moves or cuts is not.
			changes = slices.DeleteFunc(changes, func(c change) bool { return c.spelling })
		}
		for _, c := range changes {
			rep := verifyFiles(t, s.replaced(0, c.log), o)
			if rep.Intact() || rep.First == nil {
				t.Fatalf("record %d %s: not found", seq, c.name)
			}
			if c.first != 0 && rep.First.Seq != c.first {
				t.Fatalf("record %d %s: first break %+v, want at record %d", seq, c.name, rep.First, c.first)
			}
		}
	}
}

func flipTo(lines [][]byte, i, at int, c byte) []byte {
	l := bytes.Clone(lines[i])
	l[at] = c
	return bytes.Join(slices.Concat(lines[:i], [][]byte{l}, lines[i+1:]), nil)
}

func upperHash(lines [][]byte, i int) []byte {
	l := bytes.Clone(lines[i])
	at := len(l) - 1 - len(hashEnd) - 64
	copy(l[at:], bytes.ToUpper(l[at:at+64]))
	return bytes.Join(slices.Concat(lines[:i], [][]byte{l}, lines[i+1:]), nil)
}

// Each byte of a small log, and each length of it.
func TestVerifyFindsEachByte(t *testing.T) {
	s := newSample(t, 8, 900)
	o := VerifyOptions{Head: s.head}
	if len(s.files) < 3 {
		t.Fatalf("%d files, want 3", len(s.files))
	}
	for f, b := range s.files {
		for i := range b {
			for _, bit := range []byte{1, 0x20, 0x80} {
				bad := bytes.Clone(b)
				bad[i] ^= bit
				if verifyFiles(t, s.replaced(f, bad), o).Intact() {
					t.Fatalf("file %d byte %d ^ %#x: not found", f, i, bit)
				}
			}
			if verifyFiles(t, s.replaced(f, b[:i:i]), o).Intact() {
				t.Fatalf("file %d cut at byte %d: not found", f, i)
			}
		}
	}
}

func TestVerifyFindsMissingFiles(t *testing.T) {
	s := newSample(t, 60, 2000)
	last := len(s.files) - 1
	o := VerifyOptions{Head: s.head, Seq: s.seq}
	for i := range s.files {
		rep := verifyFiles(t, s.replaced(i, nil), o)
		want := BreakSegment
		if i == last {
			want = BreakHead
		}
		if rep.Intact() || rep.First.Kind != want || (i < last && rep.First.File != segmentName(uint64(i+1))) {
			t.Errorf("file %d missing: first break %+v, want %s", i+1, rep.First, want)
		}
		if i < last && verifyFiles(t, s.replaced(i, nil), VerifyOptions{}).Intact() {
			t.Errorf("file %d missing: not found without a head", i+1)
		}
		if i > 0 {
			files := slices.Clone(s.files)
			files[i], files[i-1] = files[i-1], files[i]
			if verifyFiles(t, files, o).Intact() {
				t.Errorf("files %d and %d swapped: not found", i, i+1)
			}
		}
	}
}

func TestVerifyReport(t *testing.T) {
	s := newSample(t, 12, 1<<20)
	lines := bytes.SplitAfter(s.files[0], []byte("\n"))
	short := bytes.Join(lines[:9], nil)

	rep := verifyFiles(t, [][]byte{short}, VerifyOptions{})
	if !rep.Intact() || rep.HeadFound || !strings.Contains(rep.String(), "a truncated tail cannot be excluded") {
		t.Errorf("no head: %v", rep)
	}
	rep = verifyFiles(t, [][]byte{short}, VerifyOptions{Head: s.head, Seq: s.seq})
	if rep.Intact() || rep.First.Kind != BreakHead || rep.First.ExpectedHash != s.head || rep.First.FoundHash != rep.Head {
		t.Errorf("truncated: %v", rep)
	}
	if rep = verifyFiles(t, [][]byte{short}, VerifyOptions{Seq: 10}); rep.Intact() {
		t.Errorf("ends at 9, must reach 10: %v", rep)
	}
	old := rep.Head
	rep = verifyFiles(t, s.files, VerifyOptions{Head: old, Seq: 9})
	if !rep.Intact() || !rep.HeadFound || rep.AfterHead != 3 {
		t.Errorf("older head: %v", rep)
	}
	if rep = verifyFiles(t, s.files, VerifyOptions{Head: old, Seq: 8}); rep.Intact() {
		t.Errorf("head of another record: %v", rep)
	}
	// 12 records: 1 START, then DENY, END, INTENT in turn; the last INTENT is 10.
	rep = verifyFiles(t, s.files, VerifyOptions{})
	if len(rep.Open) != 1 || rep.Open[0].Seq != 10 || rep.Open[0].Line != 10 || !strings.Contains(rep.String(), "has no end") {
		t.Errorf("open %+v, want record 10", rep.Open)
	}
	bad := bytes.Replace(s.files[0], []byte(`"reason":"NO_MATCH"`), []byte(`"reason":"NO_MATCX"`), 2)
	rep = verifyFiles(t, [][]byte{bad}, VerifyOptions{})
	f := rep.First
	if rep.Breaks != 2 || rep.Records != 12 || f.File != segmentName(1) || f.Line != 2 || f.Seq != 2 || f.Kind != BreakHash ||
		len(f.ExpectedHash) != 64 || len(f.FoundHash) != 64 || f.ExpectedHash == f.FoundHash {
		t.Errorf("two changes: %+v", rep)
	}
	if want := fmt.Sprintf("%s:2: record 2 was changed", segmentName(1)); !strings.Contains(rep.String(), want) {
		t.Errorf("report %q, want %q", rep.String(), want)
	}
}

func TestVerifyPaths(t *testing.T) {
	dir := t.TempDir()
	w := mustOpen(t, dir, Options{SegmentBytes: 500, manual: true})
	for i := range 6 {
		mustAppend(t, w, end(executionID(i)))
	}
	_, head := w.Head()
	if rep, err := Verify(segmentPath(dir, 1), VerifyOptions{}); err != nil || !rep.Intact() || rep.Unanchored {
		t.Errorf("first file: %v, %v", rep, err)
	}
	rep, err := Verify(segmentPath(dir, 3), VerifyOptions{})
	if err != nil || !rep.Intact() || !rep.Unanchored || rep.FirstSeq < 2 || !strings.Contains(rep.String(), "was not checked") {
		t.Errorf("third file: %v, %v", rep, err)
	}
	copied := filepath.Join(t.TempDir(), "copy.jsonl")
	first, err := os.ReadFile(segmentPath(dir, 1))
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		log    []byte
		intact bool
	}{"copy": {first, true}, "changed copy": {bytes.Replace(first, []byte(`"pid":99`), []byte(`"pid":98`), 1), false}} {
		if err := os.WriteFile(copied, tt.log, 0o600); err != nil {
			t.Fatal(err)
		}
		if rep, err := Verify(copied, VerifyOptions{}); err != nil || rep.Intact() != tt.intact || rep.Unanchored {
			t.Errorf("%s: %v, %v, want intact %v", name, rep, err, tt.intact)
		}
	}
	if rep, err := Verify(dir, VerifyOptions{Head: strings.ToUpper(head)}); err != nil || !rep.HeadFound {
		t.Errorf("head in capitals: %v, %v", rep, err)
	}
	for _, bad := range []string{"xyz", "abcd", head + "00"} {
		if _, err := Verify(dir, VerifyOptions{Head: bad}); err == nil {
			t.Errorf("head %q was accepted", bad)
		}
	}
	for name, path := range map[string]string{"no such path": dir + "x", "no log": t.TempDir(), "device": "/dev/null"} {
		if _, err := Verify(path, VerifyOptions{}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
