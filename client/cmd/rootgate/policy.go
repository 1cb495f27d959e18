package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rootgate-project/rootgate/policy"
)

func (a *app) policy() *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "policy",
		Short: "Check and prove policies",
	})
	cmd.AddCommand(a.policyCheck(), a.policyTest(), a.policyVet(),
		a.policyDiff(), a.policyDecide(), a.policyWhoCan(), a.policyList(), a.policySample(), a.policyReplay(),
		a.policyShow(), a.policyFmt())
	cmd.AddCommand(a.policySchema())
	cmd.AddCommand(a.policyImport())
	return cmd
}

const policyCheckLong = `Load a policy as rootgated does and print what there is to say about it. PATH is a
file, or a directory of which every *.yaml is taken. All of them are one policy.

With --host, what the policy finds on this machine counts too: who may write its
files and its programs, and whether the programs are there.

Exit status: 0 when nothing was found, or only notes (N); 1 when there are errors
(E) or warnings (W); 2 when there is no verdict.`

func (a *app) policyCheck() *cobra.Command {
	var host bool
	cmd := &cobra.Command{
		Use:   "check [flags] PATH...",
		Short: "Check a policy",
		Long:  policyCheckLong,
		Args:  arguments("PATH..."),
		RunE: func(cmd *cobra.Command, paths []string) error {
			l, err := load(cmd.Context(), paths, policy.Options{})
			if err != nil {
				return &exit{status: statusUnreadable, err: err}
			}
			if host {
				l.findings = append(l.findings, checkFiles(l.files)...)
				l.findings = append(l.findings, checkPrograms(l.snapshot.Rules())...)
			}
			return a.judged(l, l.summary("clean"))
		},
	}
	cmd.Flags().BoolVar(&host, "host", false, "check what stands on this machine, too")
	return cmd
}

const policyTestLong = `Load a policy, which runs the tests in it, and say how many there were. A test
that fails is an error of the policy.

With --coverage, say what the allow tests use of each usage line: of how many
alternatives of its brackets and sets, and which of them no test has.

Exit status: as policy check.`

func (a *app) policyTest() *cobra.Command {
	var o policy.Options
	cmd := &cobra.Command{
		Use:   "test [flags] PATH...",
		Short: "Run the tests of a policy",
		Long:  policyTestLong,
		Args:  arguments("PATH..."),
		RunE: func(cmd *cobra.Command, paths []string) error {
			l, err := load(cmd.Context(), paths, o)
			if err != nil {
				return &exit{status: statusUnreadable, err: err}
			}
			if o.Coverage {
				return a.covered(l)
			}
			return a.judged(l, l.summary("tests passed"))
		},
	}
	cmd.Flags().BoolVar(&o.Coverage, "coverage", false, "say what the tests use of each line")
	return cmd
}

// loaded is a policy as far as it could be read.
type loaded struct {
	files    []policy.File
	snapshot *policy.Snapshot
	findings policy.Findings
}

func load(ctx context.Context, paths []string, o policy.Options) (*loaded, error) {
	files, notes, err := readLayers(paths)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, policy.LoadTimeout)
	defer cancel()
	snapshot, findings := policy.Load(ctx, files, o)
	return &loaded{files, snapshot, append(notes, findings...)}, nil
}

func (l *loaded) summary(verdict string) string {
	lines := 0
	for _, r := range l.snapshot.Rules() {
		lines += len(r.Lines)
	}
	return fmt.Sprintf("%d files, %d rules, %d lines: %s", len(l.files), len(l.snapshot.Rules()), lines, verdict)
}

// bad reports whether there are findings of weight.
func (l *loaded) bad() bool {
	return slices.ContainsFunc(l.findings, func(f policy.Finding) bool { return f.Severity != policy.SeverityNote })
}

// judged prints the findings, or the text when there are none of weight.
func (a *app) judged(l *loaded, clean string) error {
	bad := l.bad()
	return ended(a.printFindings(l, bad, clean), bad)
}

// ended is the end of a command that found something bad or did not.
func ended(err error, bad bool) error {
	switch {
	case err != nil:
		return &exit{status: statusUnreadable, err: err}
	case bad:
		return &exit{status: statusFindings}
	}
	return nil
}

func (a *app) printFindings(l *loaded, bad bool, clean string) error {
	if a.json() {
		return a.printJSON(newVerdict(l, !bad))
	}
	if bad {
		clean = fmt.Sprintf("%d files, %d findings", len(l.files), len(l.findings))
	}
	return a.print("%s%s\n", l.text(), clean)
}

// text is the findings for a person.
func (l *loaded) text() string {
	var b strings.Builder
	for _, f := range l.findings {
		b.WriteString(printable(f.String()) + "\n")
		if f.Excerpt != "" {
			b.WriteString(indent(f.Excerpt))
		}
		if len(f.Witness) > 0 {
			b.WriteString("    for example: " + printable(words(f.Witness)) + "\n")
		}
	}
	return b.String()
}

func indent(s string) string {
	return "    " + strings.ReplaceAll(strings.TrimRight(printableLines(s), "\n"), "\n", "\n    ") + "\n"
}

// verdict is what policy check --output json prints.
type verdict struct {
	Clean    bool          `json:"clean"`
	Files    int           `json:"files"`
	Rules    int           `json:"rules"`
	SHA256   string        `json:"sha256,omitempty"`
	Findings []jsonFinding `json:"findings"`
}

type jsonFinding struct {
	ID       string   `json:"id"`
	Severity string   `json:"severity"`
	File     string   `json:"file,omitempty"`
	Line     int      `json:"line,omitempty"`
	Column   int      `json:"column,omitempty"`
	Rule     string   `json:"rule,omitempty"`
	Message  string   `json:"message"`
	Witness  []string `json:"witness,omitempty"`
}

func newVerdict(l *loaded, clean bool) verdict {
	v := verdict{
		Clean: clean, Files: len(l.files), Rules: len(l.snapshot.Rules()), SHA256: l.snapshot.SHA256(),
		Findings: []jsonFinding{},
	}
	for _, f := range l.findings {
		v.Findings = append(v.Findings, newJSONFinding(f))
	}
	return v
}

func newJSONFinding(f policy.Finding) jsonFinding {
	return jsonFinding{
		ID: f.ID, Severity: f.Severity.String(), File: f.File, Line: f.Line, Column: f.Column,
		Rule: string(f.Rule), Message: f.Message, Witness: f.Witness,
	}
}
