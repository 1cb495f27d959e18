package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rootgate-project/rootgate/policy"
)

const policyDecideLong = `Decide requests in bulk, away from any host: one JSON object a line on standard
input, one verdict a line on standard output, in the same order.

  {"argv": [...], "env": {...}, "cwd": "", "netns": "", "stdin": false,
   "caller": "USER[:GROUP,...]"}

Only argv has to be there; stdin says that there are bytes on standard input. The
verdict:

  {"allowed": true, "rule": "l3.ip", "line": 2, "argv_index": -1,
   "guards": [{"name", "type", "value", "argv_index", "check"}]}
  {"allowed": false, "rule": ..., "line": ..., "reason": "VALUE_NOT_OF_TYPE",
   "argv_index": 3, "message": ..., "did_you_mean": ..., "guards": []}

rule and line of a refusal are what came nearest, and may be missing; argv_index is
-1 where the reason does not lie in argv. guards are what the server would still
look at on its host. A line that is no request gets {"error": ..., "input_line": n}.

A caller is a name, or a number, with the groups that are given and no others; the
caller of a request goes before --caller. Without either, every rule admits that
admits anybody. A policy with errors decides all the same, with a warning.

Exit status: 0 when every line was decided, 2 when not, or when there is no verdict.`

func (a *app) policyDecide() *cobra.Command {
	var dirs []string
	var caller string
	cmd := &cobra.Command{
		Use:   "decide --policy PATH [--caller USER[:GROUP,...]] < REQUESTS.jsonl",
		Short: "Decide requests in bulk",
		Long:  policyDecideLong,
		Args:  arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			b, err := a.newBulk(cmd.Context(), dirs, caller)
			if err == nil {
				err = b.run(a.stdin, a.stdout)
			}
			if err != nil {
				return &exit{status: statusUnreadable, err: err}
			}
			return nil
		},
	}
	policyFlags(cmd, &dirs, &caller)
	return cmd
}

// policyUsage is what --policy means everywhere.
const policyUsage = "`path` of the policy, a file or a directory; may be repeated"

// policyFlags adds the flags of a command that asks a policy about callers.
func policyFlags(cmd *cobra.Command, paths *[]string, caller *string) {
	cmd.Flags().StringArrayVar(paths, "policy", nil, policyUsage)
	cmd.PreRunE = func(_ *cobra.Command, args []string) error {
		switch {
		case len(*paths) > 0:
			return nil
		case slices.ContainsFunc(args, func(s string) bool { return s == "--policy" || strings.HasPrefix(s, "--policy=") }):
			return errors.New("--policy PATH stands before the command, of which it would be an argument")
		}
		return errors.New("--policy PATH is missing")
	}
	if caller != nil {
		cmd.Flags().StringVar(caller, "caller", "", "who asks, as `USER[:GROUP,...]`; without it, anybody")
	}
}

// askedPolicy reads the policy at paths for a report on what it decides.
func (a *app) askedPolicy(ctx context.Context, paths []string) (*policy.Snapshot, error) {
	files, err := readPolicy(paths)
	if err != nil {
		return nil, err
	}
	return a.loadUnchecked(ctx, files)
}

// parseCaller reads USER[:GROUP,...].
func parseCaller(s string) (policy.Caller, error) {
	user, list, some := strings.Cut(s, ":")
	var groups []string
	if some {
		groups = strings.Split(list, ",")
	}
	for _, name := range append([]string{user}, groups...) {
		if name == "" || strings.ContainsAny(name, ":,/ ") {
			return policy.Caller{}, fmt.Errorf("the caller %q is not USER[:GROUP,...]", s)
		}
	}
	return policy.SyntheticCaller(user, groups...), nil
}

// errUndecided means that a line of the input was no request.
var errUndecided = errors.New("not every line is a request")
