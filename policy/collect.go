package policy

import (
	"cmp"
	"fmt"
	"slices"
)

// maxFindings bounds how many findings of one severity a load reports: a file
// of garbage must not become an answer of hundreds of megabytes.
const maxFindings = 100

// collector gathers the findings of one load.
type collector struct {
	found  Findings
	counts [SeverityNote + 1]int // shown or not
	// waived holds, for each rule, the checks whose warnings it accepts, and
	// whether there was one.
	waived map[RuleID]map[string]bool
}

// waive takes a warning that its rule accepts.
func (c *collector) waive(rule RuleID, sev Severity, id string) bool {
	if sev != SeverityWarning {
		return false
	}
	_, ok := c.waived[rule][id]
	if ok {
		c.waived[rule][id] = true
	}
	return ok
}

// add takes a finding. What is said already is said once: the placeholders of a
// line and the programs of a rule may each be a reason for it.
func (c *collector) add(f Finding) {
	if c.waive(f.Rule, f.Severity, f.ID) || slices.ContainsFunc(c.found, f.repeats) {
		return
	}
	if !c.full(f.Severity) {
		c.found = append(c.found, f)
	}
	c.counts[f.Severity]++
}

// full reports whether no further finding of a severity will be shown.
func (c *collector) full(s Severity) bool { return c.counts[s] >= maxFindings }

func (c *collector) hasErrors() bool { return c.counts[SeverityError] > 0 }

// done returns the findings in the order of their places, so that the order of
// the files does not show.
func (c *collector) done() Findings {
	slices.SortStableFunc(c.found, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column), cmp.Compare(a.ID, b.ID))
	})
	for sev, n := range c.counts {
		if n > maxFindings {
			c.found = append(c.found, Finding{
				ID: "F-LIMIT", Severity: Severity(sev),
				Message: fmt.Sprintf("%d more findings are not shown", n-maxFindings),
			})
		}
	}
	return c.found
}
