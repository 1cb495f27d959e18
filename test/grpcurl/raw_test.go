package grpcurl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	rootgatev1 "github.com/rootgate-project/rootgate/proto/rootgate/v1"
	"github.com/rootgate-project/rootgate/test/harness"
)

// rawCodec sends and receives bytes as they are.
type rawCodec struct{}

func (rawCodec) Name() string { return "proto" }

func (rawCodec) Marshal(v any) ([]byte, error) { return v.([]byte), nil }

func (rawCodec) Unmarshal(data []byte, v any) error {
	*v.(*[]byte) = append([]byte(nil), data...)
	return nil
}

// reasonOf is the reason in an error's ErrorInfo.
func reasonOf(err error) string {
	for _, d := range status.Convert(err).Details() {
		if info, ok := d.(*errdetails.ErrorInfo); ok {
			return info.GetReason()
		}
	}
	return ""
}

func wantError(t *testing.T, err error, code codes.Code, reason string) {
	t.Helper()
	if status.Code(err) != code || reasonOf(err) != reason {
		t.Errorf("got %v (reason %q), want %v %s", err, reasonOf(err), code, reason)
	}
}

func marshal(t *testing.T, m proto.Message) []byte {
	t.Helper()
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// stringField encodes a field of strings or messages.
func stringField(number protowire.Number, value string) []byte {
	return protowire.AppendString(protowire.AppendTag(nil, number, protowire.BytesType), value)
}

// gRPC itself answers INTERNAL to bytes that do not decode, and passes over
// unknown fields.
func TestBytesThatAreNoRequest(t *testing.T) {
	s := start(t)
	conn := s.Conn(harness.Alice)
	good := marshal(t, &rootgatev1.ExecuteRequest{Argv: []string{"echo", "world"}})
	deep := stringField(5, "")
	for range 10_000 {
		deep = stringField(5, string(deep))
	}
	tests := []struct {
		name string
		data []byte
		code codes.Code
	}{
		{"valid", good, codes.OK},
		{"noise", []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, codes.InvalidArgument},
		{"text", []byte("GET / HTTP/1.1\r\n\r\n"), codes.InvalidArgument},
		{"cut", good[:len(good)-1], codes.InvalidArgument},
		{"length of 2 GiB", append(protowire.AppendTag(nil, 1, protowire.BytesType), 0xff, 0xff, 0xff, 0xff, 0x07), codes.InvalidArgument},
		{"invalid UTF-8", append(stringField(1, "echo"), stringField(1, "\xff\xfe")...), codes.InvalidArgument},
		{"overlong UTF-8", append(stringField(1, "echo"), stringField(1, "\xc0\xaf")...), codes.InvalidArgument},
		{"unknown field", append(append([]byte(nil), good...), stringField(100, "root")...), codes.InvalidArgument},
		{"unknown field in timeout", append(append([]byte(nil), good...), stringField(5, string(stringField(9, "x")))...), codes.InvalidArgument},
		{"wrong wire type", append(append([]byte(nil), good...), protowire.AppendVarint(protowire.AppendTag(nil, 6, protowire.VarintType), 1)...), codes.InvalidArgument},
		{"group", append(append([]byte(nil), good...), protowire.AppendTag(nil, 7, protowire.StartGroupType)...), codes.InvalidArgument},
		{"nested", append(append([]byte(nil), good...), deep...), codes.InvalidArgument},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var reply []byte
			err := conn.Invoke(t.Context(), "/rootgate.v1.CommandService/Execute", tt.data, &reply, grpc.ForceCodec(rawCodec{}))
			if status.Code(err) != tt.code {
				t.Errorf("got %v, want %v", err, tt.code)
			}
			if tt.code != codes.OK && reasonOf(err) != "INVALID_MESSAGE" {
				t.Errorf("got reason %q, want INVALID_MESSAGE", reasonOf(err))
			}
		})
		t.Run(tt.name+" as start", func(t *testing.T) {
			err := rawStream(t, conn, stringField(1, string(tt.data)))
			if tt.code == codes.OK {
				if !errors.Is(err, io.EOF) {
					t.Errorf("got %v, want %v", err, io.EOF)
				}
				return
			}
			wantError(t, err, tt.code, "INVALID_MESSAGE")
		})
	}
}

