package importer

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/rootgate-project/rootgate/policy/argv"
)

// maxObserved bounds the command lines that an import looks at.
const maxObserved = 1 << 16

// maxShapes bounds the usage lines learned for one program.
const maxShapes = 256

// usable returns the command lines that a rule could be made of, sorted, each
// once, and those inside of them: a namespace or a variable is not part of what
// the program is given.
func (b *build) usable() (out [][]string, dropped []Dropped) {
	for _, a := range b.Observed {
		inside := false
		for range 8 {
			if why := unusable(a); why != "" {
				dropped = append(dropped, Dropped{a, why})
				break
			}
			inner := nested(a)
			inside = inside || inner != nil && a[0] == "ip"
			if inner == nil {
				out = append(out, a)
				if inside {
					b.namespaced[strings.Join(a, "\x00")] = true
				}
				break
			}
			a = inner
		}
	}
	slices.SortFunc(out, slices.Compare)
	slices.SortStableFunc(dropped, func(a, b Dropped) int { return slices.Compare(a.Argv, b.Argv) })
	return slices.CompactFunc(out, slices.Equal),
		slices.CompactFunc(dropped, func(a, b Dropped) bool { return slices.Equal(a.Argv, b.Argv) })
}

// unusable says why no rule is made of a command line, or "".
func unusable(a []string) string {
	if err := argv.CheckTokens(a); err != nil {
		return err.Error()
	}
	for _, tok := range a {
		if !isPlain(tok) {
			return "an argument cannot be printed"
		}
		if strings.Contains("/"+tok+"/", "/../") {
			return `an argument has a ".." component`
		}
	}
	return ""
}

// nested returns the command that another one runs, or nil.
func nested(a []string) []string {
	if len(a) > 4 && a[0] == "ip" && isPrefix(a[1], "netns", 3) && isPrefix(a[2], "exec", 1) {
		return a[4:]
	}
	rest := a
	if rest[0] == "env" {
		rest = rest[1:]
	}
	for len(rest) > 0 && isVariable(rest[0]) {
		rest = rest[1:]
	}
	if len(rest) < len(a) && len(rest) > 0 {
		return rest
	}
	return nil
}

func isPrefix(s, word string, least int) bool { return len(s) >= least && strings.HasPrefix(word, s) }

// isVariable reports whether tok is NAME=VALUE.
func isVariable(tok string) bool {
	name, _, ok := strings.Cut(tok, "=")
	return ok && name != "" && !strings.ContainsAny(name, "/-.: ") && (name[0] < '0' || name[0] > '9')
}

// observe makes usage lines of what was observed for lines that say nothing.
func (b *build) observe() {
	requests, dropped := b.usable()
	b.report.Dropped = append(b.report.Dropped, dropped...)
	if len(requests) == 0 {
		return
	}
	byName := make(map[string][][]string)
	for _, a := range requests {
		byName[path.Base(a[0])] = append(byName[path.Base(a[0])], a)
	}
	for _, d := range b.drafts {
		if d.template != nil {
			d.fill(byName[d.name()])
		}
	}
	for _, d := range b.drafts {
		if d.shapes && d.template == nil {
			left := b.unanswered(d, byName[d.name()])
			d.learn(left)
		}
	}
	for _, out := range b.files {
		for _, d := range slices.Clone(out.drafts) {
			if len(d.usages) > maxChunk {
				rest := d.usages[maxChunk:]
				d.usages = d.usages[:maxChunk:maxChunk]
				b.chunk(out, d, rest)
			}
		}
		b.addLiterals(out)
	}
}

// unanswered returns the requests that the line admits and no rule for the
// program accepts yet.
func (b *build) unanswered(d *draft, requests [][]string) [][]string {
	var out [][]string
	m := b.matcher(d.program)
	for _, a := range requests {
		if !d.admits(a) || m != nil && len(m.Match(a[1:], nil)) > 0 {
			continue
		}
		out = append(out, a)
	}
	return out
}

// matcher returns the matcher of the rules that there are for a program, or nil.
func (b *build) matcher(program string) *argv.Matcher {
	var rules []argv.Rule
	for _, d := range b.drafts {
		if d.program != program {
			continue
		}
		for _, u := range d.usages {
			if block, err := argv.Parse(u.text, nil); err == nil {
				rules = append(rules, argv.Rule{Lines: block.Lines})
			}
		}
	}
	if len(rules) == 0 {
		return nil
	}
	m, err := argv.Compile(rules, argv.Limits{})
	if err != nil {
		return nil
	}
	return m
}

