package audit

import (
	"bytes"
	"errors"
	"io"
	"syscall"
)

// scan is what one segment holds.
type scan struct {
	last    header
	size    int64 // complete lines
	torn    int64 // bytes behind them
	started bool
	intents map[string]header   // open at the end of this segment
	ends    map[string]struct{} // ended here, begun in an earlier one
}

// scan reads a segment. With verify it checks the chain, anchored in the segment
// before where that is still there.
func (d *directory) scan(number uint64, verify bool) (scan, error) {
	s := scan{intents: make(map[string]header), ends: make(map[string]struct{})}
	check, err := d.anchor(number, verify)
	if err != nil {
		return s, err
	}
	f, err := d.open(segmentName(number), syscall.O_RDONLY)
	if err != nil {
		return s, err
	}
	defer func() { _ = f.Close() }()
	lines := newLineReader(f, false)
	for {
		line, err := lines.next()
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, ErrPartialLine):
			info, err := f.Stat()
			if err != nil {
				return s, err
			}
			s.size, s.torn = lines.off, info.Size()-lines.off
			return s, nil
		case errors.Is(err, ErrLineTooLong):
			if verify {
				return s, &BrokenError{Break{Kind: BreakLine, File: f.Name(), Line: lines.n, Seq: check.next, Detail: err.Error()}}
			}
			continue
		case err != nil:
			return s, err
		}
		h, b := check.line(line)
		if verify && b != nil {
			b.File, b.Line = f.Name(), lines.n
			return s, &BrokenError{*b}
		}
		s.note(h)
	}
}

func (s *scan) note(h header) {
	s.last = h
	switch h.Type {
	case "TYPE_START":
		s.started = true
		// Whatever was open before has its ABORT before this record: Open wrote it.
		clear(s.intents)
		clear(s.ends)
	case "TYPE_INTENT":
		s.intents[h.ExecutionID] = h
	case "TYPE_END", "TYPE_ABORT":
		if _, here := s.intents[h.ExecutionID]; !here {
			s.ends[h.ExecutionID] = struct{}{}
		}
		delete(s.intents, h.ExecutionID)
	}
}

// anchor returns a checker for the first record of segment number.
func (d *directory) anchor(number uint64, verify bool) (checker, error) {
	for verify && number > 1 {
		number--
		last, err := d.lastLine(segmentName(number))
		switch {
		case errors.Is(err, syscall.ENOENT):
			return checker{}, nil // moved to an archive: Verify will want it back
		case err != nil:
			return checker{}, err
		case last == nil:
			continue // a segment that was given up before its first record
		}
		var c checker
		if h, b := c.line(last); b != nil || h.Seq == 0 {
			return c, &BrokenError{Break{Kind: BreakTail, File: segmentName(number), Detail: "its last line is no record"}}
		}
		return c, nil
	}
	if number > 1 {
		return checker{}, nil
	}
	return newChecker(), nil
}

// lastLine returns the last line of a file: nil when the file is empty, and with
// what stands behind it when that is no line.
func (d *directory) lastLine(name string) ([]byte, error) {
	f, err := d.open(name, syscall.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return nil, err
	}
	tail := make([]byte, min(info.Size(), MaxLineBytes+1))
	if _, err := f.ReadAt(tail, info.Size()-int64(len(tail))); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	tail = bytes.TrimSuffix(tail, []byte("\n"))
	return tail[bytes.LastIndexByte(tail, '\n')+1:], nil
}
