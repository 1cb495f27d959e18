package e2e

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rootgate-project/rootgate/client"
	"github.com/rootgate-project/rootgate/test/harness"
)

// A server that was started with everything wrong that a starter can get wrong
// runs commands that know nothing of it.
func TestHostileStarter(t *testing.T) {
	o := with(options(), `  - id: env
    exec: /usr/bin/env
    argv: ''
  - id: look
    exec: /usr/bin/cat
    run: {seccomp: [+fadvise64]}
    argv: |
      /proc/self/(status|limits|personality)
  - id: files
    exec: /usr/bin/ls
    argv: |
      /proc/self/fd
`)
	o.Wrap = []string{"sh", "-c", `
		export LD_LIBRARY_PATH=/tmp GCONV_PATH=/tmp BASH_ENV=/tmp/x IFS=x TZ=/tmp/x SECRET=hunter
		exec 3</etc/shadow 4<> /dev/null 7</etc 0<&-
		trap '' HUP INT TERM USR1 USR2 PIPE CHLD
		umask 777; cd /tmp; ulimit -c 0; ulimit -n 2000; ulimit -s 512
		exec setpriv --groups 4,27 "$@"`, "sh"}
	w := start(t, o)
	if got := w.Exec(harness.Alice, "env"); got.Status != 0 || got.Stdout != "" {
		t.Errorf("got %+v, want an empty environment", got)
	}
	if got := strings.Fields(w.Exec(harness.Alice, "ls", "/proc/self/fd").Stdout); len(got) != 4 {
		t.Errorf("got descriptors %q, want 0, 1, 2 and that of ls", got)
	}
	got := fields(w.Exec(harness.Alice, "cat", "/proc/self/status").Stdout)
	for name, want := range map[string]string{
		"SigIgn": "0000000000000000", "SigBlk": "0000000000000000", "Umask": "0022", "Groups": "", "NoNewPrivs": "1",
	} {
		if got[name] != want {
			t.Errorf("%s: got %q, want %q", name, got[name], want)
		}
	}
	if got := w.Exec(harness.Alice, "cat", "/proc/self/personality"); got.Stdout != "00000000\n" {
		t.Errorf("got personality %+v, want 0", got)
	}
	// Signals that the starter ignored are heard.
	w.Signal(syscall.SIGHUP)
	harness.Within(t, 10*time.Second, "generation 2", func() bool { return w.Status().GetPolicy().GetGeneration() == 2 })
	if state := w.Stop(); !state.Success() {
		t.Errorf("got %v, want exit status 0", state)
	}
}

// Signals that mean nothing to the server do nothing.
func TestOtherSignals(t *testing.T) {
	w := start(t, options(script{name: "wait", text: "echo ready; exec sleep 600"}))
	cmd := w.command(w.Client(harness.Alice), "wait")
	waitReady(t, cmd)
	for range 50 {
		for _, sig := range []syscall.Signal{syscall.SIGPIPE, syscall.SIGURG, syscall.SIGCHLD, syscall.SIGWINCH, syscall.SIGCONT, syscall.SIGIO} {
			w.Signal(sig)
		}
	}
	for range 20 {
		w.Signal(syscall.SIGHUP)
	}
	if got := w.Exec(harness.Alice, "true"); got.Status != 0 {
		t.Errorf("got %+v, want the server to serve on", got)
	}
	if err := cmd.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("got no error of a command that a signal ended, want one")
	}
}

// Reflection can be switched off, and the log written for programs.
func TestSwitches(t *testing.T) {
	o := options()
	o.Config = "reflection: false\nlog: {format: json, level: debug}\n"
	w := start(t, o)
	if err := w.Client(harness.Alice).Command("true").Run(); err != nil {
		t.Errorf("got %v, want it to run", err)
	}
	wantRefusal(t, w.Client(harness.Alice).Command("cat").Run(), client.ErrDenied, "NO_RULE")
	got := harness.Collect(t, w.As(harness.Alice, harness.Program(t, "grpcurl"), "-plaintext", "-unix", w.Socket, "list"), nil)
	if got.Status == 0 || !strings.Contains(got.Stderr, "does not support the reflection API") {
		t.Errorf("got %+v, want no reflection", got)
	}
	for line := range strings.Lines(w.Log()) {
		if !strings.HasPrefix(line, "{") {
			t.Errorf("got log line %q, want JSON", line)
		}
	}
}
