package policy

import (
	"fmt"
	"strings"
	"time"
)

// The values of Effect.Net.
const (
	NetHost = "host" // the server's own network namespace, or the one the request names
	NetNone = "none" // a fresh, empty one
)

// RunUser is Effect.User of a rule that names no user: the default identity
// that the server is configured with, never the caller's.
const RunUser = "run_user"

// Effect is everything that a rule does to the process it starts, apart from
// its arguments. no_new_privs is no part of it: it is always on.
type Effect struct {
	User    string // as written, RunUser by default
	Group   string // as written; empty: the user's own
	UID     uint32
	GID     uint32
	Groups  []uint32 // supplementary, sorted; none by default
	Caps    []string // sorted, lower case, without "cap_"
	Seccomp []string // sorted set names ("@netlink") and syscall names
	FS      FS
	Net     string // NetHost or NetNone
	Limits  Limits
	Umask   uint32 // 0 to 0777
	Nice    int    // -20 to 19
	// IOPriority is as ioprio_set(2) takes it; zero: that of a new process. Only
	// a wrapper sets it.
	IOPriority uint16
	Cwd        string // absolute and canonical

	// What follows says where the effect comes from, and is no part of it.

	origins  origins
	profiles []ProfileName // that were merged, base not counted
}

// FS is what the command sees of the file system beyond the base view. Each
// list is sorted and holds absolute, canonical paths.
type FS struct {
	Host  bool // no file system restriction at all; the lists are empty then
	Read  []string
	Write []string
	Exec  []string
}

// Limits bound one command. Every field is above zero.
type Limits struct {
	Wall      time.Duration
	CPU       time.Duration
	Memory    uint64 // bytes
	Files     uint   // open descriptors
	Processes uint
	Stdout    int64 // bytes kept of standard output
	Stderr    int64 // bytes kept of standard error
}

// Equal reports whether two effects are the same.
func (e Effect) Equal(o Effect) bool { return e.Key() == o.Key() }

// Key returns the effect in a canonical form: two effects are the same exactly
// when their keys are.
func (e Effect) Key() string {
	var b strings.Builder
	fmt.Fprintf(&b, "uid=%d gid=%d groups=%d user=%q group=%q", e.UID, e.GID, e.Groups, e.User, e.Group)
	fmt.Fprintf(&b, " caps=%q seccomp=%q", e.Caps, e.Seccomp)
	fmt.Fprintf(&b, " fs=%t,%q,%q,%q net=%q", e.FS.Host, e.FS.Read, e.FS.Write, e.FS.Exec, e.Net)
	l := e.Limits
	fmt.Fprintf(&b, " wall=%d cpu=%d mem=%d nofile=%d procs=%d out=%d err=%d",
		l.Wall, l.CPU, l.Memory, l.Files, l.Processes, l.Stdout, l.Stderr)
	fmt.Fprintf(&b, " umask=%#o nice=%d ioprio=%d cwd=%q", e.Umask, e.Nice, e.IOPriority, e.Cwd)
	return b.String()
}
