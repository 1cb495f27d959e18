package audit

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"syscall"
)

// open opens a regular file that only we or root could have written. The caller
// closes it.
func (d *directory) open(name string, flags int) (*file, error) {
	const always = syscall.O_CLOEXEC | syscall.O_NOFOLLOW | syscall.O_NONBLOCK
	fd, err := syscall.Openat(int(d.f.Fd()), name, flags|always, 0o600)
	for errors.Is(err, syscall.EINTR) {
		fd, err = syscall.Openat(int(d.f.Fd()), name, flags|always, 0o600)
	}
	if err != nil {
		return nil, &fs.PathError{Op: "openat", Path: name, Err: err}
	}
	// O_NONBLOCK was for the open: on a FIFO it would wait for ever.
	if err := syscall.SetNonblock(fd, false); err != nil {
		_ = syscall.Close(fd)
		return nil, os.NewSyscallError("fcntl", err)
	}
	f := &file{File: os.NewFile(uintptr(fd), name), dir: d.f}
	info, err := f.Stat()
	if err == nil {
		err = checkOwner(info)
	}
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%q is not a regular file", name)
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

func (d *directory) create(name string) (segment, error) {
	return d.append(name, syscall.O_CREAT|syscall.O_EXCL)
}

func (d *directory) reopen(name string) (segment, error) { return d.append(name, 0) }

func (d *directory) append(name string, flags int) (segment, error) {
	f, err := d.open(name, syscall.O_WRONLY|syscall.O_APPEND|flags)
	if err != nil {
		return nil, err // a nil *file in the interface would not be nil
	}
	return f, nil
}

// file is a file in a directory.
type file struct {
	*os.File
	dir *os.File
}

// datasync puts data and length on the disk (fdatasync(2)).
func (f *file) datasync() error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	if err := conn.Control(func(fd uintptr) {
		for failed = syscall.EINTR; errors.Is(failed, syscall.EINTR); {
			failed = syscall.Fdatasync(int(fd))
		}
	}); err != nil {
		return fs.ErrClosed // all that Control itself can say, in words of its own
	}
	return os.NewSyscallError("fdatasync", failed)
}

func (f *file) size() (int64, error) {
	ours, err := f.Stat()
	if err != nil {
		return 0, err
	}
	// By the descriptor of the directory, which package syscall has no fstatat for.
	named, err := os.Lstat("/proc/self/fd/" + strconv.Itoa(int(f.dir.Fd())) + "/" + f.Name())
	if err != nil {
		return 0, err
	}
	if !os.SameFile(ours, named) {
		return 0, errSegmentChanged
	}
	return ours.Size(), nil
}

func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
