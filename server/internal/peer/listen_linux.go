package peer

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/rootgate-project/rootgate/server/internal/sandbox/program"
)

// Socket is the listening socket. Close removes it.
type Socket struct {
	*net.UnixListener
	dir  *os.File // O_PATH of its directory
	name string
	lock *os.File
}

// Listen makes the socket at path, which only root and the group can connect to
// from the moment that it exists. The directory is made, root:group 0750, where
// it is absent; otherwise it must be root's and writable by nobody else. A
// socket that a dead server left is replaced; anything else at path is refused
// and left alone. A lock beside the socket decides between two servers.
func Listen(path string, gid uint32) (*Socket, error) {
	s := &Socket{name: filepath.Base(path)}
	if err := s.open(filepath.Dir(path), gid); err != nil {
		_ = s.Close()
		return nil, fmt.Errorf("listen on %s: %w", path, err)
	}
	return s, nil
}

func (s *Socket) open(dir string, gid uint32) (err error) {
	if err := makeDir(dir, gid); err != nil {
		return err
	}
	// Everything below goes through this descriptor: renaming the directory
	// leads nowhere else.
	if s.dir, err = program.OpenTrustedDir(dir); err != nil {
		return err
	}
	if err := s.takeLock(); err != nil {
		return err
	}
	if err := s.removeStale(); err != nil {
		return err
	}
	if err := s.bind(); err != nil {
		return err
	}
	return os.NewSyscallError("fchownat", unix.Fchownat(int(s.dir.Fd()), s.name, 0, int(gid), unix.AT_SYMLINK_NOFOLLOW))
}

func makeDir(dir string, gid uint32) error {
	err := os.Mkdir(dir, 0o750)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := os.Chown(dir, 0, int(gid)); err != nil {
		return err
	}
	return os.Chmod(dir, 0o750) //nolint:gosec // G302: members of the group must enter, whatever the umask
}

// at is a path to name by way of the directory's descriptor.
func (s *Socket) at(name string) string {
	return "/proc/self/fd/" + strconv.Itoa(int(s.dir.Fd())) + "/" + name
}

func (s *Socket) takeLock() error {
	fd, err := unix.Openat(int(s.dir.Fd()), s.name+".lock", unix.O_RDWR|unix.O_CREAT|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return os.NewSyscallError("openat lock", err)
	}
	s.lock = os.NewFile(uintptr(fd), s.name+".lock")
	if err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return fmt.Errorf("another server holds %s.lock: %w", s.name, err)
	}
	return nil
}

// removeStale removes a socket on which nobody listens. With the lock held that
// can only be a dead server's.
func (s *Socket) removeStale() error {
	var st unix.Stat_t
	err := unix.Fstatat(int(s.dir.Fd()), s.name, &st, unix.AT_SYMLINK_NOFOLLOW)
	switch {
	case errors.Is(err, unix.ENOENT):
		return nil
	case err != nil:
		return os.NewSyscallError("fstatat", err)
	case st.Mode&unix.S_IFMT != unix.S_IFSOCK:
		return errors.New("something that is no socket stands there")
	case st.Uid != 0:
		return fmt.Errorf("a socket of uid %d stands there", st.Uid)
	}
	c, err := net.DialUnix("unix", nil, &net.UnixAddr{Net: "unix", Name: s.at(s.name)})
	if err == nil {
		_ = c.Close()
		return errors.New("another program listens there")
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return err
	}
	return os.NewSyscallError("unlinkat", unix.Unlinkat(int(s.dir.Fd()), s.name, 0))
}

// bind makes the socket with mode 0660 from birth. Preconditions: nothing else
// in the process creates files, as the umask is the whole process's.
func (s *Socket) bind() (err error) {
	old := unix.Umask(0o117)
	defer unix.Umask(old)
	s.UnixListener, err = net.ListenUnix("unix", &net.UnixAddr{Net: "unix", Name: s.at(s.name)})
	if err != nil {
		return err
	}
	// The path that it was bound to is gone with the descriptor: Close removes
	// it by its directory instead.
	s.SetUnlinkOnClose(false)
	return nil
}

// Close stops listening and removes the socket, but not the lock: removing that
// would let two servers hold two locks.
func (s *Socket) Close() error {
	var errs []error
	if s.UnixListener != nil {
		errs = append(errs, ignoreClosed(unwrapClosed(s.UnixListener.Close())))
		errs = append(errs, os.NewSyscallError("unlinkat", unix.Unlinkat(int(s.dir.Fd()), s.name, 0)))
	}
	for _, f := range []*os.File{s.dir, s.lock} {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	return errors.Join(errs...)
}

func unwrapClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
