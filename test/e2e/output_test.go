package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/rootgate-project/rootgate/client"
	rootgatev1 "github.com/rootgate-project/rootgate/proto/rootgate/v1"
	"github.com/rootgate-project/rootgate/test/harness"
)

// lines are the numbers from 1 to n as seq(1) writes them.
func lines(n int) []byte {
	var b bytes.Buffer
	for i := 1; i <= n; i++ {
		fmt.Fprintln(&b, i)
	}
	return b.Bytes()
}

func TestOutputIsExact(t *testing.T) {
	const n = 1_500_000 // 10.9 MB
	w := start(t, options(
		script{name: "seq", text: fmt.Sprintf("exec seq %d", n), rule: "run: {limits: {stdout: 16MiB}}"},
		script{name: "both", text: fmt.Sprintf("seq %d >&2; exec seq %d", n/4, n/4), rule: "run: {limits: {stdout: 16MiB, stderr: 16MiB}}"},
		script{name: "nothing", text: "exit 0"},
		script{name: "unterminated", text: "printf 'a\\0b'"},
	))
	c := w.Client(harness.Alice)
	want := lines(n)
	got, err := w.command(c, "seq").Output()
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("got %d bytes, %v, want the %d bytes of seq", len(got), err, len(want))
	}
	if r := w.Exec(harness.Alice, w.argv("seq")...); r.Stdout != string(want) {
		t.Errorf("rootgate exec: got %d bytes (%s), want %d", len(r.Stdout), r.Stderr, len(want))
	}
	want = lines(n / 4)
	var stdout, stderr bytes.Buffer
	cmd := w.command(c, "both")
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil || !bytes.Equal(stdout.Bytes(), want) || !bytes.Equal(stderr.Bytes(), want) {
		t.Errorf("got %d and %d bytes, %v, want %d each", stdout.Len(), stderr.Len(), err, len(want))
	}
	if end := w.lastEnd(); end.StdoutBytes != uint64(len(want)) || end.StderrBytes != uint64(len(want)) {
		t.Errorf("got END with %d and %d bytes, want %d each", end.StdoutBytes, end.StderrBytes, len(want))
	}
	for name, want := range map[string]string{"nothing": "", "unterminated": "a\x00b"} {
		if got, err := w.command(c, name).Output(); err != nil || string(got) != want {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, want)
		}
	}
}

func TestTruncation(t *testing.T) {
	w := start(t, options(
		script{name: "exact", text: "head -c 1024 /dev/zero; head -c 512 /dev/zero >&2", rule: "run: {limits: {stdout: 1KiB, stderr: 512B}}"},
		script{name: "stdout", text: "head -c 200000 /dev/zero; exit 3", rule: "run: {limits: {stdout: 1KiB, stderr: 512B}}"},
		script{name: "stderr", text: "head -c 200000 /dev/zero >&2", rule: "run: {limits: {stdout: 1KiB, stderr: 512B}}"},
		script{name: "large", text: "head -c 5000000 /dev/zero", rule: "run: {limits: {stdout: 16MiB}}"},
	))
	c := w.Client(harness.Alice)
	tests := []struct {
		name           string
		stdout, stderr int
		cutOut, cutErr bool
		code           int
	}{
		{"exact", 1024, 512, false, false, 0},
		{"stdout", 1024, 0, true, false, 3},
		{"stderr", 0, 512, false, true, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			cmd := w.command(c, tt.name)
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			_ = cmd.Run()
			p := cmd.ProcessState
			if stdout.Len() != tt.stdout || stderr.Len() != tt.stderr || p.StdoutTruncated() != tt.cutOut || p.StderrTruncated() != tt.cutErr || p.ExitCode() != tt.code {
				t.Errorf("got %d and %d bytes, truncated %v and %v, code %d, want %+v", stdout.Len(), stderr.Len(), p.StdoutTruncated(), p.StderrTruncated(), p.ExitCode(), tt)
			}
			r, err := rootgatev1.NewCommandServiceClient(w.Conn(harness.Alice)).Execute(t.Context(), &rootgatev1.ExecuteRequest{Argv: w.argv(tt.name)})
			if err != nil || len(r.GetStdout()) != tt.stdout || len(r.GetStderr()) != tt.stderr || r.GetStdoutTruncated() != tt.cutOut || r.GetStderrTruncated() != tt.cutErr {
				t.Errorf("execute: got %d and %d bytes, truncated %v and %v, %v, want %+v", len(r.GetStdout()), len(r.GetStderr()), r.GetStdoutTruncated(), r.GetStderrTruncated(), err, tt)
			}
		})
	}
	t.Run("reply of 3 MiB", func(t *testing.T) {
		r, err := rootgatev1.NewCommandServiceClient(w.Conn(harness.Alice)).Execute(t.Context(), &rootgatev1.ExecuteRequest{Argv: w.argv("large")}, grpc.MaxCallRecvMsgSize(4<<20))
		if err != nil || len(r.GetStdout()) != 3<<20 || !r.GetStdoutTruncated() {
			t.Errorf("got %d bytes, truncated %v, %v, want 3 MiB and true", len(r.GetStdout()), r.GetStdoutTruncated(), err)
		}
	})
}

