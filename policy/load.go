package policy

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"time"

	"github.com/rootgate-project/rootgate/policy/argv"
)

// LoadTimeout is how long loading a policy may take. The package has no clock:
// its callers give Load a context that ends then.
const LoadTimeout = 10 * time.Second

// maxFiles and maxPolicyBytes bound a whole policy.
const (
	maxPolicyFiles = 256
	maxPolicyBytes = 8 << 20
)

// File is one policy file. Name is what positions show.
type File struct {
	Name string
	Data []byte
}

// Options say what Load resolves names with.
type Options struct {
	// Accounts resolves users and groups. With nil, names get stable synthetic
	// ids at 1<<30 and above: for checks of a policy away from its host.
	Accounts Accounts
	// RunUser is the account of rules that name no user. Empty keeps it
	// symbolic, with a synthetic id.
	RunUser string
	// Vet asks for the warnings and notes of policy vet as well. They cost time
	// and refuse nothing.
	Vet bool
	// Coverage asks which parts of the usage lines the tests use; Vet does, too.
	Coverage bool

	// Unchecked leaves out the proofs, the tests, and what a rule grants beyond
	// reason: what such a snapshot decides is for a report, and never runs.
	Unchecked bool

	// unproved leaves out the proofs over all requests. Only tests of what stands
	// behind them, the check of each request, may set it.
	unproved bool

	// manyRules lifts the bound on rules. Only a measurement of how little their
	// number matters may set it.
	manyRules bool
}

// loading is the state of one Load.
type loading struct {
	ctx      context.Context //nolint:containedctx // lives for one call of Load, whose parameter it is
	out      *collector
	accounts Accounts
	runUser  account
	// runGroups are the supplementary groups of runUser.
	runGroups []uint32
	base      Effect
	ruleIDs   map[RuleID]Position
	sources   map[string]*source // by the name of the file
	rules     int
	nevers    []*draftNever // sorted by id once all are read
	late      bool
	vet       bool
	cover     bool
	unchecked bool
	states    int // of the automata of all programs so far
	manyRules bool
	compiler  argv.Compiler
}

// Load reads a policy, resolves it, runs its tests and returns it. The snapshot
// is nil exactly when a finding has SeverityError. No input makes it panic;
// ctx bounds its time.
func Load(ctx context.Context, files []File, o Options) (*Snapshot, Findings) {
	l := &loading{
		ctx: ctx, out: &collector{}, accounts: o.Accounts, base: baseEffect(),
		ruleIDs: make(map[RuleID]Position), sources: make(map[string]*source), vet: o.Vet, cover: o.Vet || o.Coverage, unchecked: o.Unchecked,
		manyRules: o.manyRules,
	}
	if l.accounts == nil {
		l.accounts = syntheticAccounts{}
	}
	l.resolveRunUser(o.RunUser)
	files = slices.Clone(files)
	slices.SortFunc(files, func(a, b File) int { return cmp.Compare(a.Name, b.Name) })
	if !l.bounded(files) {
		return nil, l.out.done()
	}
	drafts := l.readFiles(files)
	if l.out.hasErrors() {
		return nil, l.out.done()
	}
	nested := l.expand(drafts)
	if !l.out.hasErrors() && !o.Unchecked {
		l.checkNested(nested)
	}
	if l.out.hasErrors() {
		return nil, l.out.done()
	}
	s := l.compile(drafts, nested)
	if !l.out.hasErrors() && !o.unproved && !o.Unchecked {
		l.prove(s, drafts, nested)
	}
	if !l.out.hasErrors() {
		s.sha256 = digestOf(files)
		if !o.Unchecked {
			l.runTests(s, drafts)
		}
	}
	if l.out.hasErrors() {
		return nil, l.out.done()
	}
	if l.vet {
		l.noteCoverage(s, drafts)
		l.unusedWaivers(drafts)
	}
	return s, l.out.done()
}

// bounded reports whether the files are few, small and have different names.
func (l *loading) bounded(files []File) bool {
	total := 0
	for i, f := range files {
		if total += len(f.Data); i >= maxPolicyFiles || total > maxPolicyBytes {
			l.out.add(Finding{ID: "F-LIMIT", Message: "a policy has at most 256 files and 8 MiB"})
			return false
		}
		if i > 0 && files[i-1].Name == f.Name {
			l.out.add(Finding{ID: "F-VALUE", File: f.Name, Message: "the file is given twice"})
		}
	}
	return !l.out.hasErrors()
}

// expired reports whether the load has run out of time, and says once where.
func (l *loading) expired(file string, line int, at string) bool {
	if l.ctx.Err() == nil {
		return false
	}
	if !l.late {
		l.late = true
		l.out.add(Finding{
			ID: "F-LIMIT", File: file, Line: line, Column: min(line, 1),
			Message: "loading takes too long, it stopped at " + at + ": " + context.Cause(l.ctx).Error(),
		})
	}
	return true
}

// resolveRunUser finds the default identity.
func (l *loading) resolveRunUser(name string) {
	l.runUser = account{name: RunUser, known: true}
	if name == "" {
		l.runUser.id, l.runUser.gid, _ = syntheticAccounts{}.User(RunUser)
	} else {
		l.runUser.id, l.runUser.gid, l.runUser.known = l.accounts.User(name)
		l.runGroups = l.accounts.Groups(name)
	}
	switch {
	case !l.runUser.known:
		l.out.add(Finding{ID: "F-VALUE", Message: "run_user: there is no account \"" + clip(name) + "\""})
	case l.runUser.id == 0 || !isUsableID(l.runUser.id) || !isUsableID(l.runUser.gid):
		l.out.add(Finding{ID: "F-VALUE", Message: "run_user: " + clip(name) + " is root or no usable account"})
	}
	l.base.UID, l.base.GID = l.runUser.id, l.runUser.gid
}

// digestOf returns the digest of files that are sorted by name. Lengths stand
// before names and data, so that no two policies share one stream of bytes.
func digestOf(files []File) string {
	h := sha256.New()
	put := func(b []byte) {
		// Write of a hash never returns an error.
		_, _ = h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(b))))
		_, _ = h.Write(b)
	}
	for _, f := range files {
		put([]byte(f.Name))
		put(f.Data)
	}
	return hex.EncodeToString(h.Sum(nil))
}
