package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rootgate-project/rootgate/policy"
	"github.com/rootgate-project/rootgate/policy/argv"
	"github.com/rootgate-project/rootgate/policy/vet"
)

const policyWhoCanLong = `Say which callers may run a command, by which line of which rule, and what it may
do then. Callers are shown as rules name them; whoever is one of them may run it.
One argument with spaces in it is split as in the tests of a rule. Without --netns,
a rule that runs in a network namespace only is asked in one of its own.

Exit status: 0 when somebody may, 1 when nobody may, 2 when there is no verdict.`

func (a *app) policyWhoCan() *cobra.Command {
	var paths []string
	var r policy.Request
	cmd := &cobra.Command{
		Use:   "who-can --policy PATH [flags] ARGV...",
		Short: "Say who may run a command",
		Long:  policyWhoCanLong,
		Args:  needArgv,
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.askedPolicy(cmd.Context(), paths)
			if err == nil {
				r.Argv, err = typed(args)
			}
			if err != nil {
				return &exit{status: statusUnreadable, err: err}
			}
			return a.printUses(s, r, vet.WhoCan(s, r))
		},
	}
	policyFlags(cmd, &paths, nil)
	cmd.Flags().StringVar(&r.Netns, "netns", "", "network `namespace` that is asked for")
	cmd.Flags().StringVar(&r.Cwd, "cwd", "", "`directory` that is asked for")
	cmd.Flags().BoolVar(&r.Stdin, "stdin", false, "judge it as with bytes on standard input")
	cmd.Flags().SetInterspersed(false) // what follows the program is the program's
	return cmd
}

// typed returns the arguments of a command, one of which may be all of it.
func typed(args []string) ([]string, error) {
	if len(args) == 1 && strings.Contains(args[0], " ") {
		return argv.SplitTest(args[0])
	}
	return args, nil
}

// jsonUse is a way to run a command.
type jsonUse struct {
	Caller   string `json:"caller"`
	Rule     string `json:"rule"`
	Line     int    `json:"line"`
	File     string `json:"file"`
	FileLine int    `json:"file_line"`
	Netns    string `json:"netns,omitempty"`
	Effect   string `json:"effect"`
}

func (a *app) printUses(s *policy.Snapshot, r policy.Request, uses []vet.Use) error {
	out := []jsonUse{}
	for _, u := range uses {
		rule, line := u.Decision.Rule, u.Decision.Line
		pos := linePos(rule, line)
		out = append(out, jsonUse{
			Caller: u.Caller.String(), Rule: string(rule.ID), Line: line, File: pos.File, FileLine: pos.Line,
			Netns: u.Request.Netns, Effect: vet.EffectText(rule),
		})
	}
	var err error
	if a.json() {
		err = a.printJSON(map[string]any{"uses": out})
	} else {
		err = a.print("%s", usesText(s, r, out))
	}
	if err == nil && len(out) == 0 {
		return &exit{status: statusFindings}
	}
	return err
}

func usesText(s *policy.Snapshot, r policy.Request, uses []jsonUse) string {
	if len(uses) == 0 {
		return "nobody\n" + printableLines(s.DecideForAnyone(r).Explain(r))
	}
	var b strings.Builder
	for _, u := range uses {
		where := ""
		if u.Netns != "" {
			where = " in the namespace " + u.Netns
		}
		b.WriteString(printable(fmt.Sprintf("%s  by %s%s, %s  (%s:%d)",
			u.Caller, place(u.Rule, u.Line), where, u.Effect, u.File, u.FileLine)) + "\n")
	}
	return b.String()
}

// linePos returns where a line of a rule stands, or the rule.
func linePos(r *policy.Rule, line int) policy.Position {
	for _, l := range r.Lines {
		if l.Number == line {
			return l.Pos
		}
	}
	return r.Pos
}
