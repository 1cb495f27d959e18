package importer

import (
	"context"
	"slices"
	"strings"

	"github.com/rootgate-project/rootgate/policy"
)

// maxRounds bounds how often a policy is written again without what was found
// wrong with it.
const maxRounds = 32

// maxTests bounds the tests of one usage line that are written.
const maxTests = 3

// settle writes the policy, loads it, and takes out what does not hold, until
// the policy loads. What is left has been proved as a policy that somebody wrote.
func (b *build) settle(ctx context.Context) {
	b.trimTests(ctx)
	if b.IncludeUnsafe {
		return
	}
	for range maxRounds {
		_, findings := b.load(ctx, false)
		if !findings.HasErrors() {
			return
		}
		for _, f := range findings {
			if f.Severity == policy.SeverityError {
				b.demote(f)
			}
		}
	}
	// Whatever is left is not understood: nothing of it may run.
	for _, d := range b.drafts {
		if len(d.usages) > 0 {
			d.refuse("the rule could not be proved in time")
		}
	}
}

// written is the policy as it stands.
func (b *build) written() []policy.File {
	var files []policy.File
	for _, out := range b.files {
		files = append(files, policy.File{Name: out.name, Data: []byte(b.render(out))})
	}
	return files
}

// demote takes out the usage line, or the rule, that a finding is about.
func (b *build) demote(f policy.Finding) {
	for _, out := range b.files {
		if out.name != f.File {
			continue
		}
		for _, d := range out.drafts {
			for i, u := range d.usages {
				if u.row == f.Line {
					b.dropUsage(d, i, f)
					return
				}
			}
		}
	}
	for _, d := range b.drafts {
		if len(d.usages) > 0 && string(f.Rule) == d.id {
			if f.ID != "A-NOTEST" || f.Witness == nil || !b.dropTest(d, f.Witness) {
				d.unsafe(d.usages[0].text, f.Witness, "%s: %s", f.ID, f.Message)
			}
			return
		}
	}
	if f.Rule != "" {
		return // taken out by a finding before this one
	}
	// A finding without a rule is about the writer, or the whole, not about a line.
	for _, d := range b.drafts {
		if len(d.usages) > 0 {
			d.refuse("the file does not load: %s", f.Message)
		}
	}
}

// dropUsage takes out one usage line; a rule without one is unsafe.
func (b *build) dropUsage(d *draft, i int, f policy.Finding) {
	u := d.usages[i]
	if len(d.usages) == 1 {
		d.unsafe(u.text, f.Witness, "%s: %s", f.ID, f.Message)
	} else {
		d.usages = slices.Delete(d.usages, i, i+1)
	}
	if d.shapes {
		for _, a := range u.allow {
			b.report.Dropped = append(b.report.Dropped, Dropped{a, f.ID + ": " + f.Message})
		}
	}
}

// dropTest takes out a test: a request that was observed, or one that was made
// up, which does not do what was expected of it.
func (b *build) dropTest(d *draft, argv []string) bool {
	found := false
	for i := range d.usages {
		u := &d.usages[i]
		if at := slices.IndexFunc(u.allow, func(a []string) bool { return slices.Equal(a, argv) }); at >= 0 {
			u.allow = slices.Delete(slices.Clone(u.allow), at, at+1)
			found = true
			if d.shapes {
				d.literal = append(d.literal, argv)
			}
		}
	}
	before := len(d.deny)
	d.deny = slices.DeleteFunc(d.deny, func(a []string) bool { return slices.Equal(a, argv) })
	return found || len(d.deny) < before
}

// trimTests takes out deny tests that the policy allows for another reason, and
// allow tests that it does not: what was observed may be kept word by word.
func (b *build) trimTests(ctx context.Context) {
	for range 3 {
		s, findings := b.load(ctx, true)
		if findings.HasErrors() {
			return
		}
		again := false
		for _, d := range b.drafts {
			who := b.callerOf(d)
			decided := func(a []string) bool {
				return len(a) > 0 && s.Decide(who, policy.Request{Argv: d.request(a)}).Allowed()
			}
			d.deny = slices.DeleteFunc(d.deny, func(a []string) bool { return len(a) == 0 || decided(a) })
			before := len(d.usages)
			d.trimUsages(decided)
			again = again || len(d.usages) < before || len(d.literal) > 0
			if before > 0 && len(d.usages) == 0 && d.line.Status > Unsafe {
				d.refuse("no request meets its rule")
			}
		}
		for _, out := range b.files {
			b.addLiterals(out)
		}
		if !again {
			return
		}
	}
}

// trimUsages takes out allow tests that are denied, and lines without one.
func (d *draft) trimUsages(allowed func([]string) bool) {
	d.usages = slices.DeleteFunc(slices.Clone(d.usages), func(u usage) bool {
		return !slices.ContainsFunc(u.allow, allowed) && d.keepWords(u.allow)
	})
	for i := range d.usages {
		u := &d.usages[i]
		var kept, lost [][]string
		for _, a := range u.allow {
			if allowed(a) {
				kept = append(kept, a)
			} else {
				lost = append(lost, a)
			}
		}
		u.allow = kept
		d.keepWords(lost)
	}
}

// keepWords keeps observed requests to be written word by word. It returns true.
func (d *draft) keepWords(lost [][]string) bool {
	if d.shapes && d.parent == nil {
		d.literal = append(d.literal, lost...)
	}
	return true
}

// addLiterals makes usage lines of requests word by word. They stand in rules of
// their own, in which no word of another line is reserved.
func (b *build) addLiterals(out *output) {
	for _, d := range slices.Clone(out.drafts) {
		var lines []usage
		for _, a := range d.literal {
			words := quoteAll(a[1:])
			text := strings.Join(words, " ")
			if len(words) == 0 || slices.Contains(words, "") || !d.holds(text) {
				b.report.Dropped = append(b.report.Dropped, Dropped{a, "it cannot be written word by word"})
				continue
			}
			lines = append(lines, usage{text: text, allow: [][]string{a}})
		}
		d.literal = nil
		b.chunk(out, d, lines)
	}
}

// maxChunk bounds the usage lines of one generated rule.
const maxChunk = 48

// chunk makes further rules of usage lines for the line of d.
func (b *build) chunk(out *output, d *draft, lines []usage) {
	for len(lines) > 0 {
		n := min(len(lines), maxChunk)
		child := &draft{
			filter: d.filter, program: d.program, runAs: d.runAs, usages: lines[:n:n], shapes: true, parent: d.root(),
			id: unique(b.taken, d.root().id),
		}
		lines = lines[n:]
		out.drafts = slices.Insert(out.drafts, slices.Index(out.drafts, d)+1, child)
		b.drafts = append(b.drafts, child)
		d = child
	}
}

// load loads what is written.
func (b *build) load(ctx context.Context, unchecked bool) (*policy.Snapshot, policy.Findings) {
	return policy.Load(ctx, b.written(), policy.Options{Accounts: accounts{}, Unchecked: unchecked})
}
