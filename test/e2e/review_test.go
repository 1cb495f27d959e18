package e2e

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/rootgate-project/rootgate/client"
	rootgatev1 "github.com/rootgate-project/rootgate/proto/rootgate/v1"
	"github.com/rootgate-project/rootgate/server/audit"
	"github.com/rootgate-project/rootgate/test/harness"
)

// The roots of path arguments and of the view lie in a directory of the caller's,
// who puts links to the host in their places.
func TestRootsThatTheCallerSwaps(t *testing.T) {
	w := start(t, with(options(), `
  - id: under
    exec: /usr/bin/cat
    run: {user: root}
    args: {f: {type: path, access: read, under: ['{DIR}/data/sub']}}
    argv: |
      <f>
  - id: view
    exec: /usr/bin/head
    run: {user: root, fs: {read: ['{DIR}/data/view']}}
    argv: |
      -c1 {DIR}/data/view/shadow
`))
	data := filepath.Join(w.Dir, "data")
	own := func(paths ...string) {
		for _, p := range paths {
			if err := os.Chown(p, int(harness.Alice.UID), int(harness.Alice.GID)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, dir := range []string{data, data + "/sub", data + "/view"} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	w.WriteFile("data/sub/shadow", "mine\n")
	own(data, data+"/sub", data+"/view")
	if got := w.Exec(harness.Alice, "cat", data+"/sub/shadow"); got.Status != 0 || got.Stdout != "mine\n" {
		t.Fatalf("got %+v, want the caller's own file", got)
	}
	for _, dir := range []string{"sub", "view"} {
		if err := errors.Join(os.Rename(data+"/"+dir, data+"/old-"+dir), os.Symlink("/etc", data+"/"+dir)); err != nil {
			t.Fatal(err)
		}
	}
	for _, argv := range [][]string{{"cat", data + "/sub/shadow"}, {"head", "-c1", data + "/view/shadow"}} {
		if got := w.Exec(harness.Alice, argv...); got.Status == 0 || len(got.Stdout) != 0 {
			t.Errorf("%v: got %+v, want refused and nothing of /etc/shadow", argv, got)
		}
	}
}

// Standard input that was read before the launch is no program: Landlock does not
// govern memfds, so the descriptor itself must not be executable.
func TestInputIsNoProgram(t *testing.T) {
	elf, err := os.ReadFile("/usr/bin/true")
	if err != nil {
		t.Fatal(err)
	}
	w := start(t, options(script{name: "run", text: "/proc/self/fd/0 && echo it ran", rule: "stdin: {max: 1MiB}"}))
	resp, err := rootgatev1.NewCommandServiceClient(w.Conn(harness.Alice)).Execute(t.Context(), &rootgatev1.ExecuteRequest{
		Argv: w.argv("run"), Stdin: elf,
	})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(resp.GetStdout()), "it ran") || resp.GetExitStatus().GetCode() != 126 {
		t.Errorf("got %v, want status 126: permission denied", resp)
	}
}

// Output that its reader did not take within the time limit is an error, though
// the command itself ended well before.
func TestOutputLateToBeRead(t *testing.T) {
	w := start(t, options(script{name: "big", text: "head -c 2000000 /dev/zero", rule: "run: {limits: {wall: 1s, stdout: 8MiB}}"}))
	read := make(chan struct{})
	cmd := w.command(w.Client(harness.Alice), "big")
	var got bytes.Buffer
	cmd.Stdout = writer(func(p []byte) (int, error) { <-read; return got.Write(p) })
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.idle()
	close(read)
	err := cmd.Wait()
	if got.Len() == 2_000_000 {
		t.Fatalf("all of it was read: the windows hold it, and the test shows nothing")
	}
	wantRefusal(t, err, client.ErrTimeout, "TIMEOUT")
}

// A permission that is taken back while the command's input is awaited is gone.
func TestPolicyChangesDuringInput(t *testing.T) {
	tests := []struct {
		name, policy string
		want         error
		reason       string
	}{
		{"taken back", header, client.ErrDenied, "NO_RULE"},
		{"changed", "", client.ErrAborted, "NEVER_STARTED"},
		{"the same", "same", nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := options(script{name: "text", text: "cat", rule: "stdin: {max: 1KiB, utf8: true}"})
			w := start(t, o)
			expand := strings.NewReplacer("{DIR}", w.Dir, "{MARK}", "m").Replace
			switch tt.policy {
			case "":
				tt.policy = strings.Replace(o.Policy, "wall: 20s", "wall: 19s", 1)
			case "same":
				tt.policy = o.Policy + "# a comment\n"
			}
			old, err := os.ReadFile(filepath.Join(w.Dir, "policy/test.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			// The mark of the policy that is in force stays.
			for line := range strings.Lines(string(old)) {
				if _, mark, ok := strings.Cut(line, "MARK: '"); ok {
					expand = strings.NewReplacer("{DIR}", w.Dir, "{MARK}", strings.TrimSuffix(strings.TrimSpace(mark), "'}}")).Replace
				}
			}
			r, wr := io.Pipe()
			cmd := w.command(w.Client(harness.Alice), "text")
			cmd.Stdin = r
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if _, err := wr.Write([]byte("half ")); err != nil {
				t.Fatal(err)
			}
			w.WriteFile("policy/test.yaml", expand(tt.policy))
			if _, err := w.Client(harness.Root).Reload(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := wr.Close(); err != nil {
				t.Fatal(err)
			}
			err = cmd.Wait()
			if tt.want == nil {
				if err != nil {
					t.Errorf("got %v, want it to run", err)
				}
				for _, i := range w.Find(audit.TypeIntent) {
					if i.PolicyGeneration != 2 {
						t.Errorf("INTENT of generation %d, want 2: the one that allowed it last", i.PolicyGeneration)
					}
				}
				return
			}
			wantRefusal(t, err, tt.want, tt.reason)
			if intents := w.Find(audit.TypeIntent); len(intents) != 0 {
				t.Errorf("%d INTENT records, want none", len(intents))
			}
		})
	}
}

// A caller that sends a part of its request and then nothing holds memory of the
// server's for a few seconds at most, and no slot.
func TestRequestThatNeverArrives(t *testing.T) {
	w := start(t, options())
	conn := dialRaw(t, w, harness.Alice)
	framer := http2.NewFramer(conn, conn)
	if _, err := conn.Write([]byte(http2.ClientPreface)); err != nil {
		t.Fatal(err)
	}
	var block bytes.Buffer
	enc := hpack.NewEncoder(&block)
	for _, h := range []hpack.HeaderField{
		{Name: ":method", Value: "POST"},
		{Name: ":scheme", Value: "http"},
		{Name: ":authority", Value: "x"},
		{Name: ":path", Value: "/rootgate.v1.CommandService/Execute"},
		{Name: "content-type", Value: "application/grpc"},
		{Name: "te", Value: "trailers"},
	} {
		if err := enc.WriteField(h); err != nil {
			t.Fatal(err)
		}
	}
	// A message of 1000 bytes is announced, and one byte of it sent.
	for _, err := range []error{
		framer.WriteSettings(),
		framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block.Bytes(), EndHeaders: true}),
		framer.WriteData(1, false, []byte{0, 0, 0, 3, 232, 10}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	began := time.Now()
	if err := conn.SetReadDeadline(began.Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	for {
		f, err := framer.ReadFrame()
		if err != nil {
			t.Fatalf("%v after %v, want the stream ended by the server", err, time.Since(began))
		}
		h := f.Header()
		if h.StreamID == 1 && (h.Type == http2.FrameRSTStream || h.Type == http2.FrameHeaders) {
			break
		}
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("the stream ended after %v, want about 5 s", took)
	}
}

func dialRaw(t *testing.T, w *world, u harness.User) net.Conn {
	t.Helper()
	conn, err := w.Raw(t.Context(), u)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}
