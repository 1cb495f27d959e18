package policy

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/rootgate-project/rootgate/policy/argv"
)

// defaultSignals are those that a terminal or a supervisor sends to end a
// command or to make it read its configuration again.
var defaultSignals = []string{"HUP", "INT", "QUIT", "TERM"}

// signalNames are those of signal(7) that make sense from outside, sorted. The
// kernel's own (SEGV, SYS, …) would forge a crash.
var signalNames = strings.Fields("ALRM CONT HUP INT KILL QUIT STOP TERM TSTP TTIN TTOU USR1 USR2 WINCH")

func (d *document) signal(n *yaml.Node, s string) (string, bool) {
	if slices.Contains(signalNames, s) {
		return s, true
	}
	hint := didYouMean(strings.TrimPrefix(strings.ToUpper(s), "SIG"), signalNames)
	d.fail(n, "F-VALUE", "unknown signal %q%s", clip(s), hint)
	return "", false
}

var (
	stdinSchema = schema{what: "stdin", keys: []string{"max", "utf8", "lines", "max_lines"}, later: []string{"schema"}}
	cwdSchema   = schema{what: "cwd", keys: []string{"under", "owner"}, later: []string{"create"}}
)

// netns reads "netns: TYPE" or "netns: {type: TYPE, required: true}".
func (d *document) netns(n *yaml.Node, types argv.Scope) Netns {
	if n.Kind != yaml.MappingNode {
		t, ok := d.typeOf(n, "netns", types)
		d.noLookup(n, t, ok)
		return Netns{Type: t}
	}
	s := typeSchema
	s.what, s.keys = "netns", append(slices.Clone(s.keys), "required")
	f, ok := d.fields(n, s)
	if !ok || len(f) < len(pairs(n)) {
		return Netns{}
	}
	var ns Netns
	if v, ok := f["required"]; ok {
		ns.Required = d.truth(v.value, "required")
		delete(f, "required")
	}
	ns.Type, ok = d.typeFrom(n, "netns", f, types)
	d.noLookup(n, ns.Type, ok)
	return ns
}

// noLookup refuses a type of namespaces that asks the host about its values:
// the server opens the namespace, and that is all.
func (d *document) noLookup(n *yaml.Node, t *argv.Type, ok bool) {
	if ok && looksUp(t) {
		d.fail(n, "F-VALUE", "netns: the server does not look up what %s asks for", t)
	}
}

// maxStdin and maxStdinLines bound what a rule may take on standard input.
// stdinLines is how many lines one takes that says what lines are, but not how
// many.
const (
	maxStdin      = 1 << 30
	maxStdinLines = 1 << 20
	stdinLines    = 10_000
)

// stdin reads "stdin: none" or
// "stdin: {max: SIZE, utf8: true, lines: RE2, max_lines: N}".
func (d *document) stdin(n *yaml.Node) (s Stdin) {
	if n.Kind != yaml.MappingNode {
		if s, ok := d.text(n, "stdin"); ok && s != "none" {
			d.fail(n, "F-VALUE", "stdin is %q, expected none, or a mapping with max", clip(s))
		}
		return s
	}
	f, ok := d.fields(n, stdinSchema)
	if !ok {
		return s
	}
	if v, ok := f["utf8"]; ok {
		s.UTF8 = d.truth(v.value, "stdin.utf8")
	}
	if v, ok := f["lines"]; ok {
		s.Lines, s.MaxLines = d.stdinLine(v.value), stdinLines
	}
	if v, ok := f["max_lines"]; ok {
		lines, _ := d.integer(v.value, "stdin.max_lines", 1, maxStdinLines)
		s.MaxLines = int(lines)
	}
	v, ok := f["max"]
	if !ok {
		d.lacks(n, stdinSchema, "F-VALUE", "stdin has no max:, the bytes it may take")
		return Stdin{}
	}
	s.Max, _ = d.size(v.value, "stdin.max", 1, maxStdin)
	return s
}

// stdinLine reads the expression that each line must match as a whole. A line is
// no argument: it may begin with "-".
func (d *document) stdinLine(n *yaml.Node) *argv.Type {
	expr, ok := d.word(n, "stdin.lines")
	if !ok {
		return nil
	}
	t, err := argv.NewType("re", argv.Params{Re: expr, Dash: true})
	if !d.typeError(n, "stdin.lines", "re", err) {
		return nil
	}
	return t
}

