package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/rootgate-project/rootgate/policy/argv"
)

// maxNevers bounds the nevers of a policy.
const maxNevers = 200

// draftNever is a never while a policy loads.
type draftNever struct {
	*Never
	doc   *document
	lines []*argv.Line
}

// readNevers reads the nevers of a file. They hold for the rules of all files.
func (d *document) readNevers(file *fileScope) {
	v, ok := file.fields["never"]
	if !ok {
		return
	}
	items, ok := d.list(v.value, "never")
	if !ok {
		return
	}
	for _, item := range items {
		if len(d.nevers) == maxNevers {
			d.fail(item, "F-LIMIT", "more than %d nevers", maxNevers)
			return
		}
		if n := d.readNever(item, file); n != nil {
			d.nevers = append(d.nevers, n)
		}
	}
}

var (
	neverSchema = schema{what: "a never", keys: strings.Fields("id why exec argv when")}
	whenSchema  = schema{what: "when", keys: strings.Fields("fs.read fs.write fs.exec caps seccomp user net")}
)

func (d *document) readNever(n *yaml.Node, file *fileScope) *draftNever {
	before := d.out.counts[SeverityError]
	f, ok := d.fields(n, neverSchema)
	if !ok {
		return nil
	}
	never := &draftNever{Never: &Never{Pos: d.pos(n)}, doc: d}
	if v, ok := f["id"]; !ok {
		d.lacks(n, neverSchema, "F-VALUE", "a never has no id:")
	} else {
		never.ID = d.neverID(v.value)
	}
	if v, ok := f["why"]; ok {
		never.Why = d.prose(v.value, "why")
	}
	if v, ok := f["exec"]; ok {
		never.Programs = d.neverPrograms(v.value)
	}
	if v, ok := f["argv"]; ok {
		d.neverLines(v.value, never, file)
	}
	if v, ok := f["when"]; ok {
		never.when = d.condition(v.value)
	}
	if f["exec"].value == nil && f["argv"].value == nil && f["when"].value == nil {
		d.lacks(n, neverSchema, "F-VALUE", "a never with no exec:, argv: or when: would forbid everything")
	}
	if d.out.counts[SeverityError] > before {
		return nil
	}
	return never
}

func (d *document) neverID(n *yaml.Node) string {
	s, ok := d.word(n, "id")
	if !ok {
		return ""
	}
	if !ruleName.MatchString(s) {
		d.fail(n, "F-VALUE", "id %q: expected lower case letters, digits, dots, - and _, at most 64", clip(s))
		return ""
	}
	for _, o := range d.nevers {
		if o.ID == s {
			d.fail(n, "F-VALUE", "the never %s stands twice; first at %s", s, o.Pos)
		}
	}
	return s
}

// neverPrograms reads the programs that a never is about.
func (d *document) neverPrograms(n *yaml.Node) []string {
	items, ok := d.listOrOne(n, "exec")
	if !ok {
		return nil
	}
	if len(items) == 0 || len(items) > maxPrograms {
		d.fail(n, "F-VALUE", "exec names %d programs, expected 1 to %d", len(items), maxPrograms)
	}
	var out []string
	for _, item := range items {
		s, ok := d.word(item, "exec")
		if !ok {
			continue
		}
		// What stands before a "*" at the end is a path like any other.
		name := strings.TrimSuffix(s, "*")
		switch {
		case !strings.HasPrefix(s, "/"):
			d.fail(item, "X-RELEXEC", "exec %q must be an absolute path", clip(s))
		case strings.Contains(name, "*") || !isCanonicalPath(strings.TrimSuffix(name, "/")+"/x"):
			d.fail(item, "F-VALUE", "exec %q: expected a path without //, . and .., in which a * may stand at the end of the name only", clip(s))
		case strings.HasSuffix(s, "/"):
			d.fail(item, "F-VALUE", "exec %q ends in a slash; write %s* for all programs of the directory", clip(s), clip(s))
		default:
			out = append(out, s)
		}
	}
	return out
}

func (d *document) neverLines(n *yaml.Node, never *draftNever, file *fileScope) {
	block := d.block(n, file.types)
	if block == nil {
		return
	}
	for _, l := range block.Lines {
		line, column := d.src.blockPos(n, l.Row, l.Col)
		never.lines = append(never.lines, l)
		never.Lines = append(never.Lines, Line{Number: l.Number, Text: l.Source, Pos: Position{d.src.name, line, column}})
	}
}

