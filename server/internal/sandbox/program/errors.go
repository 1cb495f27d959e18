package program

import (
	"fmt"
	"io/fs"
)

// ErrMissing says that a component of the path does not exist. The rule is kept
// and the path looked at again at the next call. It is an fs.ErrNotExist.
var ErrMissing = fmt.Errorf("program missing: %w", fs.ErrNotExist)

// UntrustedError is a component of a path that someone other than root can
// change, or that can lead elsewhere.
type UntrustedError struct {
	Path      string // as it was asked for
	Component string // the path of the component, links resolved up to there
	Why       string
}

func (e *UntrustedError) Error() string {
	if e.Component == e.Path {
		return fmt.Sprintf("%s %s", e.Path, e.Why)
	}
	return fmt.Sprintf("%s: %s %s", e.Path, e.Component, e.Why)
}

// NotExecutableError is a trusted file that cannot be run.
type NotExecutableError struct {
	Path string
	Why  string
}

func (e *NotExecutableError) Error() string { return e.Path + " " + e.Why }

// ScriptError is a file that begins with "#!". The kernel hands the interpreter
// the path of a script and not the checked descriptor, so that what is run
// could differ from what was checked; with a close-on-exec descriptor there is
// no path at all and execveat fails with ENOENT.
type ScriptError struct {
	Path        string
	Interpreter string // the rest of the first line, at most 255 bytes
}

func (e *ScriptError) Error() string {
	return fmt.Sprintf("%s is a script for %q: name the interpreter as the program and the script as its argument",
		e.Path, e.Interpreter)
}

// DigestError is a file whose SHA-256 is none of those asked for.
type DigestError struct {
	Path string
	Got  string // in hexadecimal
}

func (e *DigestError) Error() string {
	return fmt.Sprintf("%s has sha256 %s, which is not among those pinned", e.Path, e.Got)
}
