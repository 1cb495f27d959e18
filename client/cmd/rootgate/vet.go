package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/rootgate-project/rootgate/policy"
	"github.com/rootgate-project/rootgate/policy/vet"
)

const policyVetLong = `Prove what a policy allows, and print what there is to say about it. PATH is a
file, or a directory of which every *.yaml is taken. All of them are one policy.

Beyond what policy check finds, vet looks for arguments that programs read as
something else than the policy's author did, and for lines that nobody needs.
Where it can, it shows a command line that proves the point. It needs no
privilege and looks at nothing but the files; with --host, at what the policy
finds on this machine, too.

A rule accepts a warning with "accept: [CHECK]" and its reason in "why:".

Exit status: 0 when nothing was found, or only notes (N); 1 when there are errors
(E) or, unless --strict=false, warnings (W); 2 when there is no verdict.`

func (a *app) policyVet() *cobra.Command {
	var strict, host bool
	cmd := &cobra.Command{
		Use:         "vet [flags] PATH...",
		Short:       "Prove what a policy allows",
		Long:        policyVetLong,
		Args:        arguments("PATH..."),
		Annotations: map[string]string{outputForms: "text json sarif github"},
		RunE: func(cmd *cobra.Command, paths []string) error {
			files, err := readPolicy(paths)
			if err != nil {
				return &exit{status: statusUnreadable, err: err}
			}
			r := runVet(cmd.Context(), files, host)
			if err := a.printReport(r); err != nil {
				return &exit{status: statusUnreadable, err: err}
			}
			if r.Failed(strict) {
				return &exit{status: statusFindings}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&strict, "strict", true, "let warnings that no rule accepts fail, too")
	cmd.Flags().BoolVar(&host, "host", false, "check what stands on this machine, too")
	// The flag of all commands, with two more forms.
	cmd.Flags().StringVarP(&a.output, "output", "o", "text", "form of the output: text, json, sarif or github")
	return cmd
}

func runVet(ctx context.Context, files []policy.File, host bool) vet.Report {
	ctx, cancel := context.WithTimeout(ctx, policy.LoadTimeout)
	defer cancel()
	r := vet.Run(ctx, files, vet.Options{})
	if host {
		r.Findings = append(r.Findings, checkFiles(files)...)
		rules := r.Snapshot.Rules()
		r.Findings = append(r.Findings, checkPrograms(rules)...)
		r.Findings = append(r.Findings, unaccepted(slices.Concat(checkScripts(rules), checkRoots(r.Snapshot.Executables())), rules)...)
	}
	return r
}

func (a *app) printReport(r vet.Report) error {
	var out []byte
	var err error
	switch a.output {
	case "json":
		out, err = r.JSON()
	case "sarif":
		out, err = r.SARIF()
	case "github":
		out = []byte(r.GitHub())
	default:
		out = []byte(r.Text())
	}
	if err != nil {
		return fmt.Errorf("print the findings: %w", err)
	}
	return wrote(a.stdout.Write(out))
}
