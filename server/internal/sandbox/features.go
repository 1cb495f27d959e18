package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// FeatureError names what this host lacks. Nothing is launched without it.
type FeatureError struct {
	Feature string
	Err     error
}

func (e *FeatureError) Error() string { return fmt.Sprintf("%s: %v", e.Feature, e.Err) }

// Unwrap returns the kernel's answer.
func (e *FeatureError) Unwrap() error { return e.Err }

// TreeKill is how the end of a command reaches all its processes.
type TreeKill string

// The two ways: a cgroup leaf each, or a pid namespace each, in which the
// leader is init and signals without a handler are discarded by the kernel.
const (
	TreeKillCgroup    TreeKill = "cgroup"
	TreeKillNamespace TreeKill = "pid-namespace"
)

// Features is what GetStatus reports of the sandbox.
type Features struct {
	LandlockABI int
	Caps        uint64 // what a Spec may grant: this process's own effective set
	Scopes      bool   // Landlock scopes signals and abstract sockets (ABI 6)
	TreeKill    TreeKill
	TreeReason  string // why not cgroup; "" if it is
	CgroupPath  string
	CgroupClone bool // commands are born in their leaf; otherwise they join it
	Guardian    bool // stands ready now; while false every Start is refused
}

// Layer is one line of a report on the sandbox.
type Layer struct {
	Name    string
	Present bool
	Detail  string // version, place, or why not
}

// Layers lists every layer. Those without which New fails are always present.
func (f Features) Layers() []Layer {
	kill := Layer{"cgroup", f.TreeKill == TreeKillCgroup, f.CgroupPath}
	if !kill.Present {
		kill.Detail = "pid namespaces instead: " + f.TreeReason
	}
	scopes := Layer{"landlock-scopes", f.Scopes, ""}
	if !f.Scopes {
		scopes.Detail = "need Landlock ABI " + strconv.Itoa(landlockScopes)
	}
	return []Layer{
		{"seccomp", true, ""},
		{"landlock", true, "ABI " + strconv.Itoa(f.LandlockABI)},
		scopes,
		{"pidfd", true, ""},
		{"openat2", true, ""},
		{"execveat", true, ""},
		kill,
		{"clone-into-cgroup", f.CgroupClone, ""},
		{"guardian", f.Guardian, ""},
	}
}

// landlockScopes is the ABI with LANDLOCK_SCOPE_SIGNAL (Linux 6.12).
const landlockScopes = 6

// probe asks the kernel for every mandatory feature. Each call is one that
// cannot succeed in changing anything, so that ENOSYS and its like are the
// answer of a kernel that has it not, and of a container that forbids it.
func probe() (Features, error) {
	if err := CheckDumpable(); err != nil {
		return Features{}, err
	}
	abi, err := landlockABI()
	if err != nil {
		return Features{}, &FeatureError{"landlock", err}
	}
	var caps uint64
	for _, p := range []struct {
		feature string
		call    func() error
	}{
		{"pidfd", probePidfd},
		{"openat2", probeOpenat2},
		{"close_range", func() error {
			return unix.CloseRange(^uint(0)>>33, ^uint(0)>>33, unix.CLOSE_RANGE_CLOEXEC)
		}},
		{"execveat", probeExecveat},
		{"seccomp filters", probeSeccomp},
		{"descriptor " + strconv.Itoa(ProgramFD), probeLimit},
		{"capabilities", func() (err error) {
			caps, err = probeCapabilities()
			return err
		}},
	} {
		if err := p.call(); err != nil {
			return Features{}, &FeatureError{p.feature, err}
		}
	}
	return Features{LandlockABI: abi, Scopes: abi >= landlockScopes, Caps: caps}, nil
}

// CheckDumpable refuses fs.suid_dumpable 1: a child that changes its uid shares
// this process's memory for a moment, and with 1 the change makes that memory
// readable to every process of the uid. Look again at each reload.
func CheckDumpable() error {
	text, err := os.ReadFile("/proc/sys/fs/suid_dumpable")
	if err != nil {
		return &FeatureError{"fs.suid_dumpable", err}
	}
	if v := string(bytes.TrimSpace(text)); v != "0" && v != "2" {
		return &FeatureError{"fs.suid_dumpable", fmt.Errorf("is %q, must be 0 or 2", v)}
	}
	return nil
}

func probePidfd() error {
	fd, err := unix.PidfdOpen(os.Getpid(), 0)
	if err != nil {
		return err
	}
	return unix.Close(fd)
}

func probeOpenat2() error {
	fd, err := unix.Openat2(unix.AT_FDCWD, "/", &unix.OpenHow{
		Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: unix.RESOLVE_NO_MAGICLINKS,
	})
	if err != nil {
		return err
	}
	return unix.Close(fd)
}

// probeLimit: dup3 to 900 has to lie below the descriptor limit.
func probeLimit() error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	if limit.Cur <= ProgramFD {
		return fmt.Errorf("RLIMIT_NOFILE is %d", limit.Cur)
	}
	return nil
}

// probeCapabilities returns this process's effective set. Changing identity and
// namespaces, cutting the bounding set and killing need these five; what a
// command is granted has to be there besides.
func probeCapabilities() (uint64, error) {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	have, err := strconv.ParseUint(statusField(string(text), "CapEff"), 16, 64)
	if err != nil {
		return 0, err
	}
	for _, c := range []struct {
		name string
		bit  int
	}{
		{"CAP_SETUID", unix.CAP_SETUID},
		{"CAP_SETGID", unix.CAP_SETGID},
		{"CAP_SETPCAP", unix.CAP_SETPCAP},
		{"CAP_SYS_ADMIN", unix.CAP_SYS_ADMIN},
		{"CAP_KILL", unix.CAP_KILL},
	} {
		if have>>c.bit&1 == 0 {
			return 0, errors.New(c.name + " is missing")
		}
	}
	return have, nil
}
