package grpcurl

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rootgate-project/rootgate/server/audit"
	"github.com/rootgate-project/rootgate/test/harness"
)

const (
	execute       = "rootgate.v1.CommandService/Execute"
	executeStream = "rootgate.v1.CommandService/ExecuteStream"
)

// gRPC codes that the tests expect, by number as grpcurl prints them.
const (
	invalidArgument    = 3
	permissionDenied   = 7
	resourceExhausted  = 8
	failedPrecondition = 9
)

func TestGrpcurl(t *testing.T) {
	s := start(t)
	t.Run("allowed", func(t *testing.T) {
		got := succeeded(t, grpcurl(t, s, harness.Alice, `{"argv":["echo","hello","3"]}`, execute))[0]
		if want := base64.StdEncoding.EncodeToString([]byte("hello 3\n")); got["stdout"] != want {
			t.Errorf("got stdout %q, want %q", got["stdout"], want)
		}
		decision := got["decision"].(map[string]any)
		if decision["rule"] != "hello" || decision["line"] != 1.0 || decision["policyGeneration"] != "1" {
			t.Errorf("got decision %v, want rule hello, line 1, generation 1", decision)
		}
		if layers := got["enforcement"].(map[string]any)["layers"].([]any); len(layers) != 8 {
			t.Errorf("got %d layers, want 8: %v", len(layers), layers)
		}
	})
	t.Run("command that fails", func(t *testing.T) {
		got := succeeded(t, grpcurl(t, s, harness.Alice, `{"argv":["false"]}`, execute))[0]
		if code := got["exitStatus"].(map[string]any)["code"]; code != 1.0 {
			t.Errorf("got exit code %v of a successful call, want 1", code)
		}
	})
	t.Run("stream", func(t *testing.T) { testStream(t, s) })
	t.Run("explain", func(t *testing.T) { testExplain(t, s) })
	t.Run("list", func(t *testing.T) { testListCommands(t, s) })
	t.Run("reflection", func(t *testing.T) { testReflection(t, s) })
	t.Run("health", func(t *testing.T) {
		for _, service := range []string{"", "rootgate.v1.CommandService"} {
			got := succeeded(t, grpcurl(t, s, harness.Alice, fmt.Sprintf(`{"service":%q}`, service), "grpc.health.v1.Health/Check"))[0]
			if got["status"] != "SERVING" {
				t.Errorf("health of %q: got %v, want SERVING", service, got)
			}
		}
	})
	t.Run("admin", func(t *testing.T) { testAdmin(t, s) })
	t.Run("outside the group", func(t *testing.T) {
		got := grpcurl(t, s, harness.Outsider, "", "-connect-timeout=1", "list")
		if got.Status == 0 || got.Stdout != "" {
			t.Errorf("got %+v, want no connection", got)
		}
	})
}

func testStream(t *testing.T, s *harness.Server) {
	got := succeeded(t, grpcurl(t, s, harness.Alice,
		`{"start":{"argv":["tr","a-z","A-Z"]}} {"stdin":"YWJj"} {"stdin":"ZGVm"} {"closeStdin":{}}`, executeStream))
	if first := got[0]["started"].(map[string]any); first["takesStdin"] != true || first["executionId"] == "" {
		t.Errorf("got first message %v, want started with an id and takesStdin", got[0])
	}
	var out strings.Builder
	for _, m := range got[1 : len(got)-1] {
		chunk, err := base64.StdEncoding.DecodeString(m["stdout"].(string))
		if err != nil {
			t.Fatal(err)
		}
		out.Write(chunk)
	}
	if out.String() != "ABCDEF" {
		t.Errorf("got stdout %q, want ABCDEF", out.String())
	}
	last := got[len(got)-1]["exited"].(map[string]any)
	if code := last["exitStatus"].(map[string]any)["code"]; code != 0.0 {
		t.Errorf("got exit code %v, want 0", code)
	}
}

