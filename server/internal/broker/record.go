package broker

import (
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/rootgate-project/rootgate/policy"
	"github.com/rootgate-project/rootgate/server/audit"
	"github.com/rootgate-project/rootgate/server/internal/sandbox"
	"github.com/rootgate-project/rootgate/server/internal/sandbox/program"
)

// idSource makes execution ids: unique across restarts, ordered within one.
type idSource struct {
	prefix string
	n      *atomic.Uint64
}

func newIDSource() idSource {
	var b [10]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	prefix := base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").EncodeToString(b[:])
	return idSource{prefix: prefix, n: new(atomic.Uint64)}
}

func (s idSource) next() string { return fmt.Sprintf("%s-%d", s.prefix, s.n.Add(1)) }

func (x *execution) record(t audit.Type) *audit.Record {
	c := x.call.Caller
	r := &audit.Record{
		Type: t, ExecutionID: x.id,
		Caller: &audit.Caller{UID: c.UID, GID: c.GID, PID: c.PID, Groups: c.Groups, Unit: c.Unit},
	}
	if x.gen != nil {
		r.PolicyGeneration, r.PolicySHA256 = x.gen.Number, x.gen.SHA256
	}
	if rule := x.decision.Rule; rule != nil {
		r.Rule, r.Line = string(rule.ID), int32(x.decision.Line)
	}
	for _, l := range x.decision.Chain {
		r.Chain = append(r.Chain, audit.Link{Rule: string(l.Rule.ID), Line: int32(l.Line)})
	}
	return r
}

func (x *execution) request(argvIndex int) *audit.Request {
	q := x.call.Request
	return &audit.Request{
		Argv: q.Argv, Env: slices.Sorted(maps.Keys(q.Env)), Cwd: q.Cwd, Netns: q.Netns,
		TimeoutMS: uint64(x.call.Timeout.Milliseconds()), ArgvIndex: int32(argvIndex),
	}
}

// deny records a refusal and returns it. A refusal that cannot be recorded is
// still a refusal.
func (x *execution) deny(err error) error {
	e := asError(err)
	r := x.record(audit.TypeDeny)
	index := -1
	if e.Denial != nil {
		index = e.Denial.ArgvIndex
	}
	r.Request = x.request(index)
	r.Reason, r.Message = e.Reason, e.Message
	if e.Cause != nil {
		r.Message += ": " + e.Cause.Error()
	}
	if _, auditErr := x.broker.o.Audit.Append(r); auditErr != nil {
		x.broker.o.Log.Error("refusal could not be recorded", "reason", e.Reason, "execution", x.id, "error", auditErr)
	}
	return e
}

// intent writes INTENT. When it cannot be written nothing runs.
func (x *execution) intent() error {
	r := x.record(audit.TypeIntent)
	r.Request = x.request(-1)
	l, e := x.launch, x.decision.Effect
	r.Launch = &audit.Launch{
		Program: x.decision.Program, Dev: l.id.Dev, Ino: l.id.Ino, UID: e.UID, GID: e.GID, Caps: e.Caps, Seccomp: e.Seccomp,
		Argv0: x.decision.Argv[0], ArgvSHA256: audit.ArgvSHA256(l.spec.Argv), TimeoutMS: uint64(x.wall.Milliseconds()),
	}
	if _, err := x.broker.o.Audit.Append(r); err != nil {
		return auditError(err)
	}
	return nil
}

// programChanged puts on record that another inode is pinned than before. It has
// passed the same checks.
func (x *execution) programChanged(p *program.Program) error {
	r := x.record(audit.TypeProgram)
	id := p.Identity()
	r.Launch = &audit.Launch{Program: p.Path(), Dev: id.Dev, Ino: id.Ino}
	r.Message = "another file stands at the path and passed the checks"
	x.broker.o.Log.Info("program replaced", "path", p.Path(), "inode", id.Ino)
	if _, err := x.broker.o.Audit.Append(r); err != nil {
		return auditError(err)
	}
	return nil
}

func auditError(err error) *Error {
	return &Error{
		Kind: KindUnavailable, Reason: reasonAudit, RetryAfter: retrySoon,
		Message: "nothing runs while the audit log cannot be written", Cause: err,
	}
}

// end writes END. The command has run by then, which a failure must not hide.
func (x *execution) end(exit sandbox.ExitState, runErr error) error {
	r := x.record(audit.TypeEnd)
	o := x.outcome
	switch {
	case x.outcome.PID == 0:
		o.Code, o.LaunchError = -1, runErr.Error()
	case exit.Signal != 0:
		o.Code, o.Signal, o.SeccompKilled = -1, int32(exit.Signal), exit.SeccompKilled
	default:
		o.Code = int32(exit.Code)
	}
	o.CPUNS = uint64(exit.User + exit.System)
	r.Outcome = &o
	if _, err := x.broker.o.Audit.Append(r); err != nil {
		x.broker.retryEnd(r, err)
		return &Error{
			Kind: KindUnavailable, Reason: reasonAudit, Rule: x.decision.Rule.ID, Line: x.decision.Line,
			Message: "the command ran, but its end could not be recorded yet", Cause: err,
		}
	}
	return nil
}

// retryEnd writes an END record as soon as the log takes it. There are never
// more of them than slots: nothing new is launched meanwhile. One that cannot be
// written before the server ends becomes an ABORT when the next one starts.
func (b *Broker) retryEnd(r *audit.Record, err error) {
	b.o.Log.Error("end could not be recorded, trying again", "execution", r.ExecutionID, "error", err)
	b.late.Go(func() {
		t := time.NewTicker(retrySoon)
		defer t.Stop()
		for {
			select {
			case <-b.closing:
				return
			case <-t.C:
			}
			if _, err := b.o.Audit.Append(r); err == nil {
				return
			}
		}
	})
}

// denied turns the policy's refusal into an error.
func denied(d policy.Decision) *Error {
	e := &Error{Kind: KindDenied, Reason: string(d.Denial.Reason), Message: d.Denial.Message, Denial: &d.Denial, Line: d.Line}
	if d.Rule != nil {
		e.Rule = d.Rule.ID
	}
	switch d.Denial.Reason {
	case policy.ReasonInvalidArgv:
		e.Kind, e.Field = KindInvalid, "argv"
		if d.Denial.ArgvIndex >= 0 {
			e.Field = fmt.Sprintf("argv[%d]", d.Denial.ArgvIndex)
		}
	case policy.ReasonInvalidEnv:
		e.Kind, e.Field = KindInvalid, "env"
	}
	return e
}

// signalNames are the signals that a policy can name, without SIG.
var signalNames = map[syscall.Signal]string{
	syscall.SIGHUP: "HUP", syscall.SIGINT: "INT", syscall.SIGQUIT: "QUIT", syscall.SIGTERM: "TERM",
	syscall.SIGKILL: "KILL", syscall.SIGUSR1: "USR1", syscall.SIGUSR2: "USR2", syscall.SIGALRM: "ALRM",
	syscall.SIGCONT: "CONT", syscall.SIGSTOP: "STOP", syscall.SIGTSTP: "TSTP", syscall.SIGWINCH: "WINCH",
}

func signalName(s syscall.Signal) string { return signalNames[s] }
