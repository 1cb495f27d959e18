package server

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/rootgate-project/rootgate/policy"
	rootgatev1 "github.com/rootgate-project/rootgate/proto/rootgate/v1"
	"github.com/rootgate-project/rootgate/server/audit"
	"github.com/rootgate-project/rootgate/server/internal/accounts"
	"github.com/rootgate-project/rootgate/server/internal/broker"
	"github.com/rootgate-project/rootgate/server/internal/config"
	"github.com/rootgate-project/rootgate/server/internal/peer"
	"github.com/rootgate-project/rootgate/server/internal/policystore"
	"github.com/rootgate-project/rootgate/server/internal/sandbox"
)

// policyState is what the last attempt to load a policy said.
type policyState struct {
	// load is held while a policy is loaded: one at a time.
	load sync.Mutex

	mu         sync.Mutex
	generation uint64
	findings   []string
}

// reload loads the policy and installs it. Findings that refuse it, or an error,
// leave the one in force.
func (s *server) reload(ctx context.Context) (policy.Findings, error) {
	s.policy.load.Lock()
	defer s.policy.load.Unlock()
	findings, err := s.loadAndInstall(ctx)
	s.policy.mu.Lock()
	s.policy.findings = texts(findings)
	if err != nil {
		s.policy.findings = append(s.policy.findings, err.Error())
	}
	s.policy.mu.Unlock()
	if err == nil && !findings.HasErrors() {
		gen := s.broker.Generation()
		s.log.Info("policy installed", "generation", gen.Number, "rules", len(gen.Snapshot.Rules()), "sha256", gen.SHA256)
		for _, f := range findings {
			if f.ID == broker.CheckUnavailable {
				s.log.Warn("calls of a usage line will be refused", "check", f.ID, "rule", f.Rule, "file", f.File, "line", f.Line, "reason", f.Message)
			}
		}
		return nil, nil
	}
	s.log.Error("policy refused", "error", err, "findings", texts(findings))
	message := strings.Join(texts(findings), "\n")
	if err != nil {
		message = err.Error()
	}
	if err := s.record(audit.Record{Type: audit.TypeReload, Reason: "POLICY_REFUSED", Message: message}); err != nil {
		s.log.Error("refused policy could not be recorded", "error", err)
	}
	return findings, err
}

func (s *server) loadAndInstall(ctx context.Context) (policy.Findings, error) {
	// A child shares this process's memory for a moment: look again, as an
	// administrator may have changed it since the start.
	if err := sandbox.CheckDumpable(); err != nil {
		return nil, err
	}
	db, err := accounts.Load("/etc/passwd", "/etc/group")
	if err != nil {
		return nil, fmt.Errorf("read accounts: %w", err)
	}
	runUser, err := s.runUser(db)
	if err != nil {
		return nil, err
	}
	store := policystore.Store{Dirs: s.config.Policy, Options: policy.Options{Accounts: db, RunUser: runUser}}
	snapshot, findings, err := store.Load(ctx)
	if err != nil || findings.HasErrors() {
		return findings, err
	}
	gen, more := s.broker.Prepare(snapshot, s.policy.generation+1)
	findings = append(findings, more...)
	if findings.HasErrors() {
		return findings, nil
	}
	// On record before it is in force.
	err = s.record(audit.Record{Type: audit.TypeReload, PolicyGeneration: gen.Number, PolicySHA256: gen.SHA256})
	if err != nil {
		return findings, err
	}
	s.broker.Install(gen)
	s.policy.mu.Lock()
	s.policy.generation++
	s.policy.mu.Unlock()
	return findings, nil
}

// runUser is the account of commands whose rule names none.
func (s *server) runUser(db *accounts.DB) (string, error) {
	candidates := []string{s.config.RunUser}
	if s.config.RunUser == "" {
		candidates = []string{"rootgate-run", "nobody"}
	}
	for _, name := range candidates {
		uid, _, ok := db.User(name)
		if ok && uid == 0 {
			return "", fmt.Errorf("run_user: %s is uid 0: a rule that needs root must say so itself", name)
		}
		if ok {
			return name, nil
		}
	}
	return "", fmt.Errorf("run_user: no account %s", strings.Join(candidates, " or "))
}

