package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	rootgatev1 "github.com/rootgate-project/rootgate/proto/rootgate/v1"
)

// connections is how many connections the concurrent callers share; below the
// server's default limit of 32 a user.
const connections = 16

// mebibyte is the output of the case with much output, in bytes.
const mebibyte = 1 << 20

// calls are the RPCs over connections that stay open.
type calls struct {
	conns    []*grpc.ClientConn
	commands []rootgatev1.CommandServiceClient
	health   healthpb.HealthClient
}

func connect(socket string) (*calls, error) {
	c := &calls{}
	for range connections {
		conn, err := grpc.NewClient("unix:"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			c.close()
			return nil, err
		}
		c.conns = append(c.conns, conn)
		c.commands = append(c.commands, rootgatev1.NewCommandServiceClient(conn))
	}
	c.health = healthpb.NewHealthClient(c.conns[0])
	return c, nil
}

func (c *calls) close() {
	for _, conn := range c.conns {
		_ = conn.Close()
	}
}

// runTrue is what the others are compared with: no context, no output, the least
// that os/exec does.
func runTrue(context.Context) error { return exec.Command("/bin/true").Run() }

// execute runs /bin/true over connection i.
func (c *calls) execute(ctx context.Context, i int) error {
	r, err := c.commands[i%connections].Execute(ctx, &rootgatev1.ExecuteRequest{Argv: []string{"/bin/true"}})
	if err != nil {
		return err
	}
	return exited(r.GetExitStatus())
}

// stream runs argv by ExecuteStream and returns how many bytes it wrote.
func (c *calls) stream(ctx context.Context, argv ...string) (int, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s, err := c.commands[0].ExecuteStream(ctx)
	if err != nil {
		return 0, err
	}
	start := &rootgatev1.ExecuteStreamRequest_Start{Start: &rootgatev1.ExecuteRequest{Argv: argv}}
	// An error of Send is the io.EOF of a stream that ended; Recv knows why.
	if err := s.Send(&rootgatev1.ExecuteStreamRequest{Message: start}); err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	var output bytes.Buffer
	var end *rootgatev1.Exited
	for {
		m, err := s.Recv()
		if errors.Is(err, io.EOF) {
			return output.Len(), exited(end.GetExitStatus())
		}
		if err != nil {
			return 0, err
		}
		output.Write(m.GetStdout())
		output.Write(m.GetStderr())
		if m.GetExited() != nil {
			end = m.GetExited()
		}
	}
}

func exited(s *rootgatev1.ExitStatus) error {
	if code, ok := s.GetStatus().(*rootgatev1.ExitStatus_Code); !ok || code.Code != 0 {
		return fmt.Errorf("got exit status %v, want code 0", s)
	}
	return nil
}

// Names of the cases.
const (
	osExec        = "os/exec, Run"
	osExecCapture = "os/exec, CombinedOutput"
	sudo          = "sudo -n /bin/true"
	bareRPC       = "bare RPC (health Check)"
	execute       = "Execute"
	stream        = "ExecuteStream"
	command       = "rootgate exec -- true"
	mebibyteOS    = "os/exec, CombinedOutput of 1 MiB"
	mebibyteRG    = "ExecuteStream of 1 MiB"
)

// cases are what is measured one at a time, each as a user would write it.
func cases(c *calls, bin, socket string) []benchCase {
	rootgate := filepath.Join(bin, "rootgate")
	zero := []string{"/usr/bin/head", "-c", fmt.Sprint(mebibyte), "/dev/zero"}
	return []benchCase{
		{osExec, runTrue},
		{execute, func(ctx context.Context) error { return c.execute(ctx, 0) }},
		{osExecCapture, func(context.Context) error {
			_, err := exec.Command("/bin/true").CombinedOutput()
			return err
		}},
		{stream, func(ctx context.Context) error {
			_, err := c.stream(ctx, "/bin/true")
			return err
		}},
		{bareRPC, func(ctx context.Context) error {
			_, err := c.health.Check(ctx, &healthpb.HealthCheckRequest{})
			return err
		}},
		{sudo, func(context.Context) error { return exec.Command("sudo", "-n", "/bin/true").Run() }},
		{command, func(context.Context) error {
			return exec.Command(rootgate, "--socket", socket, "exec", "--", "true").Run()
		}},
		{mebibyteOS, func(context.Context) error {
			out, err := exec.Command(zero[0], zero[1:]...).CombinedOutput()
			return errors.Join(err, whole(len(out)))
		}},
		{mebibyteRG, func(ctx context.Context) error {
			n, err := c.stream(ctx, zero...)
			return errors.Join(err, whole(n))
		}},
	}
}

func whole(n int) error {
	if n != mebibyte {
		return fmt.Errorf("got %d bytes of output, want %d", n, mebibyte)
	}
	return nil
}
