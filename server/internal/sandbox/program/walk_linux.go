package program

import (
	"errors"
	"fmt"
	"os"
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

// maxLinks is the kernel's own bound (MAXSYMLINKS, path_resolution(7)).
const maxLinks = 40

// maxPath is PATH_MAX without its NUL.
const maxPath = 4095

// fuseMagic is FUSE_SUPER_MAGIC (include/uapi/linux/magic.h).
const fuseMagic = 0x65735546

// found is the end of a walk: the file, and the directory that holds it.
type found struct {
	parent, file int // O_PATH descriptors
	name         string
	stat         unix.Stat_t
	resolved     string
}

func (f *found) close() {
	_ = unix.Close(f.parent)
	_ = unix.Close(f.file)
}

// walker resolves one path. dir is the directory reached so far, open as O_PATH
// and checked; rest are the components to come.
type walker struct {
	path    string
	links   bool // follow them; otherwise they are refused
	want    uint32
	dir     int
	at      string // the path of dir
	sticky  bool   // others may make entries in dir
	rest    []string
	crossed int
}

// walk opens path and everything on the way to it. want is the type of the file
// at the end, S_IFREG or S_IFDIR. The caller closes the result.
func walk(name string, links bool, want uint32) (*found, error) {
	if !path.IsAbs(name) || path.Clean(name) != name || name == "/" || len(name) > maxPath || strings.ContainsRune(name, 0) {
		return nil, &UntrustedError{Path: name, Component: name, Why: "is not an absolute, clean path of a file"}
	}
	w := &walker{path: name, links: links, want: want, dir: -1, rest: strings.Split(name[1:], "/")}
	end, err := w.run()
	if err != nil {
		if w.dir >= 0 {
			_ = unix.Close(w.dir)
		}
		return nil, err
	}
	return end, nil
}

func (w *walker) run() (*found, error) {
	if err := w.restart(); err != nil {
		return nil, err
	}
	for {
		if end, err := w.step(); end != nil || err != nil {
			return end, err
		}
	}
}

// restart goes to the root directory.
func (w *walker) restart() error {
	if w.dir >= 0 {
		_ = unix.Close(w.dir)
		w.dir = -1
	}
	fd, err := openat(unix.AT_FDCWD, "/", unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return fmt.Errorf("open /: %w", err)
	}
	w.dir = fd
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return os.NewSyscallError("fstat", err)
	}
	return w.enter(fd, "/", &st)
}

// enter makes a directory the current one after looking at it.
func (w *walker) enter(fd int, at string, st *unix.Stat_t) error {
	if why := directoryFault(st); why != "" {
		return &UntrustedError{Path: w.path, Component: at, Why: why}
	}
	w.dir, w.at, w.sticky = fd, at, st.Mode&0o022 != 0
	return nil
}

// step takes the next component. It returns the end of the walk when there is
// no further one.
func (w *walker) step() (*found, error) {
	name := w.rest[0]
	at := path.Join(w.at, name)
	fd, err := openat(w.dir, name, unix.O_PATH|unix.O_NOFOLLOW)
	if err != nil {
		if errors.Is(err, unix.ENOENT) {
			return nil, fmt.Errorf("%w: %s", ErrMissing, at)
		}
		return nil, fmt.Errorf("open %s: %w", at, err)
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		_ = unix.Close(fd)
		return nil, os.NewSyscallError("fstat", err)
	}
	if len(w.rest) == 1 && st.Mode&unix.S_IFMT != unix.S_IFLNK {
		if err := w.last(fd, at, &st); err != nil {
			_ = unix.Close(fd)
			return nil, err
		}
		return &found{parent: w.dir, file: fd, name: name, stat: st, resolved: at}, nil
	}
	w.rest = w.rest[1:]
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFLNK:
		defer func() { _ = unix.Close(fd) }() // read already: nothing can be lost
		return nil, w.follow(fd, at, &st)
	case unix.S_IFDIR:
		old := w.dir
		if err := w.enter(fd, at, &st); err != nil {
			_ = unix.Close(fd)
			return nil, err
		}
		return nil, unix.Close(old)
	}
	_ = unix.Close(fd)
	return nil, &UntrustedError{Path: w.path, Component: at, Why: "is not a directory"}
}