func testExplain(t *testing.T, s *harness.Server) {
	before := s.Status().GetAudit().GetSeq()
	const explain = "rootgate.v1.CommandService/Explain"
	yes := succeeded(t, grpcurl(t, s, harness.Alice, `{"argv":["echo","world"]}`, explain))[0]
	if yes["allowed"] != true || yes["decision"].(map[string]any)["line"] != 2.0 {
		t.Errorf("got %v, want allowed by line 2", yes)
	}
	no := succeeded(t, grpcurl(t, s, harness.Alice, `{"argv":["echo","world","x"]}`, explain))[0]
	denial, _ := no["denial"].(map[string]any)
	if no["allowed"] == true || denial["reason"] != "EXTRA_ARGUMENT" || denial["argvIndex"] != 2.0 {
		t.Errorf("got %v, want EXTRA_ARGUMENT at argv 2", no)
	}
	if text, _ := no["text"].(string); !strings.Contains(text, "hello:2") {
		t.Errorf("got text %q, want it to name hello:2", text)
	}
	if after := s.Status().GetAudit().GetSeq(); after != before {
		t.Errorf("got %d audit records for explaining, want none", after-before)
	}
}

func testListCommands(t *testing.T, s *harness.Server) {
	for _, tt := range []struct {
		user harness.User
		want []string
	}{
		{harness.Alice, []string{"fails", "hello", "hello", "text", "upper", "wait"}},
		{harness.Bob, []string{"fails", "hello", "hello", "other", "text", "upper", "wait"}},
		{harness.Root, nil},
	} {
		m := succeeded(t, grpcurl(t, s, tt.user, "{}", "rootgate.v1.CommandService/ListCommands"))[0]
		list, _ := m["commands"].([]any)
		var got []string
		for _, c := range list {
			got = append(got, c.(map[string]any)["rule"].(string))
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("uid %d: got rules %q, want %q", tt.user.UID, got, tt.want)
		}
	}
}

func testReflection(t *testing.T, s *harness.Server) {
	services := strings.Fields(grpcurl(t, s, harness.Alice, "", "list").Stdout)
	for _, want := range []string{"rootgate.v1.CommandService", "rootgate.v1.AdminService", "grpc.health.v1.Health"} {
		if !slices.Contains(services, want) {
			t.Errorf("got services %q, want %s among them", services, want)
		}
	}
	methods := grpcurl(t, s, harness.Alice, "", "list", "rootgate.v1.CommandService").Stdout
	want := "rootgate.v1.CommandService.Execute\nrootgate.v1.CommandService.ExecuteStream\nrootgate.v1.CommandService.Explain\nrootgate.v1.CommandService.ListCommands\n"
	if methods != want {
		t.Errorf("got methods %q, want %q", methods, want)
	}
	message := grpcurl(t, s, harness.Alice, "", "describe", "rootgate.v1.ExecuteRequest").Stdout
	if !strings.Contains(message, "repeated string argv = 1;") {
		t.Errorf("got %q, want the message with its fields", message)
	}
}

func testAdmin(t *testing.T, s *harness.Server) {
	for _, method := range []string{"GetStatus", "ReloadPolicy", "ListExecutions", "WatchExecutions", "KillExecution"} {
		got := failed(t, grpcurl(t, s, harness.Alice, "{}", "rootgate.v1.AdminService/"+method))
		if got.Code != permissionDenied || got.detail("ErrorInfo")["reason"] != "NOT_ADMIN" {
			t.Errorf("%s: got %+v, want PERMISSION_DENIED NOT_ADMIN", method, got)
		}
	}
	st := succeeded(t, grpcurl(t, s, harness.Root, "{}", "rootgate.v1.AdminService/GetStatus"))[0]
	if head, _ := st["audit"].(map[string]any)["head"].(string); len(head) != 64 {
		t.Errorf("got status %v, want an audit head of 64 digits", st)
	}
}

