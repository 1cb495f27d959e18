// Package grpcurl refuses to take the contract on trust: it drives a running
// rootgated with the pinned grpcurl, as an unprivileged user who has nothing but
// the socket, and with bytes that no well-behaved client sends.
package grpcurl

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/rootgate-project/rootgate/test/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

// testPolicy allows the socket's group a few commands.
const testPolicy = `version: 1
about: what the tests with grpcurl may run
callers: [{group: nogroup}]
rules:
  - id: hello
    why: the smallest allowed command with a value
    exec: /usr/bin/echo
    argv: |
      hello <count:int(1..9)>
      world
  - id: upper
    exec: /usr/bin/tr
    stdin: {max: 1MiB}
    argv: |
      a-z A-Z
  - id: text
    exec: /usr/bin/sort
    stdin: {max: 1KiB, utf8: true}
    argv: ''
  - id: fails
    exec: /usr/bin/false
    argv: ''
  - id: wait
    exec: /usr/bin/sleep
    env: {set: {MARK: '{MARK}'}}
    argv: |
      <seconds:int(0..60)>
  - id: other
    exec: /usr/bin/id
    callers: [{uid: 60102}]
    argv: ''
`

func start(t *testing.T) *harness.Server {
	t.Helper()
	return harness.Start(t, harness.Options{Policy: testPolicy})
}

// grpcurl runs it as u with the arguments after the address.
func grpcurl(t *testing.T, s *harness.Server, u harness.User, data string, args ...string) harness.Result {
	t.Helper()
	flags := []string{"-plaintext", "-unix", "-format-error"}
	if data != "" {
		flags = append(flags, "-d", "@")
	}
	at := len(args)
	for i, a := range args {
		if !strings.HasPrefix(a, "-") {
			at = i
			break
		}
	}
	argv := append(append(append(flags, args[:at]...), s.Socket), args[at:]...)
	return harness.Collect(t, s.As(u, harness.Program(t, "grpcurl"), argv...), strings.NewReader(data))
}

// rpcStatus is google.rpc.Status as grpcurl prints it.
type rpcStatus struct {
	Code    int
	Message string
	Details []map[string]any
}

// detail returns the detail of a type, such as ErrorInfo; nil when there is none.
func (s rpcStatus) detail(name string) map[string]any {
	for _, d := range s.Details {
		if strings.HasSuffix(d["@type"].(string), "."+name) {
			return d
		}
	}
	return nil
}

// failed returns the status that a call ended with.
func failed(t *testing.T, r harness.Result) rpcStatus {
	t.Helper()
	var st rpcStatus
	text := r.Stderr[strings.Index(r.Stderr, "{")+1:]
	if err := json.Unmarshal([]byte("{"+text), &st); err != nil || r.Status == 0 {
		t.Fatalf("got status %d, stdout %q, stderr %q (%v), want a failed call with its status as JSON", r.Status, r.Stdout, r.Stderr, err)
	}
	return st
}

// succeeded returns the messages that a call was answered with.
func succeeded(t *testing.T, r harness.Result) []map[string]any {
	t.Helper()
	if r.Status != 0 {
		t.Fatalf("got exit status %d, stdout %q, stderr %q, want 0", r.Status, r.Stdout, r.Stderr)
	}
	var out []map[string]any
	for d := json.NewDecoder(strings.NewReader(r.Stdout)); d.More(); {
		var m map[string]any
		if err := d.Decode(&m); err != nil {
			t.Fatalf("got %q: %v, want JSON", r.Stdout, err)
		}
		out = append(out, m)
	}
	return out
}
