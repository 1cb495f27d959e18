package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rootgate-project/rootgate/policy"
	"github.com/rootgate-project/rootgate/policy/vet"
)

// statusWidens is the exit status of an analysis that found a request which may
// do more than before.
const statusWidens = 3

const policyDiffLong = `Compare what two policies allow, not how they are written. OLD and NEW are files,
or directories of which every *.yaml is taken; with --git, OLD is PATH as it was in
that revision. Each change is shown with shortest command lines that prove it:

  +  newly allowed
  -  no longer allowed
  ~  allowed as before, with another effect, and which part of it

A rule that was renamed, moved or split in two is no change. A part of an effect
that got less in a known order (a capability dropped, a limit lowered, a directory
instead of the one above it) narrows; everything else widens, another account too.
What a guard on the host could still refuse counts as allowed. Names of accounts
are compared as names. A policy with errors is compared all the same, with a
warning; one that cannot be read is not.

Exit status: 0 when nothing changed or it narrows; 3 when it widens, with
--fail-on=any when it changed, with --fail-on=none never; 2 when there is no
verdict.`

func (a *app) policyDiff() *cobra.Command {
	var rev, failOn string
	cmd := &cobra.Command{
		Use:         "diff [flags] {OLD NEW | --git REV PATH}",
		Short:       "Compare what two policies allow",
		Long:        policyDiffLong,
		Annotations: map[string]string{outputForms: "text json github"},
		Args: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("git") {
				return arguments("PATH")(cmd, args)
			}
			return arguments("OLD", "NEW")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains([]string{"widen", "any", "none"}, failOn) {
				return fmt.Errorf("--fail-on is %q, not widen, any or none", failOn)
			}
			d, err := a.diff(cmd.Context(), rev, args)
			if err == nil {
				err = a.printDiff(d)
			}
			if err != nil {
				return &exit{status: statusUnreadable, err: err}
			}
			if failOn == "widen" && d.Widens() || failOn == "any" && len(d.Changes) > 0 {
				return &exit{status: statusWidens}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&rev, "git", "", "compare with this `revision` of the path")
	cmd.Flags().StringVar(&failOn, "fail-on", "widen", "what is exit status 3: widen, any or none")
	// The flag of all commands, with one more form.
	cmd.Flags().StringVarP(&a.output, "output", "o", "text", "form of the output: text, json or github")
	return cmd
}

// diff compares the policies that args name, or one with its revision rev.
func (a *app) diff(ctx context.Context, rev string, args []string) (vet.Diff, error) {
	next, err := readPolicy(args[len(args)-1:])
	if err != nil {
		return vet.Diff{}, err
	}
	var old []policy.File
	if len(args) == 2 {
		old, err = readPolicy(args[:1])
	} else if old, err = readPolicyAt(ctx, rev, args[0]); err == nil && len(old) == 0 {
		a.warn("there is no policy at %s in %s: all of it is new", args[0], rev)
	}
	if err != nil {
		return vet.Diff{}, err
	}
	x, err := a.loadUnchecked(ctx, old)
	if err != nil {
		return vet.Diff{}, fmt.Errorf("old policy: %w", err)
	}
	y, err := a.loadUnchecked(ctx, next)
	if err != nil {
		return vet.Diff{}, fmt.Errorf("new policy: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, 6*policy.LoadTimeout)
	defer cancel()
	d, err := vet.Compare(ctx, x, y)
	if err != nil {
		return vet.Diff{}, fmt.Errorf("compare: %w", err)
	}
	return d, nil
}

func (a *app) printDiff(d vet.Diff) error {
	var out []byte
	var err error
	switch a.output {
	case "json":
		out, err = d.JSON()
	case "github":
		out = []byte(d.GitHub())
	default:
		out = []byte(d.Text())
	}
	if err != nil {
		return fmt.Errorf("print the changes: %w", err)
	}
	return wrote(a.stdout.Write(out))
}

// warn tells a person what does not change the exit status.
func (a *app) warn(format string, args ...any) {
	_, _ = io.WriteString(a.stderr, "rootgate: "+printable(fmt.Sprintf(format, args...))+"\n")
}

// loadUnchecked loads a policy that may have errors, as long as it can be read,
// and warns of them: what it allows is looked at here, and never runs.
func (a *app) loadUnchecked(ctx context.Context, files []policy.File) (*policy.Snapshot, error) {
	return a.loadLoose(ctx, files, policy.Options{})
}

// loadLoose is loadUnchecked with accounts.
func (a *app) loadLoose(ctx context.Context, files []policy.File, o policy.Options) (*policy.Snapshot, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*policy.LoadTimeout)
	defer cancel()
	strict, findings := policy.Load(ctx, files, o)
	if strict != nil {
		return strict, nil
	}
	o.Unchecked = true
	s, unread := policy.Load(ctx, files, o)
	if s == nil {
		first, _, _ := strings.Cut(unread.Err().Error(), "\n")
		return nil, errors.New(first)
	}
	for _, f := range findings {
		if f.Severity == policy.SeverityError {
			a.warn("rootgated would refuse the policy: %s", f)
			break
		}
	}
	return s, nil
}