// A refusal says which argument failed and what was expected.
func TestDenied(t *testing.T) {
	s := start(t)
	tests := []struct {
		name, argv, reason string
		metadata           map[string]string
	}{
		{"value", `["echo","hello","10"]`, "VALUE_OUT_OF_RANGE", map[string]string{"rule": "hello", "line": "1", "argv_index": "2"}},
		{"not of type", `["echo","hello","x"]`, "VALUE_NOT_OF_TYPE", map[string]string{"rule": "hello", "argv_index": "2"}},
		{"subcommand", `["echo","worlds"]`, "NO_SUCH_SUBCOMMAND", map[string]string{"argv_index": "1", "did_you_mean": "world"}},
		{"more", `["echo","world","x"]`, "EXTRA_ARGUMENT", map[string]string{"rule": "hello", "line": "2", "argv_index": "2", "expected": "end of arguments"}},
		{"less", `["echo","hello"]`, "MISSING_ARGUMENT", map[string]string{"rule": "hello", "line": "1", "argv_index": "2"}},
		{"joined", `["echo","hello 1"]`, "NO_SUCH_SUBCOMMAND", map[string]string{"argv_index": "1"}},
		{"no program", `["cat","/etc/shadow"]`, "NO_RULE", map[string]string{"argv_index": "0"}},
		{"another caller's", `["id"]`, "NO_RULE", map[string]string{"argv_index": "0"}},
		{"program elsewhere", `["/tmp/echo","world"]`, "NO_RULE", map[string]string{"argv_index": "0"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := failed(t, grpcurl(t, s, harness.Alice, `{"argv":`+tt.argv+`}`, execute))
			info := got.detail("ErrorInfo")
			if got.Code != permissionDenied || info["reason"] != tt.reason || info["domain"] != "rootgate" {
				t.Fatalf("got %+v, want PERMISSION_DENIED %s", got, tt.reason)
			}
			metadata, _ := info["metadata"].(map[string]any)
			for key, want := range tt.metadata {
				if metadata[key] != want {
					t.Errorf("metadata %s: got %q, want %q (all: %v)", key, metadata[key], want, metadata)
				}
			}
			denials := s.Find(audit.TypeDeny)
			last := denials[len(denials)-1]
			if last.ExecutionID != metadata["execution_id"] || last.Reason != tt.reason || last.Caller.UID != harness.Alice.UID {
				t.Errorf("got last DENY %+v, want %s of execution %v by uid %d", last, tt.reason, metadata["execution_id"], harness.Alice.UID)
			}
		})
	}
	// A rule of others reads as one that no policy has.
	text := func(program string) string {
		st := failed(t, grpcurl(t, s, harness.Alice, `{"argv":["`+program+`"]}`, execute))
		return strings.ReplaceAll(st.Message, program, "PROGRAM")
	}
	if theirs, none := text("id"), text("xx"); theirs != none {
		t.Errorf("got %q for another caller's program and %q for none, want the same", theirs, none)
	}
	if got := s.Find(audit.TypeIntent); len(got) != 0 {
		t.Errorf("got INTENT %+v, want none", got)
	}
}