// condition reads "when: {fs.write: [...], caps: any, ...}".
func (d *document) condition(n *yaml.Node) *condition {
	f, ok := d.fields(n, whenSchema)
	if !ok {
		return nil
	}
	if len(f) == 0 {
		d.lacks(n, whenSchema, "F-VALUE", "when: has no condition")
	}
	c := &condition{}
	for _, l := range []struct {
		name string
		to   *[]region
	}{{"fs.read", &c.read}, {"fs.write", &c.write}, {"fs.exec", &c.exec}} {
		if v, ok := f[l.name]; ok {
			*l.to = conditionList(d, v.value, l.name, d.region)
		}
	}
	if v, ok := f["caps"]; ok {
		if c.anyCap = v.value.Value == "any"; !c.anyCap {
			c.caps = conditionList(d, v.value, "caps", d.capability)
		}
	}
	if v, ok := f["seccomp"]; ok {
		c.seccomp = conditionList(d, v.value, "seccomp", d.seccompName)
	}
	if v, ok := f["user"]; ok {
		c.users = conditionList(d, v.value, "user", func(n *yaml.Node, _ string) (uint32, bool) {
			a, ok := d.knownAccount(n, "user", false)
			return a.id, ok
		})
	}
	if v, ok := f["net"]; ok {
		c.net = conditionList(d, v.value, "net", func(n *yaml.Node, _ string) (string, bool) {
			s := d.oneOf(n, "net", "", NetHost, NetNone)
			return s, s != ""
		})
	}
	return c
}

// conditionList reads one value or a list of values, of which one has to be met.
func conditionList[T any](d *document, n *yaml.Node, what string, read func(*yaml.Node, string) (T, bool)) []T {
	items, ok := d.listOrOne(n, what)
	if ok && len(items) == 0 {
		d.fail(n, "F-VALUE", "when: %s names nothing", what)
	}
	var out []T
	for _, item := range items {
		if item.Kind != yaml.ScalarNode {
			d.fail(item, "F-YAMLTYPE", "an item of %s is %s, expected text", what, describe(item))
			continue
		}
		if v, ok := read(item, item.Value); ok {
			out = append(out, v)
		}
	}
	return out
}

// region reads a path, or "DIR/**" for a directory and all below it.
func (d *document) region(n *yaml.Node, _ string) (g region, ok bool) {
	s, ok := d.word(n, "a path")
	if !ok {
		return g, false
	}
	if s, g.tree = strings.CutSuffix(s, "/**"); s == "" && g.tree {
		s = "/"
	}
	if s, ok = d.substitute(n, s); !ok {
		return g, false
	}
	if !isCanonicalPath(s) || strings.Contains(s, "*") {
		d.fail(n, "F-VALUE", "%q is no absolute path without //, . and .., and not one with /** at its end", clip(n.Value))
		return g, false
	}
	g.path = s
	return g, true
}

// neverGuards builds what holds each program's requests to the nevers.
func (l *loading) neverGuards(s *Snapshot) {
	for _, n := range l.nevers {
		s.nevers = append(s.nevers, n.Never)
	}
	built := make(map[string]*neverGuard)
	for _, p := range s.programs() {
		var names []*draftNever
		var key strings.Builder
		for i, n := range l.nevers {
			if n.names(p.path) {
				names = append(names, n)
				fmt.Fprintf(&key, "%d,", i)
			}
		}
		if len(names) == 0 {
			continue
		}
		if built[key.String()] == nil {
			built[key.String()] = l.neverGuard(p, names)
		}
		p.guard = built[key.String()]
	}
}

func (l *loading) neverGuard(p *program, nevers []*draftNever) *neverGuard {
	g := &neverGuard{}
	for _, n := range nevers {
		g.nevers = append(g.nevers, n.Never)
	}
	var err error
	if g.matcher, err = l.compiler.Compile(usageOf(nevers), argv.Limits{}); err != nil {
		l.neverLimit(p, nevers, 0, err)
	}
	return g
}

// usageOf returns the usage of nevers by their indexes.
func usageOf(nevers []*draftNever) []argv.Rule {
	out := make([]argv.Rule, 0, len(nevers))
	for _, n := range nevers {
		out = append(out, argv.Rule{Lines: n.lines, Union: true})
	}
	return out
}

// neverLimit reports nevers that are too large, alone or with a program's rules,
// of which there are skip.
func (l *loading) neverLimit(p *program, nevers []*draftNever, skip int, err error) {
	at, msg := nevers[0], clipLong(err.Error())
	if e, ok := errors.AsType[*argv.LimitError](err); ok {
		msg = fmt.Sprintf("more than %d %s", e.Limit, e.What)
		if e.Rule >= skip && e.Rule-skip < len(nevers) {
			at = nevers[e.Rule-skip]
		}
	}
	at.doc.report(SeverityError, at.Pos.Line, at.Pos.Column, "G-STATES", "never %s cannot be held for %s: %s", at.ID, p.path, msg)
}

// idleNevers notes the nevers that name programs which no rule runs.
func (l *loading) idleNevers(programs []*program) {
	for _, n := range l.nevers {
		if len(n.Programs) > 0 && !slices.ContainsFunc(programs, func(p *program) bool { return n.names(p.path) }) {
			n.doc.report(SeverityNote, n.Pos.Line, n.Pos.Column, "P-NEVER", "no rule runs a program that never %s names", n.ID)
		}
	}
}
