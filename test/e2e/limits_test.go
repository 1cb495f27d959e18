package e2e

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rootgate-project/rootgate/client"
	"github.com/rootgate-project/rootgate/test/harness"
)

// A user has so many slots, so many may wait, and no user takes those of others.
func TestRunningAndQueue(t *testing.T) {
	o := options(script{name: "wait", text: "echo ready; exec sleep 600"})
	o.Config = "limits: {running: 3, running_per_uid: 2, queue: 1}\n"
	w := start(t, o)
	alice, bob := w.Client(harness.Alice), w.Client(harness.Bob)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var running []*client.Cmd
	begin := func(c *client.Client) *client.Cmd {
		argv := w.argv("wait")
		cmd := c.CommandContext(ctx, argv[0], argv[1:]...)
		waitReady(t, cmd)
		running = append(running, cmd)
		return cmd
	}
	first := begin(alice)
	begin(alice)
	queued := make(chan error, 1)
	go func() { queued <- alice.CommandContext(t.Context(), "true").Run() }()
	harness.Within(t, 10*time.Second, "one waits", func() bool { return w.Status().GetQueued() == 1 })
	err := alice.CommandContext(t.Context(), "true").Run()
	wantRefusal(t, err, client.ErrExhausted, "QUEUE_FULL")
	if e := refusal(t, err); e.RetryAfter <= 0 || len(e.Violations) == 0 {
		t.Errorf("got %+v, want RetryInfo and QuotaFailure", e)
	}
	// The third slot is another user's.
	if err := bob.CommandContext(t.Context(), "true").Run(); err != nil {
		t.Errorf("got %v for another user, want it to run", err)
	}
	// One that waits can give up.
	if st := w.Status(); st.GetRunning() != 2 || st.GetQueued() != 1 {
		t.Errorf("got %d running and %d queued, want 2 and 1", st.GetRunning(), st.GetQueued())
	}
	if err := w.Client(harness.Root).Kill(t.Context(), first.ProcessState.ExecutionID()); err != nil {
		t.Fatal(err)
	}
	if err := <-queued; err != nil {
		t.Errorf("got %v from the one that waited, want it to run", err)
	}
	begin(alice)
	begin(bob)
	// All three slots are taken: bob waits, until his deadline.
	short, stop := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer stop()
	if err := bob.CommandContext(short, "true").Run(); !errors.Is(err, client.ErrTimeout) {
		t.Errorf("got %v, want %v", err, client.ErrTimeout)
	}
	harness.Within(t, 5*time.Second, "nobody waits", func() bool { return w.Status().GetQueued() == 0 })
	cancel()
	for _, cmd := range running {
		if err := cmd.Wait(); err == nil {
			t.Error("got no error from a cancelled command, want one")
		}
	}
	w.Gone(3 * time.Second)
	w.idle()
}

// A user who hoards connections does not keep others out.
func TestConnections(t *testing.T) {
	o := options()
	o.Config = "limits: {connections: 6, connections_per_uid: 3}\n"
	w := start(t, o)
	dial := func(u harness.User) (*client.Client, error) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		c, err := w.Dial(u)
		if err == nil && ctx.Err() != nil {
			t.Errorf("a connection took longer than 5 s")
		}
		return c, err
	}
	var open []*client.Client
	for range 3 {
		c, err := dial(harness.Alice)
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, c)
	}
	if _, err := dial(harness.Alice); err == nil {
		t.Error("got a fourth connection, want it refused")
	}
	c, err := dial(harness.Bob)
	if err != nil {
		t.Fatalf("got %v for another user, want a connection", err)
	}
	if err := c.Command("true").Run(); err != nil {
		t.Errorf("got %v, want it to run", err)
	}
	_ = c.Close()
	_ = open[0].Close()
	harness.Within(t, 5*time.Second, "a place is free again", func() bool {
		c, err := dial(harness.Alice)
		if err != nil {
			return false
		}
		open = append(open, c)
		return true
	})
	for _, c := range open {
		_ = c.Close()
	}
}

func TestRate(t *testing.T) {
	o := options()
	o.Config = "limits: {rate: 5}\n"
	w := start(t, o)
	c := w.Client(harness.Alice)
	limited := 0
	for range 60 {
		if _, err := c.List(t.Context()); err != nil {
			wantRefusal(t, err, client.ErrExhausted, "RATE_LIMITED")
			limited++
		}
	}
	if limited == 0 {
		t.Error("got 60 requests through at a rate of 5, want some refused")
	}
	if _, err := w.Client(harness.Bob).List(t.Context()); err != nil {
		t.Errorf("got %v for another user, want an answer", err)
	}
}

// Five hundred calls of every kind leave the server as it was.
func TestNothingLeaks(t *testing.T) {
	w := start(t, options(
		script{name: "seven", text: "echo out; exit 7"},
		script{name: "family", text: "sleep 600 & setsid sleep 600 & exit 0"},
		script{name: "slow", text: "exec sleep 600", rule: "run: {limits: {wall: 100ms}}"},
		script{name: "input", text: "exec cat", rule: "stdin: {max: 4KiB}"},
	))
	round := func(c *client.Client, n int) {
		ctx, cancel := context.WithTimeout(long(t), 30*time.Second)
		defer cancel()
		switch n % 8 {
		case 0, 1:
			_ = c.CommandContext(ctx, "true").Run()
		case 2:
			_ = c.CommandContext(ctx, "cat", "/etc/shadow").Run()
		case 3:
			_ = c.CommandContext(ctx, w.argv("seven")[0], w.argv("seven")[1:]...).Run()
		case 4:
			_ = c.CommandContext(ctx, w.argv("family")[0], w.argv("family")[1:]...).Run()
		case 5:
			_, _ = c.CommandContext(ctx, "true", "\x00").Output()
		case 6:
			short, stop := context.WithTimeout(ctx, time.Duration(n%40)*time.Millisecond)
			defer stop()
			_ = c.CommandContext(short, w.argv("slow")[0], w.argv("slow")[1:]...).Run()
		case 7:
			cmd := c.CommandContext(ctx, w.argv("input")[0], w.argv("input")[1:]...)
			cmd.Stdin = strings.NewReader(strings.Repeat("x", n*40)) // some of it beyond the limit
			_ = cmd.Run()
		}
	}
	calls := func(n int) {
		var all sync.WaitGroup
		for worker := range 4 {
			all.Go(func() {
				c, err := w.Dial([]harness.User{harness.Alice, harness.Bob}[worker%2])
				if err != nil {
					t.Error(err)
					return
				}
				defer func() { _ = c.Close() }()
				for i := range n / 4 {
					round(c, i)
				}
			})
		}
		all.Wait()
		w.Gone(3 * time.Second)
		w.idle()
	}
	calls(100) // pools and caches fill
	fds, threads := w.Count()
	calls(500)
	var fdsAfter, threadsAfter int
	harness.Within(t, 10*time.Second, "descriptors as before", func() bool {
		fdsAfter, threadsAfter = w.Count()
		return fdsAfter <= fds+2
	})
	// The runtime keeps the threads that it once needed.
	if threadsAfter > threads+8 {
		t.Errorf("got %d threads, want about the %d of before", threadsAfter, threads)
	}
	harness.Within(t, 5*time.Second, "no zombies", func() bool { return len(w.Zombies()) == 0 })
	t.Logf("%d descriptors, then %d; %d threads, then %d", fds, fdsAfter, threads, threadsAfter)
}