// rawStream sends one message to ExecuteStream and returns how the call ended.
func rawStream(t *testing.T, conn *grpc.ClientConn, data []byte) error {
	t.Helper()
	stream, err := conn.NewStream(t.Context(), &grpc.StreamDesc{ClientStreams: true, ServerStreams: true},
		"/rootgate.v1.CommandService/ExecuteStream", grpc.ForceCodec(rawCodec{}))
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.SendMsg(data); err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	for {
		var reply []byte
		if err := stream.RecvMsg(&reply); err != nil {
			return err
		}
	}
}

// The names that a path-based check would miss.
func TestUnknownMethods(t *testing.T) {
	s := start(t)
	conn := s.Conn(harness.Alice)
	for _, method := range []string{
		"/rootgate.v1.CommandService/execute", "/rootgate.v1.CommandService/", "//rootgate.v1.CommandService/Execute",
		"/rootgate.v1.CommandService/Execute/", "/rootgate.v2.CommandService/Execute", "/grpc.channelz.v1.Channelz/GetServers", "/",
	} {
		var reply []byte
		err := conn.Invoke(t.Context(), method, []byte{}, &reply, grpc.ForceCodec(rawCodec{}))
		if status.Code(err) != codes.Unimplemented {
			t.Errorf("%s: got %v, want %v", method, err, codes.Unimplemented)
		}
	}
}

type (
	request  = rootgatev1.ExecuteStreamRequest
	response = rootgatev1.ExecuteStreamResponse
)

func starting(argv ...string) *request {
	return &request{Message: &rootgatev1.ExecuteStreamRequest_Start{Start: &rootgatev1.ExecuteRequest{Argv: argv}}}
}

func input(data string) *request {
	return &request{Message: &rootgatev1.ExecuteStreamRequest_Stdin{Stdin: []byte(data)}}
}

func closing() *request {
	return &request{Message: &rootgatev1.ExecuteStreamRequest_CloseStdin{CloseStdin: &rootgatev1.CloseStdin{}}}
}

func signaling(number int32) *request {
	return &request{Message: &rootgatev1.ExecuteStreamRequest_Signal{Signal: number}}
}

// stream sends messages, leaves the sending side open unless end, and returns
// what came back.
func stream(ctx context.Context, t *testing.T, conn *grpc.ClientConn, end bool, messages ...*request) ([]*response, error) {
	t.Helper()
	st, err := rootgatev1.NewCommandServiceClient(conn).ExecuteStream(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range messages {
		if err := st.Send(m); err != nil && !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
	}
	if end {
		if err := st.CloseSend(); err != nil {
			t.Fatal(err)
		}
	}
	var out []*response
	for {
		m, err := st.Recv()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		out = append(out, m)
	}
}

// Each wrong order of messages ends the call with an error that says so, and the
// command with it.
func TestStreamOrder(t *testing.T) {
	s := start(t)
	conn := s.Conn(harness.Alice)
	tests := []struct {
		name     string
		messages []*request
		end      bool
		code     codes.Code
		reason   string
	}{
		{"nothing", nil, true, codes.InvalidArgument, "INVALID_MESSAGE"},
		{"empty message", []*request{{}}, false, codes.InvalidArgument, "INVALID_MESSAGE"},
		{"stdin first", []*request{input("x")}, false, codes.InvalidArgument, "INVALID_MESSAGE"},
		{"close first", []*request{closing()}, false, codes.InvalidArgument, "INVALID_MESSAGE"},
		{"signal first", []*request{signaling(15)}, false, codes.InvalidArgument, "INVALID_MESSAGE"},
		{"empty start", []*request{starting()}, false, codes.InvalidArgument, "INVALID_ARGV"},
		{"start twice", []*request{starting("sleep", "60"), starting("sleep", "60")}, false, codes.InvalidArgument, "INVALID_MESSAGE"},
		{"empty later", []*request{starting("sleep", "60"), {}}, false, codes.InvalidArgument, "INVALID_MESSAGE"},
		{"stdin after close", []*request{starting("tr", "a-z", "A-Z"), closing(), input("x")}, false, codes.InvalidArgument, "INVALID_MESSAGE"},
		{"empty stdin", []*request{starting("tr", "a-z", "A-Z"), input("")}, false, codes.InvalidArgument, "INVALID_STDIN"},
		{"large stdin", []*request{starting("tr", "a-z", "A-Z"), input(strings.Repeat("x", 64<<10+1))}, false, codes.InvalidArgument, "INVALID_STDIN"},
		{"stdin for none", []*request{starting("sleep", "60"), input("x")}, false, codes.PermissionDenied, "STDIN_NOT_ALLOWED"},
		{"signal 0", []*request{starting("sleep", "60"), signaling(0)}, false, codes.InvalidArgument, "INVALID_SIGNAL"},
		{"signal 65", []*request{starting("sleep", "60"), signaling(65)}, false, codes.InvalidArgument, "INVALID_SIGNAL"},
		{"signal -9", []*request{starting("sleep", "60"), signaling(-9)}, false, codes.InvalidArgument, "INVALID_SIGNAL"},
		{"signal not allowed", []*request{starting("sleep", "60"), signaling(int32(syscall.SIGUSR1))}, false, codes.PermissionDenied, "SIGNAL_NOT_ALLOWED"},
		{
			"window",
			[]*request{starting("sleep", "60"), {Message: &rootgatev1.ExecuteStreamRequest_WindowSize{WindowSize: &rootgatev1.WindowSize{Rows: 1, Columns: 1}}}},
			false, codes.FailedPrecondition, "NO_TERMINAL",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			_, err := stream(ctx, t, conn, tt.end, tt.messages...)
			wantError(t, err, tt.code, tt.reason)
			s.Gone(5 * time.Second)
		})
	}
	t.Run("close twice", func(t *testing.T) {
		got, err := stream(t.Context(), t, conn, true, starting("tr", "a-z", "A-Z"), input("x"), closing(), closing())
		if err != nil || len(got) < 3 || string(got[1].GetStdout()) != "X" {
			t.Errorf("got %v, %v, want the output X", got, err)
		}
	})
	t.Run("half close alone ends the input", func(t *testing.T) {
		got, err := stream(t.Context(), t, conn, true, starting("tr", "a-z", "A-Z"), input("x"))
		if err != nil || len(got) < 3 || string(got[1].GetStdout()) != "X" {
			t.Errorf("got %v, %v, want the output X", got, err)
		}
	})
	t.Run("signal", func(t *testing.T) {
		got, err := stream(t.Context(), t, conn, false, starting("sleep", "60"), signaling(int32(syscall.SIGTERM)))
		if err != nil || got[len(got)-1].GetExited().GetExitStatus().GetSignal() != int32(syscall.SIGTERM) {
			t.Errorf("got %v, %v, want the end by SIGTERM", got, err)
		}
	})
}

