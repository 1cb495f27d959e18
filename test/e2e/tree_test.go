package e2e

import (
	"context"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rootgate-project/rootgate/client"
	rootgatev1 "github.com/rootgate-project/rootgate/proto/rootgate/v1"
	"github.com/rootgate-project/rootgate/server/audit"
	"github.com/rootgate-project/rootgate/test/harness"
)

// family leaves grandchildren behind in every way: in the background, in sessions
// of their own, orphaned, deaf to signals, and holding the outputs open.
const family = `
sleep 600 &
setsid sleep 600 &
(setsid sh -c 'trap "" TERM HUP INT; sleep 600 & sleep 600' &)
(trap "" TERM HUP; sleep 600 &)
`

// size is how many processes family makes besides its leader, at least.
const size = 5

func treeOptions() harness.Options {
	return options(
		script{name: "leaves", text: family + "echo ready"},
		script{name: "stays", text: family + "echo ready; exec sleep 600"},
		script{name: "deaf", text: "trap '' TERM INT HUP\n" + family + "echo ready; while :; do sleep 600; done"},
		script{name: "late", text: family + "echo ready; exec sleep 600", rule: "run: {limits: {wall: 1s}}"},
		script{name: "deaf-late", text: "trap '' TERM INT HUP\n" + family + "echo ready; while :; do sleep 600; done", rule: "run: {limits: {wall: 1s}}"},
		script{name: "stopped", text: family + "echo ready; kill -STOP $$", rule: "run: {limits: {wall: 1s}}"},
	)
}

// slack is what a busy machine may add to the second within which a tree is gone.
const slack = 1500 * time.Millisecond

// No process of a command outlives its leader, its limit, its caller or the word
// of an administrator.
func TestTreeIsKilled(t *testing.T) {
	w := start(t, treeOptions())
	c := w.Client(harness.Alice)
	t.Run("leader exits", func(t *testing.T) {
		began := time.Now()
		out, err := w.command(c, "leaves").Output()
		if err != nil || string(out) != "ready\n" {
			t.Errorf("got %q, %v, want ready", out, err)
		}
		// The reply says that the tree is dead.
		w.Gone(0)
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("took %v: the outputs that a grandchild holds must not matter", took)
		}
	})
	for _, name := range []string{"late", "deaf-late", "stopped"} {
		t.Run("time limit/"+name, func(t *testing.T) {
			began := time.Now()
			_, err := w.command(c, name).Output()
			wantRefusal(t, err, client.ErrTimeout, "TIMEOUT")
			w.Gone(0)
			if took := time.Since(began); took > time.Second+time.Second+slack {
				t.Errorf("took %v, want at most the limit of 1 s, a second, and %v", took, slack)
			}
		})
	}
	for _, name := range []string{"stays", "deaf"} {
		t.Run("context/"+name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			argv := w.argv(name)
			cmd := c.CommandContext(ctx, argv[0], argv[1:]...)
			waitReady(t, cmd)
			w.Running(size)
			cancel()
			if err := cmd.Wait(); err == nil {
				t.Error("got no error, want one")
			}
			t.Logf("gone after %v", w.Gone(time.Second+slack))
		})
		t.Run("caller killed/"+name, func(t *testing.T) {
			cmd := w.As(harness.Alice, harness.Program(t, "rootgate"), append([]string{"exec", "--"}, w.argv(name)...)...)
			wait := begin(t, cmd)
			w.Running(size)
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			t.Logf("gone after %v", w.Gone(time.Second+slack))
			wait()
		})
		t.Run("administrator/"+name, func(t *testing.T) {
			cmd := w.command(c, name)
			waitReady(t, cmd)
			w.Running(size)
			admin := w.Client(harness.Root)
			running, err := admin.Executions(t.Context())
			if err != nil || len(running) != 1 || running[0].GetExecutionId() != cmd.ProcessState.ExecutionID() || running[0].GetCallerUid() != harness.Alice.UID {
				t.Fatalf("got %v, %v, want the one execution", running, err)
			}
			if err := admin.Kill(t.Context(), running[0].GetExecutionId()); err != nil {
				t.Fatal(err)
			}
			w.Gone(0)
			wantRefusal(t, cmd.Wait(), client.ErrAborted, "KILLED_BY_ADMIN")
			if end := w.lastEnd(); end.EndedBy != "admin" {
				t.Errorf("got END %+v, want it ended by admin", end)
			}
			wantRefusal(t, admin.Kill(t.Context(), running[0].GetExecutionId()), client.ErrNotFound, "NOT_RUNNING")
		})
	}
	w.idle()
	if zombies := w.Zombies(); len(zombies) > 0 {
		harness.Within(t, 5*time.Second, "no zombies", func() bool { return len(w.Zombies()) == 0 })
	}
}

