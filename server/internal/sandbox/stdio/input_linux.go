package stdio

import (
	"errors"
	"io"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// Sealed returns a descriptor from which exactly data can be read, from its
// start, and which nobody can write to (memfd_create(2), sealing in fcntl(2)).
func Sealed(data []byte) (*os.File, error) {
	// It must not be executed: Landlock does not govern memfds. The flag is of
	// Linux 6.3; before, and for whoever opens it anew, the mode says so.
	fd, err := unix.MemfdCreate("stdin", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING|unix.MFD_NOEXEC_SEAL)
	if errors.Is(err, unix.EINVAL) {
		fd, err = unix.MemfdCreate("stdin", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	}
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	f := os.NewFile(uintptr(fd), "stdin")
	_, err = f.WriteAt(data, 0)
	if err == nil {
		err = f.Chmod(0o444)
	}
	if err == nil {
		_, err = unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_WRITE|unix.F_SEAL_GROW|unix.F_SEAL_SHRINK|unix.F_SEAL_SEAL)
		err = os.NewSyscallError("fcntl F_ADD_SEALS", err)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Input is standard input that arrives while the command runs.
type Input struct {
	r, w *os.File
}

// NewInput makes the pipe. Close must be called.
func NewInput() (*Input, error) {
	r, w, err := pipe(1)
	if err != nil {
		return nil, err
	}
	return &Input{r: r, w: w}, nil
}

// Reader is the read end, for the launch.
func (in *Input) Reader() *os.File { return in.r }

// Launched closes our copy of the read end: a command that closes its own, or
// ends, makes Write fail with EPIPE.
func (in *Input) Launched() { _ = in.r.Close() }

// Write hands bytes to the command. It returns io.ErrClosedPipe when the command
// reads no more, which is not an error of the caller's.
func (in *Input) Write(p []byte) (int, error) {
	n, err := in.w.Write(p)
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, os.ErrClosed) {
		return n, io.ErrClosedPipe
	}
	return n, err
}

// CloseWrite ends the input. It may be called at any time, more than once.
func (in *Input) CloseWrite() { _ = in.w.Close() }

// Close releases both ends and wakes a Write that waits.
func (in *Input) Close() {
	_ = in.w.Close()
	_ = in.r.Close()
}
