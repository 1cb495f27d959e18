package harness

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/rootgate-project/rootgate/client"
)

// User is who a process or a connection is. No account needs to exist.
type User struct {
	UID, GID uint32
	Groups   []uint32 // supplementary
}

// The users of the tests. Outsider is in no group that may connect. No other test
// uses these ids: the sandbox's have attackers that signal all of their uid.
var (
	Root     = User{}
	Alice    = User{UID: 60101, GID: 60101, Groups: []uint32{SocketGID}}
	Bob      = User{UID: 60102, GID: 60102, Groups: []uint32{SocketGID}}
	Outsider = User{UID: 60103, GID: 60103}
)

// As returns a command that runs as the user, with an environment of PATH
// and the server's socket. It is killed when the test ends.
func (s *Server) As(u User, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(s.t.Context(), name, args...)
	cmd.Dir = "/"
	cmd.Env = environment(client.SocketVariable + "=" + s.Socket)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: u.UID, Gid: u.GID, Groups: u.Groups}}
	return cmd
}

// Result is the end of a command.
type Result struct {
	Status         int // exit status, or 128 plus the signal
	Stdout, Stderr string
}

// Collect runs a command to its end.
func Collect(t testing.TB, cmd *exec.Cmd, stdin io.Reader) Result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &stdout, &stderr
	err := cmd.Run()
	if ended := new(exec.ExitError); err != nil && !errors.As(err, &ended) {
		t.Fatalf("%q: %v", cmd.Args, err)
	}
	return Result{Status: StatusOf(cmd.ProcessState), Stdout: stdout.String(), Stderr: stderr.String()}
}

// StatusOf is what a shell calls the status of a process.
func StatusOf(p *os.ProcessState) int {
	if w, ok := p.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return 128 + int(w.Signal())
	}
	return p.ExitCode()
}

// Rootgate runs the command rootgate as the user.
func (s *Server) Rootgate(u User, args ...string) Result {
	s.t.Helper()
	return Collect(s.t, s.As(u, Program(s.t, "rootgate"), args...), nil)
}

// Exec runs a command through rootgate exec as the user.
func (s *Server) Exec(u User, argv ...string) Result {
	s.t.Helper()
	return s.Rootgate(u, append([]string{"exec", "--"}, argv...)...)
}

// dial connects to the socket as the user: from a thread that takes the ids and
// ends with the connection made. The raw calls change that thread alone. As a
// list of groups cannot be set that way, the first of Groups is the gid instead.
func (u User) dial(ctx context.Context, socket string) (net.Conn, error) {
	type result struct {
		conn net.Conn
		err  error
	}
	made := make(chan result, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread must not be used again
		if err := u.become(); err != nil {
			made <- result{nil, err}
			return
		}
		conn, err := new(net.Dialer).DialContext(ctx, "unix", socket)
		made <- result{conn, err}
	}()
	r := <-made
	return r.conn, r.err
}

func (u User) become() error {
	if u.UID == 0 {
		return nil
	}
	gid := u.GID
	if len(u.Groups) > 0 {
		gid = u.Groups[0]
	}
	for _, call := range [][4]uintptr{
		{syscall.SYS_SETGROUPS, 0, 0, 0},
		{syscall.SYS_SETRESGID, uintptr(gid), uintptr(gid), uintptr(gid)},
		{syscall.SYS_SETRESUID, uintptr(u.UID), uintptr(u.UID), uintptr(u.UID)},
	} {
		if _, _, errno := syscall.RawSyscall(call[0], call[1], call[2], call[3]); errno != 0 {
			return errno
		}
	}
	return nil
}

// Client returns a Go client of the user, closed at the end of the test.
func (s *Server) Client(u User) *client.Client {
	s.t.Helper()
	c, err := s.Dial(u)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = c.Close() })
	return c
}

// Dial is Client for a test that closes it itself, or expects an error.
func (s *Server) Dial(u User) (*client.Client, error) {
	return client.Dial(s.t.Context(), s.Socket, client.WithDialer(func(ctx context.Context) (net.Conn, error) {
		return u.dial(ctx, s.Socket)
	}))
}

// Raw connects to the socket as the user, for a test that speaks for itself.
func (s *Server) Raw(ctx context.Context, u User) (net.Conn, error) { return u.dial(ctx, s.Socket) }

// Conn returns a bare gRPC connection of the user.
func (s *Server) Conn(u User) *grpc.ClientConn {
	s.t.Helper()
	conn, err := grpc.NewClient("passthrough:///rootgate", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return u.dial(ctx, s.Socket) }))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = conn.Close() })
	return conn
}
