package sandbox

import (
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// waiter waits for one child by its pidfd, in Go's poller: no thread of the
// daemon stands blocked for it.
type waiter struct {
	fd   int
	file *os.File
	raw  syscall.RawConn
}

// newWaiter takes the descriptor over, on error too.
func newWaiter(pidfd int) (*waiter, error) {
	// A pidfd has no other flag, and only a nonblocking descriptor is polled.
	if err := unix.SetNonblock(pidfd, true); err != nil {
		_ = unix.Close(pidfd)
		return nil, os.NewSyscallError("fcntl", err)
	}
	file := os.NewFile(uintptr(pidfd), "pidfd")
	raw, err := file.SyscallConn()
	if err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("poll pidfd: %w", err)
	}
	return &waiter{fd: pidfd, file: file, raw: raw}, nil
}

// exited returns when the child is a zombie, and leaves it one.
func (w *waiter) exited() (childStatus, error) {
	var status childStatus
	var failed error
	err := w.raw.Read(func(uintptr) bool {
		status, failed = w.peek(unix.WNOHANG)
		return failed != nil || status.pid != 0
	})
	if failed != nil {
		return childStatus{}, failed
	}
	if err != nil {
		return childStatus{}, fmt.Errorf("poll pidfd: %w", err)
	}
	return status, nil
}

// peek reads the status without taking it.
func (w *waiter) peek(options int) (childStatus, error) {
	status, err := waitid(unix.P_PIDFD, w.fd, unix.WEXITED|unix.WNOWAIT|options, nil)
	if err == nil || options&unix.WNOHANG == 0 {
		return status, err
	}
	if sys, ok := err.(*os.SyscallError); ok && sys.Err == unix.EAGAIN { //nolint:errorlint // made two lines up
		return childStatus{}, nil // how a nonblocking pidfd says "not yet", pidfd_open(2)
	}
	return status, err
}

// reap takes the status of a zombie.
func (w *waiter) reap(usage *unix.Rusage) (childStatus, error) {
	return waitid(unix.P_PIDFD, w.fd, unix.WEXITED|unix.WNOHANG, usage)
}

func (w *waiter) close() { _ = w.file.Close() }

// await waits for the child and takes its status.
func (w *waiter) await() error {
	if _, err := w.exited(); err != nil {
		return err
	}
	_, err := w.reap(nil)
	return err
}