func texts(findings policy.Findings) []string {
	out := make([]string, len(findings))
	for i, f := range findings {
		out[i] = f.String()
	}
	return out
}

// record writes a record of the server itself. There is no log under --check.
func (s *server) record(r audit.Record) error {
	if s.audit == nil {
		return nil
	}
	if _, err := s.audit.Append(&r); err != nil {
		return fmt.Errorf("audit log: %w", err)
	}
	return nil
}

// Reload implements rpc.Admin.
func (s *server) Reload(ctx context.Context) (*rootgatev1.PolicyStatus, []string, error) {
	findings, err := s.reload(ctx)
	if err != nil {
		// The path and the system's word are for an operator, who asked. It is
		// a refusal like one by a finding, and not a fault of the server.
		return nil, []string{err.Error()}, nil //nolint:nilerr // reported as a finding
	}
	if findings.HasErrors() {
		return nil, texts(findings), nil
	}
	return s.policyStatus(), nil, nil
}

// Status implements rpc.Admin.
func (s *server) Status() *rootgatev1.GetStatusResponse {
	running, queued := s.slots.Count()
	seq, head := s.audit.Head()
	st := &rootgatev1.GetStatusResponse{
		Version: s.options.Version, Started: timestamppb.New(s.started), Policy: s.policyStatus(),
		Audit:   &rootgatev1.AuditStatus{Seq: seq, Head: head, Writable: s.audit.Writable() == nil},
		Running: uint32(running), Queued: uint32(queued), Limits: limitsOf(s.config.Limits),
	}
	for _, f := range s.features() {
		st.Features = append(st.Features, &rootgatev1.Feature{Name: f.name, Enabled: f.enabled, Detail: f.detail})
	}
	return st
}

func (s *server) policyStatus() *rootgatev1.PolicyStatus {
	gen := s.broker.Generation()
	lines := 0
	for _, r := range gen.Snapshot.Rules() {
		lines += len(r.Lines)
	}
	s.policy.mu.Lock()
	findings := slices.Clone(s.policy.findings)
	s.policy.mu.Unlock()
	return &rootgatev1.PolicyStatus{
		Generation: gen.Number, Sha256: gen.SHA256, Rules: uint32(len(gen.Snapshot.Rules())), Lines: uint32(lines),
		Loaded: timestamppb.New(gen.Loaded), ProgramsMissing: gen.Missing(), Findings: findings,
	}
}

func limitsOf(l config.Limits) map[string]string {
	return map[string]string{
		"connections": strconv.Itoa(l.Connections), "connections_per_uid": strconv.Itoa(l.ConnectionsPerUID),
		"running": strconv.Itoa(l.Running), "running_per_uid": strconv.Itoa(l.RunningPerUID),
		"queue": strconv.Itoa(l.Queue), "rate": strconv.Itoa(l.Rate),
	}
}

// feature is one kernel feature that a layer builds on.
type feature struct {
	name    string
	enabled bool
	detail  string
}

func (s *server) features() []feature {
	var out []feature
	for _, l := range s.launcher.Features().Layers() {
		out = append(out, feature{strings.ReplaceAll(l.Name, "-", "_"), l.Present, l.Detail})
	}
	peerpidfd := feature{name: "so_peerpidfd", enabled: peer.HasPidfd()}
	if !peerpidfd.enabled {
		peerpidfd.detail = "pidfd_open of the peer's pid instead"
	}
	return append(out, peerpidfd)
}

// guardianChanged makes the health service say what Start would.
func (s *server) guardianChanged(alive bool) {
	s.log.Warn("guardian changed", "alive", alive)
	if g := s.grpc.Load(); g != nil {
		g.SetServing(alive)
	}
}
