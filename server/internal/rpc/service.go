// Package rpc refuses whatever it does not understand: it decodes, checks the
// bounds of a message, hands the call to the broker with the identity that the
// kernel gave, and maps what comes back. It is the only package that speaks of
// gRPC codes. Authorization is no interceptor matched by path: each handler asks
// for the identity itself, and without one refuses.
package rpc

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"path"
	"slices"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/rootgate-project/rootgate/policy"
	"github.com/rootgate-project/rootgate/policy/argv"
	rootgatev1 "github.com/rootgate-project/rootgate/proto/rootgate/v1"
	"github.com/rootgate-project/rootgate/server/internal/broker"
	"github.com/rootgate-project/rootgate/server/internal/peer"
)

const (
	// maxUnaryStdin and maxUnaryOutput bound what Execute carries, in bytes.
	maxUnaryStdin  = 192 << 10
	maxUnaryOutput = 3 << 20
	// maxEnv bounds the variables of a request, maxEnvBytes their bytes.
	maxEnv      = 64
	maxEnvBytes = 32 << 10
)

// Broker is what the services need of the broker.
type Broker interface {
	Run(ctx context.Context, call *broker.Call) (*broker.Result, error)
	Decide(caller broker.Caller, r policy.Request) (policy.Decision, uint64, error)
	Commands(caller broker.Caller) ([]policy.Command, error)
	Executions() []broker.Execution
	Watch() (<-chan broker.Event, func())
	Kill(ctx context.Context, id string) error
}

// Admin is what AdminService needs besides the broker.
type Admin interface {
	Status() *rootgatev1.GetStatusResponse
	// Reload installs the policy of the configured directories. The second
	// result holds the findings when it is refused.
	Reload(ctx context.Context) (*rootgatev1.PolicyStatus, []string, error)
}

type service struct {
	rootgatev1.UnimplementedCommandServiceServer
	broker Broker
	log    *slog.Logger
	errors atomic.Uint64
}

func (s *service) newID() string { return fmt.Sprintf("e%d-%d", time.Now().Unix(), s.errors.Add(1)) }

func callerOf(ctx context.Context) (broker.Caller, error) {
	info, err := peer.FromContext(ctx)
	if err != nil {
		return broker.Caller{}, status.Error(codes.PermissionDenied, err.Error())
	}
	return broker.Caller{UID: info.UID, GID: info.GID, PID: info.PID, Groups: info.Groups, Unit: info.Unit}, nil
}

// callOf checks what the policy does not: the bounds of the message.
func callOf(caller broker.Caller, q *rootgatev1.ExecuteRequest) (*broker.Call, error) {
	call := &broker.Call{
		Caller:  caller,
		Request: policy.Request{Argv: q.GetArgv(), Env: q.GetEnv(), Cwd: q.GetCwd(), Netns: q.GetNetns(), Stdin: len(q.GetStdin()) > 0},
	}
	if err := checkRequest(call.Request); err != nil {
		return nil, err
	}
	if q.GetIdempotencyKey() != "" {
		return nil, invalid("IDEMPOTENCY_UNSUPPORTED", "idempotency_key", "this server keeps no result window: the key would have no effect")
	}
	if len(q.GetStdin()) > maxUnaryStdin {
		return nil, invalid("INVALID_STDIN", "stdin", fmt.Sprintf("%d bytes, expected at most %d: use ExecuteStream", len(q.GetStdin()), maxUnaryStdin))
	}
	if t := q.GetTimeout(); t != nil {
		if err := t.CheckValid(); err != nil || t.AsDuration() <= 0 {
			return nil, invalid("INVALID_TIMEOUT", "timeout", fmt.Sprintf("found %v, expected above zero", t.AsDuration()))
		}
		call.Timeout = t.AsDuration()
	}
	return call, nil
}

