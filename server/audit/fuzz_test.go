package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"testing"
)

func memorySource(b []byte) []source {
	return []source{{name: segmentName(1), number: 1, open: func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(b)), nil
	}}}
}

// FuzzReader: any bytes give entries and LineErrors, at most one a line, then EOF.
func FuzzReader(f *testing.F) {
	s := newSample(f, 5, 1<<20)
	f.Add(s.files[0])
	f.Add([]byte("\n\n{}\nnull\n[]\n{\"seq\":1,\"type\":\"TYPE_END\",\"outcome\":null}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := &Reader{list: memorySource(b)}
		for n := 0; ; n++ {
			e, err := r.Next()
			var bad *LineError
			switch {
			case errors.Is(err, io.EOF):
				if want := bytes.Count(b, []byte("\n")); n != want && n != want+1 {
					t.Fatalf("%d results for %d lines", n, want)
				}
				return
			case err != nil && !errors.As(err, &bad):
				t.Fatalf("error without position: %v", err)
			case err != nil && e.Seq != 0:
				t.Fatalf("record and error: %+v, %v", e, err)
			case err == nil:
				checkLine(t, e.AppendJSON(nil))
			}
		}
	})
}

// chainHolds is Verify for a log of one file, written as plainly as can be.
func chainHolds(b []byte) bool {
	var prev [sha256.Size]byte
	for seq := uint64(1); len(b) > 0; seq++ {
		line, rest, ok := bytes.Cut(b, []byte("\n"))
		at := bytes.LastIndex(line, []byte(`,"h":"`))
		if !ok || at < 0 || len(line) > MaxLineBytes {
			return false
		}
		prev = sha256.Sum256(append(prev[:], line[:at]...))
		var h struct{ Seq uint64 }
		if json.Unmarshal(line, &h) != nil || h.Seq != seq || string(line[at:]) != fmt.Sprintf(`,"h":"%x"}`, prev) {
			return false
		}
		b = rest
	}
	return true
}

// FuzzVerify: any bytes in place of some of a good log are intact only when the
// plain verification says so.
func FuzzVerify(f *testing.F) {
	good := newSample(f, 6, 1<<20).files[0]
	for _, at := range []int{0, 1, 8, 100, len(good) - 70, len(good) - 1, len(good)} {
		f.Add(uint16(at), uint16(1), []byte("x"))
		f.Add(uint16(at), uint16(0), []byte("\n"))
		f.Add(uint16(at), uint16(len(good)), []byte{})
	}
	f.Fuzz(func(t *testing.T, at, n uint16, with []byte) {
		from := min(int(at), len(good))
		b := bytes.Join([][]byte{good[:from], with, good[min(len(good), from+int(n)):]}, nil)
		list := memorySource(b)
		rep, err := verifySources(list, true, VerifyOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if rep.Intact() != chainHolds(b) || rep.Intact() != (rep.First == nil) {
			t.Fatalf("%v, want intact %v for %q", rep, chainHolds(b), b)
		}
		if rep.Intact() && !bytes.HasPrefix(good, b) {
			t.Fatalf("a changed log is intact: %q", b)
		}
		if rep.Records > 0 {
			if d, err := hex.DecodeString(rep.Head); err != nil || len(d) != sha256.Size {
				t.Fatalf("head %q", rep.Head)
			}
		}
		for _, c := range rep.String() {
			if c != '\n' && (c < 0x20 || c == 0x7f) {
				t.Fatalf("control character in %q", rep.String())
			}
		}
	})
}

// FuzzAppendQuoted: one line, no control byte, reversible.
func FuzzAppendQuoted(f *testing.F) {
	f.Add(hostile, 10)
	f.Add("a\xff\xed\xa0\x80", 3)
	f.Add("\u2028\x7f\\", -1)
	f.Fuzz(func(t *testing.T, s string, limit int) {
		b := AppendQuoted(nil, s)
		checkLine(t, b)
		var got string
		if err := json.Unmarshal(b, &got); err != nil || got != string([]rune(s)) {
			t.Fatalf("%s is %q, %v, want %q", b, got, err, s)
		}
		if limit < 0 {
			return
		}
		b, taken := appendQuoted(nil, s, limit)
		if err := json.Unmarshal(b, &got); err != nil || len(b)-2 > limit || got != string([]rune(s[:taken])) {
			t.Fatalf("limit %d: %s, %v, want %q", limit, b, err, s[:taken])
		}
	})
}
