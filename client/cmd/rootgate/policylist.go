package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rootgate-project/rootgate/policy"
	"github.com/rootgate-project/rootgate/policy/vet"
)

const policyListLong = `List the usage lines of a policy by program, each rule with its callers, its
profile, what it may do and the author's reason. With --caller, those lines alone
that the caller may run: a name, or a number, with the groups that are given and no
others.

Exit status: 0, also when there is nothing to list; 2 when the policy cannot be
read.`

func (a *app) policyList() *cobra.Command {
	var paths []string
	var caller string
	cmd := &cobra.Command{
		Use:   "list --policy PATH [--caller USER[:GROUP,...]]",
		Short: "List what a policy allows, by program",
		Long:  policyListLong,
		Args:  arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			admits := func(*policy.Rule) bool { return true }
			if caller != "" {
				c, err := parseCaller(caller)
				if err != nil {
					return &exit{status: statusUnreadable, err: err}
				}
				admits = func(r *policy.Rule) bool { return r.Admits(c) }
			}
			s, err := a.askedPolicy(cmd.Context(), paths)
			if err != nil {
				return &exit{status: statusUnreadable, err: err}
			}
			list := listRules(s, admits)
			if a.json() {
				return a.printJSON(map[string]any{"programs": list})
			}
			return a.print("%s", listText(list))
		},
	}
	policyFlags(cmd, &paths, &caller)
	return cmd
}

// listedProgram is a program with the rules that run it.
type listedProgram struct {
	Program string       `json:"program"`
	Rules   []listedRule `json:"rules"`
}

type listedRule struct {
	Rule    string       `json:"rule"`
	File    string       `json:"file"`
	Line    int          `json:"file_line"`
	Callers []string     `json:"callers"` // empty: nobody may call it directly
	Profile string       `json:"profile"`
	Effect  string       `json:"effect"`
	Netns   string       `json:"netns,omitempty"`
	Env     []string     `json:"env,omitempty"`
	Stdin   bool         `json:"stdin"`
	Why     string       `json:"why,omitempty"`
	Lines   []listedLine `json:"lines"`
}

type listedLine struct {
	Line  int    `json:"line"`
	Usage string `json:"usage"`
}

func listRules(s *policy.Snapshot, admits func(*policy.Rule) bool) []listedProgram {
	index := map[string]int{}
	out := []listedProgram{}
	for _, r := range s.Rules() {
		if !admits(r) {
			continue
		}
		for _, p := range r.Programs {
			at, ok := index[p.Path]
			if !ok {
				at = len(out)
				index[p.Path] = at
				out = append(out, listedProgram{Program: p.Path})
			}
			out[at].Rules = append(out[at].Rules, newListedRule(r))
		}
	}
	slices.SortFunc(out, func(a, b listedProgram) int { return strings.Compare(a.Program, b.Program) })
	return out
}

func newListedRule(r *policy.Rule) listedRule {
	out := listedRule{
		Rule: string(r.ID), File: r.Pos.File, Line: r.Pos.Line, Callers: []string{}, Profile: string(r.Profile),
		Effect: vet.EffectText(r), Stdin: r.Stdin.Max > 0, Why: r.Why,
	}
	for _, c := range r.Callers {
		out.Callers = append(out.Callers, c.String())
	}
	if r.Netns.Type != nil {
		out.Netns = r.Netns.Type.String()
	}
	for _, p := range r.Env.Pass {
		out.Env = append(out.Env, p.Name)
	}
	for _, l := range r.Lines {
		out.Lines = append(out.Lines, listedLine{l.Number, l.Text})
	}
	return out
}

func listText(list []listedProgram) string {
	var b strings.Builder
	line := func(format string, args ...any) { b.WriteString(printable(fmt.Sprintf(format, args...)) + "\n") }
	for _, p := range list {
		line("%s", p.Program)
		for _, r := range p.Rules {
			for _, l := range r.Lines {
				line("%s", strings.TrimRight(fmt.Sprintf("  %s:%d  %s", r.Rule, l.Line, l.Usage), " "))
			}
			callers := "nobody directly"
			if len(r.Callers) > 0 {
				callers = strings.Join(r.Callers, ", ")
			}
			line("      for %s; %s, profile %s  (%s:%d)", callers, r.Effect, r.Profile, r.File, r.Line)
			if r.Why != "" {
				line("      %s", r.Why)
			}
		}
	}
	return b.String()
}
