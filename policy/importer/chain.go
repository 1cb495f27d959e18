package importer

import (
	"slices"
	"strings"
)

// inNamespace is what stands in front of a command that runs in a namespace.
var inNamespace = []string{"ip", "netns", "exec", "x0"}

func netnsFilter(d *draft, _ Options) {
	if !d.start(d.filter.args[0], d.filter.args[1]) {
		return
	}
	if d.runAs != "root" || d.name() != "ip" {
		d.refuse("it allows nothing: it has to be ip, as root")
		return
	}
	d.wraps = true
	d.narrow("held to the commands that have a rule, by their names; options and abbreviations of ip are not carried over")
	d.differs("the server enters the namespace by itself, and the command runs with what its own rule grants")
}

// maxChained bounds the rules behind one wrapper.
const maxChained = 64

// chain gives lines that run other commands copies of the rules that they may
// run. Nobody may call the copies by themselves: a command in a namespace is
// another one than that command outside of it.
func (b *build) chain() {
	for _, out := range b.files {
		for _, d := range slices.Clone(out.drafts) {
			if d.wraps && d.same == nil {
				b.chainDraft(out, d)
			}
		}
	}
}

func (b *build) chainDraft(out *output, d *draft) {
	for _, leaf := range slices.Clone(b.drafts) {
		if leaf.wraps || leaf.inner || leaf.runAs != d.runAs || len(leaf.usages) == 0 || len(d.chained) == maxChained {
			continue
		}
		child := &draft{
			filter: leaf.filter, program: leaf.program, runAs: leaf.runAs, args: leaf.args, read: leaf.read,
			parent: d.root(), inner: true, shapes: true,
		}
		for _, u := range leaf.usages {
			if u = b.chainable(leaf, u); len(u.allow) > 0 {
				child.usages = append(child.usages, u)
			}
		}
		if len(child.usages) == 0 {
			continue
		}
		child.id = unique(b.taken, leaf.id+".netns")
		d.chained = append(d.chained, child)
		b.drafts = append(b.drafts, child)
		out.drafts = slices.Insert(out.drafts, slices.Index(out.drafts, d)+1, child)
	}
	if len(d.chained) == 0 {
		d.refuse("no command that it could run has a rule")
		return
	}
	first := d.chained[0].usages[0].allow[0]
	d.usages = []usage{{text: "netns exec <ns:netns> <inner:command>", allow: [][]string{slices.Concat(inNamespace, first)}}}
	d.deny = [][]string{
		slices.Concat(inNamespace, []string{"sh"}), slices.Concat([]string{"ip", "netns", "exec", "../x"}, first),
		slices.Concat([]string{"ip", "-n", "x0", "netns", "exec", "x1"}, first),
	}
}

// chainable returns the usage line with the requests that were seen in a
// namespace, where the line was learned from what was seen.
func (b *build) chainable(leaf *draft, u usage) usage {
	if len(b.Observed) == 0 || !leaf.shapes {
		return usage{text: u.text, allow: slices.Clone(u.allow)}
	}
	out := usage{text: u.text}
	for _, a := range u.allow {
		if b.namespaced[strings.Join(a, "\x00")] {
			out.allow = append(out.allow, a)
		}
	}
	return out
}

// request is a request of the caller in which the rule decides argv.
func (d *draft) request(argv []string) []string {
	if d.inner {
		return slices.Concat(inNamespace, argv)
	}
	return argv
}
