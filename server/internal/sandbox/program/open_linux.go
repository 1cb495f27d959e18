package program

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// errMoved says that a name was given to another file between two looks at it,
// which is what an upgrade does. The walk is then made again.
var errMoved = errors.New("the file was replaced while it was looked at")

// attempts bounds how often a walk is made again. Only root can move a file on
// a trusted path.
const attempts = 10

func open(path string, opt Options) (*Program, error) {
	if err := checkDigests(path, opt.SHA256); err != nil {
		return nil, err
	}
	var err error
	for range attempts {
		var p *Program
		if p, err = openOnce(path, opt); !errors.Is(err, errMoved) {
			return p, err
		}
	}
	return nil, fmt.Errorf("%s: %w", path, err)
}

func openOnce(path string, opt Options) (_ *Program, err error) {
	end, err := walk(path, true, unix.S_IFREG)
	if err != nil {
		return nil, err
	}
	defer func() { _ = unix.Close(end.parent) }()
	p := &Program{
		path: path, resolved: end.resolved, opt: opt,
		file: os.NewFile(uintptr(end.file), path), id: identity(&end.stat), mode: end.stat.Mode,
	}
	defer func() {
		if err != nil {
			_ = p.file.Close()
		}
	}()
	if err := checkExecutable(path, end); err != nil {
		return nil, err
	}
	content, err := end.read(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = content.Close() }() // read only: nothing can be lost
	if p.header, err = readHeader(path, content, end.stat.Size); err != nil {
		return nil, err
	}
	if p.fileCaps, err = fileCapabilities(content); err != nil {
		return nil, &NotExecutableError{Path: path, Why: err.Error()}
	}
	if p.digest, err = digest(path, content, opt.SHA256); err != nil {
		return nil, err
	}
	// The content was read after the look at the owner: look again.
	var st unix.Stat_t
	if err := unix.Fstat(int(content.Fd()), &st); err != nil {
		return nil, os.NewSyscallError("fstat", err)
	}
	if identity(&st) != p.id {
		return nil, errMoved
	}
	return p, nil
}

// read opens the file that was found for reading, by its name in the directory
// that was found: an O_PATH descriptor cannot be read, and /proc may be away.
// O_NONBLOCK and O_NOCTTY keep a device that took the name from doing harm.
func (f *found) read(path string) (*os.File, error) {
	fd, err := openat(f.parent, f.name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_NOCTTY)
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ELOOP) {
		return nil, errMoved
	}
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	file := os.NewFile(uintptr(fd), path)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		_ = file.Close()
		return nil, os.NewSyscallError("fstat", err)
	}
	if identity(&st) != identity(&f.stat) {
		_ = file.Close()
		return nil, errMoved
	}
	return file, nil
}

// checkExecutable asks for what execveat would ask.
func checkExecutable(path string, end *found) error {
	if end.stat.Mode&0o111 == 0 {
		return &NotExecutableError{Path: path, Why: fmt.Sprintf("is not executable (mode %04o)", end.stat.Mode&0o7777)}
	}
	var fs unix.Statfs_t
	if err := unix.Fstatfs(end.file, &fs); err != nil {
		return os.NewSyscallError("fstatfs", err)
	}
	if fs.Flags&unix.ST_NOEXEC != 0 {
		return &NotExecutableError{Path: path, Why: "is on a file system mounted noexec"}
	}
	if err := execveCheck(end.file); err != nil {
		return &NotExecutableError{Path: path, Why: fmt.Sprintf("would not be executed: %v", err)}
	}
	return nil
}

func checkDigests(path string, digests []string) error {
	for _, d := range digests {
		if raw, err := hex.DecodeString(d); err != nil || len(raw) != sha256.Size {
			return fmt.Errorf("%s: sha256 %q is not 64 hexadecimal digits", path, d)
		}
	}
	return nil
}

// digest reads the whole file when a digest is asked for.
func digest(path string, content io.ReadSeeker, want []string) (string, error) {
	if len(want) == 0 {
		return "", nil
	}
	if _, err := content.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, content); err != nil {
		return "", fmt.Errorf("read %s: %w", path, err)
	}
	got := hex.EncodeToString(sum.Sum(nil))
	if !slices.ContainsFunc(want, func(w string) bool { return strings.EqualFold(w, got) }) {
		return "", &DigestError{Path: path, Got: got}
	}
	return got, nil
}
