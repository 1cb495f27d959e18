package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/rootgate-project/rootgate/client"
)

const execLong = `Run a command through rootgated, with this process's standard input, output and
error. No shell sees ARGV.

Standard input is read only when the rule takes it. SIGINT, SIGTERM, SIGHUP,
SIGQUIT, SIGUSR1 and SIGUSR2 are passed on; a second SIGINT or SIGTERM, or one
that the rule does not let through, kills the command.

Exit status: the command's own; 128+n when signal n ended it; 124 when a time
limit did; 126 when it was refused; 125 when rootgate itself could not run it.

With --output json, standard output is one object: exit_status, execution_id,
rule, line, then code or signal, stdout and stderr (stdout_base64 and
stderr_base64 where they are not UTF-8), stdout_truncated, stderr_truncated,
seccomp_killed, usage {wall_ns, cpu_ns, max_rss_bytes}, enforcement [{name,
enforced, detail}], and error {kind, reason, message, ...} when the command was
refused or did not end by itself.`

// request is what the flags of exec and explain say about a command.
type request struct {
	env     []string
	dir     string
	netns   string
	timeout time.Duration
}

func (r *request) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&r.env, "env", nil, "environment variable `NAME=VALUE`, may be repeated")
	flags.StringVar(&r.dir, "cwd", "", "working `directory`")
	flags.StringVar(&r.netns, "netns", "", "network `namespace` to run in")
	// What follows the first argument belongs to the command, with or without --.
	flags.SetInterspersed(false)
}

func (r *request) command(ctx context.Context, c *client.Client, argv []string) *client.Cmd {
	cmd := c.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env, cmd.Dir, cmd.Netns, cmd.Timeout = r.env, r.dir, r.netns, r.timeout
	return cmd
}

func (a *app) exec() *cobra.Command {
	var r request
	cmd := &cobra.Command{
		Use:   "exec [flags] -- ARGV...",
		Short: "Run a command",
		Long:  execLong,
		Args:  needArgv,
		RunE: func(cmd *cobra.Command, argv []string) error {
			// Zero is no limit nowhere, and here it is not "as long as the
			// rule allows" either.
			if cmd.Flags().Changed("timeout") && r.timeout <= 0 {
				return fmt.Errorf("--timeout is %v, expected above zero", r.timeout)
			}
			return a.runExec(cmd.Context(), &r, argv)
		},
	}
	r.flags(cmd)
	cmd.Flags().DurationVar(&r.timeout, "timeout", 0, "limit of the wall clock time, such as 10s")
	return cmd
}

func needArgv(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return errors.New("the command to run is missing")
	}
	return nil
}

func (a *app) runExec(ctx context.Context, r *request, argv []string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	f := forward(cancel)
	defer f.stop()
	c, err := a.dial(ctx)
	if err != nil {
		if sig := f.stop(); sig != 0 {
			return &exit{status: statusSignal + int(sig)}
		}
		return err
	}
	defer func() { _ = c.Close() }()

	cmd := r.command(ctx, c, argv)
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = a.stdin, a.stdout, a.stderr
	if a.json() {
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
	}
	err = cmd.Start()
	if err == nil {
		f.attach(cmd)
		err = cmd.Wait()
	}
	status := 0
	if err != nil {
		status = statusOf(err)
	}
	sig := f.stop()
	killed := sig != 0 && killedBy(err, sig)
	if killed {
		status = statusSignal + int(sig)
	}
	if a.json() {
		if err := a.printJSON(newResult(status, cmd.ProcessState, err, stdout.Bytes(), stderr.Bytes())); err != nil {
			return err
		}
	} else {
		if killed {
			_, _ = fmt.Fprintf(a.stderr, "rootgate: the command was killed, because of signal: %v\n", sig)
		}
		_, _ = io.WriteString(a.stderr, remarks(err, cmd.ProcessState, argv))
	}
	if status == 0 {
		return nil
	}
	return &exit{status: status}
}

// killedBy reports whether err says that the command ended because this process
// was told to end by sig.
func killedBy(err error, sig syscall.Signal) bool {
	var e *client.Error
	if !errors.As(err, &e) {
		return false
	}
	refused := e.Reason == "SIGNAL_NOT_ALLOWED" && sig != syscall.SIGUSR1 && sig != syscall.SIGUSR2
	return refused || errors.Is(err, context.Canceled)
}

// remarks are what a person is told besides the exit status.
func remarks(err error, p *client.ProcessState, argv []string) string {
	text := ""
	if p != nil && p.StdoutTruncated() {
		text += "rootgate: standard output was cut at the rule's limit\n"
	}
	if p != nil && p.StderrTruncated() {
		text += "rootgate: standard error was cut at the rule's limit\n"
	}
	var ended *client.ExitError
	var refused *client.Error
	switch {
	case err == nil, errors.Is(err, context.Canceled):
	case errors.As(err, &ended):
		if !ended.Exited() {
			text += "rootgate: the command was ended by " + ended.String() + "\n"
		}
	default:
		errors.As(err, &refused)
		text += "rootgate: " + printable(err.Error()) + "\n" + details(refused, argv)
	}
	return text
}
