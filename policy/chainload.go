package policy

import (
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// maxChain bounds the rules that one rule chains.
const maxChain = 64

// chained names a rule in a chain.
type chained struct {
	id   RuleID
	node *yaml.Node
}

// ruleChain reads chain and wrap, and holds the lines of the rule to them.
func (d *document) ruleChain(r *draftRule, f map[string]field) {
	v, hasChain := f["chain"]
	if hasChain {
		d.readChain(r, v.value)
	}
	if o, ok := f["overrides"]; ok && hasChain {
		d.fail(o.key, "P-CHAIN", "overrides: of a rule with chain:, whose requests the rules in the chain decide")
	}
	if w, ok := f["wrap"]; ok {
		d.readWrap(r, w.value, f)
		if !hasChain {
			d.fail(w.key, "P-CHAIN", "wrap: without chain:, the rules of the commands that may be wrapped")
		}
	}
	for i, l := range r.lines {
		pos := r.Lines[i].Pos
		switch nested := l.Command() != ""; {
		case nested && !hasChain:
			d.report(SeverityError, pos.Line, pos.Column, "P-CHAIN",
				"%s:%d ends in a nested command, and the rule has no chain: that says which", r.ID, i+1)
		case !nested && hasChain:
			d.report(SeverityError, pos.Line, pos.Column, "P-CHAIN",
				"%s:%d does not end in a nested command such as <inner:command>; a rule with chain: has one in each line, other lines belong in a rule of their own", r.ID, i+1)
		}
		if r.Wrap == "" {
			continue
		}
		for _, p := range l.Placeholders() {
			if p.Type.Name() == "path" {
				d.report(SeverityError, pos.Line, pos.Column, "P-CHAIN",
					"<%s> is a path among the arguments of a wrapper, which nothing opens: the wrapper is not executed", p.Name)
			}
		}
	}
}

func (d *document) readChain(r *draftRule, n *yaml.Node) {
	items, ok := d.listOrOne(n, "chain")
	if !ok {
		return
	}
	if len(items) == 0 || len(items) > maxChain {
		d.fail(n, "P-CHAIN", "chain names %d rules, expected 1 to %d", len(items), maxChain)
		return
	}
	for _, item := range items {
		id, ok := d.word(item, "chain")
		switch {
		case !ok:
		case slices.Contains(r.Chain, RuleID(id)):
			d.fail(item, "P-CHAIN", "chain: %s stands twice", clip(id))
		default:
			r.chain = append(r.chain, chained{RuleID(id), item})
			r.Chain = append(r.Chain, RuleID(id))
		}
	}
	slices.Sort(r.Chain)
}

// unusedByWrap are the fields of a rule that would say nothing where the nested
// rule's hold.
var unusedByWrap = strings.Fields("profile run netns env cwd stdin signals")

func (d *document) readWrap(r *draftRule, n *yaml.Node, f map[string]field) {
	names := make([]string, 0, len(wrappers))
	for w := range wrappers {
		names = append(names, string(w))
	}
	slices.Sort(names)
	name := d.oneOf(n, "wrap", "", names...)
	if name == "" {
		return
	}
	r.Wrap = Wrapper(name)
	for _, key := range unusedByWrap {
		if v, ok := f[key]; ok {
			d.fail(v.key, "P-CHAIN", "%s: of a rule with wrap: would have no effect; the rule of the nested command says it", key)
		}
	}
	for _, p := range r.Programs {
		if base := path.Base(p.Path); base != wrappers[r.Wrap].program {
			d.fail(n, "P-CHAIN", "wrap: %s is what %s does, not %s", name, wrappers[r.Wrap].program, p.Path)
		}
	}
}
