package program

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// OpenTrusted opens a regular file for reading that only root can have written:
// root owns it and every directory above it, none is writable by others (sticky
// directories excepted), no component is a symbolic link, and the file has no
// other name. The caller closes it. Errors are [ErrMissing] and
// [*UntrustedError]; any other means that the system failed.
//
// Preconditions: a caller that reads the file looks at its identity before and
// after, or uses [ReadTrusted], which does.
func OpenTrusted(path string) (*os.File, error) {
	return retry(path, func() (*os.File, error) {
		end, err := walk(path, false, unix.S_IFREG)
		if err != nil {
			return nil, err
		}
		defer end.close()
		if end.stat.Nlink != 1 {
			return nil, &UntrustedError{
				Path: path, Component: path,
				Why: fmt.Sprintf("has %d names (hard links)", end.stat.Nlink),
			}
		}
		return end.read(path)
	})
}

// OpenTrustedDir opens a directory under the same conditions, for reading its
// entries. The caller closes it.
func OpenTrustedDir(path string) (*os.File, error) {
	return retry(path, func() (*os.File, error) {
		end, err := walk(path, false, unix.S_IFDIR)
		if err != nil {
			return nil, err
		}
		defer end.close()
		return end.read(path)
	})
}

// ReadTrusted reads a whole trusted file of at most limit bytes. A file that
// changes while it is read is an error: half of a policy may mean the opposite
// of the whole.
func ReadTrusted(path string, limit int64) ([]byte, error) {
	file, err := OpenTrusted(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // read only: nothing can be lost
	if err := leaseForReading(file); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return readStable(file, path, limit)
}

// leaseForReading keeps the content from changing until the file is closed: the
// lease is refused while anybody has the file open for writing, and holds up
// whoever opens or truncates it meanwhile (F_SETLEASE in fcntl(2); the signal
// that tells of it is SIGIO, which Go ignores). Looking at the times is not
// enough: a write that is under way has set them already. Where a file system
// has no leases, the times are what is left.
func leaseForReading(file *os.File) error {
	_, err := unix.FcntlInt(file.Fd(), unix.F_SETLEASE, unix.F_RDLCK)
	if errors.Is(err, unix.EAGAIN) {
		return errors.New("the file is open for writing")
	}
	return nil
}

// readStable compares identity and mtime before and after.
func readStable(file *os.File, path string, limit int64) ([]byte, error) {
	var before, after unix.Stat_t
	if err := unix.Fstat(int(file.Fd()), &before); err != nil {
		return nil, os.NewSyscallError("fstat", err)
	}
	if before.Size > limit {
		return nil, fmt.Errorf("%s has %d bytes; the limit is %d", path, before.Size, limit)
	}
	content, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if err := unix.Fstat(int(file.Fd()), &after); err != nil {
		return nil, os.NewSyscallError("fstat", err)
	}
	// The length on its own: files of procfs and sysfs have none, and are refused.
	if identity(&before) != identity(&after) || before.Mtim != after.Mtim || int64(len(content)) != after.Size {
		return nil, fmt.Errorf("%s changed while it was read", path)
	}
	return content, nil
}

// retry repeats what met an upgrade.
func retry(path string, f func() (*os.File, error)) (*os.File, error) {
	var err error
	for range attempts {
		var file *os.File
		if file, err = f(); !errors.Is(err, errMoved) {
			return file, err
		}
	}
	return nil, fmt.Errorf("%s: %w", path, err)
}
