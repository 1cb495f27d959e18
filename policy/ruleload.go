package policy

import (
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/rootgate-project/rootgate/policy/argv"
)

var (
	ruleName        = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)
	placeholderName = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,63}$`)
)

func isTypeName(name string) bool {
	return name == argv.CommandType || slices.Contains(argv.TypeNames(), name)
}

var ruleSchema = schema{
	what:  "a rule",
	keys:  strings.Fields("id why accept exec profile run overrides args argv callers chain wrap netns env cwd stdin signals tests"),
	later: strings.Fields("unit detach limits explain terminal"),
}

// draftRule is a rule while a policy loads.
type draftRule struct {
	*Rule
	doc    *document
	lines  []*argv.Line // as the Rule's Lines
	tests  []testCase
	tested []bool // by line: an allow test matched it
	used   argv.Coverage
	accept []waiver
	chain  []chained // as Chain

	overriding []overriding // as the Rule's Overrides, in the order written
}

// readRule reads one rule. It returns what it could read: a rule with findings
// is never part of a snapshot.
func (d *document) readRule(n *yaml.Node, file *fileScope) *draftRule {
	f, ok := d.fields(n, ruleSchema)
	if !ok {
		return nil
	}
	r := &draftRule{Rule: &Rule{Pos: d.pos(n), Profile: baseProfile, Effect: file.base}, doc: d}
	if r.ID, ok = d.ruleID(n, f); !ok {
		return nil
	}
	d.rule = r.ID
	defer func() { d.rule = "" }()
	if v, ok := f["why"]; ok {
		r.Why = d.prose(v.value, "why")
	}
	if v, ok := f["accept"]; ok {
		d.readWaivers(v.value, r)
	}
	if v, ok := f["overrides"]; ok {
		d.readOverrides(v.value, r)
	}
	r.Programs = d.programs(n, f)
	d.noteItems(r, f, file)
	d.ruleEffect(r, f, file)
	d.ruleCallers(n, r, f, file)
	d.ruleRequest(r, f, file)
	d.ruleLines(n, r, f, file)
	d.ruleChain(r, f)
	if v, ok := f["tests"]; ok {
		r.tests = d.readTests(v.value, r.Programs)
		for _, t := range r.tests {
			if t.allow {
				r.AllowTests++
			} else {
				r.DenyTests++
			}
		}
	}
	if !d.unchecked && r.Wrap == "" {
		d.ruleWarnings(n, r)
		d.checkRule(n, r)
	}
	return r
}

func (d *document) ruleID(n *yaml.Node, f map[string]field) (RuleID, bool) {
	v, ok := f["id"]
	if !ok {
		d.lacks(n, ruleSchema, "F-VALUE", "a rule has no id:")
		return "", false
	}
	s, ok := d.word(v.value, "id")
	if !ok {
		return "", false
	}
	if !ruleName.MatchString(s) {
		d.fail(v.value, "F-VALUE", "id %q: expected lower case letters, digits, dots, - and _, at most 64", clip(s))
		return "", false
	}
	if first, twice := d.ruleIDs[RuleID(s)]; twice {
		d.fail(v.value, "F-VALUE", "the rule %s stands twice; first at %s", s, first)
		return "", false
	}
	d.ruleIDs[RuleID(s)] = d.pos(v.value)
	return RuleID(s), true
}

// ruleEffect merges the profile and the rule's own run block.
func (d *document) ruleEffect(r *draftRule, f map[string]field, file *fileScope) {
	if v, ok := f["profile"]; ok {
		name, ok := d.word(v.value, "profile")
		if ok {
			r.Profile = ProfileName(name)
			r.Effect = d.profile(v.value, file, r.Profile)
		}
	}
	if v, ok := f["run"]; ok {
		r.Effect = d.applyRun(r.Effect, v.value, r.Why != "")
	}
}

func (d *document) ruleCallers(n *yaml.Node, r *draftRule, f map[string]field, file *fileScope) {
	if v, ok := f["callers"]; ok {
		r.Callers, _ = d.callers(v.value)
		return
	}
	if !file.hasCallers {
		d.fail(n, "C-ANY", "rule %s has no callers, and neither has its file; there is no default (callers: [] is nobody)", r.ID)
	}
	r.Callers = file.callers
}

// ruleRequest reads what a request may choose besides its arguments.
func (d *document) ruleRequest(r *draftRule, f map[string]field, file *fileScope) {
	if v, ok := f["netns"]; ok {
		r.Netns = d.netns(v.value, file.types)
	}
	if v, ok := f["env"]; ok {
		r.Env = d.env(v.value, file.types)
	}
	if v, ok := f["cwd"]; ok {
		d.ruleCwd(r, v.value)
	}
	if v, ok := f["stdin"]; ok {
		r.Stdin = d.stdin(v.value)
	}
	r.Signals = slices.Clone(defaultSignals)
	if v, ok := f["signals"]; ok {
		r.Signals = editNoted(d, v.value, "signals", nil, d.signal, r.origins.note(d, "signals"))
	}
}

// maxRules bounds the rules of a policy, maxBlockBytes one argv block before
// the grammar holds it to its own bounds, 64 lines of 4 KiB.
const (
	maxRules      = 1000
	maxBlockBytes = 64 * 4 << 10
)

// ruleLines reads args and argv.
func (d *document) ruleLines(n *yaml.Node, r *draftRule, f map[string]field, file *fileScope) {
	scope := maps.Clone(file.types)
	args := argv.Scope{}
	if v, ok := f["args"]; ok {
		args = d.scopeOf(v.value, "args", file.types)
		maps.Copy(scope, args)
	}
	v, ok := f["argv"]
	if !ok {
		d.lacks(n, ruleSchema, "F-VALUE", "rule %s has no argv: block (argv: '' is no arguments)", r.ID)
		return
	}
	before := d.out.counts[SeverityError]
	block := d.block(v.value, scope)
	if block == nil {
		return
	}
	if len(block.Lines) == 0 {
		d.fail(v.value, "G-PARSE", "argv has no line (argv: '' is no arguments)")
		return
	}
	used := make(map[string]bool)
	for _, l := range block.Lines {
		line, column := d.src.blockPos(v.value, l.Row, l.Col)
		r.lines = append(r.lines, l)
		r.Lines = append(r.Lines, Line{Number: l.Number, Text: l.Source, Pos: Position{d.src.name, line, column}})
		for _, p := range l.Placeholders() {
			used[p.Name] = true
		}
	}
	r.tested = make([]bool, len(r.Lines))
	r.Types = d.namedTypes(r.Lines, f, file, scope)
	if d.out.counts[SeverityError] > before {
		return
	}
	for _, a := range pairs(f["args"].valueOrEmpty()) {
		if args[a.key.Value] != nil && !used[a.key.Value] {
			d.fail(a.key, "F-UNKNOWN", "args: no line of the rule has <%s>", a.key.Value)
		}
	}
}

// valueOrEmpty returns the field's value, or an empty mapping for no field.
func (f field) valueOrEmpty() *yaml.Node {
	if f.value == nil {
		return &yaml.Node{Kind: yaml.MappingNode}
	}
	return f.value
}

// block reads an argv block. Only a literal block keeps the positions of what
// stands in it, and only there is no character special to YAML.
func (d *document) block(n *yaml.Node, scope argv.Scope) *argv.Block {
	literal := n.Kind == yaml.ScalarNode && n.Style&yaml.LiteralStyle != 0
	empty := n.Kind == yaml.ScalarNode && n.ShortTag() == "!!str" && n.Value == ""
	if !literal && !empty {
		d.fail(n, "F-YAMLTYPE", "argv is %s, expected a literal block: \"argv: |\" and the lines below it", describe(n))
		return nil
	}
	if len(n.Value) > maxBlockBytes {
		d.fail(n, "F-LIMIT", "argv has %d bytes, the limit is %d", len(n.Value), maxBlockBytes)
		return nil
	}
	block, err := argv.Parse(n.Value, scope)
	if err == nil {
		return block
	}
	d.syntaxErrors(n, err)
	return nil
}

// syntaxErrors reports what the grammar found in the block n, where it stands.
func (d *document) syntaxErrors(n *yaml.Node, err error) {
	found := false
	for _, e := range flatten(err) {
		if s, ok := errors.AsType[*argv.SyntaxError](e); ok {
			found = true
			line, column := d.src.blockPos(n, s.Line, s.Col)
			msg := s.Msg
			if s.Expected != "" {
				msg += ", expected " + s.Expected
			}
			d.report(SeverityError, line, column, s.Check, "%s", clipLong(msg))
		}
	}
	if !found {
		d.fail(n, "G-PARSE", "argv: %s", clipLong(err.Error()))
	}
}

// flatten returns the errors that err joins.
func flatten(err error) []error {
	if j, ok := err.(interface{ Unwrap() []error }); ok {
		var out []error
		for _, e := range j.Unwrap() {
			out = append(out, flatten(e)...)
		}
		return out
	}
	return []error{err}
}

// interprets reports whether a program runs what others wrote. It reminds
// authors, and defends nothing: what a rule lets a program do is in its lines.
func interprets(program string) bool {
	k, err := known()
	if err != nil {
		return true
	}
	b := k.lookup(program)
	return b != nil && b.interpreter
}

// ruleWarnings reports what loads and deserves a look.
func (d *document) ruleWarnings(n *yaml.Node, r *draftRule) {
	for _, p := range r.Programs {
		if r.Why == "" && interprets(p.Path) {
			d.report(SeverityWarning, n.Line, n.Column, "X-INTERP",
				"%s interprets or starts other programs; say why the rule needs it", p.Path)
		}
	}
	if !r.Effect.FS.Host {
		for _, s := range hostSets {
			if slices.Contains(r.Effect.Seccomp, s) {
				d.report(SeverityWarning, n.Line, n.Column, "R-SECCOMP",
					"%s needs fs: host: the kernel refuses to mount under Landlock", s)
			}
		}
	}
}
