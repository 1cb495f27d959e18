// Package stdio never waits for the end of a pipe: a descriptor that a command
// handed to a stranger could keep it open for ever. The end of a command is the
// death of its process tree; what lies in the pipe then is read, and not more.
package stdio

import (
	"errors"
	"io"
	"os"
	"sync"
	"syscall"
	"time"
)

// ChunkSize is the most that one call of a sink gets, in bytes: the default
// capacity of a pipe (pipe(7)).
const ChunkSize = 64 << 10

var chunks = sync.Pool{New: func() any { return new([ChunkSize]byte) }}

// Output is one output stream of a command. The read end belongs to Go's
// poller; the write end blocks, as a program expects of its descriptors.
type Output struct {
	r, w *os.File
	// Total counts the bytes read, dropped ones included. Valid after Copy.
	Total uint64
	// Truncated is true when bytes beyond the limit were dropped. Valid after
	// Copy.
	Truncated bool
}

// NewOutput makes the pipe. Close must be called.
func NewOutput() (*Output, error) {
	r, w, err := pipe(0)
	if err != nil {
		return nil, err
	}
	return &Output{r: r, w: w}, nil
}

// pipe returns a close-on-exec pipe of which only the end with index ours, 0 to
// read and 1 to write, is non-blocking and registered with Go's poller. os.Pipe
// would set O_NONBLOCK on both, and a command would see EAGAIN.
func pipe(ours int) (r, w *os.File, err error) {
	var fds [2]int
	if err := syscall.Pipe2(fds[:], syscall.O_CLOEXEC); err != nil {
		return nil, nil, os.NewSyscallError("pipe2", err)
	}
	err = syscall.SetNonblock(fds[ours], true)
	// NewFile looks at O_NONBLOCK to decide who waits, the poller or a thread.
	r, w = os.NewFile(uintptr(fds[0]), "|r"), os.NewFile(uintptr(fds[1]), "|w")
	if err != nil {
		return nil, nil, errors.Join(os.NewSyscallError("fcntl", err), r.Close(), w.Close())
	}
	return r, w, nil
}

// Writer is the write end, for the launch.
func (o *Output) Writer() *os.File { return o.w }

// Launched closes our copy of the write end: the command has its own.
func (o *Output) Launched() { _ = o.w.Close() }

// Copy hands what the command writes to sink, up to limit bytes, and reads and
// drops the rest, so that a command is never stopped by its own output. It ends
// when the pipe ends or TreeDead was called. When sink fails, the rest is
// dropped and its error is returned. The slice is valid during the call only.
func (o *Output) Copy(limit int64, sink func([]byte) error) error {
	buf, _ := chunks.Get().(*[ChunkSize]byte)
	defer chunks.Put(buf)
	var sinkErr error
	read := o.r.Read
	for {
		n, err := read(buf[:])
		if n > 0 {
			o.Total += uint64(n)
			keep := min(int64(n), limit)
			limit -= keep
			o.Truncated = o.Truncated || keep < int64(n)
			if keep > 0 && sinkErr == nil {
				sinkErr = sink(buf[:keep])
			}
		}
		switch {
		case err == nil:
		case errors.Is(err, os.ErrDeadlineExceeded):
			read = o.readNow
		case errors.Is(err, io.EOF):
			return sinkErr
		default:
			return errors.Join(sinkErr, err)
		}
	}
}

// TreeDead makes Copy end as soon as the pipe is empty.
func (o *Output) TreeDead() {
	// An error means that Copy has closed it or is about to see the end.
	_ = o.r.SetReadDeadline(time.Unix(1, 0))
}

// readNow reads what is there and reports io.EOF where a read would wait.
func (o *Output) readNow(p []byte) (n int, err error) {
	if err := o.r.SetReadDeadline(time.Time{}); err != nil {
		return 0, err
	}
	raw, err := o.r.SyscallConn()
	if err != nil {
		return 0, err
	}
	var errno error
	if err := raw.Read(func(fd uintptr) bool {
		for {
			if n, errno = syscall.Read(int(fd), p); !errors.Is(errno, syscall.EINTR) {
				return true
			}
		}
	}); err != nil {
		return 0, err
	}
	if n <= 0 || errno != nil {
		return 0, io.EOF
	}
	return n, nil
}

// Close releases both ends. Copy must have returned or never been called.
func (o *Output) Close() {
	_ = o.r.Close()
	_ = o.w.Close()
}
