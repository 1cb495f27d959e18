package policy

import (
	"fmt"
	"strings"

	"github.com/rootgate-project/rootgate/policy/argv"
)

// LineCoverage says which parts of a usage line the allow tests of its rule use.
type LineCoverage struct {
	Rule      *Rule
	Line      int           // from 1
	Exercised bool          // whether a test uses the line at all
	Branches  []argv.Branch // its alternatives, in the order written
}

// missed returns the branches that no test uses.
func (c LineCoverage) missed() []argv.Branch {
	var out []argv.Branch
	for _, b := range c.Branches {
		if !b.Exercised {
			out = append(out, b)
		}
	}
	return out
}

// Coverage returns what the tests use of each line, ordered by rule and line. It
// is nil unless the policy was loaded with Options.Coverage or Options.Vet.
func (s *Snapshot) Coverage() []LineCoverage {
	if s == nil {
		return nil
	}
	return s.coverage
}

// cover adds what the tests of a rule used of its lines.
func (r *draftRule) cover(s *Snapshot) {
	for i, line := range r.lines {
		s.coverage = append(s.coverage, LineCoverage{
			Rule: r.Rule, Line: i + 1, Exercised: r.tested[i], Branches: line.Branches(&r.used),
		})
	}
}

// maxMissed bounds the branches of a line that a note names.
const maxMissed = 8

// noteCoverage notes branches that no test uses. A line that none uses at all is
// a warning of its own, which its rule may have accepted.
func (l *loading) noteCoverage(s *Snapshot, drafts []*draftRule) {
	of := make(map[*Rule]*draftRule)
	for _, r := range drafts {
		of[r.Rule] = r
	}
	for _, c := range s.coverage {
		r, missed := of[c.Rule], c.missed()
		if !c.Exercised || len(missed) == 0 {
			continue
		}
		pos := r.Lines[c.Line-1].Pos
		r.doc.rule = r.ID
		r.doc.report(SeverityNote, pos.Line, pos.Column, "A-TESTCOV", "%s", clipLong(branchText(missed)))
		r.doc.rule = ""
	}
}

// branchText names branches that no test uses, at least one.
func branchText(missed []argv.Branch) string {
	var parts []string
	for i, b := range missed {
		if i == maxMissed {
			parts = append(parts, fmt.Sprintf("and %d more", len(missed)-i))
			break
		}
		parts = append(parts, fmt.Sprintf("%s of %s", b.Text, b.Of))
	}
	if len(missed) == 1 {
		return fmt.Sprintf("branch %s: %s is never exercised", missed[0].Of, missed[0].Text)
	}
	return "branches never exercised: " + strings.Join(parts, ", ")
}
