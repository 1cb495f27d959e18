package policy

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// waivable are the checks with warnings of a rule, which it may accept. A check
// that has errors as well keeps those.
var waivable = strings.Fields("A-AMBIG A-NOTEST A-OVERLAP A-SUBSUMED C-ANY C-SAMEUID C-UNKNOWN " +
	"P-ANYARGS P-CHAIN P-COMPOSE P-DEV P-PATHSELF P-SYMLINKDIR R-CAPS R-SECCOMP S-STDIN " +
	"T-DASH T-PATHRE T-TRAVERSE T-UNBOUNDED X-INTERP X-SCRIPT")

// hostChecks have warnings that a look at the host alone can show.
var hostChecks = []string{"P-SYMLINKDIR", "X-SCRIPT"}

// waiver is a check whose warnings a rule accepts.
type waiver struct {
	id   string
	node *yaml.Node
}

// readWaivers reads "accept: [CHECK]", which needs a reason.
func (d *document) readWaivers(n *yaml.Node, r *draftRule) {
	items, ok := d.list(n, "accept")
	if !ok {
		return
	}
	if r.Why == "" {
		d.fail(n, "F-VALUE", "accept needs a why: that says why the warning is accepted")
	}
	checks := make(map[string]bool)
	for _, item := range items {
		id, ok := d.word(item, "accept")
		if !ok {
			continue
		}
		_, twice := checks[id]
		switch {
		case !slices.Contains(waivable, id):
			d.fail(item, "F-VALUE", "accept: %q is no check with warnings to accept%s", clip(id), didYouMean(id, waivable))
			continue
		case twice:
			d.fail(item, "F-VALUE", "accept: %s stands twice", id)
			continue
		}
		checks[id] = false
		r.accept = append(r.accept, waiver{id, item})
		r.Accept = append(r.Accept, id)
	}
	if d.out.waived == nil {
		d.out.waived = make(map[RuleID]map[string]bool)
	}
	d.out.waived[r.ID] = checks
}

// unusedWaivers notes what is accepted and does not happen: it would hide the
// next warning of its kind.
func (l *loading) unusedWaivers(drafts []*draftRule) {
	for _, r := range drafts {
		r.doc.rule = r.ID
		for _, w := range r.accept {
			if !l.out.waived[r.ID][w.id] && !slices.Contains(hostChecks, w.id) {
				r.doc.report(SeverityNote, w.node.Line, w.node.Column, "F-ACCEPT", "%s has no warning %s to accept", r.ID, w.id)
			}
		}
		r.doc.rule = ""
	}
}
