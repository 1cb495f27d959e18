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
	"testing/iotest"
	"time"

	"github.com/rootgate-project/rootgate/client"
)

func TestStdin(t *testing.T) {
	c, _ := start(t)
	big := strings.Repeat("0123456789abcdef", 40_000) // 640 kB, ten chunks
	for _, tt := range []struct {
		name  string
		stdin io.Reader
		want  string
	}{
		{"nil", nil, ""},
		{"empty", strings.NewReader(""), ""},
		{"big", strings.NewReader(big), big},
		{"big bytes", bytes.NewReader([]byte(big)), big},
		{"big buffer", bytes.NewBufferString(big), big},
		{"partly read", partlyRead("abc"), "bc"},
		{"byte by byte", iotest.OneByteReader(strings.NewReader("abc")), "abc"},
		{"end with data", iotest.DataErrReader(strings.NewReader("abc")), "abc"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cmd := c.Command("cat")
			cmd.Stdin = tt.stdin
			got, err := cmd.Output()
			if string(got) != tt.want || err != nil {
				t.Errorf("got %d bytes, %v, want %d", len(got), err, len(tt.want))
			}
		})
	}
}

func partlyRead(s string) io.Reader {
	r := strings.NewReader(s)
	_, _ = r.ReadByte()
	return r
}

// Input that is in memory is refused by a rule that takes none, and stays whole
// for another attempt.
func TestStdinRefused(t *testing.T) {
	c, _ := start(t)
	for name, stdin := range map[string]io.Reader{
		"string": strings.NewReader("abc"), "bytes": bytes.NewReader([]byte("abc")), "buffer": bytes.NewBufferString("abc"),
	} {
		cmd := c.Command("echo")
		cmd.Stdin = stdin
		var e *client.Error
		if err := cmd.Run(); !errors.As(err, &e) || e.Reason != "STDIN_NOT_ALLOWED" {
			t.Errorf("%s: got %v, want STDIN_NOT_ALLOWED", name, err)
		}
		cmd = c.Command("cat")
		cmd.Stdin = stdin
		if got, err := cmd.Output(); string(got) != "abc" || err != nil {
			t.Errorf("%s, again: got %q, %v", name, got, err)
		}
	}
	cmd := c.Command("echo")
	cmd.Stdin = strings.NewReader("")
	if err := cmd.Run(); err != nil {
		t.Errorf("empty input: %v", err)
	}
}

// untouched fails the test when it is read.
type untouched struct{ t *testing.T }

func (u untouched) Read([]byte) (int, error) {
	u.t.Error("stdin was read for a rule that takes none")
	return 0, io.EOF
}

func TestStdinNotRead(t *testing.T) {
	c, _ := start(t)
	cmd := c.Command("echo")
	cmd.Stdin = untouched{t}
	if err := cmd.Run(); err != nil {
		t.Error(err)
	}
	cmd = c.Command("deny")
	cmd.Stdin = untouched{t}
	if err := cmd.Run(); !errors.Is(err, client.ErrDenied) {
		t.Errorf("got %v, want %v", err, client.ErrDenied)
	}
}

// endless is input that never ends.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestStdinNotWanted(t *testing.T) {
	c, _ := start(t)
	cmd := c.Command("head")
	cmd.Stdin = endless{}
	if err := cmd.Run(); err != nil {
		t.Errorf("a command that ends before its input: %v", err)
	}
}

func TestStdinFails(t *testing.T) {
	c, server := start(t)
	broken := errors.New("broken")
	cmd := c.Command("cat")
	cmd.Stdin = io.MultiReader(strings.NewReader("half"), iotest.ErrReader(broken))
	if err := cmd.Run(); !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
	if err := server.WaitGone(t.Context(), 1); err != nil {
		t.Errorf("the command did not die: %v", err)
	}
}

// A read that is stuck when the command ends: a file is interrupted and loses
// nothing, another Reader is waited for as long as WaitDelay says.
func TestStdinStuck(t *testing.T) {
	c, _ := start(t)
	t.Run("file", func(t *testing.T) {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		defer w.Close()
		if _, err := w.WriteString("x"); err != nil {
			t.Fatal(err)
		}
		cmd := c.Command("head")
		cmd.Stdin = r
		if err := cmd.Run(); err != nil {
			t.Error(err)
		}
		if _, err := w.WriteString("later"); err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 16)
		n, err := r.Read(buf)
		if string(buf[:n]) != "later" || err != nil {
			t.Errorf("afterwards: got %q, %v", buf[:n], err)
		}
	})
	t.Run("reader", func(t *testing.T) {
		r, w := io.Pipe()
		cmd := c.Command("head")
		cmd.Stdin, cmd.WaitDelay = io.MultiReader(strings.NewReader("x"), r), time.Millisecond
		if err := cmd.Run(); !errors.Is(err, client.ErrWaitDelay) {
			t.Errorf("got %v, want %v", err, client.ErrWaitDelay)
		}
		_ = w.Close()
	})
}

