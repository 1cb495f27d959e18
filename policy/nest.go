package policy

import (
	"fmt"
	"path"
	"strings"

	"github.com/rootgate-project/rootgate/policy/argv"
)

// nest says what a rule was made of that a chain makes: one rule for each way
// through the chains and the programs of the rules in it.
type nest struct {
	chain    []*Rule   // as written, the outermost first
	programs []Program // of each rule in chain; the first is the matcher's own
	lines    [][]int   // for each line, the number of the line of each rule in chain
	// runs is the place in chain of the rule whose program is executed: the first
	// that is no wrapper.
	runs int
}

// Link is a line of a rule in a chain of nested commands.
type Link struct {
	Rule *Rule
	Line int
}

// links returns the lines that a line of the rule was made of, nil for a rule as
// it was written.
func (r *Rule) links(line int) []Link {
	if r.nest == nil {
		return nil
	}
	out := make([]Link, 0, len(r.nest.chain))
	for i, c := range r.nest.chain {
		out = append(out, Link{c, r.nest.lines[line-1][i]})
	}
	return out
}

// lineName names a line in a message: "rule:1", or "rule:1 → inner:2".
func (r *Rule) lineName(line int) string {
	if r.nest == nil {
		return fmt.Sprintf("%s:%d", r.ID, line)
	}
	var parts []string
	for _, l := range r.links(line) {
		parts = append(parts, fmt.Sprintf("%s:%d", l.Rule.ID, l.Line))
	}
	return strings.Join(parts, " → ")
}

// outermost returns the rule and the line as they are written.
func (r *Rule) outermost(line int) (*Rule, int) {
	if r.nest == nil {
		return r, line
	}
	return r.nest.chain[0], r.nest.lines[line-1][0]
}

// name tells the rules apart that are made of one chain.
func (n *nest) name() string {
	if n == nil {
		return ""
	}
	var b strings.Builder
	for i, r := range n.chain[1:] {
		fmt.Fprintf(&b, " %s %s", r.ID, n.programs[i+1].Path)
	}
	return b.String()
}

// wraps reports whether w is among the wrappers that the server does.
func (n *nest) wraps(w Wrapper) bool {
	for _, r := range n.chain[:n.runs] {
		if r.Wrap == w {
			return true
		}
	}
	return false
}

// unheld says what a nested rule asks for that nothing would hold where the
// program in front of it starts it, or "". The server does not: it makes no
// variables of what stands behind env, and sees no program but its own.
func (n *nest) unheld() string {
	starts := n.chain[n.runs]
	for i := n.runs + 1; i < len(n.chain); i++ {
		switch in := n.chain[i]; {
		case in.Wrap == WrapEnv:
			return fmt.Sprintf("%s wraps env, and the program of %s would start it: no env: of a rule would hold the variables; wrap what %s runs instead", in.ID, starts.ID, starts.ID)
		case len(n.programs[i].SHA256) > 0:
			return fmt.Sprintf("%s says the sha256 of %s, and the program of %s would start it without asking", in.ID, n.programs[i].Path, starts.ID)
		}
	}
	return ""
}

// key is what a nested rule decides beyond the effect of the rule that runs.
func (n *nest) key() string {
	var b strings.Builder
	for _, r := range n.chain[:n.runs] {
		fmt.Fprintf(&b, " wrap=%s", r.Wrap)
	}
	if n.runs > 0 {
		fmt.Fprintf(&b, " runs=%q %q", n.programs[n.runs].Path, n.programs[n.runs].SHA256)
		// A namespace that a wrapper names is held to the type of the rule that runs.
		fmt.Fprintf(&b, " in=%s", typeText(n.chain[n.runs].Netns.Type))
	}
	return b.String()
}

// unwrapped reports whether the program of the rule is not what is executed.
func (r *Rule) unwrapped() bool { return r.nest != nil && r.nest.runs > 0 }

// executes names what a rule executes, for a message.
func (n *nest) executes() string {
	if n == nil || n.runs == 0 {
		return "the program itself"
	}
	return n.programs[n.runs].Path
}

// unwrap finds what the match executes, and does the work of the wrappers.
func (m *match) unwrap(r Request) (*command, *Denial) {
	c := &command{
		rule: m.rule, line: m.ref.Line, program: m.program.path, digests: m.digests(), args: r.Argv[1:],
		captures: m.captures, effect: m.rule.Effect, netns: r.Netns, env: r.Env,
	}
	n := m.rule.nest
	if n == nil {
		return c, nil
	}
	c.rule, c.line = n.chain[n.runs], n.lines[m.ref.Line-1][n.runs]
	var at []int // the arguments that are programs of nested commands
	c.captures = nil
	for _, x := range m.captures {
		if x.Type.Name() == argv.CommandType {
			at = append(at, x.Arg)
		}
	}
	if len(at) != len(n.chain)-1 {
		return nil, denial(ReasonInnerNotAllowed, "a nested command was not found in its line")
	}
	from := 0
	for i, rule := range n.chain[:n.runs] {
		if d := wrappers[rule.Wrap].apply(r.Argv[1:][from:at[i]], c); d != nil {
			return nil, d
		}
		from = at[i] + 1
	}
	if n.runs > 0 {
		c.program = n.programs[n.runs].Path
	}
	for i := n.runs + 1; i < len(n.chain); i++ {
		c.starts = append(c.starts, started{n.programs[i].Path, r.Argv[1:][at[i-1]+1:]})
	}
	c.args, c.skip = c.args[from:], from
	for _, x := range m.captures {
		switch {
		case x.Type.Name() == argv.CommandType:
		case x.Arg < from:
			c.outer = append(c.outer, x)
		default:
			x.Arg -= from
			c.captures = append(c.captures, x)
		}
	}
	return c, nil
}

// argv is what is executed.
func (c *command) argv() []string { return append([]string{path.Base(c.program)}, c.args...) }
