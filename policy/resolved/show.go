package resolved

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/rootgate-project/rootgate/policy"
)

// New resolves a rule of a snapshot.
func New(r *policy.Rule) View {
	w := &writer{rule: r, view: View{
		Rule: r.ID, Profiles: r.Profiles(), AllowTests: r.AllowTests, DenyTests: r.DenyTests,
	}}
	chain := make([]string, len(w.view.Profiles))
	for i, p := range w.view.Profiles {
		chain[i] = string(p)
	}
	w.plain("# The rule %s of %s, resolved.", r.ID, r.Pos)
	w.plain("# Profiles: %s. Tests: %d allow, %d deny.", strings.Join(chain, ", then "), r.AllowTests, r.DenyTests)
	if len(r.Overrides) > 0 {
		w.plain("# It overrides %v.", r.Overrides)
	}
	w.plain("version: 1")
	w.types("", "types", true)
	w.plain("rules:")
	w.part("  - id: %s", "id", string(r.ID), r.Origin("id", ""))
	if r.Why != "" {
		w.part("    why: %s", "why", scalar(r.Why), r.Origin("why", ""))
	}
	if len(r.Accept) > 0 {
		w.part("    accept: %s", "accept", list(r.Accept), r.Origin("accept", ""))
	}
	w.programs()
	w.callers()
	w.chain()
	if r.Wrap == "" { // or the rules in the chain say it
		w.run()
		w.request()
	}
	w.types("    ", "args", false)
	w.usage()
	return w.view
}

// writer builds a View.
type writer struct {
	rule *policy.Rule
	view View
}

// plain adds a line without an origin.
func (w *writer) plain(format string, args ...any) {
	w.view.lines = append(w.view.lines, textLine{fmt.Sprintf(format, args...), -1, false})
}

// part adds a line that states value for path; format has one %s for it.
func (w *writer) part(format, path, value string, pos policy.Position) {
	w.view.lines = append(w.view.lines, textLine{fmt.Sprintf(format, value), len(w.view.Parts), false})
	w.view.Parts = append(w.view.Parts, Part{Path: path, Value: value, File: pos.File, Line: pos.Line, Pos: pos})
}

// types writes the named types, those of the file or those of the rule.
func (w *writer) types(indent, key string, shared bool) {
	first := true
	for _, t := range w.rule.Types {
		if t.Shared != shared {
			continue
		}
		if first {
			w.plain("%s%s:", indent, key)
			first = false
		}
		w.part(indent+"  "+t.Name+": %s", key+"."+t.Name, typeText(t.Type), t.Pos)
	}
}

func (w *writer) programs() {
	w.plain("    exec:")
	for i, p := range w.rule.Programs {
		value := scalar(p.Path)
		if len(p.SHA256) > 0 {
			value = fmt.Sprintf("{path: %s, sha256: %s}", value, list(p.SHA256))
		}
		pos := w.rule.Origin("exec", strconv.Itoa(i))
		if pos == (policy.Position{}) {
			pos = w.rule.Origin("exec", "")
		}
		w.part("      - %s", "exec", value, pos)
	}
}

func (w *writer) callers() {
	if len(w.rule.Callers) == 0 {
		w.part("    callers: %s", "callers", "[]", w.rule.Origin("callers", ""))
		return
	}
	w.plain("    callers:")
	for i, c := range w.rule.Callers {
		w.part("      - %s", "callers", callerText(c), w.rule.Origin("callers", strconv.Itoa(i)))
	}
}

// chain writes which commands the lines nest.
func (w *writer) chain() {
	if len(w.rule.Chain) > 0 {
		ids := make([]string, len(w.rule.Chain))
		for i, id := range w.rule.Chain {
			ids[i] = string(id)
		}
		w.part("    chain: %s", "chain", list(ids), w.rule.Origin("chain", ""))
	}
	if w.rule.Wrap != "" {
		w.part("    wrap: %s", "wrap", string(w.rule.Wrap), w.rule.Origin("wrap", ""))
	}
}

// callerText writes a caller as the policy does.
func callerText(c policy.CallerSpec) string {
	var fields []string
	for _, f := range []struct{ key, value string }{{"user", c.User}, {"group", c.Group}, {"unit", c.Unit}} {
		if f.value == "" {
			continue
		}
		if _, err := strconv.ParseUint(f.value, 10, 32); err != nil {
			f.value = scalar(f.value)
		}
		fields = append(fields, f.key+": "+f.value)
	}
	return "{" + strings.Join(fields, ", ") + "}"
}

// ownerText writes the rest of a cwd as the policy does.
func ownerText(o policy.CwdOwner) string {
	if o.String() == "" {
		return ""
	}
	return ", owner: " + o.String()
}

// stdinText writes what a rule takes as the policy does.
func stdinText(s policy.Stdin) string {
	out := fmt.Sprintf("{max: %s, utf8: %t", size(s.Max), s.UTF8)
	if s.Lines != nil {
		out += ", lines: " + scalar(s.Lines.Params().Re)
	}
	if s.MaxLines > 0 {
		out += ", max_lines: " + strconv.Itoa(s.MaxLines)
	}
	return out + "}"
}

