package vet

import (
	"context"

	"github.com/rootgate-project/rootgate/policy"
)

// Options say how Run reads a policy. The zero value is for a review away from
// the host.
type Options struct {
	// Accounts resolves users and groups; nil gives names synthetic ids.
	Accounts policy.Accounts
	// RunUser is the account of rules that name no user; empty keeps it symbolic.
	RunUser string
}

// Report is what Run found.
type Report struct {
	// Findings are ordered by file, line, column and check.
	Findings policy.Findings
	// Snapshot is the policy, or nil when a finding refuses it. A caller that
	// adds findings of its own leaves it as it is.
	Snapshot *policy.Snapshot
	// Files counts the files that were given.
	Files int
}

// Run loads the policy that files are together and makes all checks that need no
// host. ctx bounds its time; see policy.LoadTimeout. It never panics.
func Run(ctx context.Context, files []policy.File, o Options) Report {
	s, found := policy.Load(ctx, files, policy.Options{Accounts: o.Accounts, RunUser: o.RunUser, Vet: true})
	return Report{Findings: found, Snapshot: s, Files: len(files)}
}

// Failed reports whether the policy is not to be installed: it does not load, it
// has an error or, when strict, a warning that its rule does not accept. Notes
// fail nothing.
func (r Report) Failed(strict bool) bool {
	if r.Snapshot == nil || r.Findings.HasErrors() {
		return true
	}
	for _, f := range r.Findings {
		if strict && f.Severity == policy.SeverityWarning {
			return true
		}
	}
	return false
}
