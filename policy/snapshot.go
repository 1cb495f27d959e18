package policy

import (
	"slices"

	"github.com/rootgate-project/rootgate/policy/argv"
)

// Snapshot is a loaded policy. It is immutable and safe for concurrent use; a
// nil Snapshot denies everything.
type Snapshot struct {
	rules  []*Rule // sorted by id
	byName map[string][]*program
	nevers []*Never // sorted by id
	sha256 string
	tests  int
	// coverage is by rule and line; nil when nobody asked for it.
	coverage []LineCoverage
}

// program is one executable with the rules that run it.
type program struct {
	path    string
	rules   []*Rule    // sorted by id; the matcher's rule indexes
	digests [][]string // of the program, by rule
	usage   []argv.Rule
	matcher *argv.Matcher
	guard   *neverGuard // nil: no never names the program
}

// Executable is a program with the usage lines that run it, for an analysis. It
// belongs to its snapshot and must not be changed.
type Executable struct {
	Path    string        // as the rules write it
	Rules   []*Rule       // sorted by id; LineRef.Rule of Matcher is an index into it
	Usage   []argv.Rule   // of each rule, its lines; to be compiled together with others
	Matcher *argv.Matcher // of Usage
}

// Executables returns the programs of the policy, sorted by path.
func (s *Snapshot) Executables() []Executable {
	if s == nil {
		return nil
	}
	var out []Executable
	for _, p := range s.programs() {
		out = append(out, Executable{Path: p.path, Rules: p.rules, Usage: p.usage, Matcher: p.matcher})
	}
	return out
}

// Rules returns the rules, sorted by id. They must not be changed.
func (s *Snapshot) Rules() []*Rule {
	if s == nil {
		return nil
	}
	return append([]*Rule(nil), s.rules...)
}

// Nevers returns the assertions of the policy, sorted by id. They must not be
// changed.
func (s *Snapshot) Nevers() []*Never {
	if s == nil {
		return nil
	}
	return append([]*Never(nil), s.nevers...)
}

// programs returns the programs, sorted by path.
func (s *Snapshot) programs() []*program {
	var all []*program
	for name, named := range s.byName {
		for _, p := range named {
			if p.path == name {
				all = append(all, p)
			}
		}
	}
	slices.SortFunc(all, func(a, b *program) int { return comparePaths(a.path, b.path) })
	return all
}

// SHA256 returns the digest, in lowercase hex, of the files the snapshot was
// loaded from, names included.
func (s *Snapshot) SHA256() string {
	if s == nil {
		return ""
	}
	return s.sha256
}

// Tests returns how many allow and deny tests of the rules ran while the
// snapshot was loaded. All of them passed.
func (s *Snapshot) Tests() int {
	if s == nil {
		return 0
	}
	return s.tests
}

// Commands returns the usage lines that c may run, ordered by rule id and line.
func (s *Snapshot) Commands(c Caller) []Command {
	var out []Command
	for _, r := range s.Rules() {
		if r.admits(c) {
			out = append(out, r.commands()...)
		}
	}
	return out
}

func (r *Rule) commands() []Command {
	var paths, env []string
	for _, p := range r.Programs {
		paths = append(paths, p.Path)
	}
	for _, p := range r.Env.Pass {
		env = append(env, p.Name)
	}
	netns := ""
	if r.Netns.Type != nil {
		netns = r.Netns.Type.String()
	}
	out := make([]Command, 0, len(r.Lines))
	for _, l := range r.Lines {
		out = append(out, Command{
			Rule: r.ID, Line: l.Number, Programs: paths, Usage: l.Text,
			TakesStdin: r.Stdin.Max > 0, Netns: netns, Env: env, Why: r.Why,
		})
	}
	return out
}