func checkRequest(r policy.Request) error {
	if len(r.Argv) == 0 {
		return invalid("INVALID_ARGV", "argv", "empty, expected at least the program")
	}
	if len(r.Env) > maxEnv {
		return invalid("INVALID_ENV", "env", fmt.Sprintf("%d variables, expected at most %d", len(r.Env), maxEnv))
	}
	size := 0
	for name, value := range r.Env {
		size += len(name) + len(value) + 2
	}
	if size > maxEnvBytes {
		return invalid("INVALID_ENV", "env", fmt.Sprintf("%d bytes, expected at most %d", size, maxEnvBytes))
	}
	if r.Cwd != "" && (!path.IsAbs(r.Cwd) || path.Clean(r.Cwd) != r.Cwd || hasControl(r.Cwd)) {
		return invalid("INVALID_CWD", "cwd", "not an absolute, canonical path")
	}
	if len(r.Netns) > 255 || hasControl(r.Netns) {
		return invalid("INVALID_NETNS", "netns", "not a name of at most 255 bytes without control characters")
	}
	return nil
}

func hasControl(s string) bool {
	return slices.ContainsFunc([]byte(s), func(b byte) bool { return b < 0x20 || b == 0x7f })
}

// collect is the sink of a call that is answered in one message. It keeps no
// more of each stream than a message could carry.
type collect struct {
	stdout, stderr       []byte
	cutStdout, cutStderr bool
}

// Started implements broker.Sink.
func (c *collect) Started(context.Context, broker.Started) error { return nil }

// Stdout implements broker.Sink.
func (c *collect) Stdout(_ context.Context, p []byte) error {
	c.stdout, c.cutStdout = keep(c.stdout, p, c.cutStdout)
	return nil
}

// Stderr implements broker.Sink.
func (c *collect) Stderr(_ context.Context, p []byte) error {
	c.stderr, c.cutStderr = keep(c.stderr, p, c.cutStderr)
	return nil
}

func keep(have, more []byte, cut bool) (kept []byte, wasCut bool) {
	room := maxUnaryOutput - len(have)
	return append(have, more[:min(len(more), room)]...), cut || len(more) > room
}

// Execute implements CommandService.
func (s *service) Execute(ctx context.Context, q *rootgatev1.ExecuteRequest) (*rootgatev1.ExecuteResponse, error) {
	caller, err := callerOf(ctx)
	if err != nil {
		return nil, err
	}
	call, err := callOf(caller, q)
	if err != nil {
		return nil, err
	}
	out := &collect{}
	call.Sink = out
	if len(q.GetStdin()) > 0 {
		in := broker.Bytes(q.GetStdin())
		call.Input = &in
	}
	res, err := s.broker.Run(ctx, call)
	if err != nil {
		return nil, s.toStatus(ctx, err)
	}
	// The rule's limits hold each stream; together they must fit the message.
	fit := func(b []byte, room int) ([]byte, bool) { return b[:min(len(b), room)], len(b) > room }
	stderr, cutErr := fit(out.stderr, maxUnaryOutput)
	stdout, cutOut := fit(out.stdout, maxUnaryOutput-len(stderr))
	return &rootgatev1.ExecuteResponse{
		ExitStatus: exitStatus(res), Stdout: stdout, Stderr: stderr,
		StdoutTruncated: res.StdoutTruncated || out.cutStdout || cutOut, StderrTruncated: res.StderrTruncated || out.cutStderr || cutErr,
		ExecutionId: res.ID, Decision: decision(res.Decision), Usage: usage(res), Enforcement: enforcement(res),
	}, nil
}

// Explain implements CommandService.
func (s *service) Explain(ctx context.Context, q *rootgatev1.ExplainRequest) (*rootgatev1.ExplainResponse, error) {
	caller, err := callerOf(ctx)
	if err != nil {
		return nil, err
	}
	r := policy.Request{Argv: q.GetArgv(), Env: q.GetEnv(), Cwd: q.GetCwd(), Netns: q.GetNetns(), Stdin: q.GetWithStdin()}
	if err := checkRequest(r); err != nil {
		return nil, err
	}
	d, generation, err := s.broker.Decide(caller, r)
	if err != nil {
		return nil, s.toStatus(ctx, err)
	}
	resp := &rootgatev1.ExplainResponse{Allowed: d.Allowed(), Text: d.Explain(r)}
	if d.Allowed() {
		resp.Decision = decision(broker.Decision{Rule: d.Rule.ID, Line: d.Line, Generation: generation})
		return resp, nil
	}
	resp.Denial = denial(d.Denial)
	return resp, nil
}

