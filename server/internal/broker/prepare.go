package broker

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/moby/sys/capability"

	"github.com/rootgate-project/rootgate/policy"
	"github.com/rootgate-project/rootgate/policy/argv"
	"github.com/rootgate-project/rootgate/server/internal/guard"
	"github.com/rootgate-project/rootgate/server/internal/sandbox"
	"github.com/rootgate-project/rootgate/server/internal/sandbox/landlock"
	"github.com/rootgate-project/rootgate/server/internal/sandbox/program"
	"github.com/rootgate-project/rootgate/server/internal/sandbox/seccomp"
)

// Generation is one policy with everything prepared that does not depend on a
// request: programs pinned, filters compiled, file system views opened. What it
// holds is released when nothing refers to it any more.
type Generation struct {
	Number   uint64
	SHA256   string
	Loaded   time.Time
	Snapshot *policy.Snapshot
	plans    map[planKey]*plan
}

// planKey names a rule's use of one of its programs.
type planKey struct {
	rule    policy.RuleID
	program string
}

// plan is what is prepared for a planKey.
type plan struct {
	rule    *policy.Rule
	filter  []byte // struct sock_filter array
	caps    uint64
	rlimits []sandbox.Rlimit
	layers  []Layer
	// netWrites are files below /proc/sys/net: each network namespace has its
	// own, so that they are granted at the launch.
	netWrites []string
	target    *target
}

// Layer is one layer of the sandbox as a reply names it.
type Layer struct {
	Name     string
	Enforced bool
	Detail   string
}

// Prepare makes a generation of a snapshot. A finding of severity E refuses it:
// a program that another user can replace, a filter that cannot be compiled. A
// missing program is no such finding; its rule is refused until it appears.
func (b *Broker) Prepare(snapshot *policy.Snapshot, number uint64) (*Generation, policy.Findings) {
	gen := &Generation{
		Number: number, SHA256: snapshot.SHA256(), Loaded: time.Now(), Snapshot: snapshot,
		plans: make(map[planKey]*plan),
	}
	shared := &shared{filters: make(map[string][]byte), targets: make(map[string]*target), files: landlock.NewFiles()}
	var findings policy.Findings
	for _, r := range snapshot.Rules() {
		if r.Wrap != "" {
			continue // its program is never executed
		}
		for _, p := range r.Programs {
			pl, err := b.plan(r, p, shared)
			if err != nil {
				findings = append(findings, finding(r, err))
				continue
			}
			gen.plans[planKey{r.ID, p.Path}] = pl
		}
	}
	return gen, append(findings, unavailable(snapshot)...)
}

// CheckUnavailable is the ID of a finding about a line whose calls this server
// refuses.
const CheckUnavailable = "X-GUARD"

// unavailable warns of lines whose calls this server refuses, because it cannot
// look their values up.
func unavailable(snapshot *policy.Snapshot) policy.Findings {
	var findings policy.Findings
	met := make(map[policy.Position]bool)
	for _, e := range snapshot.Executables() {
		for i, r := range e.Rules {
			for j, line := range e.Usage[i].Lines {
				pos := r.Lines[j].Pos
				for _, h := range line.Placeholders() {
					what := guard.Unavailable(h.Type)
					if what == "" || met[pos] {
						continue
					}
					met[pos] = true
					findings = append(findings, policy.Finding{
						ID: CheckUnavailable, Severity: policy.SeverityWarning, File: pos.File, Line: pos.Line, Column: pos.Column, Rule: r.ID,
						Message: fmt.Sprintf("%s:%d: this server cannot look up %s for <%s>: calls with it are refused", r.ID, j+1, what, h.Name),
					})
				}
			}
		}
	}
	return findings
}

