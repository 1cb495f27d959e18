package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rootgate-project/rootgate/client"
)

// Exit statuses of rootgate itself. Those below 125 are the command's own.
const (
	statusTimeout = 124 // a time limit ended the command
	statusTrouble = 125 // rootgate could not do it
	statusRefused = 126 // the request or the policy is the reason
	statusSignal  = 128 // plus the number of the signal that ended the command
)

// Exit statuses of the subcommands of policy and audit.
const (
	statusFindings   = 1 // a policy has findings, a log is broken
	statusUnreadable = 2 // no verdict: usage, or a file that cannot be read
)

// version is set by the linker.
var version = "devel"

// dialTimeout bounds the connection to a socket whose server does not answer.
const dialTimeout = 10 * time.Second

// app is one run of the command.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	socket, output string
}

// exit ends the run with a status. A nil err has been reported already.
type exit struct {
	status int
	err    error
}

func (e *exit) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit status %d", e.status)
	}
	return e.err.Error()
}

func (e *exit) Unwrap() error { return e.err }

// run is the whole command: it returns the exit status.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	a := &app{stdin: stdin, stdout: stdout, stderr: stderr}
	root := a.root()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	cmd, err := root.ExecuteContextC(context.Background())
	var done *exit
	switch {
	case err == nil:
		return 0
	case errors.As(err, &done):
		if done.err != nil {
			a.report(done.status, done.err)
		}
		return done.status
	default: // cobra's own errors are about usage
		a.report(usageStatus(cmd), fmt.Errorf("%w (see '%s --help')", err, cmd.CommandPath()))
		return usageStatus(cmd)
	}
}

// usageStatus depends on what could be mistaken for the result of a command:
// 2 is one that exec may pass on.
func usageStatus(cmd *cobra.Command) int {
	for ; cmd != nil; cmd = cmd.Parent() {
		if cmd.Name() == "policy" || cmd.Name() == "audit" {
			return statusUnreadable
		}
	}
	return statusTrouble
}

func (a *app) root() *cobra.Command {
	root := group(&cobra.Command{
		Use:               "rootgate",
		Short:             "Run privileged commands that a policy allows",
		Version:           version,
		SilenceUsage:      true,
		SilenceErrors:     true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return a.checkOutput(cmd) },
	})
	flags := root.PersistentFlags()
	flags.StringVar(&a.socket, "socket", "", "socket of rootgated (default $"+client.SocketVariable+" or "+client.DefaultSocket+")")
	flags.StringVarP(&a.output, "output", "o", "text", "form of the output: text or json")
	root.AddCommand(a.exec(), a.explain(), a.list(), a.status(), a.reload(), a.ps(), a.kill(), a.policy(), a.audit(), a.version())
	return root
}

// outputForms is the annotation of a command with more forms of output than text
// and json.
const outputForms = "output forms"

func (a *app) checkOutput(cmd *cobra.Command) error {
	forms := strings.Fields(cmp.Or(cmd.Annotations[outputForms], "text json"))
	if !slices.Contains(forms, a.output) {
		output := a.output
		a.output = "text"
		return fmt.Errorf("--output is %q, not %s", output, strings.Join(forms, " or "))
	}
	return nil
}

func (a *app) json() bool { return a.output == "json" }

func (a *app) version() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  arguments(),
		RunE: func(*cobra.Command, []string) error {
			if a.json() {
				return a.printJSON(map[string]string{"version": version})
			}
			return a.print("rootgate %s\n", version)
		},
	}
}

// dial connects to the server.
func (a *app) dial(ctx context.Context) (*client.Client, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	c, err := client.Dial(ctx, a.socket, client.WithUserAgent("rootgate/"+version))
	if err != nil {
		return nil, failed(err)
	}
	return c, nil
}

// with runs f with a connection and maps its error to an exit status.
func (a *app) with(ctx context.Context, f func(*client.Client) error) error {
	c, err := a.dial(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	return failed(f(c))
}

// failed gives an error of the client its exit status.
func failed(err error) error {
	var done *exit
	if err == nil || errors.As(err, &done) {
		return err
	}
	return &exit{status: statusOf(err), err: err}
}

// statusOf maps errors to exit statuses.
func statusOf(err error) int {
	var ended *client.ExitError
	switch {
	case errors.As(err, &ended) && ended.Signal() != 0:
		return statusSignal + int(ended.Signal())
	case errors.As(err, &ended) && ended.Exited():
		return ended.ExitCode()
	case errors.Is(err, client.ErrTimeout):
		return statusTimeout
	case errors.Is(err, client.ErrInvalid), errors.Is(err, client.ErrDenied),
		errors.Is(err, client.ErrPrecondition), errors.Is(err, client.ErrExhausted):
		return statusRefused
	default:
		return statusTrouble
	}
}