// ListCommands implements CommandService.
func (s *service) ListCommands(ctx context.Context, _ *rootgatev1.ListCommandsRequest) (*rootgatev1.ListCommandsResponse, error) {
	caller, err := callerOf(ctx)
	if err != nil {
		return nil, err
	}
	commands, err := s.broker.Commands(caller)
	if err != nil {
		return nil, s.toStatus(ctx, err)
	}
	resp := &rootgatev1.ListCommandsResponse{}
	for _, c := range commands {
		resp.Commands = append(resp.Commands, &rootgatev1.AllowedCommand{
			Rule: string(c.Rule), Line: int32(c.Line), Programs: c.Programs, Usage: c.Usage,
			TakesStdin: c.TakesStdin, Netns: c.Netns, Env: c.Env, Why: c.Why,
		})
	}
	return resp, nil
}

func exitStatus(r *broker.Result) *rootgatev1.ExitStatus {
	st := &rootgatev1.ExitStatus{CoreDumped: r.Exit.CoreDumped, SeccompKilled: r.Exit.SeccompKilled}
	if r.Exit.Signal != 0 {
		st.Status = &rootgatev1.ExitStatus_Signal{Signal: int32(r.Exit.Signal)}
	} else {
		st.Status = &rootgatev1.ExitStatus_Code{Code: int32(r.Exit.Code)}
	}
	return st
}

func decision(d broker.Decision) *rootgatev1.Decision {
	return &rootgatev1.Decision{Rule: string(d.Rule), Line: int32(d.Line), PolicyGeneration: d.Generation}
}

func usage(r *broker.Result) *rootgatev1.Usage {
	return &rootgatev1.Usage{Wall: durationpb.New(r.Wall), Cpu: durationpb.New(r.Exit.User + r.Exit.System)}
}

func enforcement(r *broker.Result) *rootgatev1.Enforcement {
	e := &rootgatev1.Enforcement{Layers: make([]*rootgatev1.Enforcement_Layer, len(r.Layers))}
	for i, l := range r.Layers {
		e.Layers[i] = &rootgatev1.Enforcement_Layer{Name: l.Name, Enforced: l.Enforced, Detail: l.Detail}
	}
	return e
}

func denial(d policy.Denial) *rootgatev1.Denial {
	out := &rootgatev1.Denial{Reason: string(d.Reason), ArgvIndex: int32(d.ArgvIndex), Message: d.Message, DidYouMean: d.DidYouMean, KnownEscape: d.Escape}
	kinds := map[argv.ExpectKind]rootgatev1.Expectation_Kind{
		argv.ExpectLiteral: rootgatev1.Expectation_KIND_LITERAL,
		argv.ExpectType:    rootgatev1.Expectation_KIND_TYPE,
		argv.ExpectEnd:     rootgatev1.Expectation_KIND_END,
	}
	for _, e := range d.Expected {
		out.Expected = append(out.Expected, &rootgatev1.Expectation{Kind: kinds[e.Kind], Text: expectText(e)})
	}
	for _, n := range d.Nearest {
		out.Nearest = append(out.Nearest, &rootgatev1.NearestLine{
			Rule: string(n.Rule.ID), Line: int32(n.Line), Usage: n.Usage, Position: n.Pos.String(),
			MatchedTokens: int32(min(n.Matched, math.MaxInt32)),
		})
	}
	return out
}

func execution(e broker.Execution) *rootgatev1.Execution {
	return &rootgatev1.Execution{
		ExecutionId: e.ID, CallerUid: e.Caller.UID, CallerPid: e.Caller.PID, Rule: string(e.Rule), Line: int32(e.Line),
		Argv: e.Argv, Pid: int32(e.PID), Started: timestamppb.New(e.Started), Timeout: durationpb.New(e.Timeout),
	}
}
