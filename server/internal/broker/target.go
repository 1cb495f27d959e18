package broker

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/moby/sys/capability"

	"github.com/rootgate-project/rootgate/policy"
	"github.com/rootgate-project/rootgate/server/internal/sandbox/landlock"
	"github.com/rootgate-project/rootgate/server/internal/sandbox/program"
)

// target is a program with its view of the file system. Plans share those that
// are the same: the server's descriptors are copied in each launch.
type target struct {
	program policy.Program
	fs      policy.FS
	base    []landlock.PathRule
	files   *landlock.Files

	mu   sync.Mutex
	prog *program.Program // nil while it is missing
	view *landlock.View   // for prog; nil where there is nothing to restrict
}

// shared is what the plans of one generation have in common.
type shared struct {
	filters map[string][]byte // by the names of their sets
	targets map[string]*target
	files   *landlock.Files
}

// target returns that of a program under an effect. Fields that two effects do
// not have in common, such as the user, have no part in it.
func (s *shared) target(p policy.Program, e policy.Effect, caps uint64) *target {
	t := &target{program: p, fs: e.FS, base: base(e.UID, caps), files: s.files}
	key := fmt.Sprintf("%q %q %d %t %q %q %q", p.Path, p.SHA256, len(t.base), t.fs.Host, t.fs.Read, t.fs.Write, t.fs.Exec)
	if have := s.targets[key]; have != nil {
		return have
	}
	s.targets[key] = t
	return t
}

// current makes sure that the program which stands at the path now is pinned, and
// has its view. changed is true once for each change.
func (t *target) current() (changed bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	prog := t.prog
	if prog == nil {
		prog, err = program.Open(t.program.Path, program.Options{SHA256: t.program.SHA256})
	} else {
		prog, _, err = prog.Current()
	}
	if err != nil {
		return false, err
	}
	if prog == t.prog {
		if t.view == nil {
			return false, nil
		}
		return false, t.view.Refresh()
	}
	view, err := t.open(prog)
	if err != nil {
		return false, err
	}
	changed = t.prog != nil
	t.prog, t.view = prog, view
	return changed, nil
}

// pinned returns what current has found, nil before it found anything.
func (t *target) pinned() (*program.Program, *landlock.View) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.prog, t.view
}

// open makes the view for a program. It is nil for fs: host on a kernel whose
// Landlock has no scopes: there is nothing to restrict then.
func (t *target) open(prog *program.Program) (*landlock.View, error) {
	if t.fs.Host {
		view, err := landlock.HostView()
		if _, old := errors.AsType[*landlock.ABIError](err); old {
			return nil, nil
		}
		return view, err
	}
	var rules []landlock.PathRule
	add := func(access landlock.Access, paths []string) {
		for _, path := range paths {
			if !isNetSysctl(path) {
				rules = append(rules, landlock.PathRule{Path: path, Access: access, Optional: true})
			}
		}
	}
	add(landlock.Read, t.fs.Read)
	add(landlock.Write, t.fs.Write)
	add(landlock.Read|landlock.Exec, t.fs.Exec)
	return landlock.NewView(landlock.Spec{Interpreter: prog.Interpreter(), Rules: rules, Base: t.base, Files: t.files})
}

// readsAll are the capabilities by which a command reads files whatever their
// mode (capabilities(7)).
const readsAll = 1<<capability.CAP_DAC_OVERRIDE | 1<<capability.CAP_DAC_READ_SEARCH

// base is the base view. For a command that file modes do not hold, it is without
// /proc and /sys: what of them only root may read, the rule must name.
func base(uid uint32, caps uint64) []landlock.PathRule {
	view := landlock.Base()
	if uid != 0 && caps&readsAll == 0 {
		return view
	}
	return slices.DeleteFunc(view, func(r landlock.PathRule) bool { return r.Path == "/proc" || r.Path == "/sys" })
}
