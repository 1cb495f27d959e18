package e2e

import (
	"context"
	"errors"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rootgate-project/rootgate/client"
	rootgatev1 "github.com/rootgate-project/rootgate/proto/rootgate/v1"
	"github.com/rootgate-project/rootgate/server/audit"
	"github.com/rootgate-project/rootgate/test/harness"
)

// The members of admin_group are administrators, and nobody else but root is.
func TestAdminGroup(t *testing.T) {
	o := options()
	o.Config = "admin_group: mail\n"
	w := start(t, o)
	member := harness.Bob
	member.Groups = append(member.Groups, 8)
	if got := w.Rootgate(member, "status"); got.Status != 0 {
		t.Errorf("got %+v for a member, want 0", got)
	}
	if got := w.Rootgate(harness.Alice, "status"); got.Status != 126 {
		t.Errorf("got %+v for another user, want 126", got)
	}
	if got := w.Rootgate(harness.Root, "status"); got.Status != 0 {
		t.Errorf("got %+v for root, want 0", got)
	}
	// It makes nobody a caller of the rules, nor lets anybody connect.
	if got := w.Rootgate(harness.User{UID: 60104, GID: 8}, "status"); got.Status != 125 {
		t.Errorf("got %+v for a member outside the socket's group, want 125", got)
	}
}

