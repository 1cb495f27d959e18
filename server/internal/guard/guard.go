// Package guard never trusts a name twice: what a policy says about the host is
// looked at once, through a descriptor that stays open until the command has
// ended, so that the file which was checked is the file that is granted.
package guard

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rootgate-project/rootgate/policy"
	"github.com/rootgate-project/rootgate/policy/argv"
	"github.com/rootgate-project/rootgate/server/internal/sandbox/beneath"
)

// NetnsDir is where ip-netns(8) keeps named network namespaces.
const NetnsDir = "/run/netns"

// Error is a guard that does not hold. The caller may learn What; Cause holds
// facts about the host and is for the log.
type Error struct {
	// What names the guard: the placeholder, "cwd" or "netns".
	What string
	// ArgvIndex is the index into the request's argv, or -1.
	ArgvIndex int
	// Missing is true for a namespace that does not exist.
	Missing bool
	// Unavailable is true for a guard that this server cannot evaluate: nothing
	// is known about the value.
	Unavailable bool
	Cause       error
}

func (e *Error) Error() string { return fmt.Sprintf("guard of %s failed: %v", e.What, e.Cause) }

func (e *Error) Unwrap() error { return e.Cause }

// Path is a file that an argument names.
type Path struct {
	*beneath.File
	Access argv.Access
}

// Held are the descriptors of one request. Close releases them.
type Held struct {
	// Netns is nil when the request names none.
	Netns *beneath.File
	// Dir is nil for the root directory.
	Dir *beneath.File
	// Paths are the files that typed arguments name, in the order of the
	// arguments.
	Paths []Path
}

// Open evaluates the guards of an allowed decision on host. The error is an
// *Error.
func Open(d policy.Decision, host Host) (*Held, error) {
	h := &Held{}
	if err := h.open(d, host); err != nil {
		h.Close()
		return nil, err
	}
	return h, nil
}

func (h *Held) open(d policy.Decision, host Host) (err error) {
	if d.Netns != "" {
		h.Netns, err = beneath.Open(NetnsDir, d.Netns, beneath.Namespace)
		if err != nil {
			return &Error{What: "netns", ArgvIndex: -1, Missing: errors.Is(err, fs.ErrNotExist), Cause: err}
		}
	}
	if d.Cwd != "/" {
		h.Dir, err = beneath.Open("/", strings.TrimPrefix(d.Cwd, "/"), beneath.Directory)
		if err != nil {
			return &Error{What: "cwd", ArgvIndex: -1, Cause: err}
		}
	}
	owner := uint32(0) // of the root directory
	if h.Dir != nil {
		owner = h.Dir.UID
	}
	if len(d.Owners) > 0 && !slices.Contains(d.Owners, owner) {
		return &Error{What: "cwd", ArgvIndex: -1, Cause: fmt.Errorf("%s is owned by uid %d, expected %d", d.Cwd, owner, d.Owners)}
	}
	// What stands in front of a nested command is held to its types as well.
	if err := h.openAll(d.Outer, 0, host); err != nil {
		return err
	}
	return h.openAll(d.Captures, d.Skip, host)
}

// openAll evaluates the guards of values of a command that begins at argv[skip].
func (h *Held) openAll(captures []argv.Capture, skip int, host Host) error {
	for _, c := range captures {
		// Captures count from the first argument, requests from argv[0].
		switch fail := (&Error{What: "<" + c.Name + ">", ArgvIndex: skip + c.Arg + 1}); {
		case Unavailable(c.Type) != "":
			fail.Unavailable = true
			fail.Cause = fmt.Errorf("this server cannot look up %s", Unavailable(c.Type))
			return fail
		case c.Type.Name() == "path":
			if fail.Cause = h.openPath(c, host); fail.Cause != nil {
				return fail
			}
		case c.Type.Guard() != "":
			if fail.Cause = host.account(c); fail.Cause != nil {
				return fail
			}
		}
	}
	return nil
}

func (h *Held) openPath(c argv.Capture, host Host) error {
	p := c.Type.Params()
	root, name, err := split(c.Value, p.Under)
	if err != nil {
		return err
	}
	f, err := beneath.Open(root, name, beneath.Reference)
	if err != nil {
		return err
	}
	err = check(f, p)
	if err == nil && p.Owner != nil {
		err = host.owner(f.UID, p.Owner)
	}
	if err != nil {
		_ = f.Close()
		return err
	}
	h.Paths = append(h.Paths, Path{File: f, Access: p.Access})
	return nil
}

// split cuts the longest root off a value that the type has accepted.
func split(value string, roots []string) (root, name string, err error) {
	for _, r := range roots {
		prefix := strings.TrimSuffix(r, "/") + "/"
		if strings.HasPrefix(value, prefix) && len(r) >= len(root) {
			root, name = r, strings.TrimSuffix(value[len(prefix):], "/")
		}
	}
	if name == "" || !filepath.IsLocal(name) {
		return "", "", fmt.Errorf("%q is not below one of %q", value, roots)
	}
	return root, name, nil
}

// check holds the inode to the kind that the policy asks for. A file must not
// have a second name that the caller could have given it: it could be one that
// nobody granted. One that is to be written must have no second name at all.
func check(f *beneath.File, p argv.Params) error {
	if !f.Sole || p.Access == argv.AccessWrite && f.Mode.IsRegular() && f.Links != 1 {
		return fmt.Errorf("has %d hard links, expected 1", f.Links)
	}
	if p.FileKind == argv.KindAny {
		return nil
	}
	if got := kindOf(f.Mode); got != p.FileKind {
		return fmt.Errorf("is of kind %s, expected %s", got, p.FileKind)
	}
	return nil
}

func kindOf(m fs.FileMode) argv.FileKind {
	switch {
	case m.IsRegular():
		return argv.KindFile
	case m.IsDir():
		return argv.KindDir
	case m&fs.ModeCharDevice != 0:
		return argv.KindChar
	case m&fs.ModeDevice != 0:
		return argv.KindBlock
	case m&fs.ModeSocket != 0:
		return argv.KindSocket
	case m&fs.ModeNamedPipe != 0:
		return argv.KindFIFO
	default:
		return argv.KindAny
	}
}

// Close releases the descriptors.
func (h *Held) Close() {
	if h.Netns != nil {
		_ = h.Netns.Close()
	}
	if h.Dir != nil {
		_ = h.Dir.Close()
	}
	for _, p := range h.Paths {
		_ = p.Close()
	}
}