// admits reports whether the line of the source that takes any arguments allows
// the request.
func (d *draft) admits(a []string) bool {
	exec := d.filter.args[0]
	if a[0] != exec && a[0] != path.Base(exec) {
		return false
	}
	if d.filter.class != "IpFilter" {
		return true
	}
	if a[0] != "ip" {
		return false
	}
	for i := 1; i+1 < len(a); i++ {
		if len(a[i]) >= 3 && isPrefix(a[i], "netns", 3) {
			return !isPrefix(a[i+1], "exec", 1)
		}
	}
	return true
}

// learn makes usage lines of requests that the line admits.
func (d *draft) learn(requests [][]string) {
	if len(requests) == 0 {
		return
	}
	args := make([][]string, len(requests))
	for i, a := range requests {
		args[i] = a[1:]
	}
	shapes := shapesOf(args)
	for _, s := range shapes {
		text, ok := s.line()
		if !ok || !d.holds(text) || len(d.usages) >= maxShapes {
			for _, seen := range s.seen {
				d.literal = append(d.literal, append([]string{d.name()}, seen...))
			}
			continue
		}
		u := usage{text: text}
		for _, seen := range s.seen {
			u.allow = append(u.allow, append([]string{d.name()}, seen...))
		}
		d.usages = append(d.usages, u)
	}
	d.learned(len(requests))
}

// learned says what the line was held to.
func (d *draft) learned(requests int) {
	if len(d.usages) == 0 {
		return
	}
	d.line.Status = Narrowed
	d.line.Reason += fmt.Sprintf("; held to what was observed, in %d command lines", requests)
	d.deny = append(d.deny, d.line.Witness)
	first := d.usages[0].allow[0]
	d.deny = append(d.deny, append(slices.Clone(first), "extra-argument"))
}

// holds reports whether a usage line stays within what the source allows: a
// name that is a value must not become a word that the source looks for.
func (d *draft) holds(text string) bool {
	if d.filter.class != "IpFilter" {
		_, err := argv.Parse(text, nil)
		return err == nil
	}
	return disjoint(text, "[<a:any>]... (net|netn|netns) (e|ex|exe|exec) [<a:any>]...")
}

// disjoint reports whether no request is of both usage lines.
func disjoint(a, b string) bool {
	var rules []argv.Rule
	for _, text := range []string{a, b} {
		block, err := argv.Parse(text, nil)
		if err != nil {
			return false
		}
		rules = append(rules, argv.Rule{Lines: block.Lines, Union: true})
	}
	m, err := argv.Compile(rules, argv.Limits{})
	if err != nil {
		return false
	}
	return m.Requests().Intersection([]argv.LineRef{{Rule: 0}}, []argv.LineRef{{Rule: 1}}) == nil
}

// fill holds the free arguments of a line with patterns to what was observed.
func (d *draft) fill(requests [][]string) {
	var seen [][]string
	text := make([]string, 0, len(d.template))
	for _, a := range requests {
		if d.fits(a[1:]) {
			seen = append(seen, a)
		}
	}
	if len(seen) == 0 {
		return
	}
	for i, s := range d.template {
		if !s.loose {
			text = append(text, s.text)
			continue
		}
		var args [][]string
		for _, a := range seen {
			args = append(args, a[i+1:i+2])
		}
		shapes := shapesOf(args)
		line, ok := "", len(shapes) == 1
		if ok {
			line, ok = shapes[0].line()
		}
		if !ok {
			return
		}
		text = append(text, line)
	}
	d.usages = []usage{{text: strings.Join(text, " "), allow: seen}}
	d.learned(len(seen))
}

// fits reports whether args are of the template.
func (d *draft) fits(args []string) bool {
	block, err := argv.Parse(naiveLine(d.template), nil)
	if err != nil {
		return false
	}
	m, err := argv.Compile([]argv.Rule{{Lines: block.Lines, Union: true}}, argv.Limits{})
	return err == nil && len(m.Match(args, nil)) > 0
}
