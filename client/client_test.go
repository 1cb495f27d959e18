package client_test

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/rootgate-project/rootgate/client"
	"github.com/rootgate-project/rootgate/client/internal/fake"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start returns a client of a fake server.
func start(t *testing.T) (*client.Client, *fake.Server) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sock")
	server, err := fake.Start(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	return dial(t, path), server
}

func dial(t *testing.T, address string, opts ...client.Option) *client.Client {
	t.Helper()
	c, err := client.Dial(t.Context(), address, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestDialAddress(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "sock")
	server, err := fake.Start(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	t.Chdir(dir)
	for _, address := range []string{path, "unix:" + path, "unix://" + path, "sock", "unix:sock", ""} {
		t.Run(address, func(t *testing.T) {
			t.Setenv(client.SocketVariable, path)
			c := dial(t, address)
			if err := c.Command("echo").Run(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestDialRefusesAddress(t *testing.T) {
	t.Setenv(client.SocketVariable, "")
	for _, address := range []string{"@rootgate", "unix:@rootgate", "unix:", "a\x00b", "tcp://127.0.0.1:1", "dns:///x"} {
		t.Run(address, func(t *testing.T) {
			_, err := client.Dial(t.Context(), address)
			var dialErr *client.DialError
			if !errors.As(err, &dialErr) || dialErr.Path != address {
				t.Errorf("got %v, want a DialError for %q", err, address)
			}
		})
	}
}

func TestDialError(t *testing.T) {
	dir := t.TempDir()
	dead := filepath.Join(dir, "dead")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: dead})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	_ = l.Close()
	for _, tt := range []struct {
		name, path string
		want       error
		text       string
	}{
		{"missing", filepath.Join(dir, "none"), fs.ErrNotExist, "is rootgated running?"},
		{"nobody listens", dead, syscall.ECONNREFUSED, "connection refused"},
		{"too long", filepath.Join(dir, string(make120())), syscall.EINVAL, "invalid argument"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := client.Dial(t.Context(), tt.path)
			var dialErr *client.DialError
			if !errors.As(err, &dialErr) || dialErr.Path != tt.path {
				t.Fatalf("got %v, want a DialError for %q", err, tt.path)
			}
			if !errors.Is(err, tt.want) || !errors.Is(err, client.ErrUnavailable) {
				t.Errorf("got %v, want %v and unavailable", err, tt.want)
			}
			wantContains(t, err.Error(), tt.text)
		})
	}
}

func make120() []byte {
	b := make([]byte, 120)
	for i := range b {
		b[i] = 'x'
	}
	return b
}

// TestDialPermission has the kernel's answer to a user outside the socket's group
// come from a dialer, since the tests run as root, whom no mode keeps out.
func TestDialPermission(t *testing.T) {
	_, err := client.Dial(t.Context(), "unix:/irrelevant", client.WithDialer(func(context.Context) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "unix", Err: os.NewSyscallError("connect", syscall.EACCES)}
	}))
	if !errors.Is(err, fs.ErrPermission) {
		t.Fatalf("got %v, want %v", err, fs.ErrPermission)
	}
	wantContains(t, err.Error(), "dial /irrelevant: connect: permission denied (is this user in the group of the socket?)")
}

// A server that accepts and then closes, as one at its limit of connections
// does, is an error at once.
func TestDialClosedByServer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, err = client.Dial(ctx, path)
	if !errors.Is(err, client.ErrUnavailable) || ctx.Err() != nil {
		t.Errorf("got %v (context: %v), want unavailable at once", err, ctx.Err())
	}
}

// A server that accepts and says nothing holds Dial no longer than its context.
func TestDialDeadline(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = client.Dial(ctx, path)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want %v", err, context.DeadlineExceeded)
	}
}

func TestReconnect(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sock")
	server, err := fake.Start(path)
	if err != nil {
		t.Fatal(err)
	}
	c := dial(t, path, client.WithUserAgent("test"))
	if err := c.Command("echo").Run(); err != nil {
		t.Fatal(err)
	}
	server.Stop()
	if err := c.Command("echo").Run(); !errors.Is(err, client.ErrUnavailable) {
		t.Errorf("without a server: got %v, want unavailable", err)
	}
	server, err = fake.Start(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	wait(t, "reconnected", func() bool { return c.Command("echo").Run() == nil })
}

func TestClosed(t *testing.T) {
	c, _ := start(t)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if err := c.Command("echo").Run(); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}