// What a caller says of itself in headers changes nothing.
func TestHeadersAreNoIdentity(t *testing.T) {
	s := start(t)
	for _, header := range []string{"uid", "x-rootgate-uid", "authorization", "user", "x-forwarded-user"} {
		got := failed(t, grpcurl(t, s, harness.Alice, `{"argv":["id"]}`, "-H="+header+": 0", execute))
		if got.Code != permissionDenied {
			t.Errorf("header %s: got %+v, want PERMISSION_DENIED", header, got)
		}
	}
	got := failed(t, grpcurl(t, s, harness.Alice, "{}", "-H=uid: 0", "rootgate.v1.AdminService/GetStatus"))
	if got.Code != permissionDenied {
		t.Errorf("got %+v, want PERMISSION_DENIED", got)
	}
}

// A deadline of the call is one of the command's limits.
func TestDeadline(t *testing.T) {
	s := start(t)
	c := rootgatev1.NewCommandServiceClient(s.Conn(harness.Alice))
	_, err := c.Execute(t.Context(), &rootgatev1.ExecuteRequest{Argv: []string{"sleep", "60"}, Timeout: durationpb.New(200 * time.Millisecond)})
	wantError(t, err, codes.DeadlineExceeded, "TIMEOUT")
	s.Gone(0)

	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := c.Execute(ctx, &rootgatev1.ExecuteRequest{Argv: []string{"sleep", "60"}}); status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("got %v, want %v", err, codes.DeadlineExceeded)
	}
	s.Gone(2 * time.Second)
}

func TestNoConnectionOutsideTheGroup(t *testing.T) {
	s := start(t)
	_, err := s.Dial(harness.Outsider)
	if !errors.Is(err, syscall.EACCES) {
		t.Errorf("got %v, want EACCES", err)
	}
	if log := s.Log(); strings.Contains(log, fmt.Sprint(harness.Outsider.UID)) {
		t.Errorf("got a log line about uid %d, want the kernel to refuse it: %s", harness.Outsider.UID, log)
	}
}
