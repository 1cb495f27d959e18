package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/rootgate-project/rootgate/client"
)

func (a *app) reload() *cobra.Command {
	return &cobra.Command{
		Use:   "reload",
		Short: "Have the server read its policy again (for administrators)",
		Long: `Have the server read its policy again. A policy with errors is refused, and the
one before stays in force.`,
		Args: arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), func(c *client.Client) error {
				p, err := c.Reload(cmd.Context())
				if err != nil {
					return err
				}
				if a.json() {
					return a.printMessage(p)
				}
				var b strings.Builder
				writePolicy(func(name, format string, args ...any) {
					fmt.Fprintf(&b, "%-9s %s\n", name, printable(fmt.Sprintf(format, args...)))
				}, p)
				return a.print("%s", b.String())
			})
		},
	}
}

func (a *app) ps() *cobra.Command {
	return &cobra.Command{
		Use:   "ps",
		Short: "List the commands that run now (for administrators)",
		Args:  arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), func(c *client.Client) error {
				list, err := c.Executions(cmd.Context())
				if err != nil {
					return err
				}
				if a.json() {
					return printMessages(a, "executions", list)
				}
				var b strings.Builder
				w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
				row(w, "EXECUTION", "UID", "PID", "RULE", "SINCE", "LIMIT", "COMMAND")
				for _, e := range list {
					row(w, e.GetExecutionId(), e.GetCallerUid(), e.GetPid(), place(e.GetRule(), int(e.GetLine())),
						e.GetStarted().AsTime().Format(time.RFC3339), e.GetTimeout().AsDuration(), words(e.GetArgv()))
				}
				if err := w.Flush(); err != nil {
					return err
				}
				return a.print("%s", b.String())
			})
		},
	}
}

// row writes one line of a table.
func row(w io.Writer, cells ...any) {
	text := make([]string, len(cells))
	for i, cell := range cells {
		text[i] = printable(fmt.Sprint(cell))
	}
	_, _ = io.WriteString(w, strings.Join(text, "\t")+"\n") // w is in memory
}

func (a *app) kill() *cobra.Command {
	return &cobra.Command{
		Use:   "kill EXECUTION",
		Short: "Kill a running command with all its processes (for administrators)",
		Args:  arguments("EXECUTION"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.with(cmd.Context(), func(c *client.Client) error {
				if err := c.Kill(cmd.Context(), args[0]); err != nil {
					return err
				}
				if a.json() {
					return a.printJSON(map[string]string{"killed": args[0]})
				}
				return nil
			})
		},
	}
}
