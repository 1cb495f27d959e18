package audit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Entry is a record as it stands in the log.
type Entry struct {
	Record
	Hash string `json:"h"` // 64 hexadecimal digits, as found
	File string `json:"-"` // base name
	Num  int    `json:"-"` // line in File, from 1
	Raw  []byte `json:"-"` // the line without newline; valid until the next call of Next
}

// Reader streams the records of a log in order. It checks no hash and no sequence
// (see Verify), and strings in what it returns are as the caller of rootgate made
// them: show them with AppendQuoted. It is not safe for concurrent use.
type Reader struct {
	list  []source
	file  io.ReadCloser
	lines *lineReader
	name  string
}

// OpenReader opens the log at path, a directory or one file.
func OpenReader(path string) (*Reader, error) {
	list, _, err := sources(path)
	if err != nil {
		return nil, fmt.Errorf("read audit log: %w", err)
	}
	return &Reader{list: list}, nil
}

// Next returns the next record, and io.EOF after the last. A LineError speaks of
// one line, and the next call goes on behind it; any other error is final.
// Memory is bounded by MaxLineBytes and the decoded record.
func (r *Reader) Next() (Entry, error) {
	for {
		if r.file == nil {
			if err := r.advance(); err != nil {
				return Entry{}, err
			}
		}
		line, err := r.lines.next()
		switch {
		case errors.Is(err, io.EOF):
			if err := r.Close(); err != nil {
				return Entry{}, fmt.Errorf("read audit log: %w", err)
			}
			continue
		case errors.Is(err, ErrPartialLine), errors.Is(err, ErrLineTooLong):
			return Entry{}, &LineError{File: r.name, Line: r.lines.n, Err: err}
		case err != nil:
			return Entry{}, fmt.Errorf("read audit log: %s: %w", r.name, err)
		}
		e := Entry{File: r.name, Num: r.lines.n, Raw: line}
		if err := decode(line, &e); err != nil {
			return Entry{}, &LineError{File: r.name, Line: r.lines.n, Err: fmt.Errorf("%w: %w", ErrNotRecord, err)}
		}
		return e, nil
	}
}

// decode fills e from a line. Fields that this release does not know are passed
// over, so that an old command can show a new log.
func decode(line []byte, e *Entry) error {
	if err := json.Unmarshal(line, e); err != nil {
		return err
	}
	switch {
	case e.Type == TypeUnspecified:
		return errors.New("no type")
	case e.Seq == 0:
		return errors.New("no seq")
	}
	return nil
}

func (r *Reader) advance() error {
	if len(r.list) == 0 {
		return io.EOF
	}
	s := r.list[0]
	r.list = r.list[1:]
	f, err := s.open()
	if err != nil {
		return fmt.Errorf("read audit log: %w", err)
	}
	r.file, r.name, r.lines = f, s.name, newLineReader(f, s.last)
	return nil
}

// Close closes the file that is open. It may be called more than once.
func (r *Reader) Close() error {
	if r.file == nil {
		return nil
	}
	f := r.file
	r.file, r.lines = nil, nil
	return f.Close()
}