// finding says at its rule what the host has against a policy.
func finding(r *policy.Rule, err error) policy.Finding {
	f := policy.Finding{
		ID: "X-PROGRAM", Severity: policy.SeverityError, File: r.Pos.File, Line: r.Pos.Line, Column: r.Pos.Column,
		Rule: r.ID, Message: err.Error(),
	}
	if _, ok := errors.AsType[*program.UntrustedError](err); ok {
		f.ID = "X-WRITABLE"
	}
	if _, ok := errors.AsType[*program.ScriptError](err); ok {
		f.ID = "X-SCRIPT"
	}
	if _, ok := errors.AsType[*seccomp.NameError](err); ok {
		f.ID = "R-SECCOMP"
	}
	return f
}

func (b *Broker) plan(r *policy.Rule, p policy.Program, common *shared) (*plan, error) {
	e := r.Effect
	pl := &plan{rule: r, rlimits: b.rlimits(e.Limits)}
	var err error
	if pl.caps, err = capabilities(e.Caps); err != nil {
		return nil, err
	}
	key := strings.Join(e.Seccomp, " ")
	if pl.filter = common.filters[key]; pl.filter == nil {
		filter, err := seccomp.Compile(seccomp.Request{Names: e.Seccomp})
		if err != nil {
			return nil, err
		}
		pl.filter = filter.Bytes()
		common.filters[key] = pl.filter
	}
	for _, path := range e.FS.Write {
		if isNetSysctl(path) {
			pl.netWrites = append(pl.netWrites, path)
		}
	}
	pl.layers = b.layers(e)
	pl.target = common.target(p, e, pl.caps)
	if _, err := pl.target.current(); err != nil && !errors.Is(err, program.ErrMissing) {
		return nil, err
	}
	return pl, nil
}

// isNetSysctl reports whether a path names another file in each network
// namespace (network_namespaces(7)).
func isNetSysctl(path string) bool { return strings.HasPrefix(path, "/proc/sys/net/") }

// rlimits are the limits that need no cgroup (getrlimit(2)). Memory is RLIMIT_DATA,
// which counts private writable mappings since Linux 4.7; an address space limit
// would stop programs that reserve more than they use. RLIMIT_NPROC counts all
// processes of the uid, so it is multiplied by how many commands may run.
func (b *Broker) rlimits(l policy.Limits) []sandbox.Rlimit {
	cpu := uint64(max(1, (l.CPU+time.Second-1)/time.Second))
	procs := uint64(l.Processes) * uint64(b.o.MaxRunning)
	return []sandbox.Rlimit{
		// The hard limit is a second later: SIGXCPU first, then SIGKILL.
		{Resource: sandbox.LimitCPU, Cur: cpu, Max: cpu + 1},
		{Resource: sandbox.LimitData, Cur: l.Memory, Max: l.Memory},
		{Resource: sandbox.LimitFiles, Cur: uint64(l.Files), Max: uint64(l.Files)},
		{Resource: sandbox.LimitProcesses, Cur: procs, Max: procs},
	}
}

func (b *Broker) layers(e policy.Effect) []Layer {
	f := b.o.Launcher.Features()
	tree := Layer{"cgroup", f.TreeKill == sandbox.TreeKillCgroup, f.CgroupPath}
	if !tree.Enforced {
		tree.Detail = "pid namespace instead: " + f.TreeReason
	}
	view := fmt.Sprintf("ABI %d", f.LandlockABI)
	if e.FS.Host {
		view += ", scopes only (fs: host)"
	}
	caps := strings.Join(e.Caps, " ")
	if caps == "" {
		caps = "none"
	}
	return []Layer{
		tree,
		{"rlimits", true, ""},
		{"netns", e.Net == policy.NetNone, e.Net},
		{"identity", true, fmt.Sprintf("uid %d gid %d", e.UID, e.GID)},
		{"capabilities", true, caps},
		{"no_new_privs", true, ""},
		{"landlock", true, view},
		{"seccomp", true, strings.Join(e.Seccomp, " ")},
	}
}

func capabilities(names []string) (mask uint64, err error) {
	for _, name := range names {
		found := false
		for _, c := range capability.ListKnown() {
			if c.String() == name {
				mask |= 1 << uint(c)
				found = true
			}
		}
		if !found {
			return 0, fmt.Errorf("unknown capability %q", name)
		}
	}
	return mask, nil
}

