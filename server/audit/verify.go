package audit

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
)

// VerifyOptions says what is known of the log from elsewhere. Zero: nothing.
type VerifyOptions struct {
	// Head is the hash of a record that the log must hold, 64 hexadecimal digits:
	// the head from GetStatus, or one that was kept.
	Head string
	// Seq is the sequence number of that record; 0 is not known. Without Head,
	// the log must reach it.
	Seq uint64
}

const maxOpen = 1 << 16

// Verify recomputes the chain of the log at path, a directory or one file, from
// its raw bytes. It finds every record that was deleted, inserted, moved,
// repeated or changed, in any byte, and missing files; a missing tail only against
// VerifyOptions.Head. It goes on after a break, to count them all.
//
// The error says that the log could not be read or that there is none; what is
// wrong with the log is in the Report. A log that is being written may be
// verified; the caller needs no more than permission to read.
func Verify(path string, o VerifyOptions) (Report, error) {
	if d, err := hex.DecodeString(o.Head); err != nil || (len(d) != 0 && len(d) != sha256.Size) {
		return Report{}, fmt.Errorf("verify audit log: head %q is not 64 hexadecimal digits", o.Head)
	}
	list, directory, err := sources(path)
	if err != nil {
		return Report{}, fmt.Errorf("verify audit log: %w", err)
	}
	return verifySources(list, directory, o)
}

// verifySources is Verify with an o.Head that is empty or well-formed.
func verifySources(list []source, directory bool, o VerifyOptions) (Report, error) {
	v := verifier{want: o, check: newChecker(), open: make(map[string]OpenIntent)}
	_, _ = hex.Decode(v.head[:], []byte(o.Head))
	if !directory && len(list) > 0 && list[0].number != 1 {
		v.check.anchored = false
	}
	number := uint64(1)
	for _, s := range list {
		if directory && s.number != number {
			v.broken(Break{Kind: BreakSegment, File: segmentName(number), Seq: v.check.next})
		}
		number = s.number + 1
		if err := v.file(s); err != nil {
			return Report{}, fmt.Errorf("verify audit log: %w", err)
		}
	}
	return v.end(), nil
}

type verifier struct {
	Report
	want    VerifyOptions
	check   checker
	open    map[string]OpenIntent
	last    [sha256.Size]byte // hash of the last record
	head    [sha256.Size]byte // want.Head
	headSeq uint64
}

func (v *verifier) broken(b Break) {
	if v.First == nil {
		v.First = &b
	}
	v.Breaks++
}

func (v *verifier) file(s source) error {
	f, err := s.open()
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	v.Files++
	lines := newLineReader(f, s.last)
	for {
		line, err := lines.next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, ErrPartialLine):
			v.broken(Break{Kind: BreakTail, File: s.name, Line: lines.n, Seq: v.check.next})
		case errors.Is(err, ErrLineTooLong):
			v.broken(Break{Kind: BreakLine, File: s.name, Line: lines.n, Seq: v.check.next, Detail: err.Error()})
		case err != nil:
			return fmt.Errorf("%s:%d: %w", s.name, lines.n+1, err)
		default:
			v.line(s.name, lines.n, line)
		}
	}
}

func (v *verifier) line(file string, n int, line []byte) {
	first := !v.check.anchored
	h, b := v.check.line(line)
	if b != nil {
		b.File, b.Line = file, n
		v.broken(*b)
		if b.Kind == BreakLine {
			return
		}
	}
	if first && h.Seq == 1 {
		// A renamed first file: the beginning of the chain is known after all.
		again := newChecker()
		if _, b = again.line(line); b != nil {
			b.File, b.Line = file, n
			v.broken(*b)
		}
	} else if first {
		v.Unanchored = true
	}
	if v.Records == 0 {
		v.FirstSeq = h.Seq
	}
	v.Records++
	v.LastSeq, v.last = h.Seq, h.hash
	if v.HeadFound {
		v.AfterHead++
	}
	if b == nil && v.want.Head != "" && v.last == v.head {
		v.HeadFound, v.headSeq = true, h.Seq
	}
	switch h.Type {
	case "TYPE_INTENT":
		if len(v.open) < maxOpen {
			v.open[h.ExecutionID] = OpenIntent{ExecutionID: h.ExecutionID, Seq: h.Seq, File: file, Line: n}
		}
	case "TYPE_END", "TYPE_ABORT":
		delete(v.open, h.ExecutionID)
	}
}

// end compares with what was known and closes the report.
func (v *verifier) end() Report {
	w := v.want
	if v.Records > 0 {
		v.Head = hex.EncodeToString(v.last[:])
	}
	head := Break{Kind: BreakHead, Seq: v.LastSeq, ExpectedSeq: w.Seq, ExpectedHash: w.Head, FoundHash: v.Head}
	switch {
	case w.Head != "" && !v.HeadFound:
		head.Detail = fmt.Sprintf("no good record has the hash %s; the last is record %d", w.Head, v.LastSeq)
		v.broken(head)
	case w.Head != "" && w.Seq != 0 && v.headSeq != w.Seq:
		head.Detail = fmt.Sprintf("the hash %s is record %d's, not record %d's", w.Head, v.headSeq, w.Seq)
		v.broken(head)
	case w.Head == "" && v.LastSeq < w.Seq:
		head.Detail = fmt.Sprintf("the last is record %d, not record %d", v.LastSeq, w.Seq)
		v.broken(head)
	}
	for _, o := range v.open {
		v.Open = append(v.Open, o)
	}
	slices.SortFunc(v.Open, func(a, b OpenIntent) int { return cmp.Compare(a.Seq, b.Seq) })
	return v.Report
}
