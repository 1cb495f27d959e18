package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rootgate-project/rootgate/server/audit"
)

func (a *app) audit() *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "audit",
		Short: "Read and verify audit logs",
	})
	cmd.AddCommand(a.auditVerify(), a.auditShow())
	return cmd
}

const auditVerifyLong = `Recompute the chain of hashes of an audit log, a directory or one file. Every
record that was removed, moved or changed is found. That records are missing at
the end is found only against a hash that was kept elsewhere: the head that
'rootgate status' shows.

Exit status: 0 when the log is intact, 1 when it is broken, 2 when it cannot be
read. A command whose end the log does not hold is reported, and no error.`

func (a *app) auditVerify() *cobra.Command {
	var o audit.VerifyOptions
	cmd := &cobra.Command{
		Use:   "verify [flags] PATH",
		Short: "Verify the chain of an audit log",
		Long:  auditVerifyLong,
		Args:  arguments("PATH"),
		RunE: func(_ *cobra.Command, args []string) error {
			report, err := audit.Verify(args[0], o)
			if err != nil {
				return &exit{status: statusUnreadable, err: err}
			}
			if a.json() {
				err = a.printJSON(struct {
					Intact bool `json:"intact"`
					audit.Report
				}{report.Intact(), report})
			} else {
				err = a.print("%s", printableLines(report.String()))
			}
			if err == nil && !report.Intact() {
				return &exit{status: statusFindings}
			}
			return err
		},
	}
	cmd.Flags().StringVar(&o.Head, "head", "", "`hash` of a record that the log must hold")
	cmd.Flags().Uint64Var(&o.Seq, "seq", 0, "sequence `number` of that record")
	return cmd
}

func (a *app) auditShow() *cobra.Command {
	return &cobra.Command{
		Use:   "show PATH",
		Short: "Show the records of an audit log, the newest last",
		Long: `Show the records of an audit log, a directory or one file, the newest last. With
--output json the lines are those of the log. Nothing is verified.

Exit status: 0; 1 when lines were no records; 2 when the log cannot be read.`,
		Args: arguments("PATH"),
		RunE: func(_ *cobra.Command, args []string) error {
			r, err := audit.OpenReader(args[0])
			if err != nil {
				return &exit{status: statusUnreadable, err: err}
			}
			defer func() { _ = r.Close() }()
			return a.show(r)
		},
	}
}

func (a *app) show(r *audit.Reader) error {
	status := 0
	for {
		entry, err := r.Next()
		var bad *audit.LineError
		switch {
		case errors.Is(err, io.EOF) && status == 0:
			return nil
		case errors.Is(err, io.EOF):
			return &exit{status: status}
		case errors.As(err, &bad):
			status = statusFindings
			_, _ = io.WriteString(a.stderr, "rootgate: "+printable(bad.Error())+"\n")
			continue
		case err != nil:
			return &exit{status: statusUnreadable, err: err}
		}
		if a.json() {
			err = a.print("%s\n", entry.Raw)
		} else {
			err = a.print("%s\n", recordLine(&entry.Record))
		}
		if err != nil {
			return err
		}
	}
}

// recordLine shows a record on one line.
func recordLine(r *audit.Record) string {
	var b strings.Builder
	add := func(format string, args ...any) {
		b.WriteString("  ")
		b.WriteString(printable(fmt.Sprintf(format, args...)))
	}
	fmt.Fprintf(&b, "%6d  %s  %-8s", r.Seq, r.Wall.UTC().Format("2006-01-02 15:04:05.000"), r.Type)
	if r.Caller != nil {
		add("uid %d", r.Caller.UID)
	}
	if r.Rule != "" {
		add("%s", ruleOf(r))
	}
	if r.Request != nil {
		add("%s", words(r.Request.Argv))
		if r.Request.Netns != "" {
			add("in %s", r.Request.Netns)
		}
	}
	addLaunch(add, r.Launch)
	addOutcome(add, r.Outcome)
	if r.Reason != "" {
		add("%s", r.Reason)
	}
	if r.Message != "" {
		add("%s", r.Message)
	}
	if r.Type == audit.TypeReload && r.PolicyGeneration > 0 {
		add("generation %d", r.PolicyGeneration)
	}
	if r.Count > 0 {
		add("%d refusals", r.Count)
	}
	if r.Version != "" {
		add("version %s", r.Version)
	}
	if r.ExecutionID != "" {
		add("[%s]", r.ExecutionID)
	}
	return b.String()
}

// ruleOf names the rule of a record and, of a nested command, those around it.
func ruleOf(r *audit.Record) string {
	if len(r.Chain) == 0 {
		return place(r.Rule, int(r.Line))
	}
	links := make([]string, 0, len(r.Chain))
	for _, l := range r.Chain {
		links = append(links, place(l.Rule, int(l.Line)))
	}
	return strings.Join(links, " > ")
}

func addLaunch(add func(string, ...any), l *audit.Launch) {
	if l == nil {
		return
	}
	add("as %d:%d", l.UID, l.GID)
	if len(l.Caps) > 0 {
		add("with %s", strings.Join(l.Caps, ","))
	}
}

func addOutcome(add func(string, ...any), o *audit.Outcome) {
	switch {
	case o == nil:
		return
	case o.LaunchError != "":
		add("not launched: %s", o.LaunchError)
		return
	case o.SeccompKilled:
		add("killed by its seccomp profile")
	case o.Signal != 0:
		add("signal %d", o.Signal)
	default:
		add("exit %d", o.Code)
	}
	if o.EndedBy != "" {
		add("ended by %s", o.EndedBy)
	}
	add("%.1f ms, %d bytes out", float64(o.WallNS)/1e6, o.StdoutBytes+o.StderrBytes)
}
