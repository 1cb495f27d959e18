package program

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// Options narrows what [Open] accepts.
type Options struct {
	// SHA256 lists digests in hexadecimal, 64 digits each, of which the file
	// must have one. Empty means any: the owner and mode checks stand alone.
	SHA256 []string
}

// Identity tells one state of a file from another. A change of owner, mode,
// content or inode changes it: ctime cannot be set back by anybody.
type Identity struct {
	Dev, Ino  uint64
	Size      int64 // bytes
	CtimeNano int64 // since 1970
}

// Program is an executable that passed every check, pinned by descriptor. It is
// immutable and safe for concurrent use. The descriptor stays open as long as
// the Program can be reached; a caller that uses the descriptor's number keeps
// the Program alive until it is done (runtime.KeepAlive).
type Program struct {
	path     string
	resolved string
	opt      Options
	file     *os.File
	id       Identity
	mode     uint32
	header   header
	digest   string
	fileCaps uint64
	pin      *pin
}

// pin is shared by all Programs that followed one another at one path.
type pin struct {
	current atomic.Pointer[Program]
	mu      sync.Mutex // held while the path is opened anew
}

// Path returns the path as it was asked for.
func (p *Program) Path() string { return p.path }

// Resolved returns the path of the file itself, all links followed.
func (p *Program) Resolved() string { return p.resolved }

// File returns the pinned file, opened O_PATH and close-on-exec. The Program
// owns it; it must not be closed.
func (p *Program) File() *os.File { return p.file }

// Identity returns device, inode, size and change time as checked.
func (p *Program) Identity() Identity { return p.id }

// Mode returns the permission bits, setuid and setgid among them. They have no
// effect under no_new_privs.
func (p *Program) Mode() uint32 { return p.mode & 0o7777 }

// Interpreter returns the absolute path of the ELF interpreter (ld.so), or ""
// for a static program. It is the file's own word and was not checked.
func (p *Program) Interpreter() string { return p.header.interpreter }

// SHA256 returns the digest in hexadecimal when Options asked for one, or "".
func (p *Program) SHA256() string { return p.digest }

// FileCapabilities returns the permitted set of the file's security.capability,
// bit n for capability n, or 0. When the file also marks them effective, as
// ping's do, a child whose bounding set lacks one gets EPERM from execveat
// under no_new_privs, so that the rule must grant them all.
func (p *Program) FileCapabilities() uint64 { return p.fileCaps }

// Open checks the file at an absolute path and pins it.
//
// Errors are [ErrMissing], [*UntrustedError], [*NotExecutableError],
// [*ScriptError] and [*DigestError]; any other means that the system failed.
func Open(path string, opt Options) (*Program, error) {
	p, err := open(path, opt)
	if err != nil {
		return nil, fmt.Errorf("open program: %w", err)
	}
	p.pin = &pin{}
	p.pin.current.Store(p)
	return p, nil
}

// Current returns the program that stands at the path now.
//
// Nothing is opened while device, inode, ctime and size are those of the pin:
// one stat. Otherwise the file is opened with all checks and becomes the pin
// for every Program of this path; changed is true for the one call that did
// it, so that it is logged once. Calls that still run the old file keep it.
// When the new file is missing or refused, the error is returned, the call must
// not run, and the next one looks again.
func (p *Program) Current() (current *Program, changed bool, err error) {
	current = p.pin.current.Load()
	if same, err := current.unchanged(); same || err != nil {
		return keep(current, err)
	}
	p.pin.mu.Lock()
	defer p.pin.mu.Unlock()
	current = p.pin.current.Load()
	if same, err := current.unchanged(); same || err != nil {
		return keep(current, err)
	}
	next, err := open(p.path, p.opt)
	if err != nil {
		return nil, false, fmt.Errorf("reopen program: %w", err)
	}
	next.pin = p.pin
	p.pin.current.Store(next)
	return next, true, nil
}

func keep(current *Program, err error) (*Program, bool, error) {
	if err != nil {
		return nil, false, fmt.Errorf("look at program: %w", err)
	}
	return current, false, nil
}

// unchanged follows the path without checks: when it ends at the pinned inode
// with the pinned ctime, what was checked is what is there.
func (p *Program) unchanged() (bool, error) {
	var st unix.Stat_t
	for {
		err := unix.Stat(p.path, &st)
		switch {
		case err == nil:
			return identity(&st) == p.id, nil
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ENOTDIR), errors.Is(err, unix.ELOOP):
			return false, nil // open says what is wrong
		}
		return false, &os.PathError{Op: "stat", Path: p.path, Err: err}
	}
}

func identity(st *unix.Stat_t) Identity {
	return Identity{Dev: st.Dev, Ino: st.Ino, Size: st.Size, CtimeNano: st.Ctim.Nano()}
}
