package importer

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/rootgate-project/rootgate/policy"
)

// maxSources bounds the files of one import.
const maxSources = 256

// Options say for whom a policy is made.
type Options struct {
	// Caller is the account that may run the commands. It is not empty.
	Caller string
	// IncludeUnsafe writes unsafe lines as live rules. Such a policy is for a
	// report: it does not load.
	IncludeUnsafe bool
	// Observed are command lines, with their programs, that the rules are held
	// to where a line of the source says nothing. Bounded by maxObserved.
	Observed [][]string
}

// home is where the caller's configuration stands.
func (o Options) home() string { return "/etc/" + o.Caller }

// Result is what an import makes.
type Result struct {
	Files  []policy.File // sorted by name; they load together
	Report Report
}

// Rootwrap makes a policy of rootwrap filter files. The files are taken in the
// order given. The policy loads, and its tests pass, unless it includes unsafe
// rules. An error is about a source that rootwrap itself would not start with.
func Rootwrap(ctx context.Context, sources []Source, o Options) (*Result, error) {
	if !isAccount(o.Caller) {
		return nil, fmt.Errorf("%q is not the name of an account", clip(o.Caller))
	}
	if len(sources) > maxSources {
		return nil, fmt.Errorf("%d files, the limit is %d", len(sources), maxSources)
	}
	if len(o.Observed) > maxObserved {
		return nil, fmt.Errorf("%d observed command lines, the limit is %d", len(o.Observed), maxObserved)
	}
	b := &build{Options: o, taken: make(map[string]bool), namespaced: make(map[string]bool)}
	for _, src := range sources {
		if err := b.read(src); err != nil {
			return nil, err
		}
	}
	b.proveUnsafe(ctx)
	b.joinKills()
	b.observe()
	b.trimTests(ctx)
	b.chain()
	b.settle(ctx)
	return b.result(), nil
}

// build is the state of one import.
type build struct {
	Options
	files  []*output
	drafts []*draft
	taken  map[string]bool
	report Report
	// namespaced are the observed requests that were made in a namespace.
	namespaced map[string]bool
}

// output is one file of the policy.
type output struct {
	name   string
	source string
	what   string // stands before source
	drafts []*draft
}

// read makes drafts of one filter file.
func (b *build) read(src Source) error {
	list, void, err := parseFilters(src)
	if err != nil {
		return err
	}
	out := &output{name: b.outputName(src.Name), source: src.Name, what: "rootwrap filters of "}
	b.files = append(b.files, out)
	for _, f := range list {
		d := translate(f, b.Options)
		if at := slices.IndexFunc(b.drafts, func(o *draft) bool { return o.filter.same(f) }); at >= 0 {
			d = &draft{filter: f, line: d.line, same: b.drafts[at].first()}
			d.refuse("said already at %s", d.same.filter.pos)
		}
		d.id = unique(b.taken, idOf(src.Name, f.name))
		out.drafts = append(out.drafts, d)
		b.drafts = append(b.drafts, d)
	}
	for _, f := range void {
		d := translate(f, b.Options)
		d.refuse("the source replaces it: a later line has the same name")
		out.drafts = append(out.drafts, d)
		b.drafts = append(b.drafts, d)
	}
	slices.SortStableFunc(out.drafts, func(a, c *draft) int { return a.filter.pos.Line - c.filter.pos.Line })
	return nil
}

// outputName names the policy file of a filter file.
func (b *build) outputName(source string) string {
	base, _, _ := strings.Cut(path.Base(source), ".")
	name := "50-" + base
	for n := 2; slices.ContainsFunc(b.files, func(o *output) bool { return o.name == name+".yaml" }); n++ {
		name = fmt.Sprintf("50-%s-%d", base, n)
	}
	return name + ".yaml"
}

// result writes the files and the report.
func (b *build) result() *Result {
	r := &Result{Report: b.report}
	for _, out := range b.files {
		for _, d := range out.drafts {
			if len(d.usages) > 0 {
				d.root().line.Rules = append(d.root().line.Rules, d.id)
			}
		}
	}
	for _, out := range b.files {
		for _, d := range out.drafts {
			if d.same != nil {
				d.line.Status, d.line.Rules, d.line.Witness = d.same.line.Status, d.same.line.Rules, d.same.line.Witness
			}
			if d.parent == nil {
				r.Report.Lines = append(r.Report.Lines, d.line)
			}
		}
	}
	r.Files = b.written()
	slices.SortFunc(r.Files, func(a, c policy.File) int { return strings.Compare(a.Name, c.Name) })
	return r
}
