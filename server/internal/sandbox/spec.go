package sandbox

import (
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// ProgramFD is the descriptor at which the child holds the program, close on
// exec, when it calls execveat(ProgramFD, "", argv, envp, AT_EMPTY_PATH): the
// one call that a filter has to admit.
const ProgramFD = 900

// Spec is one command. The descriptors are borrowed until Start returns; Start
// does not close them. Standard ones that package os had made nonblocking become
// blocking, as a command expects. Start may be called with
// one Spec from several goroutines, unless LatePaths is used.
type Spec struct {
	Program *os.File // O_PATH of the verified executable
	Argv    []string // at least argv[0]; no NUL
	Env     []string // the whole environment; nothing is inherited
	Dir     *os.File // O_PATH of the working directory; nil is "/"

	Stdin  *os.File // nil reads end of file
	Stdout *os.File // nil discards
	Stderr *os.File // nil discards

	UID, GID uint32 // the highest value means "unchanged" to the kernel and is refused
	Groups   []uint32
	Caps     uint64 // the exact bounding, permitted, effective, inheritable and ambient set

	Filter  []byte   // struct sock_filter array in native byte order; required
	Ruleset *os.File // Landlock ruleset; required where the kernel has scopes

	// LatePaths are opened in the command's network namespace and added to
	// Ruleset. Preconditions: Ruleset is this launch's own and handles Access.
	LatePaths []LatePath

	Netns  *os.File // a network namespace to enter; nil stays
	NewNet bool     // a network namespace of its own, if Netns is nil

	Umask   uint32 // permission bits only
	Nice    int    // -20 to 19; lower than the daemon's needs CAP_SYS_NICE, or stays
	Rlimits []Rlimit

	// IOPriority is as ioprio_set(2) takes it; 0 is that of a new process. The
	// real-time class needs CAP_SYS_ADMIN or CAP_SYS_NICE.
	IOPriority uint16
}

// LatePath is a Landlock rule for a path that means another file in each
// network namespace, below /proc/sys/net.
type LatePath struct {
	Path   string // absolute
	Access uint64 // LANDLOCK_ACCESS_FS_ bits
}

// Rlimit is one resource limit in the kernel's units; ^uint64(0) is infinite.
// A limit that the daemon may not grant becomes the daemon's own hard limit.
// RLIMIT_CORE is 0 whatever a Spec says, and the resources that it does not
// name have the values of defaultLimits, never the daemon's.
type Rlimit struct {
	Resource int
	Cur, Max uint64
}

const (
	infinite  = ^uint64(0)
	resources = 16 // RLIM_NLIMITS
	maxLate   = 64
	maxGroups = 1 << 16 // NGROUPS_MAX
	maxFilter = 4096    // BPF_MAXINSNS
)

// defaultLimits is what a command gets where its Spec is silent.
func defaultLimits() [resources]Rlimit {
	var all [resources]Rlimit
	for r := range all {
		all[r] = Rlimit{Resource: r, Cur: infinite, Max: infinite}
	}
	all[unix.RLIMIT_STACK].Cur = 8 << 20
	// Programs that close every possible descriptor do it up to this number.
	all[unix.RLIMIT_NOFILE] = Rlimit{unix.RLIMIT_NOFILE, 1024, 4096}
	all[unix.RLIMIT_MEMLOCK] = Rlimit{unix.RLIMIT_MEMLOCK, 64 << 10, 64 << 10}
	all[unix.RLIMIT_SIGPENDING] = Rlimit{unix.RLIMIT_SIGPENDING, 1024, 1024}
	all[unix.RLIMIT_MSGQUEUE] = Rlimit{unix.RLIMIT_MSGQUEUE, 0, 0}
	all[unix.RLIMIT_NICE] = Rlimit{unix.RLIMIT_NICE, 0, 0}
	all[unix.RLIMIT_RTPRIO] = Rlimit{unix.RLIMIT_RTPRIO, 0, 0}
	all[unix.RLIMIT_CORE] = Rlimit{unix.RLIMIT_CORE, 0, 0}
	return all
}

// limits are all resources in the order of their numbers.
func (s *Spec) limits() [resources]Rlimit {
	all := defaultLimits()
	for _, l := range s.Rlimits {
		if l.Resource != unix.RLIMIT_CORE {
			all[l.Resource] = l
		}
	}
	return all
}

// check refuses what the kernel would misread, cut short or take for
// "unchanged". What the kernel refuses by itself is left to it.
func (s *Spec) check(scopes bool) error {
	bad := func(detail string, errno unix.Errno) error {
		return &LaunchError{Step: StepSpec, Errno: errno, Detail: detail}
	}
	switch {
	case s == nil || s.Program == nil:
		return bad("no program", unix.EINVAL)
	case len(s.Argv) == 0:
		// The kernel would run it with an argv[0] of "" (Linux 5.18).
		return bad("no argv[0]", unix.EINVAL)
	case len(s.Filter) == 0 || len(s.Filter)%8 != 0 || len(s.Filter)/8 > maxFilter:
		return bad("no filter, or one that is no array of at most 4096 instructions", unix.EINVAL)
	case s.Ruleset == nil && (scopes || len(s.LatePaths) > 0):
		return bad("no Landlock ruleset", unix.EINVAL)
	case s.UID == ^uint32(0) || s.GID == ^uint32(0):
		return bad("uid or gid 4294967295", unix.EINVAL)
	case len(s.Groups) > maxGroups || len(s.LatePaths) > maxLate:
		return bad("too many groups or paths", unix.EINVAL)
	case s.Umask&^0o777 != 0 || s.Nice < -20 || s.Nice > 19:
		return bad("umask or nice out of range", unix.EINVAL)
	}
	if slices.Contains(s.Groups, ^uint32(0)) {
		return bad("group 4294967295", unix.EINVAL)
	}
	for _, l := range s.Rlimits {
		if l.Resource < 0 || l.Resource >= resources || l.Cur > l.Max {
			return bad("unknown resource, or a soft limit above the hard one", unix.EINVAL)
		}
	}
	return s.checkText(bad)
}

// maxBlock is the most that execve takes in all (three quarters of
// _STK_LIM, 8 MiB, since Linux 4.13); a longer block need not be copied.
const maxBlock = 6 << 20

func (s *Spec) checkText(bad func(string, unix.Errno) error) error {
	total := 0
	for _, list := range [][]string{s.Argv, s.Env} {
		for _, v := range list {
			if strings.IndexByte(v, 0) >= 0 {
				return bad("NUL in an argument or in the environment", unix.EINVAL)
			}
			total += len(v) + 1 + 8
		}
	}
	for _, p := range s.LatePaths {
		if strings.IndexByte(p.Path, 0) >= 0 || !strings.HasPrefix(p.Path, "/") || len(p.Path) >= unix.PathMax {
			return bad("late path is not an absolute path", unix.EINVAL)
		}
		total += len(p.Path) + 1 + 16
	}
	if total > maxBlock {
		return bad("argument list too long", unix.E2BIG)
	}
	return nil
}