// waitReady starts a command and waits for its first output.
func waitReady(t *testing.T, cmd *client.Cmd) {
	t.Helper()
	ready := make(chan struct{}, 1)
	cmd.Stdout = writer(func(p []byte) (int, error) {
		select {
		case ready <- struct{}{}:
		default:
		}
		return len(p), nil
	})
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ready:
	case <-time.After(20 * time.Second):
		t.Fatal("the command did not become ready")
	}
}

// A dead server leaves nothing behind, and the next one says in the audit log
// what it found.
func TestServerKilled(t *testing.T) {
	o := treeOptions()
	o.Unclean = true
	w := start(t, o)
	c := w.Client(harness.Alice)
	var ids []string
	for _, name := range []string{"stays", "deaf"} {
		cmd := w.command(c, name)
		waitReady(t, cmd)
		ids = append(ids, cmd.ProcessState.ExecutionID())
		t.Cleanup(func() {
			if err := cmd.Wait(); err == nil {
				t.Error("got no error from a command of a dead server, want one")
			}
		})
	}
	w.Running(2 * size)
	pid := w.PID()
	w.Kill()
	t.Logf("gone after %v", w.Gone(time.Second+slack))
	harness.Within(t, 5*time.Second, "the cgroups are removed", func() bool { return len(w.Cgroups(pid)) == 0 })

	// The socket is still there; the next server replaces it.
	if got := w.Exec(harness.Alice, "true"); got.Status != 125 {
		t.Errorf("got %+v from a dead server, want 125", got)
	}
	w.Start()
	if got := w.Exec(harness.Alice, "true"); got.Status != 0 {
		t.Errorf("got %+v from the next server, want 0", got)
	}
	aborted := map[string]bool{}
	for _, r := range w.Find(audit.TypeAbort) {
		aborted[r.ExecutionID] = true
	}
	for _, id := range ids {
		if !aborted[id] {
			t.Errorf("got ABORT of %v, want %s among them", aborted, id)
		}
	}
	report, err := audit.Verify(w.Audit(), audit.VerifyOptions{Head: w.Status().GetAudit().GetHead()})
	if err != nil || !report.Intact() || len(report.Open) > 0 {
		t.Errorf("got %v, %v, want the log of both servers intact and nothing open", report, err)
	}
}

// SIGTERM lets what runs come to its end, refuses what comes, and kills what
// has not ended after ten seconds.
func TestDrain(t *testing.T) {
	t.Parallel()
	w := start(t, options(
		script{name: "second", text: "echo ready; sleep 1; echo done"},
		script{name: "deaf", text: "trap '' TERM INT HUP\n" + family + "echo ready; while :; do sleep 600; done", rule: "run: {limits: {wall: 60s}}"},
	))
	c := w.Client(harness.Alice)
	var out strings.Builder
	short := w.command(c, "second")
	ready := make(chan struct{}, 2)
	short.Stdout = writer(func(p []byte) (int, error) {
		ready <- struct{}{}
		return out.Write(p)
	})
	if err := short.Start(); err != nil {
		t.Fatal(err)
	}
	<-ready
	deaf := w.command(c, "deaf")
	waitReady(t, deaf)
	pid, began := w.PID(), time.Now()
	w.Signal(syscall.SIGTERM)
	if err := short.Wait(); err != nil || out.String() != "ready\ndone\n" {
		t.Errorf("got %q, %v from a command that runs on, want it to end by itself", out.String(), err)
	}
	wantRefusal(t, deaf.Wait(), client.ErrUnavailable, "SHUTTING_DOWN")
	if state := w.Wait(); !state.Success() {
		t.Errorf("got %v, want exit status 0", state)
	}
	if took := time.Since(began); took < 9*time.Second || took > 16*time.Second {
		t.Errorf("took %v, want about ten seconds", took)
	}
	w.Gone(0)
	if left := w.Cgroups(pid); len(left) > 0 {
		t.Errorf("got cgroups %q, want none", left)
	}
	if _, err := w.Dial(harness.Alice); err == nil {
		t.Error("got a connection, want none")
	}
	if records := w.Records(); records[len(records)-1].Type != audit.TypeStop {
		t.Errorf("got last record %v, want STOP", records[len(records)-1].Type)
	}
}

// Whoever watches does not hold up the end of the server, nor does an idle
// connection.
func TestDrainWithoutCommands(t *testing.T) {
	w := start(t, options())
	w.Client(harness.Alice)
	stream, err := rootgatev1.NewAdminServiceClient(w.Conn(harness.Root)).WatchExecutions(t.Context(), &rootgatev1.WatchExecutionsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	// An event shows that the watch has begun.
	events := make(chan error, 1)
	go func() { _, err := stream.Recv(); events <- err }()
	harness.Within(t, 10*time.Second, "an event", func() bool {
		w.Exec(harness.Alice, "true")
		select {
		case err := <-events:
			return err == nil
		default:
			return false
		}
	})
	began := time.Now()
	if state := w.Stop(); !state.Success() {
		t.Errorf("got %v, want exit status 0", state)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("took %v, want about the second for last replies", took)
	}
}