// launch is one command, ready to go.
type launch struct {
	spec      sandbox.Spec
	prog      *program.Program
	id        program.Identity
	layers    []Layer
	ruleset   *os.File
	truncated [2]bool // stdout, stderr
}

func (l *launch) close() {
	if l.ruleset != nil {
		_ = l.ruleset.Close()
	}
	runtime.KeepAlive(l.prog)
}

// prepare makes the launch of an allowed decision. programChanged is called
// when another inode than before is pinned.
func (gen *Generation) prepare(d policy.Decision, held *guard.Held, programChanged func(*program.Program) error) (*launch, error) {
	pl := gen.plans[planKey{d.Rule.ID, d.Program}]
	if pl == nil {
		return nil, internal("rule %s has no plan for %s", d.Rule.ID, d.Program)
	}
	changed, err := pl.target.current()
	if err != nil {
		return nil, programError(d, err)
	}
	prog, view := pl.target.pinned()
	if changed {
		if err := programChanged(prog); err != nil {
			return nil, err
		}
	}
	e := d.Effect
	l := &launch{prog: prog, id: prog.Identity(), layers: pl.layers}
	l.spec = sandbox.Spec{
		Program: prog.File(), Argv: d.Argv, Env: d.Env, UID: e.UID, GID: e.GID, Groups: e.Groups,
		Caps: pl.caps, Filter: pl.filter, NewNet: e.Net == policy.NetNone,
		Umask: e.Umask, Nice: e.Nice, IOPriority: e.IOPriority, Rlimits: pl.rlimits,
	}
	if held.Dir != nil {
		l.spec.Dir = held.Dir.File
	}
	if held.Netns != nil {
		l.spec.Netns = held.Netns.File
		l.layers = inNamespace(pl.layers, d.Netns)
	}
	if l.ruleset, err = pl.ruleset(view, held, &l.spec); err != nil {
		return nil, internal("build landlock ruleset: %w", err)
	}
	l.spec.Ruleset = l.ruleset
	return l, nil
}

// ruleset grants, for this call only, the files that its arguments name.
func (pl *plan) ruleset(view *landlock.View, held *guard.Held, spec *sandbox.Spec) (*os.File, error) {
	extra := make([]landlock.FDRule, 0, len(held.Paths))
	for _, p := range held.Paths {
		access := landlock.Read
		switch p.Access {
		case argv.AccessRead:
		case argv.AccessWrite:
			access = landlock.Write
		case argv.AccessExec:
			access = landlock.Read | landlock.Exec
		}
		extra = append(extra, landlock.FDRule{File: p.File.File, Access: access})
	}
	if view == nil {
		return nil, nil
	}
	for _, path := range pl.netWrites {
		spec.LatePaths = append(spec.LatePaths, sandbox.LatePath{Path: path, Access: view.Rights(landlock.Write, false)})
	}
	if !view.Files() {
		extra = nil // no file is restricted
	}
	return view.Ruleset(landlock.Call{Program: spec.Program, Rules: extra, Late: len(spec.LatePaths) > 0})
}

// inNamespace is the list of layers with the network namespace of this call.
func inNamespace(layers []Layer, name string) []Layer {
	out := append([]Layer(nil), layers...)
	for i := range out {
		if out[i].Name == "netns" {
			out[i] = Layer{"netns", true, name}
		}
	}
	return out
}

// Missing lists the rules whose program is not there, sorted.
func (gen *Generation) Missing() []string {
	var out []string
	for _, r := range gen.Snapshot.Rules() {
		for _, p := range r.Programs {
			pl := gen.plans[planKey{r.ID, p.Path}]
			if pl == nil {
				break // a wrapper
			}
			if prog, _ := pl.target.pinned(); prog == nil {
				out = append(out, string(r.ID))
				break
			}
		}
	}
	return out
}
