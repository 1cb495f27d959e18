package peer

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestMain lets the test binary connect as another user: with connectAs in its
// environment it connects, waits for one byte and ends.
func TestMain(m *testing.M) {
	if path, ok := os.LookupEnv("PEER_TEST_CONNECT"); ok {
		c, err := net.Dial("unix", path)
		if err != nil {
			if errors.Is(err, os.ErrPermission) {
				os.Exit(77)
			}
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		_, _ = c.Read(make([]byte, 1))
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// connect starts a process of the user that connects to path.
func connect(t *testing.T, path string, cred *syscall.Credential) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	// The race detector sleeps a second at exit unless it is told not to.
	cmd.Env = []string{"PEER_TEST_CONNECT=" + path, "GORACE=atexit_sleep_ms=0"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: cred}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

func listen(t *testing.T, gid uint32, limits Limits) (*Listener, string) {
	t.Helper()
	dir := filepath.Join(rootDir(t), "run")
	path := filepath.Join(dir, "s")
	s, err := Listen(path, gid)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return NewListener(s.UnixListener, limits, slog.New(slog.DiscardHandler)), path
}

// rootDir is a temporary directory that other users can enter, below /tmp and
// not t.TempDir, of which only the owner can.
func rootDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "peer")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func accept(t *testing.T, l *Listener) *Conn {
	t.Helper()
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	conn, ok := c.(*Conn)
	if !ok {
		t.Fatalf("Accept returned %T, want *Conn", c)
	}
	return conn
}

func TestIdentity(t *testing.T) {
	l, path := listen(t, 60100, Limits{Total: 10, PerUID: 10})
	many := make([]uint32, 100) // more than the first guess of peerGroups
	for i := range many {
		many[i] = uint32(61000 + i)
	}
	tests := []struct {
		name string
		cred syscall.Credential
	}{
		{"group", syscall.Credential{Uid: 60001, Gid: 60100}},
		{"supplementary", syscall.Credential{Uid: 60002, Gid: 60002, Groups: []uint32{60100, 60007}}},
		{"many groups", syscall.Credential{Uid: 60003, Gid: 60100, Groups: many}},
		{"above 2^31", syscall.Credential{Uid: 4000000000, Gid: 60100}},
		{"root", syscall.Credential{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cmd := connect(t, path, &tt.cred)
			c := accept(t, l)
			_, auth, err := Credentials{}.ServerHandshake(c)
			if err != nil {
				t.Fatal(err)
			}
			info, ok := auth.(*Info)
			if !ok {
				t.Fatalf("auth info is %T, want *Info", auth)
			}
			slices.Sort(info.Groups)
			want := slices.Sorted(slices.Values(tt.cred.Groups))
			if info.UID != tt.cred.Uid || info.GID != tt.cred.Gid || !slices.Equal(info.Groups, want) || int(info.PID) != cmd.Process.Pid {
				t.Errorf("got %+v, want uid %d gid %d groups %v pid %d", info, tt.cred.Uid, tt.cred.Gid, want, cmd.Process.Pid)
			}
			if err := c.Close(); err != nil {
				t.Error(err)
			}
			if err := cmd.Wait(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestOutsiderCannotConnect(t *testing.T) {
	_, path := listen(t, 60100, Limits{Total: 10, PerUID: 10})
	cmd := connect(t, path, &syscall.Credential{Uid: 60001, Gid: 60001})
	err := cmd.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 77 {
		t.Errorf("connect: %v, want permission denied", err)
	}
	st, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.Stat(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	sys, ok := st.Sys().(*syscall.Stat_t)
	if !ok {
		t.Fatal("no stat")
	}
	if st.Mode().Perm() != 0o660 || dir.Mode().Perm() != 0o750 || sys.Uid != 0 || sys.Gid != 60100 {
		t.Errorf("socket %v of %d:%d in %v, want 0660 of 0:60100 in 0750", st.Mode(), sys.Uid, sys.Gid, dir.Mode())
	}
}

func TestConnectionLimits(t *testing.T) {
	l, path := listen(t, 0, Limits{Total: 3, PerUID: 2})
	dial := func() net.Conn {
		c, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	dial()
	first := accept(t, l)
	dial()
	second := accept(t, l)
	third := dial()
	accepted := make(chan *Conn)
	go func() {
		c, err := l.Accept()
		if conn, ok := c.(*Conn); err == nil && ok {
			accepted <- conn
		}
	}()
	// The third is closed at once; the listener goes on to the next.
	if _, err := third.Read(make([]byte, 1)); err == nil {
		t.Error("third connection of a user was not closed")
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	_ = first.Close() // counted once
	dial()
	fourth := <-accepted
	if l.total != 2 || l.byUID[uint32(os.Getuid())] != 2 {
		t.Errorf("count = %d, %v, want 2", l.total, l.byUID)
	}
	for _, c := range []*Conn{second, fourth} {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	if l.total != 0 || len(l.byUID) != 0 {
		t.Errorf("after: %d, %v, want nothing counted", l.total, l.byUID)
	}
}

func TestListenRefuses(t *testing.T) {
	tests := []struct {
		name string
		make func(dir string) error
		want string
	}{
		{"file", func(d string) error { return os.WriteFile(d+"/s", []byte("x"), 0o600) }, "no socket"},
		{"link", func(d string) error { return os.Symlink("/etc/passwd", d+"/s") }, "no socket"},
		{"directory", func(d string) error { return os.Mkdir(d+"/s", 0o700) }, "no socket"},
		{"lock is a link", func(d string) error { return os.Symlink("/tmp/evil", d+"/s.lock") }, "symbolic"},
		{"directory writable by others", func(d string) error { return os.Chmod(d, 0o777) }, "writable"},
		{"directory of another user", func(d string) error { return os.Chown(d, 60001, 60001) }, "60001"},
		{"someone listens", func(d string) error {
			l, err := net.Listen("unix", d+"/s")
			if err == nil {
				t.Cleanup(func() { _ = l.Close() })
			}
			return err
		}, "listens"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := rootDir(t)
			if err := tt.make(dir); err != nil {
				t.Fatal(err)
			}
			before, _ := os.Lstat(dir + "/s")
			s, err := Listen(dir+"/s", 0)
			if err == nil {
				_ = s.Close()
				t.Fatal("Listen succeeded, want refused")
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Listen: %v, want an error with %q", err, tt.want)
			}
			after, _ := os.Lstat(dir + "/s")
			if (before == nil) != (after == nil) || before != nil && !os.SameFile(before, after) {
				t.Errorf("what stood at the path was touched: %v, then %v", before, after)
			}
		})
	}
}

func TestListenReplacesStale(t *testing.T) {
	dir := rootDir(t)
	path := dir + "/s"
	stale, err := net.ListenUnix("unix", &net.UnixAddr{Net: "unix", Name: path})
	if err != nil {
		t.Fatal(err)
	}
	stale.SetUnlinkOnClose(false)
	if err := stale.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := Listen(path, 0)
	if err != nil {
		t.Fatal(err)
	}
	if other, err := Listen(path, 0); err == nil || !strings.Contains(err.Error(), "another server") {
		t.Errorf("second Listen = %v, %v, want refused by the lock", other, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after Close: %v, want the socket gone", err)
	}
}

func TestHandshakeRefusesOtherConnections(t *testing.T) {
	a, b := net.Pipe()
	defer func() { _, _ = a.Close(), b.Close() }()
	if _, auth, err := (Credentials{}).ServerHandshake(a); !errors.Is(err, ErrNoIdentity) || auth != nil {
		t.Errorf("handshake = %v, %v, want %v", auth, err, ErrNoIdentity)
	}
	if info, err := FromContext(t.Context()); !errors.Is(err, ErrNoIdentity) || info != nil {
		t.Errorf("FromContext = %v, %v, want %v", info, err, ErrNoIdentity)
	}
}

// TestDeadCaller: who has gone before it is asked has no identity, and is never
// taken for root (CVE-2021-3560).
func TestDeadCaller(t *testing.T) {
	l, path := listen(t, 60100, Limits{Total: 10, PerUID: 10})
	cmd := connect(t, path, &syscall.Credential{Uid: 60001, Gid: 60100})
	conn, err := l.AcceptUnix()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	info, pidfd, err := identify(conn)
	if err == nil {
		_ = pidfd.Close()
		if info.UID != 60001 {
			t.Errorf("identity of a dead caller is uid %d, want 60001 or refused", info.UID)
		}
	}
}

func TestFallbackPidfd(t *testing.T) {
	l, path := listen(t, 60100, Limits{Total: 10, PerUID: 10})
	cmd := connect(t, path, &syscall.Credential{Uid: 60001, Gid: 60100})
	conn, err := l.AcceptUnix()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	raw, err := conn.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	open := func() (fd int, err error) {
		if e := raw.Control(func(s uintptr) { fd, err = openPeerPidfd(int(s), cmd.Process.Pid) }); e != nil {
			t.Fatal(e)
		}
		return fd, err
	}
	fd, err := open()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("/proc/self/fdinfo/" + strconv.Itoa(fd))
	if err != nil || !strings.Contains(string(text), "Pid:\t"+strconv.Itoa(cmd.Process.Pid)+"\n") {
		t.Errorf("pidfd of %s, %v, want of %d", text, err, cmd.Process.Pid)
	}
	if err := syscall.Close(fd); err != nil {
		t.Error(err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if fd, err := open(); err == nil {
		t.Errorf("pidfd %d of a dead caller, want refused", fd)
	}
}
