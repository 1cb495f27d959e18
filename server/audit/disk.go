package audit

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// disk and segment are what a Writer asks of the file system. Tests put errors
// there that no test machine's disk gives.
type disk interface {
	create(name string) (segment, error) // new; an existing name is an error
	reopen(name string) (segment, error) // to append
	remove(name string) error
	sync() error           // of names
	free() (uint64, error) // bytes
}

type segment interface {
	io.WriteCloser
	Truncate(size int64) error
	datasync() error
	// size returns the length, or an error when name leads elsewhere.
	size() (int64, error)
}

// directory is the directory of the log, locked. All names are looked up from its
// descriptor, so that nobody can put another in its place.
type directory struct{ f *os.File }

// openDirectory opens and locks the directory, and makes it when it is absent.
func openDirectory(path string) (*directory, error) {
	err := os.Mkdir(path, 0o700)
	if err == nil {
		err = syncPath(filepath.Dir(filepath.Clean(path)))
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return nil, err
	}
	d := &directory{f}
	if err := d.check(); err != nil {
		_ = f.Close()
		return nil, err
	}
	return d, nil
}

func (d *directory) check() error {
	info, err := d.f.Stat()
	if err != nil {
		return err
	}
	if err := checkOwner(info); err != nil {
		return err
	}
	// The lock belongs to the open file description (flock(2)): it ends with the
	// last descriptor, so no process may be left holding a copy.
	err = syscall.Flock(int(d.f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return ErrLocked
	}
	return os.NewSyscallError("flock", err)
}

// checkOwner refuses what another user than root or our own could have written.
func checkOwner(info fs.FileInfo) error {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || (st.Uid != 0 && int64(st.Uid) != int64(os.Geteuid())) {
		return fmt.Errorf("%q belongs to another user", info.Name())
	}
	if info.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("%q can be written by others (mode %04o)", info.Name(), info.Mode().Perm())
	}
	return nil
}

func (d *directory) close() error { return d.f.Close() }

// names returns the segments' numbers in order, and all names.
func (d *directory) names() (segments []uint64, all []string, err error) {
	// The descriptor has a position; a listing must start at the beginning.
	if _, err := d.f.Seek(0, io.SeekStart); err != nil {
		return nil, nil, err
	}
	all, err = d.f.Readdirnames(-1)
	slices.Sort(all)
	return segmentNumbers(all), all, err
}

func (d *directory) remove(name string) error {
	return os.NewSyscallError("unlinkat", syscall.Unlinkat(int(d.f.Fd()), name))
}

func (d *directory) sync() error { return d.f.Sync() }

// free returns the bytes that we may still write. Root's include the reserved
// blocks, so that a user who fills the disk does not stop the log with it.
func (d *directory) free() (uint64, error) {
	var st syscall.Statfs_t
	if err := syscall.Fstatfs(int(d.f.Fd()), &st); err != nil {
		return 0, os.NewSyscallError("fstatfs", err)
	}
	blocks := st.Bavail
	if os.Geteuid() == 0 {
		blocks = st.Bfree
	}
	return blocks * uint64(max(st.Bsize, 0)), nil
}
