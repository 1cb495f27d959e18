package sandbox

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// attackedUID is this test run's own: an attacker reaches every process of its
// uid on the host.
func attackedUID() uint32 { return 1_000_000 + uint32(os.Getpid()) }

// counter counts log records that say a launch was repeated.
type counter struct{ n atomic.Int64 }

func (c *counter) Write(p []byte) (int, error) {
	if strings.Contains(string(p), "launch repeated") {
		c.n.Add(1)
	}
	return len(p), nil
}

// A process of the command's uid that is in no scope can signal the child
// between its change of identity and its Landlock domain. It must neither
// freeze the launcher nor make anything look as if it had run.
func TestSameUserAttacker(t *testing.T) {
	for _, tt := range []struct {
		name   string
		signal unix.Signal
	}{{"STOP", unix.SIGSTOP}, {"KILL", unix.SIGKILL}} {
		t.Run(tt.name, func(t *testing.T) {
			modes(t, func(t *testing.T, o Options) {
				var repeated counter
				o.Log = slog.New(slog.NewTextHandler(&repeated, nil))
				o.StartTimeout = 20 * time.Millisecond
				l := launcher(t, o)
				c := role(t, "attacker", fmt.Sprint(int(tt.signal)))
				c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: attackedUID(), Gid: attackedUID()}}
				c.Path = copySelf(t)
				begin(t, c)
				dir := t.TempDir()
				if err := os.Chmod(dir, 0o777); err != nil { //nolint:gosec // the command's uid has to write
					t.Fatal(err)
				}
				for i := range 60 {
					victim(t, l, filepath.Join(dir, fmt.Sprint(i)))
				}
				t.Logf("%d launches repeated", repeated.n.Load())
				_ = c.Process.Kill()
				_ = c.Wait()
				s := spec(t, "/bin/true")
				s.UID, s.GID = attackedUID(), attackedUID()
				if st, err := start(t, l, s).Wait(); err != nil || st.Code != 0 {
					t.Errorf("after the attack: %+v, %v", st, err)
				}
			})
		})
	}
}

// victim launches mkdir under attack. An answer that says "never started" must
// be true: the directory is not there.
func victim(t *testing.T, l *Launcher, dir string) {
	t.Helper()
	s := spec(t, "/bin/mkdir", dir)
	s.UID, s.GID = attackedUID(), attackedUID()
	began := time.Now()
	p, err := l.Start(t.Context(), s)
	if spent := time.Since(began); spent > 10*time.Second {
		t.Errorf("Start took %v", spent)
	}
	if err == nil {
		time.AfterFunc(20*time.Millisecond, p.Kill) // stopped after exec: nobody else ends it
		_, err = p.Wait()
	}
	if err == nil {
		return
	}
	if !errors.Is(err, ErrNeverStarted) {
		t.Errorf("launch under attack: %v, want ErrNeverStarted", err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("a command that was never started has run")
	}
}

// copySelf is this binary where another uid can reach it.
func copySelf(t *testing.T) string {
	t.Helper()
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("/tmp", "rootgate-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "attacker.test")
	if err := errors.Join(os.Chmod(dir, 0o755), os.WriteFile(path, self, 0o755)); err != nil { //nolint:gosec // another uid runs it
		t.Fatal(err)
	}
	return path
}