func TestMalformed(t *testing.T) {
	s := start(t)
	many := make([]string, 10_000)
	for i := range many {
		many[i] = "x"
	}
	manyJSON, err := json.Marshal(append([]string{"echo"}, many...))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, data, reason, field string
		code                      int
	}{
		{"empty argv", `{"argv":[]}`, "INVALID_ARGV", "argv", invalidArgument},
		{"no argv", `{}`, "INVALID_ARGV", "argv", invalidArgument},
		{"empty program", `{"argv":[""]}`, "INVALID_ARGV", "argv[0]", invalidArgument},
		{"NUL", `{"argv":["echo","hello\u0000"]}`, "INVALID_ARGV", "argv[1]", invalidArgument},
		{"newline", `{"argv":["echo","world\n"]}`, "INVALID_ARGV", "argv[1]", invalidArgument},
		{"argument over 128 KiB", `{"argv":["echo","` + strings.Repeat("x", 128<<10+1) + `"]}`, "INVALID_ARGV", "argv[1]", invalidArgument},
		{"10,000 arguments", `{"argv":` + string(manyJSON) + `}`, "INVALID_ARGV", "argv", invalidArgument},
		{"relative cwd", `{"argv":["echo","world"],"cwd":"tmp"}`, "INVALID_CWD", "cwd", invalidArgument},
		{"climbing cwd", `{"argv":["echo","world"],"cwd":"/tmp/../etc"}`, "INVALID_CWD", "cwd", invalidArgument},
		{"cwd", `{"argv":["echo","world"],"cwd":"/tmp"}`, "CWD_NOT_ALLOWED", "", permissionDenied},
		{"netns with control", `{"argv":["echo","world"],"netns":"a\nb"}`, "INVALID_NETNS", "netns", invalidArgument},
		{"netns", `{"argv":["echo","world"],"netns":"a"}`, "NETNS_NOT_ALLOWED", "", permissionDenied},
		{"env", `{"argv":["echo","world"],"env":{"LD_PRELOAD":"/tmp/x.so"}}`, "ENV_NOT_ALLOWED", "", permissionDenied},
		{"no timeout", `{"argv":["echo","world"],"timeout":"0s"}`, "INVALID_TIMEOUT", "timeout", invalidArgument},
		{"negative timeout", `{"argv":["echo","world"],"timeout":"-1s"}`, "INVALID_TIMEOUT", "timeout", invalidArgument},
		{"idempotency key", `{"argv":["echo","world"],"idempotencyKey":"k"}`, "IDEMPOTENCY_UNSUPPORTED", "idempotency_key", invalidArgument},
		{"stdin for none", `{"argv":["echo","world"],"stdin":"YQ=="}`, "STDIN_NOT_ALLOWED", "", permissionDenied},
		{"stdin over the rule", `{"argv":["sort"],"stdin":"` + base64.StdEncoding.EncodeToString(make([]byte, 1025)) + `"}`, "STDIN_TOO_LARGE", "", permissionDenied},
		{"stdin no text", `{"argv":["sort"],"stdin":"` + base64.StdEncoding.EncodeToString([]byte("a\rb")) + `"}`, "STDIN_NOT_TEXT", "", permissionDenied},
		{"stdin over 192 KiB", `{"argv":["tr","a-z","A-Z"],"stdin":"` + base64.StdEncoding.EncodeToString(make([]byte, 192<<10+1)) + `"}`, "INVALID_STDIN", "stdin", invalidArgument},
		{"frame over 256 KiB", `{"argv":["tr","a-z","A-Z"],"stdin":"` + base64.StdEncoding.EncodeToString(make([]byte, 257<<10)) + `"}`, "", "", resourceExhausted},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := failed(t, grpcurl(t, s, harness.Alice, tt.data, execute))
			if got.Code != tt.code {
				t.Fatalf("got %+v, want code %d", got, tt.code)
			}
			if tt.reason != "" && got.detail("ErrorInfo")["reason"] != tt.reason {
				t.Errorf("got %+v, want reason %s", got, tt.reason)
			}
			if tt.field == "" {
				return
			}
			violations, _ := got.detail("BadRequest")["fieldViolations"].([]any)
			if len(violations) != 1 || violations[0].(map[string]any)["field"] != tt.field {
				t.Errorf("got violations %v, want the field %s", violations, tt.field)
			}
		})
	}
	t.Run("unknown JSON field", func(t *testing.T) {
		got := grpcurl(t, s, harness.Alice, `{"argv":["echo","world"],"uid":0}`, execute)
		if got.Status == 0 || !strings.Contains(got.Stderr, "no known field named uid") {
			t.Errorf("got %+v, want grpcurl to know no field uid", got)
		}
	})
	// The server has taken all of it, and still serves.
	if got := succeeded(t, grpcurl(t, s, harness.Alice, `{"argv":["echo","world"]}`, execute)); len(got) != 1 {
		t.Errorf("got %v, want an answer", got)
	}
	if got := s.Find(audit.TypeIntent); len(got) != 1 {
		t.Errorf("got %d INTENT records, want the one of the last call: %+v", len(got), got)
	}
}
