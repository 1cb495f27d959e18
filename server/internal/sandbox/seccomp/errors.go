package seccomp

import "fmt"

// Reason says why a name cannot be used. The zero value is no reason at all
// and never leaves the package.
type Reason int

// The reasons of a [NameError].
const (
	_              Reason = iota
	Malformed             // not written like the name of a set or of a system call
	UnknownSet            // begins with @, and no such set exists
	UnknownSyscall        // no architecture has such a call
	OtherArch             // the call exists, but not on this architecture
	Forbidden             // the call exists, and no policy may name it
	TooMany               // no name at all, or more than MaxNames
)

// NameError is a name in a [Request] that cannot be used.
type NameError struct {
	Name   string // as it stands in the request; may hold anything
	Reason Reason
	Hint   string // a similar name for UnknownSet and UnknownSyscall, or empty
	Why    string // for Forbidden, the reason in words; for OtherArch, the architecture
}

// Error quotes the name, which comes from a file.
func (e *NameError) Error() string {
	switch e.Reason {
	case UnknownSet:
		return fmt.Sprintf("unknown seccomp set %q%s", e.Name, e.hint())
	case UnknownSyscall:
		return fmt.Sprintf("unknown syscall %q%s", e.Name, e.hint())
	case OtherArch:
		return fmt.Sprintf("syscall %q does not exist on %s", e.Name, e.Why)
	case Forbidden:
		return fmt.Sprintf("syscall %q cannot be allowed: %s", e.Name, e.Why)
	case TooMany:
		return fmt.Sprintf("a seccomp list needs 1 to %d names", MaxNames)
	case Malformed:
	}
	return fmt.Sprintf("malformed seccomp name %q; want @set or a syscall name in lower case", e.Name)
}

func (e *NameError) hint() string {
	if e.Hint == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", e.Hint)
}
