package e2e

import (
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rootgate-project/rootgate/client"
	"github.com/rootgate-project/rootgate/test/harness"
)

// rootgate exec exits as the command did, or says by its status why it did not
// run.
func TestExitStatus(t *testing.T) {
	w := start(t, with(options(
		script{name: "zero", text: "exit 0"},
		script{name: "seven", text: "exit 7"},
		script{name: "byte", text: "exit 255"},
		script{name: "term", text: "kill -TERM $$; sleep 10"},
		script{name: "segv", text: "kill -SEGV $$; sleep 10"},
		script{name: "slow", text: "sleep 60", rule: "run: {limits: {wall: 300ms}}"},
		script{name: "cpu", text: "while :; do :; done", rule: "run: {limits: {cpu: 1s}}"},
		script{name: "notfound", text: "exec /nowhere"},
	), `  - id: missing
    exec: /usr/bin/rootgate-no-such-program
    argv: ''
`))
	tests := []struct {
		name, stderr string
		args         []string
		want         int
	}{
		{"success", "", append([]string{"exec", "--"}, w.argv("zero")...), 0},
		{"the command's own", "", append([]string{"exec", "--"}, w.argv("seven")...), 7},
		{"largest", "", append([]string{"exec", "--"}, w.argv("byte")...), 255},
		{"the shell's for a missing program", "", append([]string{"exec", "--"}, w.argv("notfound")...), 127},
		{"signal", "terminated", append([]string{"exec", "--"}, w.argv("term")...), 128 + int(syscall.SIGTERM)},
		{"crash", "segmentation fault", append([]string{"exec", "--"}, w.argv("segv")...), 128 + int(syscall.SIGSEGV)},
		{"limit of CPU time", "CPU time limit exceeded", append([]string{"exec", "--"}, w.argv("cpu")...), 128 + int(syscall.SIGXCPU)},
		{"time limit of the rule", "TIMEOUT", append([]string{"exec", "--"}, w.argv("slow")...), 124},
		{"time limit of the caller", "TIMEOUT", append([]string{"exec", "--timeout", "100ms", "--"}, w.argv("slow")...), 124},
		{"refused", "NO_RULE", []string{"exec", "--", "cat", "/etc/shadow"}, 126},
		{"refused argument", "EXTRA_ARGUMENT", []string{"exec", "--", "true", "x"}, 126},
		{"program missing", "PROGRAM_MISSING", []string{"exec", "--", "rootgate-no-such-program"}, 126},
		{"malformed", "INVALID_ARGV", []string{"exec", "--", "echo", "a\nb"}, 126},
		{"no socket", "no such file", []string{"--socket", w.Dir + "/none", "exec", "--", "true"}, 125},
		{"usage", "usage", []string{"exec"}, 125},
		{"unknown flag", "unknown flag", []string{"exec", "--root", "--", "true"}, 125},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := w.Rootgate(harness.Alice, tt.args...)
			if got.Status != tt.want {
				t.Errorf("got exit status %d (%s), want %d", got.Status, got.Stderr, tt.want)
			}
			if tt.name != "usage" && !strings.Contains(got.Stderr, tt.stderr) {
				t.Errorf("got stderr %q, want it to contain %q", got.Stderr, tt.stderr)
			}
		})
	}
	t.Run("outside the group", func(t *testing.T) {
		if got := w.Exec(harness.Outsider, "true"); got.Status != 125 || !strings.Contains(got.Stderr, "permission denied") {
			t.Errorf("got %+v, want 125 and permission denied", got)
		}
	})
	w.Gone(0)
}

// The Go client tells the same ends apart by types.
func TestErrorsOfTheClient(t *testing.T) {
	w := start(t, options(
		script{name: "seven", text: "echo out; echo err >&2; exit 7"},
		script{name: "kill", text: "kill -KILL $$; sleep 10"},
		script{name: "slow", text: "echo begun; exec sleep 60", rule: "run: {limits: {wall: 400ms}}"},
	))
	c := w.Client(harness.Alice)
	out, err := w.command(c, "seven").Output()
	var exit *client.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 7 || string(out) != "out\n" || string(exit.Stderr) != "err\n" {
		t.Errorf("got %q, %v, want out, exit code 7 and err", out, err)
	}
	_, err = w.command(c, "kill").Output()
	if !errors.As(err, &exit) || exit.Signal() != syscall.SIGKILL || exit.SeccompKilled() {
		t.Errorf("got %v, want SIGKILL, not by seccomp", err)
	}
	began := time.Now()
	out, err = w.command(c, "slow").Output()
	wantRefusal(t, err, client.ErrTimeout, "TIMEOUT")
	if string(out) != "begun\n" {
		t.Errorf("got output %q before the time limit, want begun", out)
	}
	if took := time.Since(began); took < 400*time.Millisecond || took > 4*time.Second {
		t.Errorf("the limit of 400 ms took %v", took)
	}
	if got := w.lastEnd(); got.EndedBy != "timeout" || got.Signal != int32(syscall.SIGTERM) {
		t.Errorf("got END %+v, want signal 15, ended by timeout", got)
	}
	wantRefusal(t, c.Command("cat").Run(), client.ErrDenied, "NO_RULE")
}
