package e2e

import (
	"bytes"
	"errors"
	"io"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/rootgate-project/rootgate/client"
	"github.com/rootgate-project/rootgate/test/harness"
)

// loop says when its traps are set, and then lives until a signal ends it.
const loop = "\necho ready; while :; do sleep 0.05; done"

func signalOptions() harness.Options {
	return options(
		script{name: "traps", text: "trap 'echo term; exit 5' TERM; trap 'echo int; exit 6' INT; trap 'echo hup; exit 8' HUP" + loop},
		script{name: "plain", text: loop},
		script{name: "deaf", text: "trap '' TERM INT" + loop, rule: "run: {limits: {wall: 30s}}"},
		script{name: "usr", text: "trap 'echo usr1' USR1; trap 'exit 9' USR2" + loop, rule: "signals: [USR1, USR2]"},
		script{name: "nosignal", text: loop, rule: "signals: []"},
	)
}

func TestClientSignals(t *testing.T) {
	w := start(t, signalOptions())
	c := w.Client(harness.Alice)
	tests := []struct {
		name, script string
		sig          syscall.Signal
		code         int
		ended        syscall.Signal
		reason       string
	}{
		{"TERM is trapped", "traps", syscall.SIGTERM, 5, 0, ""},
		{"INT is trapped", "traps", syscall.SIGINT, 6, 0, ""},
		{"HUP is trapped", "traps", syscall.SIGHUP, 8, 0, ""},
		{"TERM ends", "plain", syscall.SIGTERM, -1, syscall.SIGTERM, ""},
		{"USR2 where the rule says so", "usr", syscall.SIGUSR2, 9, 0, ""},
		{"USR1 where it does not", "plain", syscall.SIGUSR1, 0, 0, "SIGNAL_NOT_ALLOWED"},
		{"KILL needs the rule's consent too", "plain", syscall.SIGKILL, 0, 0, "SIGNAL_NOT_ALLOWED"},
		{"TERM where the rule lists others", "usr", syscall.SIGTERM, 0, 0, "SIGNAL_NOT_ALLOWED"},
		{"none", "nosignal", syscall.SIGTERM, 0, 0, "SIGNAL_NOT_ALLOWED"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cmd := w.command(c, tt.script)
			out := signalWhenReady(t, cmd, tt.sig)
			err := cmd.Wait()
			if tt.reason != "" {
				wantRefusal(t, err, client.ErrDenied, tt.reason)
				w.Gone(2 * time.Second)
				return
			}
			var exit *client.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != tt.code || exit.Signal() != tt.ended {
				t.Errorf("got %v after %q, want code %d or signal %v", err, out, tt.code, tt.ended)
			}
		})
	}
	w.idle()
}

// signalWhenReady starts a command and signals it once it wrote its first line.
func signalWhenReady(t *testing.T, cmd *client.Cmd, sig syscall.Signal) *bytes.Buffer {
	t.Helper()
	var out bytes.Buffer
	ready := make(chan struct{})
	cmd.Stdout = writer(func(p []byte) (int, error) {
		if out.Len() == 0 {
			close(ready)
		}
		return out.Write(p)
	})
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ready:
	case <-time.After(20 * time.Second):
		t.Fatal("the command did not become ready")
	}
	if err := cmd.Signal(sig); err != nil {
		t.Fatal(err)
	}
	return &out
}

// rootgate exec passes signals on and exits as the command then does.
func TestForwardedSignals(t *testing.T) {
	w := start(t, signalOptions())
	tests := []struct {
		name, script string
		sig          syscall.Signal
		want         int
	}{
		{"TERM", "traps", syscall.SIGTERM, 5},
		{"INT", "traps", syscall.SIGINT, 6},
		{"HUP", "traps", syscall.SIGHUP, 8},
		{"untrapped", "plain", syscall.SIGTERM, 128 + 15},
		{"USR1 refused", "plain", syscall.SIGUSR1, 126},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cmd := w.As(harness.Alice, harness.Program(t, "rootgate"), append([]string{"exec", "--"}, w.argv(tt.script)...)...)
			wait := begin(t, cmd)
			if err := cmd.Process.Signal(tt.sig); err != nil {
				t.Fatal(err)
			}
			if got := wait(); got.Status != tt.want {
				t.Errorf("got %+v, want status %d", got, tt.want)
			}
		})
	}
	t.Run("twice", func(t *testing.T) {
		cmd := w.As(harness.Alice, harness.Program(t, "rootgate"), append([]string{"exec", "--"}, w.argv("deaf")...)...)
		wait := begin(t, cmd)
		for range 4 {
			// Once the first has been taken, and two in a moment count as one.
			_ = cmd.Process.Signal(syscall.SIGINT)
			time.Sleep(60 * time.Millisecond)
		}
		if got := wait(); got.Status != 128+2 {
			t.Errorf("got %+v, want 130", got)
		}
		w.Gone(3 * time.Second)
	})
	w.Gone(2 * time.Second)
}

// begin starts a command, waits for its first output and returns how to wait for
// its end.
func begin(t *testing.T, cmd *exec.Cmd) func() harness.Result {
	t.Helper()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	first := make([]byte, 1)
	if _, err := io.ReadFull(stdout, first); err != nil {
		t.Fatalf("%q wrote nothing: %v, %s", cmd.Args, err, &stderr)
	}
	return func() harness.Result {
		rest, _ := io.ReadAll(stdout)
		_ = cmd.Wait()
		return harness.Result{Status: harness.StatusOf(cmd.ProcessState), Stdout: string(first) + string(rest), Stderr: stderr.String()}
	}
}