// resident returns the memory of the server in bytes.
func (w *world) resident() int {
	w.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", w.PID()))
	if err != nil {
		w.t.Fatal(err)
	}
	kib := 0
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			if _, err := fmt.Sscan(rest, &kib); err != nil {
				w.t.Fatal(err)
			}
		}
	}
	return kib << 10
}

// A command that floods both outputs is held back by a caller who is slow, and
// ends at its limit when the caller reads nothing; its slot is free again.
func TestFlood(t *testing.T) {
	w := start(t, options(
		script{name: "flood", text: "cat /dev/zero & exec cat /dev/zero >&2", rule: "run: {limits: {wall: 1500ms, stdout: 1GiB, stderr: 1GiB}}"},
		script{name: "dropped", text: "cat /dev/zero & exec cat /dev/zero >&2", rule: "run: {limits: {wall: 700ms}}"},
	))
	c := w.Client(harness.Alice)
	before := w.resident()
	t.Run("slow reader", func(t *testing.T) {
		slow := &throttled{}
		cmd := w.command(c, "flood")
		cmd.Stdout, cmd.Stderr = slow, slow
		wantRefusal(t, cmd.Run(), client.ErrTimeout, "TIMEOUT")
		if slow.bytes == 0 {
			t.Error("got nothing of the flood, want some")
		}
	})
	t.Run("reader that never reads", func(t *testing.T) {
		stop := make(chan struct{})
		cmd := w.command(c, "flood")
		cmd.Stdout = writer(func(p []byte) (int, error) { <-stop; return 0, io.ErrClosedPipe })
		began := time.Now()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		harness.Within(t, 10*time.Second, "the command is killed at its limit", func() bool { return time.Since(began) > 1500*time.Millisecond && len(w.Survivors()) == 0 })
		w.idle()
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("the slot was free after %v, want soon after the limit of 1.5 s", took)
		}
		close(stop)
		if err := cmd.Wait(); err == nil {
			t.Error("got no error, want one")
		}
	})
	t.Run("beyond the limit of output", func(t *testing.T) {
		var stdout bytes.Buffer
		cmd := w.command(c, "dropped")
		cmd.Stdout = &stdout
		wantRefusal(t, cmd.Run(), client.ErrTimeout, "TIMEOUT")
		if stdout.Len() != 1<<20 {
			t.Errorf("got %d bytes, want the limit of 1 MiB", stdout.Len())
		}
	})
	w.Gone(0)
	if grown := w.resident() - before; grown > 64<<20 {
		t.Errorf("the server grew by %d MiB, want at most 64", grown>>20)
	}
	if got := w.Exec(harness.Alice, "true"); got.Status != 0 {
		t.Errorf("got %+v after the floods, want 0", got)
	}
}

// A Writer that fails ends the command.
func TestWriterThatFails(t *testing.T) {
	w := start(t, options(script{name: "flood", text: "exec cat /dev/zero", rule: "run: {limits: {stdout: 1GiB}}"}))
	c := w.Client(harness.Alice)
	cmd := w.command(c, "flood")
	cmd.Stdout = writer(func(p []byte) (int, error) { return 0, syscall.ENOSPC })
	if err := cmd.Run(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("got %v, want %v", err, syscall.ENOSPC)
	}
	w.Gone(2 * time.Second)
	w.idle()
	if end := w.lastEnd(); end.EndedBy != "caller_gone" {
		t.Errorf("got END %+v, want it ended by caller_gone", end)
	}
}

type writer func([]byte) (int, error)

func (f writer) Write(p []byte) (int, error) { return f(p) }

// throttled takes a chunk every five milliseconds.
type throttled struct{ bytes int }

func (s *throttled) Write(p []byte) (int, error) {
	time.Sleep(5 * time.Millisecond)
	s.bytes += len(p)
	return len(p), nil
}