// ruleCwd reads "cwd: DIR", the rule's own directory, or
// "cwd: {under: DIRS, owner: ACCOUNTS}".
func (d *document) ruleCwd(r *draftRule, n *yaml.Node) {
	if n.Kind != yaml.MappingNode {
		if p, ok := d.filePath(n, "cwd"); ok {
			r.Effect.Cwd = p
		}
		return
	}
	f, ok := d.fields(n, cwdSchema)
	if !ok {
		return
	}
	v, ok := f["under"]
	if !ok {
		d.lacks(n, cwdSchema, "F-VALUE", "cwd has no under:, the directories that a request may choose from")
		return
	}
	r.Cwd = d.roots(v.value, "cwd.under")
	if v, ok := f["owner"]; ok {
		r.CwdOwner = d.cwdOwner(v.value)
	}
}

// ownerCaller is the owner of a directory that stands for who asks.
const ownerCaller = "caller"

// cwdOwner reads "owner: ACCOUNT" or a list of accounts, of which one may be the
// caller.
func (d *document) cwdOwner(n *yaml.Node) (o CwdOwner) {
	items, ok := d.listOrOne(n, "cwd.owner")
	if ok && len(items) == 0 {
		d.fail(n, "F-VALUE", "cwd.owner names nobody; a request could choose no directory")
	}
	for _, item := range items {
		if item.Kind == yaml.ScalarNode && item.Value == ownerCaller {
			o.Caller = true
			continue
		}
		if a, ok := d.knownAccount(item, "cwd.owner", false); ok {
			o.Names, o.ids = append(o.Names, a.name), append(o.ids, a.id)
		}
	}
	slices.Sort(o.Names)
	return o
}

var envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,254}$`)

// env reads "env: {set: {NAME: value}, pass: {NAME: TYPE}}".
func (d *document) env(n *yaml.Node, types argv.Scope) (e Env) {
	f, ok := d.fields(n, schema{what: "env", keys: []string{"set", "pass"}})
	if !ok {
		return e
	}
	set := make(map[string]string)
	if v, ok := f["set"]; ok {
		for _, p := range d.mapping(v.value, "env.set") {
			value, ok := d.text(p.value, "env.set "+clip(p.key.Value))
			if ok && hasControl(value) {
				d.fail(p.value, "F-VALUE", "the value of %s has a control character", clip(p.key.Value))
			}
			if d.envName(p.key) {
				set[p.key.Value] = value
			}
		}
	}
	if v, ok := f["pass"]; ok {
		e.Pass = d.envPass(v.value, set, types)
	}
	for _, name := range slices.Sorted(maps.Keys(set)) {
		e.Set = append(e.Set, EnvVar{Name: name, Value: set[name]})
	}
	return e
}

func (d *document) envName(key *yaml.Node) bool {
	if envName.MatchString(key.Value) {
		return true
	}
	d.fail(key, "F-VALUE", "%q is not the name of a variable", clip(key.Value))
	return false
}

func (d *document) envPass(n *yaml.Node, set map[string]string, types argv.Scope) []EnvPass {
	if n.Kind == yaml.SequenceNode {
		d.fail(n, "E-ENVTYPE", "env.pass names variables without types; write pass: {NAME: TYPE}")
		return nil
	}
	var out []EnvPass
	for _, p := range d.mapping(n, "env.pass") {
		name := p.key.Value
		_, isSet := set[name]
		switch {
		case !d.envName(p.key):
		case isSet:
			d.fail(p.key, "F-VALUE", "%s is in set: and in pass:", name)
		case refusedEnv(name) != "":
			d.fail(p.key, "E-LOADER", "%s may not pass: %s", name, refusedEnv(name))
		case isNull(p.value):
			d.fail(p.key, "E-ENVTYPE", "pass: %s has no type", name)
		default:
			t, ok := d.typeOf(p.value, "env.pass "+name, types)
			if ok && matchesEnv(configEnv, name) && t.Name() != "path" {
				d.fail(p.value, "E-ENVTYPE", "%s chooses a configuration or a program: set: it, or give it the type path", name)
			}
			if ok && looksUp(t) {
				d.fail(p.value, "E-ENVTYPE", "pass: %s: the server looks no value of a variable up, and %s asks for it", name, t)
			}
			if ok {
				out = append(out, EnvPass{Name: name, Type: t})
			}
		}
	}
	slices.SortFunc(out, func(a, b EnvPass) int { return cmp.Compare(a.Name, b.Name) })
	return out
}
