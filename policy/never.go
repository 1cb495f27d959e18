package policy

import (
	"path"
	"slices"
	"strings"

	"github.com/rootgate-project/rootgate/policy/argv"
)

// Never is an assertion over a whole policy: no rule of any file may allow what
// it describes. It is proved when the policy loads, and grants and refuses
// nothing by itself. Nevers are shared by all users of a snapshot and must not
// be changed.
type Never struct {
	ID       string
	Why      string // the author's reason; may be empty
	Pos      Position
	Programs []string // paths; a "*" at the end stands for any rest of the name. Empty: every program
	Lines    []Line   // of the arguments; empty: any arguments
	when     *condition
}

// names reports whether the never is about the program path.
func (n *Never) names(path string) bool {
	if len(n.Programs) == 0 {
		return true
	}
	path = onePlace(path)
	return slices.ContainsFunc(n.Programs, func(p string) bool {
		prefix, open := strings.CutSuffix(p, "*")
		if !open {
			return onePlace(p) == path
		}
		name, ok := strings.CutPrefix(path, onePlace(prefix))
		return ok && !strings.Contains(name, "/")
	})
}

// onePlace takes the four directories of the system's programs for one: which of
// them are links to others differs from host to host, and a never for /bin/sh
// must not be passed by /usr/bin/sh.
func onePlace(p string) string {
	dir, name := path.Split(p)
	if slices.Contains([]string{"/bin/", "/sbin/", "/usr/sbin/"}, dir) {
		dir = "/usr/bin/"
	}
	return dir + name
}

// condition is what a rule grants beside its arguments. All of its parts hold,
// or it does not; an empty part always holds.
type condition struct {
	read, write, exec []region
	anyCap            bool
	caps, seccomp     []string
	users             []uint32
	net               []string
}

// region is a file, or with tree a directory and all that is below it.
type region struct {
	path string
	tree bool
}

// overlaps reports whether a grant of a file or directory reaches the region.
func (g region) overlaps(granted string) bool {
	return granted == g.path || below(g.path, granted) || g.tree && below(granted, g.path)
}

// below reports whether p lies strictly below dir.
func below(p, dir string) bool {
	return len(p) > len(dir) && strings.HasPrefix(p, strings.TrimSuffix(dir, "/")+"/")
}

// holds reports whether the effect of r, with arguments of the given types,
// meets the condition.
func (c *condition) holds(r *Rule, types []*argv.Type) bool {
	if c == nil {
		return true
	}
	e := r.Effect
	return (len(c.read) == 0 || e.FS.reaches(c.read, argv.AccessRead, e.FS.Read, types)) &&
		(len(c.write) == 0 || e.FS.reaches(c.write, argv.AccessWrite, e.FS.Write, types)) &&
		(len(c.exec) == 0 || e.FS.reaches(c.exec, argv.AccessExec, e.FS.Exec, types)) &&
		(!c.anyCap || len(e.Caps) > 0) &&
		(len(c.caps) == 0 || shares(c.caps, e.Caps)) &&
		(len(c.seccomp) == 0 || shares(c.seccomp, e.Seccomp)) &&
		(len(c.users) == 0 || slices.Contains(c.users, e.UID)) &&
		(len(c.net) == 0 || slices.Contains(c.net, e.Net))
}

// reaches reports whether a view, with the paths that arguments open in it, lets
// the command into a region. A path argument can be any file below its roots.
func (fs FS) reaches(regions []region, access argv.Access, granted []string, types []*argv.Type) bool {
	if fs.Host {
		return true
	}
	for _, t := range types {
		if p := t.Params(); t.Name() == "path" && p.Access == access {
			granted = append(slices.Clip(granted), p.Under...)
		}
	}
	// The kernel runs no program that it may not read.
	if access == argv.AccessRead {
		granted = append(slices.Clip(granted), fs.Exec...)
	}
	return slices.ContainsFunc(regions, func(g region) bool { return slices.ContainsFunc(granted, g.overlaps) })
}

func shares(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

// guard holds the requests of one program to the nevers that name it. What a
// proof has shown it does not have to: it is the second line.
type neverGuard struct {
	nevers  []*Never
	matcher *argv.Matcher // of the usage of nevers, by index; nil: none has any
}

// guardOf returns the guard of a program.
func (s *Snapshot) guardOf(path string) *neverGuard {
	for _, p := range s.byName[path] {
		if p.path == path {
			return p.guard
		}
	}
	return nil
}

// violated returns the first never that a command violates, or nil.
func (s *Snapshot) violated(g *neverGuard, c *command) *Never {
	var types []*argv.Type
	for _, x := range c.captures {
		types = append(types, x.Type)
	}
	if n := g.violated(c.rule, types, c.args); n != nil {
		return n
	}
	for _, b := range c.starts {
		if n := s.guardOf(b.program).violated(c.rule, types, b.args); n != nil {
			return n
		}
	}
	return nil
}

// violated returns the first never that a program with args violates under the
// effect of rule, or nil.
func (g *neverGuard) violated(rule *Rule, types []*argv.Type, args []string) *Never {
	if g == nil {
		return nil
	}
	var buf [4]argv.LineRef
	refs := g.matcher.Match(args, buf[:0])
	for i, n := range g.nevers {
		met := len(n.Lines) == 0 || slices.ContainsFunc(refs, func(r argv.LineRef) bool { return r.Rule == i })
		if met && n.when.holds(rule, types) {
			return n
		}
	}
	return nil
}
