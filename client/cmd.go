package client

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"time"
)

// Cmd is a command to be run by rootgated. It runs once. Its fields may not
// change between Start and the return of Wait, and its methods may not be called
// from several goroutines at once, except Signal.
type Cmd struct {
	// Args is the argument vector; Args[0] is the program as the policy names it,
	// by path or by basename. No shell sees it.
	Args []string
	// Env holds "NAME=VALUE" entries that the rule must allow. Nothing else of
	// this process's environment reaches the command. A name that comes twice is
	// an error.
	Env []string
	// Dir is the working directory, absolute. Empty: the rule's.
	Dir string
	// Netns is the name of the network namespace to run in. Empty: the server's
	// own.
	Netns string
	// Timeout limits the wall clock time; the shorter of it and the rule's limit
	// holds. Zero: the rule's.
	Timeout time.Duration

	// Stdin is read once the server said that the rule takes input, and not
	// otherwise. An error of it, other than io.EOF, ends the command. Input that
	// a command leaves is not an error. A *bytes.Buffer, *bytes.Reader or
	// *strings.Reader that holds something goes along with the request, so that a
	// rule that takes no input refuses it; it too stays unread then.
	Stdin io.Reader
	// Stdout and Stderr receive the output as it arrives, from one goroutine.
	// When one fails, the command is killed and Wait returns that error. Nil
	// discards.
	Stdout, Stderr io.Writer
	// WaitDelay bounds how long Wait waits, after the end of the command, for a
	// read of Stdin to return. Zero: no bound. It is not needed for an *os.File,
	// which is interrupted where it can be and left alone where it cannot.
	WaitDelay time.Duration

	// ProcessState is set by Start once the command was allowed, and complete
	// after Wait.
	ProcessState *ProcessState

	client *Client
	ctx    context.Context //nolint:containedctx // as in os/exec: it belongs to the command, whose methods take none
	call   *call
	waited bool
	// outputs are the ends of pipes that the command's output goes into, closed
	// when there is no more; after are closed by Wait.
	outputs, after []io.Closer
	input          *os.File // read end of StdinPipe
}

// Command returns the command name with the arguments arg.
func (c *Client) Command(name string, arg ...string) *Cmd {
	return c.CommandContext(context.Background(), name, arg...)
}

// CommandContext is Command with a context whose end kills the command. Its
// deadline is one of the command's time limits.
func (c *Client) CommandContext(ctx context.Context, name string, arg ...string) *Cmd {
	return &Cmd{Args: append([]string{name}, arg...), client: c, ctx: ctx}
}

// Run starts the command and waits for its end.
func (c *Cmd) Run() error {
	if err := c.Start(); err != nil {
		return err
	}
	return c.Wait()
}

// ErrTruncated says that the command succeeded, but wrote more than its rule lets
// through.
var ErrTruncated = errors.New("output truncated at the rule's limit")

// Output runs the command and returns its standard output. An [*ExitError] holds
// the standard error, unless Stderr was set. [ErrTruncated] comes with the part
// that was let through.
func (c *Cmd) Output() ([]byte, error) {
	if c.Stdout != nil {
		return nil, errors.New("stdout is already set")
	}
	var stdout bytes.Buffer
	var stderr headTail
	c.Stdout = &stdout
	collect := c.Stderr == nil
	if collect {
		c.Stderr = &stderr
	}
	err := c.Run()
	var exit *ExitError
	if collect && errors.As(err, &exit) {
		exit.Stderr = stderr.bytes()
	}
	if err == nil && c.ProcessState.StdoutTruncated() {
		err = ErrTruncated
	}
	return stdout.Bytes(), err
}

// CombinedOutput runs the command and returns its standard output and standard
// error in the order of their arrival, which need not be that of their writing.
func (c *Cmd) CombinedOutput() ([]byte, error) {
	if c.Stdout != nil || c.Stderr != nil {
		return nil, errors.New("stdout or stderr is already set")
	}
	var both bytes.Buffer
	c.Stdout, c.Stderr = &both, &both
	err := c.Run()
	if err == nil && (c.ProcessState.StdoutTruncated() || c.ProcessState.StderrTruncated()) {
		err = ErrTruncated
	}
	return both.Bytes(), err
}

// keep is how much of the beginning and of the end headTail holds, in bytes.
const keep = 32 << 10

// headTail keeps the beginning and the end of what is written to it.
type headTail struct {
	head, tail []byte
	dropped    bool
}

func (h *headTail) Write(p []byte) (int, error) {
	n := len(p)
	room := min(keep-len(h.head), n)
	h.head = append(h.head, p[:room]...)
	h.tail = append(h.tail, p[room:]...)
	if excess := len(h.tail) - keep; excess > 0 {
		h.tail = append(h.tail[:0], h.tail[excess:]...)
		h.dropped = true
	}
	return n, nil
}

func (h *headTail) bytes() []byte {
	if h.dropped {
		return slices.Concat(h.head, []byte("\n... left out ...\n"), h.tail)
	}
	return slices.Concat(h.head, h.tail)
}
