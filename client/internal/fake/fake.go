// Package fake stands in for rootgated in the tests of the client and of the
// command line. It runs no program and knows no policy: the first argument names
// one of a few behaviours. It is not linked into anything that ships.
package fake

import (
	"context"
	"net"
	"sync"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	rootgatev1 "github.com/rootgate-project/rootgate/proto/rootgate/v1"
)

// Server is a fake rootgated.
type Server struct {
	rootgatev1.UnimplementedCommandServiceServer
	rootgatev1.UnimplementedAdminServiceServer

	grpc *grpc.Server
	done chan struct{}

	mu   sync.Mutex
	gone int
	wake chan struct{}
}

// Start listens at path. Stop must be called.
func Start(path string) (*Server, error) {
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	s := &Server{grpc: grpc.NewServer(grpc.WaitForHandlers(true)), done: make(chan struct{}), wake: make(chan struct{})}
	rootgatev1.RegisterCommandServiceServer(s.grpc, s)
	rootgatev1.RegisterAdminServiceServer(s.grpc, s)
	go func() {
		defer close(s.done)
		_ = s.grpc.Serve(l)
	}()
	return s, nil
}

// Stop breaks every connection and waits for the calls to end.
func (s *Server) Stop() {
	s.grpc.Stop()
	<-s.done
}

// WaitGone waits until n commands have lost their caller.
func (s *Server) WaitGone(ctx context.Context, n int) error {
	for {
		s.mu.Lock()
		gone, wake := s.gone, s.wake
		s.mu.Unlock()
		if gone >= n {
			return nil
		}
		select {
		case <-wake:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (s *Server) callerGone() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone++
	close(s.wake)
	s.wake = make(chan struct{})
}

// Refusal returns an error with details, by the name of its code.
func Refusal(code codes.Code, reason string) error {
	details := []protoadapt.MessageV1{}
	add := func(m protoadapt.MessageV1) { details = append(details, m) }
	if reason != "" {
		info := &errdetails.ErrorInfo{Reason: reason, Domain: "rootgate"}
		if code == codes.PermissionDenied {
			info.Metadata = map[string]string{
				"rule": "net.ip", "line": "3", "argv_index": "2",
				"expected": "<mtu> int 68..9216", "execution_id": "deny-1",
			}
		}
		add(info)
	}
	switch code {
	case codes.InvalidArgument:
		add(&errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{
			{Field: "argv[1]", Description: "holds a NUL byte"},
		}})
	case codes.FailedPrecondition:
		add(&errdetails.PreconditionFailure{Violations: []*errdetails.PreconditionFailure_Violation{
			{Type: reason, Subject: "net.ip", Description: "program is missing"},
		}})
	case codes.ResourceExhausted:
		add(&errdetails.QuotaFailure{Violations: []*errdetails.QuotaFailure_Violation{
			{Subject: "running_per_uid", Description: "16 commands run"},
		}})
		add(&errdetails.RetryInfo{RetryDelay: durationpb.New(1500e6)})
	case codes.Unavailable:
		add(&errdetails.RetryInfo{RetryDelay: durationpb.New(2e9)})
	}
	st, err := status.New(code, "said the fake").WithDetails(details...)
	if err != nil {
		return status.Error(codes.Internal, err.Error())
	}
	return st.Err()
}

// codeOf are the codes that the behaviours refuse and late can name.
func codeOf(name string) codes.Code {
	for c := codes.OK; c <= codes.Unauthenticated; c++ {
		if c.String() == name {
			return c
		}
	}
	return codes.Unknown
}

// Explain allows what is not called deny.
func (s *Server) Explain(_ context.Context, req *rootgatev1.ExplainRequest) (*rootgatev1.ExplainResponse, error) {
	switch req.GetArgv()[0] {
	case "deny":
		return &rootgatev1.ExplainResponse{
			Denial: &rootgatev1.Denial{
				Reason: "VALUE_OUT_OF_RANGE", ArgvIndex: 2, Message: "value out of range", DidYouMean: "9000",
				Expected: []*rootgatev1.Expectation{{Kind: rootgatev1.Expectation_KIND_TYPE, Text: "<mtu> int 68..9216"}},
			},
			Text: "denied: deny mtu 99999\n  argv[2] expected <mtu> int 68..9216\n  did you mean 9000?\n",
		}, nil
	case "refuse":
		return nil, Refusal(codeOf(req.GetArgv()[1]), req.GetArgv()[2])
	}
	return &rootgatev1.ExplainResponse{
		Allowed:  true,
		Decision: &rootgatev1.Decision{Rule: "fake." + req.GetArgv()[0], Line: 1, PolicyGeneration: 7},
		Text:     "allowed by fake." + req.GetArgv()[0] + ":1",
	}, nil
}

// ListCommands returns two usage lines, one of which tries to write on the
// terminal.
func (s *Server) ListCommands(context.Context, *rootgatev1.ListCommandsRequest) (*rootgatev1.ListCommandsResponse, error) {
	return &rootgatev1.ListCommandsResponse{Commands: []*rootgatev1.AllowedCommand{
		{Rule: "net.ip", Line: 1, Programs: []string{"/usr/sbin/ip"}, Usage: "link set <dev> (up|down)", Why: "bring links up"},
		{Rule: "net.restore", Line: 1, Programs: []string{"/usr/sbin/iptables-restore"}, TakesStdin: true, Netns: "netns", Env: []string{"XTABLES_LOCKFILE"}, Why: "evil \x1b[2J"},
	}}, nil
}

// GetStatus returns a status.
func (s *Server) GetStatus(context.Context, *rootgatev1.GetStatusRequest) (*rootgatev1.GetStatusResponse, error) {
	return &rootgatev1.GetStatusResponse{
		Version: "1.2.3", Started: timestamppb.New(epoch()), Running: 1, Queued: 2,
		Policy:   policyStatus(),
		Audit:    &rootgatev1.AuditStatus{Seq: 42, Head: "00ff", Writable: true},
		Features: []*rootgatev1.Feature{{Name: "landlock_abi", Enabled: true, Detail: "7"}, {Name: "cgroup2", Detail: "not mounted"}},
		Limits:   map[string]string{"running": "64", "queue": "128"},
	}, nil
}

// ReloadPolicy installs a policy.
func (s *Server) ReloadPolicy(context.Context, *rootgatev1.ReloadPolicyRequest) (*rootgatev1.ReloadPolicyResponse, error) {
	return &rootgatev1.ReloadPolicyResponse{Policy: policyStatus()}, nil
}

// ListExecutions returns one.
func (s *Server) ListExecutions(context.Context, *rootgatev1.ListExecutionsRequest) (*rootgatev1.ListExecutionsResponse, error) {
	return &rootgatev1.ListExecutionsResponse{Executions: []*rootgatev1.Execution{{
		ExecutionId: "exec-9", CallerUid: 1000, CallerPid: 4, Rule: "net.ip", Line: 1,
		Argv: []string{"ip", "link", "a b"}, Pid: 77, Started: timestamppb.New(epoch()), Timeout: durationpb.New(30e9),
	}}}, nil
}

// KillExecution kills exec-9 only.
func (s *Server) KillExecution(_ context.Context, req *rootgatev1.KillExecutionRequest) (*rootgatev1.KillExecutionResponse, error) {
	if req.GetExecutionId() != "exec-9" {
		return nil, Refusal(codes.NotFound, "")
	}
	return &rootgatev1.KillExecutionResponse{}, nil
}
