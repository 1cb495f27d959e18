package audit

import (
	"bufio"
	"errors"
	"io"
	"time"
)

// MaxLineBytes bounds a line that a reader holds in memory. It is above
// MaxRecordBytes so that a later release may write longer records.
const MaxLineBytes = 256 << 10

// lineReader splits a file into lines, holding at most one line in memory.
type lineReader struct {
	r   *bufio.Reader
	off int64 // bytes up to the end of the last complete line
	n   int   // number of the last line, from 1

	// settle waits for a line that is being written. A reader without the lock can
	// see a part of a write: the kernel extends a file page by page (ext4).
	settle func()
}

// settleTries bounds how often a last line without its end is looked at again.
const settleTries = 5

func newLineReader(r io.Reader, live bool) *lineReader {
	l := &lineReader{r: bufio.NewReaderSize(r, MaxLineBytes+1)}
	if live {
		l.settle = func() { time.Sleep(20 * time.Millisecond) }
	}
	return l
}

// next returns the next line without its newline, valid until the next call, and
// io.EOF after the last. ErrLineTooLong and ErrPartialLine speak of this line;
// after the first, reading goes on behind it. Other errors are the file's.
func (l *lineReader) next() ([]byte, error) {
	line, err := l.r.ReadSlice('\n')
	if err == nil {
		return l.whole(line), nil
	}
	if errors.Is(err, io.EOF) && len(line) > 0 {
		line, err = l.rest(append([]byte(nil), line...))
		if err == nil {
			return l.whole(line), nil
		}
	}
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return nil, l.skip(int64(len(line)))
	case errors.Is(err, io.EOF) && len(line) > 0:
		l.n++
		return line, ErrPartialLine
	}
	return nil, err
}

func (l *lineReader) whole(line []byte) []byte {
	l.n++
	l.off += int64(len(line))
	return line[:len(line)-1]
}

// rest reads on at the end of a file, for a line whose write is under way.
func (l *lineReader) rest(line []byte) ([]byte, error) {
	for range settleTries {
		if l.settle == nil {
			break
		}
		l.settle()
		more, err := l.r.ReadSlice('\n')
		line = append(line, more...)
		if len(line) > MaxLineBytes+1 {
			return line, bufio.ErrBufferFull
		}
		if err == nil || !errors.Is(err, io.EOF) {
			return line, err
		}
	}
	return line, io.EOF
}

// skip passes over the rest of a line that is too long.
func (l *lineReader) skip(n int64) error {
	for {
		part, err := l.r.ReadSlice('\n')
		n += int64(len(part))
		switch {
		case err == nil:
			l.n++
			l.off += n
			return ErrLineTooLong
		case errors.Is(err, io.EOF):
			l.n++
			return ErrPartialLine
		case !errors.Is(err, bufio.ErrBufferFull):
			return err
		}
	}
}
