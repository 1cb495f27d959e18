package client_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rootgate-project/rootgate/client"
)

func TestOutput(t *testing.T) {
	c, _ := start(t)
	got, err := c.Command("echo", "a", "b").Output()
	if string(got) != "a b\n" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	got, err = c.Command("both").Output()
	if string(got) != "to stdout\n" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	got, err = c.Command("both").CombinedOutput()
	if string(got) != "to stdout\nto stderr\n" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	got, err = c.Command("cut").Output()
	if string(got) != "part" || !errors.Is(err, client.ErrTruncated) {
		t.Errorf("got %q, %v, want a part and %v", got, err, client.ErrTruncated)
	}
	got, err = c.Command("cut").CombinedOutput()
	if string(got) != "part" || !errors.Is(err, client.ErrTruncated) {
		t.Errorf("got %q, %v, want a part and %v", got, err, client.ErrTruncated)
	}
}

func TestExitError(t *testing.T) {
	c, _ := start(t)
	for _, tt := range []struct {
		name    string
		args    []string
		code    int
		signal  syscall.Signal
		seccomp bool
		text    string
		stderr  string
	}{
		{"code", []string{"exit", "3"}, 3, 0, false, "exit status 3", "leaving\n"},
		{"last code", []string{"exit", "255"}, 255, 0, false, "exit status 255", "leaving\n"},
		{"signal", []string{"die", "9"}, -1, syscall.SIGKILL, false, "signal: killed", ""},
		{"seccomp", []string{"seccomp"}, -1, syscall.SIGSYS, true, "signal: bad system call (its seccomp profile", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := c.Command(tt.args[0], tt.args[1:]...).Output()
			var exit *client.ExitError
			if !errors.As(err, &exit) {
				t.Fatalf("got %v, want an ExitError", err)
			}
			if exit.ExitCode() != tt.code || exit.Signal() != tt.signal || exit.SeccompKilled() != tt.seccomp {
				t.Errorf("got code %d, signal %v, seccomp %v", exit.ExitCode(), exit.Signal(), exit.SeccompKilled())
			}
			wantContains(t, err.Error(), tt.text)
			if string(exit.Stderr) != tt.stderr {
				t.Errorf("got stderr %q, want %q", exit.Stderr, tt.stderr)
			}
		})
	}
}

func TestProcessState(t *testing.T) {
	c, _ := start(t)
	cmd := c.Command("cut")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	p := cmd.ProcessState
	if !p.Exited() || !p.Success() || p.Signal() != 0 || p.TakesStdin() {
		t.Errorf("got %v: exited %v, success %v, signal %v, stdin %v", p, p.Exited(), p.Success(), p.Signal(), p.TakesStdin())
	}
	if want := (client.Decision{Rule: "fake.cut", Line: 1, Generation: 7}); p.Decision() != want {
		t.Errorf("got %+v, want %+v", p.Decision(), want)
	}
	if want := (client.Usage{Wall: 12 * time.Millisecond, CPU: 3 * time.Millisecond, MaxRSS: 4096}); p.Usage() != want {
		t.Errorf("got %+v, want %+v", p.Usage(), want)
	}
	layers := p.Enforcement()
	if len(layers) != 1 || layers[0] != (client.Layer{Name: "seccomp", Enforced: true, Detail: "@default"}) {
		t.Errorf("got %+v", layers)
	}
	if p.ExecutionID() != "exec-1" || !p.StdoutTruncated() || p.StderrTruncated() {
		t.Errorf("got id %q, truncated %v %v", p.ExecutionID(), p.StdoutTruncated(), p.StderrTruncated())
	}
}

