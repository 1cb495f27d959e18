package fake

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	rootgatev1 "github.com/rootgate-project/rootgate/proto/rootgate/v1"
)

type serverStream = grpc.BidiStreamingServer[rootgatev1.ExecuteStreamRequest, rootgatev1.ExecuteStreamResponse]

func epoch() time.Time { return time.Unix(1_700_000_000, 0) }

func policyStatus() *rootgatev1.PolicyStatus {
	return &rootgatev1.PolicyStatus{
		Generation: 7, Sha256: "abcd", Rules: 3, Lines: 9, Loaded: timestamppb.New(epoch()),
		ProgramsMissing: []string{"net.ovs"}, Findings: []string{"a.yaml:3:1: W O-DASHDASH: ask for --"},
	}
}

// run is one fake command.
type run struct {
	serverStream
	args []string
	req  *rootgatev1.ExecuteRequest
}

// ExecuteStream behaves as argv says.
func (s *Server) ExecuteStream(stream serverStream) error {
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	req := first.GetStart()
	if len(req.GetArgv()) == 0 {
		return Refusal(codes.InvalidArgument, "INVALID_ARGV")
	}
	r := &run{stream, req.GetArgv()[1:], req}
	name := req.GetArgv()[0]
	switch name {
	case "deny":
		return Refusal(codes.PermissionDenied, "VALUE_OUT_OF_RANGE")
	case "refuse":
		return Refusal(codeOf(r.args[0]), r.args[1])
	case "mute":
		return nil
	}
	takes := slices.Contains([]string{"cat", "head", "deaf"}, name)
	if !takes && len(req.GetStdin()) > 0 {
		return Refusal(codes.PermissionDenied, "STDIN_NOT_ALLOWED")
	}
	err = r.send(&rootgatev1.ExecuteStreamResponse{Message: &rootgatev1.ExecuteStreamResponse_Started{Started: &rootgatev1.Started{
		ExecutionId: "exec-1", TakesStdin: takes, Decision: &rootgatev1.Decision{Rule: "fake." + name, Line: 1, PolicyGeneration: 7},
	}}})
	if err != nil {
		return err
	}
	err = r.behave(name)
	if stream.Context().Err() != nil {
		s.callerGone()
	}
	return err
}

func (r *run) behave(name string) error {
	switch name {
	case "echo":
		r.out([]byte(strings.Join(r.args, " ") + "\n"))
	case "both":
		r.out([]byte("to stdout\n"))
		r.errOut([]byte("to stderr\n"))
	case "bytes":
		r.out([]byte{0xff, 0xfe})
	case "exit":
		r.errOut([]byte("leaving\n"))
		return r.exit(&rootgatev1.ExitStatus{Status: &rootgatev1.ExitStatus_Code{Code: r.number()}})
	case "die":
		return r.die(syscall.Signal(r.number()))
	case "seccomp":
		return r.exit(&rootgatev1.ExitStatus{Status: &rootgatev1.ExitStatus_Signal{Signal: 31}, SeccompKilled: true})
	case "late":
		return Refusal(codeOf(r.args[0]), r.args[1])
	case "noend":
		return nil
	case "twice":
		return r.send(&rootgatev1.ExecuteStreamResponse{Message: &rootgatev1.ExecuteStreamResponse_Started{}})
	case "cut":
		r.out([]byte("part"))
		return r.send(exited(&rootgatev1.ExitStatus{Status: &rootgatev1.ExitStatus_Code{}}, true))
	case "env":
		r.out(fmt.Appendf(nil, "cwd=%s netns=%s timeout=%v\n", r.req.GetCwd(), r.req.GetNetns(), r.req.GetTimeout().AsDuration()))
		for _, k := range slices.Sorted(maps.Keys(r.req.GetEnv())) {
			r.out(fmt.Appendf(nil, "%s=%s\n", k, r.req.GetEnv()[k]))
		}
	case "flood":
		block := bytes.Repeat([]byte("x"), 64<<10)
		for n := int(r.number()); n > 0 && r.Context().Err() == nil; n -= len(block) {
			r.out(block[:min(n, len(block))])
		}
	case "cat":
		return r.cat()
	case "head":
		if len(r.req.GetStdin()) > 0 {
			break
		}
		if _, err := r.Recv(); err != nil {
			return err
		}
	case "deaf":
		<-r.Context().Done()
		return r.Context().Err()
	case "wait":
		return r.wait()
	case "sulk":
		r.out([]byte("ready\n"))
		if _, err := r.Recv(); err != nil {
			return err
		}
		return Refusal(codes.PermissionDenied, "SIGNAL_NOT_ALLOWED")
	}
	return r.exit(&rootgatev1.ExitStatus{Status: &rootgatev1.ExitStatus_Code{}})
}

// cat copies input to output.
func (r *run) cat() error {
	if first := r.req.GetStdin(); len(first) > 0 {
		r.out(first)
	}
	for {
		req, err := r.Recv()
		if err != nil {
			return err
		}
		switch m := req.GetMessage().(type) {
		case *rootgatev1.ExecuteStreamRequest_Stdin:
			r.out(m.Stdin)
		case *rootgatev1.ExecuteStreamRequest_CloseStdin:
			return r.exit(&rootgatev1.ExitStatus{Status: &rootgatev1.ExitStatus_Code{}})
		}
	}
}

// wait names each SIGUSR1 and dies of any other signal. "ignore" as argument
// survives those too.
func (r *run) wait() error {
	r.out([]byte("ready\n"))
	for {
		req, err := r.Recv()
		if err != nil {
			return err
		}
		sig := syscall.Signal(req.GetSignal())
		r.out(fmt.Appendf(nil, "got %v\n", sig))
		if sig != syscall.SIGUSR1 && len(r.args) == 0 {
			return r.die(sig)
		}
	}
}

func (r *run) number() int32 {
	n, _ := strconv.Atoi(r.args[0])
	return int32(n) //nolint:gosec // G115: a test's own number
}

func (r *run) die(sig syscall.Signal) error {
	return r.exit(&rootgatev1.ExitStatus{Status: &rootgatev1.ExitStatus_Signal{Signal: int32(sig)}})
}

func (r *run) exit(st *rootgatev1.ExitStatus) error { return r.send(exited(st, false)) }

func (r *run) send(resp *rootgatev1.ExecuteStreamResponse) error { return r.Send(resp) }

func (r *run) out(p []byte) {
	_ = r.send(&rootgatev1.ExecuteStreamResponse{Message: &rootgatev1.ExecuteStreamResponse_Stdout{Stdout: p}})
}

func (r *run) errOut(p []byte) {
	_ = r.send(&rootgatev1.ExecuteStreamResponse{Message: &rootgatev1.ExecuteStreamResponse_Stderr{Stderr: p}})
}

func exited(st *rootgatev1.ExitStatus, cut bool) *rootgatev1.ExecuteStreamResponse {
	return &rootgatev1.ExecuteStreamResponse{Message: &rootgatev1.ExecuteStreamResponse_Exited{Exited: &rootgatev1.Exited{
		ExitStatus: st, StdoutTruncated: cut,
		Usage:       &rootgatev1.Usage{Wall: durationpb.New(12e6), Cpu: durationpb.New(3e6), MaxRssBytes: 4096},
		Enforcement: &rootgatev1.Enforcement{Layers: []*rootgatev1.Enforcement_Layer{{Name: "seccomp", Enforced: true, Detail: "@default"}}},
	}}}
}