// run writes the effect.
func (w *writer) run() {
	e := w.rule.Effect
	w.plain("    run:")
	w.one("user", scalarOrNumber(e.User))
	if e.Group != "" {
		w.one("group", scalarOrNumber(e.Group))
	}
	groups := make([]string, len(e.Groups))
	for i, g := range e.Groups {
		groups[i] = strconv.FormatUint(uint64(g), 10)
	}
	w.items("      ", "groups", groups, func(s string) string { return s })
	w.items("      ", "caps", e.Caps, scalar)
	w.items("      ", "seccomp", e.Seccomp, scalar)
	if e.FS.Host {
		w.one("fs", "host")
	} else {
		w.plain("      fs:")
		w.items("        ", "fs.read", e.FS.Read, scalar)
		w.items("        ", "fs.write", e.FS.Write, scalar)
		w.items("        ", "fs.exec", e.FS.Exec, scalar)
	}
	w.one("net", e.Net)
	w.plain("      limits:")
	for _, l := range []struct{ key, value string }{
		{"wall", duration(e.Limits.Wall)},
		{"cpu", duration(e.Limits.CPU)},
		{"mem", size(int64(e.Limits.Memory))},
		{"nofile", fmt.Sprint(e.Limits.Files)},
		{"procs", fmt.Sprint(e.Limits.Processes)},
		{"stdout", size(e.Limits.Stdout)},
		{"stderr", size(e.Limits.Stderr)},
	} {
		path := "run.limits." + l.key
		w.part("        "+l.key+": %s", path, l.value, w.rule.Origin(path, ""))
	}
	w.one("umask", fmt.Sprintf("'%03o'", e.Umask))
	w.one("nice", strconv.Itoa(e.Nice))
	w.one("cwd", scalar(e.Cwd))
}

// one writes a key of run.
func (w *writer) one(key, value string) {
	w.part("      "+key+": %s", "run."+key, value, w.rule.Origin("run."+key, ""))
}

// items writes a list of run, an item a line.
func (w *writer) items(indent, key string, items []string, text func(string) string) {
	last := key[strings.LastIndexByte(key, '.')+1:]
	if len(items) == 0 {
		w.part(indent+last+": %s", "run."+key, "[]", w.rule.Origin("run."+key, ""))
		return
	}
	w.plain("%s%s:", indent, last)
	for _, item := range items {
		w.part(indent+"  - %s", "run."+key, text(item), w.rule.Origin("run."+key, item))
	}
}

// request writes what a request may choose besides its arguments.
func (w *writer) request() {
	r := w.rule
	if r.Netns.Type != nil {
		var more []string
		if r.Netns.Required {
			more = []string{"required: true"}
		}
		w.part("    netns: %s", "netns", typeText(r.Netns.Type, more...), r.Origin("netns", ""))
	}
	w.env()
	if len(r.Cwd) > 0 {
		w.part("    cwd: {under: %s}", "cwd.under", list(r.Cwd)+ownerText(r.CwdOwner), r.Origin("cwd", ""))
	}
	stdin := "none"
	if r.Stdin.Max > 0 {
		stdin = stdinText(r.Stdin)
	}
	w.part("    stdin: %s", "stdin", stdin, r.Origin("stdin", ""))
	if len(r.Signals) == 0 {
		w.part("    signals: %s", "signals", "[]", r.Origin("signals", ""))
	} else {
		w.plain("    signals:")
		for _, s := range r.Signals {
			w.part("      - %s", "signals", scalar(s), r.Origin("signals", s))
		}
	}
}

func (w *writer) env() {
	set, pass := map[string]string{}, map[string]string{}
	for _, v := range w.rule.Env.Set {
		set[v.Name] = scalar(v.Value)
	}
	for _, v := range w.rule.Env.Pass {
		pass[v.Name] = typeText(v.Type)
	}
	if len(set)+len(pass) == 0 {
		return
	}
	w.plain("    env:")
	for _, half := range []struct {
		key    string
		values map[string]string
	}{{"set", set}, {"pass", pass}} {
		if len(half.values) == 0 {
			continue
		}
		w.plain("      %s:", half.key)
		for _, name := range slices.Sorted(maps.Keys(half.values)) {
			path := "env." + half.key
			w.part("        "+scalar(name)+": %s", path+"."+name, half.values[name], w.rule.Origin(path, name))
		}
	}
}

// scalarOrNumber writes an account.
func scalarOrNumber(s string) string {
	if _, err := strconv.ParseUint(s, 10, 32); err == nil {
		return s
	}
	return scalar(s)
}

// usage writes the lines.
func (w *writer) usage() {
	if len(w.rule.Lines) == 1 && w.rule.Lines[0].Text == "" {
		w.part("    argv: %s", "argv", "''", w.rule.Origin("argv", ""))
		return
	}
	w.plain("    argv: |")
	for _, l := range w.rule.Lines {
		text := l.Text
		if text == "" {
			text = "()"
		}
		w.part("      %s", fmt.Sprintf("argv:%d", l.Number), text, l.Pos)
		w.view.lines[len(w.view.lines)-1].above = true
	}
}