func TestRequest(t *testing.T) {
	c, _ := start(t)
	cmd := c.Command("env")
	cmd.Env = []string{"B=2", "A=x=y", "C="}
	cmd.Dir, cmd.Netns, cmd.Timeout = "/srv", "left", 1500*time.Millisecond
	got, err := cmd.Output()
	want := "cwd=/srv netns=left timeout=1.5s\nA=x=y\nB=2\nC=\n"
	if string(got) != want || err != nil {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

func TestRequestRefused(t *testing.T) {
	c, _ := start(t)
	for _, tt := range []struct {
		name   string
		change func(*client.Cmd)
		reason string
		index  int
	}{
		{"argument not UTF-8", func(c *client.Cmd) { c.Args = []string{"a", "\xff"} }, "INVALID_ARGV", 1},
		{"no arguments", func(c *client.Cmd) { c.Args = nil }, "INVALID_ARGV", -1},
		{"no equals sign", func(c *client.Cmd) { c.Env = []string{"A"} }, "INVALID_ENV", -1},
		{"no name", func(c *client.Cmd) { c.Env = []string{"=1"} }, "INVALID_ENV", -1},
		{"value not UTF-8", func(c *client.Cmd) { c.Env = []string{"A=\xff"} }, "INVALID_ENV", -1},
		{"name twice", func(c *client.Cmd) { c.Env = []string{"A=1", "A=1"} }, "INVALID_ENV", -1},
		{"directory not UTF-8", func(c *client.Cmd) { c.Dir = "/\xff" }, "INVALID_CWD", -1},
		{"namespace not UTF-8", func(c *client.Cmd) { c.Netns = "\xff" }, "INVALID_NETNS", -1},
		{"negative timeout", func(c *client.Cmd) { c.Timeout = -1 }, "INVALID_TIMEOUT", -1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cmd := c.Command("echo")
			tt.change(cmd)
			err := cmd.Run()
			var e *client.Error
			if !errors.As(err, &e) || !errors.Is(err, client.ErrInvalid) {
				t.Fatalf("got %v, want %v", err, client.ErrInvalid)
			}
			if e.Reason != tt.reason || e.ArgvIndex != tt.index {
				t.Errorf("got %s at %d, want %s at %d", e.Reason, e.ArgvIndex, tt.reason, tt.index)
			}
		})
	}
}

func TestOrder(t *testing.T) {
	c, _ := start(t)
	cmd := c.Command("echo")
	if err := cmd.Wait(); err == nil {
		t.Error("Wait before Start: no error")
	}
	if err := cmd.Signal(os.Interrupt); err == nil {
		t.Error("Signal before Start: no error")
	}
	if err := cmd.Run(); err != nil {
		t.Error(err)
	}
	if err := cmd.Start(); err == nil {
		t.Error("second Start: no error")
	}
	if err := cmd.Wait(); err == nil {
		t.Error("second Wait: no error")
	}
	if err := cmd.Signal(os.Interrupt); !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("Signal after the end: got %v, want %v", err, os.ErrProcessDone)
	}
	cmd = c.Command("echo")
	cmd.Stdout, cmd.Stderr, cmd.Stdin = io.Discard, io.Discard, strings.NewReader("")
	for name, call := range map[string]func() error{
		"Output":         func() error { _, err := cmd.Output(); return err },
		"CombinedOutput": func() error { _, err := cmd.CombinedOutput(); return err },
		"StdinPipe":      func() error { _, err := cmd.StdinPipe(); return err },
		"StdoutPipe":     func() error { _, err := cmd.StdoutPipe(); return err },
		"StderrPipe":     func() error { _, err := cmd.StderrPipe(); return err },
	} {
		if call() == nil {
			t.Errorf("%s with the field set: no error", name)
		}
	}
}

func TestMuchOutput(t *testing.T) {
	c, _ := start(t)
	cmd := c.Command("flood", "1000000")
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Run(); err != nil || out.Len() != 1000000 {
		t.Errorf("got %d bytes, %v, want 1000000", out.Len(), err)
	}
}

func TestTimeoutOfContext(t *testing.T) {
	c, server := start(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := c.CommandContext(ctx, "deaf").Run()
	if !errors.Is(err, client.ErrTimeout) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want %v and %v", err, client.ErrTimeout, context.DeadlineExceeded)
	}
	if err := server.WaitGone(t.Context(), 1); err != nil {
		t.Error(err)
	}
}