// Events tell of every command, from the moment of the watch on.
func TestWatch(t *testing.T) {
	w := start(t, options(script{name: "wait", text: "echo ready; exec sleep 600"}))
	c := w.Client(harness.Alice)
	before := w.command(c, "wait")
	waitReady(t, before)
	stream, err := rootgatev1.NewAdminServiceClient(w.Conn(harness.Root)).WatchExecutions(t.Context(), &rootgatev1.WatchExecutionsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	next := func(event rootgatev1.WatchExecutionsResponse_Event, id string) {
		t.Helper()
		m, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		x := m.GetExecution()
		if m.GetEvent() != event || id != "" && x.GetExecutionId() != id || x.GetCallerUid() != harness.Alice.UID || x.GetPid() == 0 || x.GetTimeout().AsDuration() <= 0 {
			t.Errorf("got %v, want %v of %s", m, event, id)
		}
	}
	next(rootgatev1.WatchExecutionsResponse_EVENT_RUNNING, before.ProcessState.ExecutionID())
	after := c.Command("true")
	if err := after.Run(); err != nil {
		t.Fatal(err)
	}
	next(rootgatev1.WatchExecutionsResponse_EVENT_STARTED, after.ProcessState.ExecutionID())
	next(rootgatev1.WatchExecutionsResponse_EVENT_ENDED, after.ProcessState.ExecutionID())
	// A refused command is no execution.
	_ = c.Command("cat").Run()
	if err := before.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	next(rootgatev1.WatchExecutionsResponse_EVENT_ENDED, before.ProcessState.ExecutionID())
	if err := before.Wait(); err == nil {
		t.Error("got no error of a command that a signal ended, want one")
	}
	wantRefusal(t, w.Client(harness.Root).Kill(t.Context(), ""), client.ErrInvalid, "INVALID_MESSAGE")
}

// full starts a server with one slot, takes it, and puts a command in line.
func full(t *testing.T, ctx context.Context) (w *world, holder *client.Cmd, queued chan error) { //nolint:revive // t comes first in tests
	t.Helper()
	o := options(script{name: "wait", text: "trap 'exit 0' TERM; echo ready; while :; do sleep 0.05; done"},
		script{name: "canary", text: "echo ran >> {DIR}/canary", rule: "run: {fs: {write: ['{DIR}/canary']}}"})
	o.Files["canary"] = ""
	o.Config = "limits: {running: 1, queue: 4}\n"
	w = start(t, o)
	holder = w.command(w.Client(harness.Alice), "wait")
	waitReady(t, holder)
	queued = make(chan error, 1)
	c := w.Client(harness.Alice)
	argv := w.argv("canary")
	go func() { queued <- c.CommandContext(ctx, argv[0], argv[1:]...).Run() }()
	harness.Within(t, 10*time.Second, "one waits", func() bool { return w.Status().GetQueued() == 1 })
	return w, holder, queued
}

// A permission that is taken back is not used up in the queue.
func TestPolicyChangesInTheQueue(t *testing.T) {
	w, holder, queued := full(t, t.Context())
	w.WriteFile("policy/test.yaml", header)
	if _, err := w.Client(harness.Root).Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	// What runs keeps the policy that allowed it.
	if err := holder.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := holder.Wait(); err != nil {
		t.Errorf("got %v from the command that ran, want it to end by itself", err)
	}
	wantRefusal(t, <-queued, client.ErrDenied, "NO_RULE")
	for _, r := range w.Find(audit.TypeDeny) {
		if r.PolicyGeneration != 2 {
			t.Errorf("got DENY by generation %d, want 2", r.PolicyGeneration)
		}
	}
}

// Who waits while the server ends is told so.
func TestDrainOfTheQueue(t *testing.T) {
	w, holder, queued := full(t, t.Context())
	w.Signal(syscall.SIGTERM)
	wantRefusal(t, <-queued, client.ErrUnavailable, "SHUTTING_DOWN")
	if err := holder.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := holder.Wait(); err != nil {
		t.Errorf("got %v from the command that ran, want it to end by itself", err)
	}
	if state := w.Wait(); !state.Success() {
		t.Errorf("got %v, want exit status 0", state)
	}
}

// Who gives up in the queue leaves it, and nothing of the command ever runs.
func TestGivingUpInTheQueue(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w, holder, queued := full(t, ctx)
	cancel()
	if err := <-queued; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	harness.Within(t, 5*time.Second, "nobody waits", func() bool { return w.Status().GetQueued() == 0 })
	if err := holder.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := holder.Wait(); err != nil {
		t.Errorf("got %v, want the command to end by itself", err)
	}
	w.idle()
	if got := len(w.Find(audit.TypeIntent)); got != 1 {
		t.Errorf("got %d INTENT records, want the one of the command that ran", got)
	}
}

// What the host refuses a launch has a reason of its own.
func TestLaunchesThatFail(t *testing.T) {
	o := with(options(script{name: "cwd", text: "pwd", rule: "cwd: {under: ['{DIR}/scripts']}"}), `  - id: processes
    exec: /usr/bin/sleep
    run: {user: 60105, group: 60105, limits: {procs: 1}}
    argv: |
      0
  - {id: capable, exec: '{DIR}/bin/capable', argv: ''}
  - {id: granted, exec: '{DIR}/bin/granted', argv: '', run: {caps: [net_raw]}}
`)
	o.Config = "limits: {running: 1}\n"
	o.Files["bin/README"] = "programs of the test\n"
	s := harness.New(t, o)
	w := &world{s, t}
	for _, name := range []string{"bin/capable", "bin/granted"} {
		w.install("/usr/bin/true", name)
		// struct vfs_cap_data of capability.h, revision 2: effective, net_raw.
		attr := []byte{1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
		if err := syscall.Setxattr(w.Dir+"/"+name, "security.capability", attr, 0); err != nil {
			t.Fatal(err)
		}
	}
	s.Start()
	t.Run("file capabilities", func(t *testing.T) {
		// They do nothing under no_new_privs: such a program needs them of its rule.
		if got := w.Exec(harness.Alice, "capable"); got.Status != 126 || !strings.Contains(got.Stderr, "FEATURE_MISSING") {
			t.Errorf("got %+v, want FEATURE_MISSING", got)
		}
		if got := w.Exec(harness.Alice, "granted"); got.Status != 0 {
			t.Errorf("with the capability: got %+v, want 0", got)
		}
	})
	t.Run("too many processes of the user", func(t *testing.T) {
		if got := w.Exec(harness.Alice, "sleep", "0"); got.Status != 0 {
			t.Errorf("got %+v while the user has none, want 0", got)
		}
		for range 3 {
			other := w.As(harness.User{UID: 60105, GID: 60105}, "/usr/bin/sleep", "600")
			if err := other.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = other.Process.Kill(); _ = other.Wait() }()
		}
		err := w.Client(harness.Alice).Command("sleep", "0").Run()
		wantRefusal(t, err, client.ErrExhausted, "PROCESS_LIMIT")
		if end := w.lastEnd(); end.LaunchError == "" || end.Code != -1 || end.PID != 0 {
			t.Errorf("got END %+v, want the error of the launch and no process", end)
		}
	})
	t.Run("directory that is missing", func(t *testing.T) {
		got := w.Rootgate(harness.Alice, append([]string{"exec", "--cwd", w.Dir + "/scripts/none", "--"}, w.argv("cwd")...)...)
		if got.Status != 126 || !strings.Contains(got.Stderr, "GUARD_FAILED") {
			t.Errorf("got %+v, want GUARD_FAILED", got)
		}
	})
	w.idle()
}

// A caller that closes its connection in the middle of anything leaves nothing.
func TestCallerGoneAtAnyPoint(t *testing.T) {
	w := start(t, options(
		script{name: "wait", text: "exec sleep 600"},
		script{name: "text", text: "cat; exec sleep 600", rule: "stdin: {max: 1KiB, utf8: true}"},
		script{name: "pipe", text: "cat; exec sleep 600", rule: "stdin: {max: 1MiB}"},
	))
	for i := range 60 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*time.Millisecond)
		c, err := w.Dial(harness.Alice)
		if err != nil {
			t.Fatal(err)
		}
		name := []string{"wait", "text", "pipe"}[i%3]
		argv := w.argv(name)
		cmd := c.CommandContext(context.WithoutCancel(ctx), argv[0], argv[1:]...)
		r, pipe := io.Pipe()
		cmd.Stdin = r
		go func() { <-ctx.Done(); _ = c.Close(); _ = pipe.Close() }()
		if err := cmd.Run(); err == nil {
			t.Errorf("call %d: got no error, want one", i)
		}
		cancel()
	}
	w.Gone(time.Second + slack)
	w.idle()
}
