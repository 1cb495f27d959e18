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
	r    *bufio.Reader
	off  int64 // bytes up to the end of the last complete line
	n    int   // number of the last line, from 1
	long []byte

	// settle waits for a line that is being written. A reader without the lock can
	// see a part of a write: the kernel extends a file page by page (ext4).
	settle func()
}

// settleTries bounds how often a last line without its end is looked at again.
const settleTries = 5

func newLineReader(r io.Reader, live bool) *lineReader {
	l := &lineReader{r: bufio.NewReaderSize(r, 8<<10)}
	if live {
		l.settle = func() { time.Sleep(20 * time.Millisecond) }
	}
	return l
}

// next returns the next line without its newline, valid until the next call, and
// io.EOF after the last. ErrLineTooLong and ErrPartialLine speak of this line;
// reading goes on behind it. Other errors are the file's.
func (l *lineReader) next() ([]byte, error) {
	line, err := l.r.ReadSlice('\n')
	size := int64(len(line))
	if size > 0 && err != nil {
		line, size, err = l.collect(line, err)
	}
	switch {
	case errors.Is(err, io.EOF) && size > 0:
		l.n++
		return nil, ErrPartialLine
	case err != nil:
		return nil, err
	}
	l.n++
	l.off += size
	if size > MaxLineBytes+1 {
		return nil, ErrLineTooLong
	}
	return line[:size-1], nil
}

// collect reads the rest of a line that was not whole in the buffer, err saying
// why. Beyond the bound it counts only.
func (l *lineReader) collect(part []byte, err error) (line []byte, size int64, _ error) {
	l.long = l.long[:0]
	for tries := 0; ; {
		size += int64(len(part))
		if size <= MaxLineBytes+1 {
			l.long = append(l.long, part...)
		}
		switch {
		case err == nil:
			return l.long, size, nil
		case errors.Is(err, io.EOF) && l.settle != nil && tries < settleTries:
			tries++
			l.settle()
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, size, err
		}
		part, err = l.r.ReadSlice('\n')
	}
}
