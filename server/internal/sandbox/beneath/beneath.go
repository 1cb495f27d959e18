// Package beneath refuses to leave a directory: a name is resolved by the kernel
// in one step, below a directory that the policy named, and a symbolic link or a
// magic link anywhere in it is an error. O_NOFOLLOW alone would guard only the
// last component (openat2(2), Linux 5.6).
package beneath

import (
	"fmt"
	"io/fs"
	"os"
	"path"

	"golang.org/x/sys/unix"
)

// File is an open descriptor and the facts of its inode at that moment.
type File struct {
	*os.File
	// Mode holds the type of the inode; see fs.FileMode.
	Mode fs.FileMode
	// Links is the number of hard links.
	Links uint64
	// Sole is false for a regular file with other names that somebody other than
	// root could have given it: such a name may stand for any file of the host.
	Sole bool
	// UID owns the inode.
	UID uint32
	// Namespace is true for a namespace file (nsfs), as ip-netns(8) mounts them.
	Namespace bool
}

// How says what the descriptor is for.
type How int

// The uses of a descriptor.
const (
	// Reference opens with O_PATH: nothing can be read or written through it,
	// and a FIFO or device is not touched.
	Reference How = iota
	// Directory opens a directory with O_PATH.
	Directory
	// Namespace opens a namespace file for setns(2).
	Namespace
)

// Open resolves name, relative and clean, below root. Root itself is the
// policy's and is reached as Reach does. Errors wrap the kernel's: ELOOP for a
// symbolic link, EXDEV for a name that would climb out, ENOENT, ENOTDIR.
func Open(root, name string, how How) (*File, error) {
	top, err := Reach(root)
	if err != nil {
		return nil, err
	}
	defer func() { _ = top.Close() }()
	dir := int(top.Fd())
	flags := uint64(unix.O_CLOEXEC)
	switch how {
	case Reference:
		flags |= unix.O_PATH
	case Directory:
		flags |= unix.O_PATH | unix.O_DIRECTORY
	case Namespace:
		// An ordinary open of a FIFO would block: nsfs is checked below, and
		// O_NONBLOCK means nothing to it.
		flags |= unix.O_RDONLY | unix.O_NONBLOCK | unix.O_NOCTTY
	}
	fd, err := openat2(dir, name, flags)
	if err != nil {
		return nil, &fs.PathError{Op: "openat2", Path: root + "/" + name, Err: err}
	}
	f := os.NewFile(uintptr(fd), name)
	file, err := describe(fd, f)
	if err == nil {
		file.Sole = !file.Mode.IsRegular() || file.Links == 1 || onlyRootNames(path.Join(root, path.Dir(name)))
	}
	if err == nil && how == Namespace && !file.Namespace {
		err = fmt.Errorf("%s/%s is not a namespace", root, name)
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return file, nil
}

// onlyRootNames reports whether only root can make names in a directory. A sticky
// directory does not qualify: everybody can make new ones there.
func onlyRootNames(dir string) bool {
	f, trusted, err := reach(dir)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	var st unix.Stat_t
	return unix.Fstat(int(f.Fd()), &st) == nil && trusted && st.Mode&0o022 == 0
}

func openat2(dir int, name string, flags uint64) (int, error) {
	how := unix.OpenHow{Flags: flags, Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS}
	for {
		fd, err := unix.Openat2(dir, name, &how)
		// EAGAIN: a rename ran beside the lookup; it can be repeated.
		if err != unix.EINTR && err != unix.EAGAIN {
			return fd, err
		}
	}
}

func describe(fd int, f *os.File) (*File, error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, os.NewSyscallError("fstat", err)
	}
	var sfs unix.Statfs_t
	if err := unix.Fstatfs(fd, &sfs); err != nil {
		return nil, os.NewSyscallError("fstatfs", err)
	}
	return &File{
		File: f, Mode: fileType(st.Mode), Links: uint64(st.Nlink), UID: st.Uid,
		Namespace: sfs.Type == unix.NSFS_MAGIC,
	}, nil
}

func fileType(mode uint32) fs.FileMode {
	switch mode & unix.S_IFMT {
	case unix.S_IFREG:
		return 0
	case unix.S_IFDIR:
		return fs.ModeDir
	case unix.S_IFBLK:
		return fs.ModeDevice
	case unix.S_IFCHR:
		return fs.ModeDevice | fs.ModeCharDevice
	case unix.S_IFIFO:
		return fs.ModeNamedPipe
	case unix.S_IFSOCK:
		return fs.ModeSocket
	case unix.S_IFLNK:
		return fs.ModeSymlink
	default:
		return fs.ModeIrregular
	}
}
