package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rootgate-project/rootgate/client"
	rootgatev1 "github.com/rootgate-project/rootgate/proto/rootgate/v1"
)

const explainLong = `Say what would be decided about a command, and why, without running it. Only the
request is judged: files, namespaces and processes of the host are looked at when
the command runs.

Exit status: 0 when it would be allowed, 126 when it would be refused, 125 when
there is no answer.`

func (a *app) explain() *cobra.Command {
	var r request
	var withStdin bool
	cmd := &cobra.Command{
		Use:   "explain [flags] -- ARGV...",
		Short: "Say what would be decided about a command",
		Long:  explainLong,
		Args:  needArgv,
		RunE: func(cmd *cobra.Command, argv []string) error {
			return a.with(cmd.Context(), func(c *client.Client) error {
				command := r.command(cmd.Context(), c, argv)
				if withStdin {
					command.Stdin = strings.NewReader("")
				}
				resp, err := command.Explain(cmd.Context())
				if err != nil {
					return err
				}
				return a.explained(resp)
			})
		},
	}
	r.flags(cmd)
	cmd.Flags().BoolVar(&withStdin, "stdin", false, "judge it as with bytes on standard input")
	return cmd
}

func (a *app) explained(resp *rootgatev1.ExplainResponse) error {
	var err error
	if a.json() {
		err = a.printMessage(resp)
	} else {
		err = a.print("%s", printableLines(resp.GetText()))
	}
	if err == nil && !resp.GetAllowed() {
		return &exit{status: statusRefused}
	}
	return err
}

func (a *app) list() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the commands that you may run",
		Args:  arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), func(c *client.Client) error {
				list, err := c.List(cmd.Context())
				if err != nil {
					return err
				}
				if a.json() {
					return printMessages(a, "commands", list)
				}
				return a.listed(list)
			})
		},
	}
}

func (a *app) listed(list []*rootgatev1.AllowedCommand) error {
	for _, c := range list {
		var takes []string
		if c.GetTakesStdin() {
			takes = append(takes, "stdin")
		}
		if c.GetNetns() != "" {
			takes = append(takes, "--netns "+c.GetNetns())
		}
		for _, name := range c.GetEnv() {
			takes = append(takes, "--env "+name)
		}
		text := fmt.Sprintf("%s  %s\n", place(c.GetRule(), int(c.GetLine())),
			printable(strings.TrimSpace(strings.Join(c.GetPrograms(), "|")+" "+c.GetUsage())))
		if len(takes) > 0 {
			text += "    takes " + printable(strings.Join(takes, ", ")) + "\n"
		}
		if c.GetWhy() != "" {
			text += "    " + printable(c.GetWhy()) + "\n"
		}
		if err := a.print("%s", text); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) status() *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Show the state of the server (for administrators)",
		Args:  arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), func(c *client.Client) error {
				s, err := c.Status(cmd.Context())
				if err != nil {
					return err
				}
				if a.json() {
					return a.printMessage(s)
				}
				return a.print("%s", statusText(s))
			})
		},
	}
}

func statusText(s *rootgatev1.GetStatusResponse) string {
	var b strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-9s %s\n", name, printable(fmt.Sprintf(format, args...)))
	}
	line("server", "%s, since %s", s.GetVersion(), s.GetStarted().AsTime().Format(time.RFC3339))
	line("commands", "%d running, %d queued", s.GetRunning(), s.GetQueued())
	writePolicy(line, s.GetPolicy())
	writable := "writable"
	if !s.GetAudit().GetWritable() {
		writable = "NOT WRITABLE: nothing runs"
	}
	line("audit", "record %d, head %s, %s", s.GetAudit().GetSeq(), s.GetAudit().GetHead(), writable)
	for _, f := range s.GetFeatures() {
		enabled := "no "
		if f.GetEnabled() {
			enabled = "yes"
		}
		line("feature", "%s %s %s", enabled, f.GetName(), f.GetDetail())
	}
	for _, name := range slices.Sorted(maps.Keys(s.GetLimits())) {
		line("limit", "%s %s", name, s.GetLimits()[name])
	}
	return b.String()
}

func writePolicy(line func(name, format string, args ...any), p *rootgatev1.PolicyStatus) {
	line("policy", "generation %d, %d rules, %d lines, loaded %s", p.GetGeneration(), p.GetRules(), p.GetLines(),
		p.GetLoaded().AsTime().Format(time.RFC3339))
	line("sha256", "%s", p.GetSha256())
	for _, rule := range p.GetProgramsMissing() {
		line("missing", "the program of %s", rule)
	}
	for _, finding := range p.GetFindings() {
		line("finding", "%s", finding)
	}
}