// last checks the file at the end.
func (w *walker) last(fd int, at string, st *unix.Stat_t) error {
	why := ""
	switch {
	case st.Mode&unix.S_IFMT != w.want && w.want == unix.S_IFDIR:
		why = "is not a directory"
	case w.want == unix.S_IFDIR:
		why = directoryFault(st)
	default:
		why = fileFault(st)
	}
	if why == "" && w.want == unix.S_IFREG && w.sticky && st.Nlink != 1 {
		// Where others may make entries, one of them can be a hard link to
		// any file of root's, such as an old version of a program.
		why = "has other names and stands in a directory that others can write"
	}
	if why == "" && onFUSE(fd) {
		why = "is on a FUSE file system: the process that serves it can change it at any time"
	}
	if why == "" {
		return nil
	}
	return &UntrustedError{Path: w.path, Component: at, Why: why}
}

// follow puts the target of a link in front of what is still to come.
func (w *walker) follow(fd int, at string, st *unix.Stat_t) error {
	refuse := func(why string) error {
		return &UntrustedError{Path: w.path, Component: at, Why: why}
	}
	if !w.links {
		return refuse("is a symbolic link")
	}
	if st.Uid != 0 {
		return refuse(fmt.Sprintf("is a symbolic link owned by uid %d", st.Uid))
	}
	if w.crossed++; w.crossed > maxLinks {
		return refuse(fmt.Sprintf("is behind more than %d symbolic links", maxLinks))
	}
	buf := make([]byte, maxPath+1)
	n, err := unix.Readlinkat(fd, "", buf)
	if err != nil {
		return fmt.Errorf("read link %s: %w", at, err)
	}
	target := string(buf[:n])
	if n == 0 || n > maxPath {
		return refuse("is a symbolic link without a usable target")
	}
	var parts []string
	for part := range strings.SplitSeq(target, "/") {
		if part != "" && part != "." {
			parts = append(parts, part)
		}
	}
	w.rest = append(parts, w.rest...)
	if len(w.rest) == 0 || w.rest[len(w.rest)-1] == ".." || strings.HasSuffix(target, "/") && len(w.rest) == len(parts) {
		return refuse("leads to a directory")
	}
	if path.IsAbs(target) {
		return w.restart()
	}
	return nil
}

// directoryFault says what is wrong with a directory on the way, if anything.
func directoryFault(st *unix.Stat_t) string {
	switch {
	case st.Uid != 0:
		return fmt.Sprintf("is owned by uid %d: its owner can replace what is in it", st.Uid)
	case st.Mode&0o022 != 0 && st.Mode&unix.S_ISVTX == 0:
		return fmt.Sprintf("is writable by its group or by others (mode %04o)", st.Mode&0o7777)
	}
	return ""
}

// fileFault says what is wrong with a file, if anything.
func fileFault(st *unix.Stat_t) string {
	switch {
	case st.Mode&unix.S_IFMT != unix.S_IFREG:
		return "is not a regular file"
	case st.Uid != 0:
		return fmt.Sprintf("is owned by uid %d", st.Uid)
	case st.Mode&0o022 != 0:
		return fmt.Sprintf("is writable by its group or by others (mode %04o)", st.Mode&0o7777)
	}
	return ""
}

// onFUSE errs on the safe side: what cannot be asked is refused.
func onFUSE(fd int) bool {
	var fs unix.Statfs_t
	return unix.Fstatfs(fd, &fs) != nil || uint32(fs.Type) == fuseMagic
}

// openat retries what a signal interrupted: file systems may sleep in it.
func openat(dir int, name string, flags int) (int, error) {
	for {
		fd, err := unix.Openat(dir, name, flags|unix.O_CLOEXEC, 0)
		if !errors.Is(err, unix.EINTR) {
			return fd, err
		}
	}
}