func TestPipes(t *testing.T) {
	c, _ := start(t)
	cmd := c.Command("cat")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 16)
	for _, word := range []string{"one", "two"} {
		if _, err := io.WriteString(stdin, word); err != nil {
			t.Fatal(err)
		}
		n, err := stdout.Read(buf)
		if string(buf[:n]) != word || err != nil {
			t.Fatalf("got %q, %v, want %q", buf[:n], err, word)
		}
	}
	if err := errors.Join(stdin.Close(), stdin.Close()); err != nil {
		t.Error(err)
	}
	for name, r := range map[string]io.Reader{"stdout": stdout, "stderr": stderr} {
		if rest, err := io.ReadAll(r); len(rest) != 0 || err != nil {
			t.Errorf("%s: got %q, %v, want the end", name, rest, err)
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

func TestStdinPipeOfEndedCommand(t *testing.T) {
	c, _ := start(t)
	for _, name := range []string{"head", "echo"} {
		cmd := c.Command(name)
		stdin, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if err := swallow(stdin); !errors.Is(err, syscall.EPIPE) {
			t.Errorf("%s: got %v, want %v", name, err, syscall.EPIPE)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// swallow writes until it fails.
func swallow(w io.Writer) error {
	for {
		if _, err := io.WriteString(w, "more"); err != nil {
			return err
		}
	}
}

func TestPipesOfRefusedCommand(t *testing.T) {
	c, _ := start(t)
	cmd := c.Command("deny")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); !errors.Is(err, client.ErrDenied) {
		t.Errorf("got %v, want %v", err, client.ErrDenied)
	}
	if _, err := stdin.Write([]byte("x")); !errors.Is(err, os.ErrClosed) {
		t.Errorf("write: got %v, want %v", err, os.ErrClosed)
	}
	if _, err := stdout.Read(make([]byte, 1)); !errors.Is(err, os.ErrClosed) {
		t.Errorf("read: got %v, want %v", err, os.ErrClosed)
	}
}

// limited fails, or takes less than it is given, after n bytes.
type limited struct {
	n   int
	err error
}

func (l *limited) Write(p []byte) (int, error) {
	if len(p) > l.n {
		return l.n, l.err
	}
	l.n -= len(p)
	return len(p), nil
}

func TestWriterFails(t *testing.T) {
	c, _ := start(t)
	full := errors.New("full")
	for _, tt := range []struct {
		name string
		w    io.Writer
		want error
	}{
		{"error", &limited{100_000, full}, full},
		{"short", &limited{100_000, nil}, io.ErrShortWrite},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cmd := c.Command("flood", "100000000")
			cmd.Stdout = tt.w
			err := cmd.Run()
			if !errors.Is(err, tt.want) {
				t.Fatalf("got %v, want %v", err, tt.want)
			}
			wantContains(t, err.Error(), "write stdout: ")
		})
	}
	cmd := c.Command("exit", "1")
	cmd.Stderr = &limited{0, full}
	if err := cmd.Run(); !errors.Is(err, full) {
		t.Errorf("stderr: got %v, want %v", err, full)
	}
}

func TestSignal(t *testing.T) {
	c, _ := start(t)
	cmd := c.Command("wait")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for _, sig := range []os.Signal{syscall.SIGUSR1, syscall.SIGUSR1, syscall.SIGTERM} {
		if err := cmd.Signal(sig); err != nil {
			t.Fatal(err)
		}
	}
	got, err := io.ReadAll(stdout)
	want := "ready\ngot user defined signal 1\ngot user defined signal 1\ngot terminated\n"
	if string(got) != want || err != nil {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	var exit *client.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.Signal() != syscall.SIGTERM {
		t.Errorf("got %v, want the end by %v", err, syscall.SIGTERM)
	}
}

func TestSignalRefused(t *testing.T) {
	c, _ := start(t)
	cmd := c.Command("sulk")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	var e *client.Error
	if err := cmd.Wait(); !errors.As(err, &e) || !errors.Is(err, client.ErrDenied) || e.Reason != "SIGNAL_NOT_ALLOWED" {
		t.Errorf("got %v, want SIGNAL_NOT_ALLOWED", err)
	}
}

// A command that does not read its input still gets cancelled, and what waits
// for it returns.
func TestCancel(t *testing.T) {
	c, server := start(t)
	ctx, cancel := context.WithCancel(t.Context())
	cmd := c.CommandContext(ctx, "deaf")
	cmd.Stdin = endless{}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	cancel()
	err := cmd.Wait()
	var e *client.Error
	if !errors.Is(err, context.Canceled) || !errors.As(err, &e) || e.ExecutionID != "exec-1" {
		t.Errorf("got %v, want %v with the id", err, context.Canceled)
	}
	if err := server.WaitGone(t.Context(), 1); err != nil {
		t.Error(err)
	}
	if err := c.CommandContext(ctx, "echo").Run(); !errors.Is(err, context.Canceled) {
		t.Errorf("after the cancellation: got %v, want %v", err, context.Canceled)
	}
}

func TestServerDies(t *testing.T) {
	c, server := start(t)
	cmd := c.Command("wait")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(stdout, make([]byte, len("ready\n"))); err != nil {
		t.Fatal(err)
	}
	server.Stop()
	if err := cmd.Wait(); !errors.Is(err, client.ErrUnavailable) {
		t.Errorf("got %v, want %v", err, client.ErrUnavailable)
	}
}

func TestServerMisbehaves(t *testing.T) {
	c, _ := start(t)
	for _, name := range []string{"mute", "noend", "twice"} {
		t.Run(name, func(t *testing.T) {
			if err := c.Command(name).Run(); !errors.Is(err, client.ErrInternal) {
				t.Errorf("got %v, want %v", err, client.ErrInternal)
			}
		})
	}
}

// One Writer for both outputs is never called from two goroutines.
func TestOneWriterForBoth(t *testing.T) {
	c, _ := start(t)
	var both bytes.Buffer
	cmd := c.Command("both")
	cmd.Stdout, cmd.Stderr = &both, &both
	if err := cmd.Run(); err != nil || both.String() != "to stdout\nto stderr\n" {
		t.Errorf("got %q, %v", both.String(), err)
	}
}
