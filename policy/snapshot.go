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
//
// A rule with nested commands stands there as several: one for each way through
// its chain and each program in it, made of the rule and those it chains. Such a
// rule has Inner. Its ID, Callers and Pos are those of the outermost rule as
// written, its Lines are written out and have the numbers of the outermost, and
// its Effect, Netns, Env, Cwd, Stdin and Signals are those that hold: of the
// nested rule inside of wrappers, and otherwise of the outermost.
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
			out = append(out, s.commands(r)...)
		}
	}
	return out
}

func (s *Snapshot) commands(r *Rule) []Command {
	var paths, env []string
	for _, p := range r.Programs {
		paths = append(paths, p.Path)
	}
	stdin, netns := false, ""
	for _, o := range s.effective(r) {
		stdin = stdin || o.Stdin.Max > 0
		for _, p := range o.Env.Pass {
			env = append(env, p.Name)
		}
		if o.Netns.Type != nil {
			netns = o.Netns.Type.String()
		}
	}
	slices.Sort(env)
	env = slices.Compact(env)
	out := make([]Command, 0, len(r.Lines))
	for _, l := range r.Lines {
		out = append(out, Command{
			Rule: r.ID, Line: l.Number, Programs: paths, Usage: l.Text,
			TakesStdin: stdin, Netns: netns, Env: env, Why: r.Why,
		})
	}
	return out
}

// effective returns the rules that hold for calls of r: those that its chain
// makes, or r itself.
func (s *Snapshot) effective(r *Rule) []*Rule {
	if len(r.Chain) == 0 {
		return []*Rule{r}
	}
	var out []*Rule
	for _, p := range s.byName[r.Programs[0].Path] {
		for _, o := range p.rules {
			if o.ID == r.ID {
				out = append(out, o)
			}
		}
	}
	return out
}
