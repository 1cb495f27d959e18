package landlock

import (
	"fmt"
	"os"

	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

// lowestFD keeps rulesets out of the way of the child's 0, 1 and 2.
const lowestFD = 10

// Ruleset returns a ruleset for one launch, close-on-exec and at descriptor 10
// or above; the caller closes it. A call without rules of its own gets the
// prepared one, of which each file is a duplicate; otherwise one is made, about
// one system call a rule.
//
// Preconditions: the child has set no_new_privs when it applies the ruleset, and
// adds rules to it only when Call.Late was set.
func (v *View) Ruleset(call Call) (*os.File, error) {
	if len(call.Rules) > 0 || call.Late {
		v.mu.RLock()
		defer v.mu.RUnlock()
		file, err := v.build(call)
		if err != nil {
			return nil, fmt.Errorf("build landlock ruleset: %w", err)
		}
		return file, nil
	}
	v.mu.RLock()
	if v.ready != nil && v.readyProgram == call.Program {
		defer v.mu.RUnlock()
		return duplicate(v.ready)
	}
	v.mu.RUnlock()

	v.mu.Lock()
	defer v.mu.Unlock()
	if v.ready == nil || v.readyProgram != call.Program {
		file, err := v.build(call)
		if err != nil {
			return nil, fmt.Errorf("build landlock ruleset: %w", err)
		}
		if err := v.drop(); err != nil {
			return nil, fmt.Errorf("close landlock ruleset: %w", err)
		}
		// The pin is remembered by its file: while it is held here, no
		// other can have the same address.
		v.ready, v.readyProgram = file, call.Program
	}
	return duplicate(v.ready)
}

// build makes a ruleset of all rules. The caller holds mu.
func (v *View) build(call Call) (*os.File, error) {
	if v.closed || v.abi == 0 {
		return nil, errClosed
	}
	attr := ll.RulesetAttr{Scoped: Scopes(v.abi)}
	if !v.host {
		attr.HandledAccessFS = Handled(v.abi)
	} else if len(call.Rules) > 0 || call.Late {
		return nil, fmt.Errorf("a host view takes no rule: it limits no file")
	}
	fd, err := ll.LandlockCreateRuleset(&attr, 0)
	if err != nil {
		return nil, os.NewSyscallError("landlock_create_ruleset", err)
	}
	file := os.NewFile(uintptr(fd), "landlock ruleset")
	if err := v.fill(file, call); err != nil {
		_ = file.Close() // never used
		return nil, err
	}
	if fd >= lowestFD {
		return file, nil
	}
	high, err := duplicate(file)
	_ = file.Close() // the duplicate stands for it
	return high, err
}

func (v *View) fill(ruleset *os.File, call Call) error {
	if v.host {
		return nil
	}
	for i := range v.rules {
		o := &v.rules[i]
		if o.file == nil {
			continue
		}
		if err := add(ruleset, o.file, Rights(o.rule.Access, o.directory, v.abi)); err != nil {
			return err
		}
	}
	extra := call.Rules
	if call.Program != nil {
		extra = append([]FDRule{{File: call.Program, Access: Read | Exec}}, extra...)
	}
	for _, rule := range extra {
		if err := checkAccess(rule.Access, rule.File.Name()); err != nil {
			return err
		}
		var st unix.Stat_t
		if err := unix.Fstat(int(rule.File.Fd()), &st); err != nil {
			return os.NewSyscallError("fstat", err)
		}
		rights := Rights(rule.Access, st.Mode&unix.S_IFMT == unix.S_IFDIR, v.abi)
		if err := add(ruleset, rule.File, rights); err != nil {
			return err
		}
	}
	return nil
}

func add(ruleset, file *os.File, rights uint64) error {
	attr := ll.PathBeneathAttr{AllowedAccess: rights, ParentFd: int(file.Fd())}
	if err := ll.LandlockAddPathBeneathRule(int(ruleset.Fd()), &attr, 0); err != nil {
		return &os.PathError{Op: "landlock_add_rule", Path: file.Name(), Err: err}
	}
	return nil
}

// duplicate shares the ruleset: closing one file leaves the other usable.
func duplicate(file *os.File) (*os.File, error) {
	fd, err := unix.FcntlInt(file.Fd(), unix.F_DUPFD_CLOEXEC, lowestFD)
	if err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	return os.NewFile(uintptr(fd), file.Name()), nil
}
