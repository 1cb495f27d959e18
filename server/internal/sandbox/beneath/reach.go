package beneath

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

// maxLinks is the kernel's own bound (MAXSYMLINKS, path_resolution(7)).
const maxLinks = 40

// Reach opens, with O_PATH, what an absolute path of the policy names. Unlike a
// plain open it follows a symbolic link only where root alone could have put it:
// the link is root's, and no directory up to it can be changed by anybody else
// (in a sticky directory others cannot replace what is root's). Beyond a
// directory that another user can change, a link is an error: ELOOP for a
// symbolic one, EMLINK for a file that has other names. Its owner could point the
// policy at any file of the host.
func Reach(name string) (*os.File, error) {
	f, _, err := reach(name)
	return f, err
}

// reach also reports whether only root can change the way and what is there.
func reach(name string) (f *os.File, trusted bool, err error) {
	w := reacher{rest: strings.Split(strings.Trim(name, "/"), "/")}
	if !path.IsAbs(name) {
		return nil, false, &fs.PathError{Op: "reach", Path: name, Err: unix.EINVAL}
	}
	fd, err := w.walk()
	if err != nil {
		return nil, false, &fs.PathError{Op: "reach", Path: name, Err: err}
	}
	return os.NewFile(uintptr(fd), name), w.trusted, nil
}

// reacher walks from the root directory, one component at a time.
type reacher struct {
	dir     int
	trusted bool // only root can change any directory up to here
	rest    []string
	crossed int
}

func (w *reacher) walk() (int, error) {
	w.dir = -1
	if err := w.enter(unix.AT_FDCWD, "/"); err != nil {
		return -1, err
	}
	for len(w.rest) > 0 {
		name := w.rest[0]
		w.rest = w.rest[1:]
		if name == "" || name == "." {
			continue
		}
		if err := w.enter(w.dir, name); err != nil {
			_ = unix.Close(w.dir)
			return -1, err
		}
	}
	return w.dir, nil
}

// enter makes name, opened in dir, the current place, or follows it when it is a
// link. The first call, for the root directory, begins the chain of trust.
func (w *reacher) enter(dir int, name string) error {
	fd, err := retry(func() (int, error) {
		return unix.Openat(dir, name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	})
	if err != nil {
		return err
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		_ = unix.Close(fd)
		return err
	}
	if st.Mode&unix.S_IFMT == unix.S_IFLNK {
		defer func() { _ = unix.Close(fd) }()
		return w.follow(fd, &st)
	}
	if st.Mode&unix.S_IFMT == unix.S_IFREG && st.Nlink > 1 && !w.trusted {
		_ = unix.Close(fd)
		return unix.EMLINK
	}
	own := st.Uid == 0 && (st.Mode&0o022 == 0 || st.Mode&unix.S_ISVTX != 0)
	w.trusted = own && (w.trusted || name == "/")
	if w.dir >= 0 {
		_ = unix.Close(w.dir)
	}
	w.dir = fd
	return nil
}

func (w *reacher) follow(fd int, st *unix.Stat_t) error {
	if w.crossed++; !w.trusted || st.Uid != 0 || w.crossed > maxLinks {
		return unix.ELOOP
	}
	buf := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(fd, "", buf)
	if err != nil {
		return err
	}
	target := string(buf[:n])
	w.rest = append(strings.Split(strings.Trim(target, "/"), "/"), w.rest...)
	if path.IsAbs(target) {
		return w.enter(unix.AT_FDCWD, "/")
	}
	return nil
}

func retry(open func() (int, error)) (int, error) {
	for {
		fd, err := open()
		if !errors.Is(err, unix.EINTR) {
			return fd, err
		}
	}
}
