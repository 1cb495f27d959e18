package importer

import (
	"fmt"
	"slices"
	"strings"
)

// writer writes a policy file and knows the row it is at.
type writer struct {
	b   strings.Builder
	row int
}

func (w *writer) line(format string, args ...any) {
	s := fmt.Sprintf(format, args...)
	w.b.WriteString(s + "\n")
	w.row += 1 + strings.Count(s, "\n")
}

// render writes one file and notes the rows of its usage lines.
func (b *build) render(out *output) string {
	w := &writer{}
	counts := make(map[Status]int)
	live := 0
	for _, d := range out.drafts {
		if d.parent == nil {
			counts[d.line.Status]++
		}
		if d.live(b.IncludeUnsafe) {
			live++
		}
	}
	w.line("# Imported from %s: %d lines exact, %d narrowed, %d unsafe, %d refused.",
		visible(out.source), counts[Exact], counts[Narrowed], counts[Unsafe], counts[Refused])
	w.line("# Each line of the source stands above what became of it.")
	w.line("version: 1")
	w.line("about: %s", quoteYAML(out.what+out.source))
	if b.Caller != "" {
		w.line("callers: [{user: %s}]", quoteYAML(b.Caller))
	}
	b.renderProfiles(w, out)
	w.line("")
	if live == 0 {
		w.line("rules: []")
	} else {
		w.line("rules:")
	}
	for i, d := range out.drafts {
		if i > 0 && d.parent == nil {
			w.line("")
		}
		b.renderDraft(w, d)
	}
	return w.b.String()
}

// renderProfiles writes the profiles that the rules of a file use.
func (b *build) renderProfiles(w *writer, out *output) {
	used := make(map[string]bool)
	for _, d := range out.drafts {
		if d.live(b.IncludeUnsafe) {
			used[profileOf(d.program)] = true
		}
	}
	if len(used) == 0 {
		return
	}
	w.line("")
	w.line("# What the source grants is all of root. These are the least that the programs are")
	w.line("# known to need; widen them where one needs more.")
	w.line("profiles:")
	for _, p := range profiles {
		if !used[p.name] {
			continue
		}
		run := "user: root"
		if p.run != "" {
			run += ", " + p.run
		}
		w.line("  %s:", p.name)
		w.line("    why: %s", p.why)
		w.line("    run: {%s}", run)
	}
}

// renderDraft writes what became of one line of the source.
func (b *build) renderDraft(w *writer, d *draft) {
	if d.parent == nil {
		w.line("  # %s", d.filter.pos)
		for _, text := range d.filter.text {
			w.line("  #   %s", visible(text))
		}
		what := d.line.Status.String()
		if d.line.Reason != "" {
			what += ": " + d.line.Reason
		}
		wrap(w, what)
		if len(d.line.Witness) > 0 {
			w.line("  # for example: %s", quoteArgv(d.line.Witness))
		}
		for _, difference := range d.line.Differences {
			wrap(w, "difference: "+difference)
		}
	}
	switch {
	case len(d.usages) > 0:
		b.renderRule(w, d, "")
	case d.naive != "" && b.IncludeUnsafe:
		d.usages = []usage{{text: d.naive}}
		b.renderRule(w, d, "")
		d.usages = nil
	case d.naive != "":
		d.usages = []usage{{text: d.naive}}
		b.renderRule(w, d, "# ")
		d.usages = nil
	}
}

// wrap writes text as a comment of several lines.
func wrap(w *writer, text string) {
	const width = 90
	line := ""
	for word := range strings.FieldsSeq(visible(text)) {
		if line != "" && len(line)+1+len(word) > width {
			w.line("  # %s", line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	if line != "" {
		w.line("  # %s", line)
	}
}

// renderRule writes a rule. mark stands before each of its lines: what makes it
// a comment, or nothing.
func (b *build) renderRule(w *writer, d *draft, mark string) {
	item := func(format string, args ...any) { w.line("  %s%s", mark, fmt.Sprintf(format, args...)) }
	item("- id: %s", d.id)
	item("  why: %s", quoteYAML(fmt.Sprintf("%s, %s", d.filter.pos, d.filter.name)))
	if d.digest != "" {
		item("  exec: {path: %s, sha256: [%s]}", d.program, d.digest)
	} else {
		item("  exec: %s", d.program)
	}
	switch {
	case d.inner:
		item("  callers: []")
	case len(d.callers) > 0:
		item("  callers: [%s]", callersText(d.callers))
	}
	if d.wraps {
		item("  wrap: netns")
		item("  chain:")
		for _, c := range d.chained {
			if len(c.usages) > 0 {
				item("    - %s", c.id)
			}
		}
	} else {
		item("  profile: %s", profileOf(d.program))
	}
	if d.runAs != "root" && !d.wraps {
		item("  run: {user: %s}", quoteYAML(d.runAs))
	}
	if len(d.read) > 0 {
		item("  run: {fs: {read: [%s]}}", quoteYAML(strings.Join(d.read, ", ")))
	}
	if len(d.args) > 0 {
		item("  args:")
		for _, a := range d.args {
			item("    %s", a)
		}
	}
	item("  argv: |")
	for i := range d.usages {
		item("    %s", d.usages[i].text)
		d.usages[i].row = w.row
	}
	if mark != "" || d.naive != "" && d.usages[0].text == d.naive {
		return
	}
	item("  tests:")
	item("    allow:")
	for _, u := range d.usages {
		for _, a := range u.allow[:min(len(u.allow), maxTests)] {
			item("      - %s", testItem(a))
		}
	}
	deny := d.deny
	if len(deny) == 0 {
		first := d.usages[0].allow[0]
		deny = [][]string{append(slices.Clone(first), "--no-such-option")}
	}
	item("    deny:")
	for _, a := range deny {
		item("      - %s", testItem(a))
	}
}
