package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rootgate-project/rootgate/policy"
	"github.com/rootgate-project/rootgate/policy/resolved"
)

const policyShowLong = `Print a rule as it stands once its profiles and the defaults of its file are
merged, as YAML that is itself a policy file. Every line ends in where it was
written: FILE:LINE, or base for what no file says. A usage line has it above
itself.

The policy needs to be readable only: neither its tests nor its proofs are asked.

With --host, print what the programs of the rule are on this machine, too: the
symbolic links on the way, and the inode at the end.

Exit status: 0; 1 when there is no such rule; 2 when the policy cannot be read.`

func (a *app) policyShow() *cobra.Command {
	var paths []string
	var host bool
	cmd := &cobra.Command{
		Use:   "show [flags] RULE",
		Short: "Print a rule with everything that goes into it",
		Long:  policyShowLong,
		Args:  arguments("RULE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			rule, err := findRule(cmd.Context(), paths, policy.RuleID(args[0]))
			if err != nil {
				return err
			}
			v := shown{View: resolved.New(rule)}
			if host {
				for _, p := range rule.Programs {
					v.Programs = append(v.Programs, describeProgram(p.Path))
				}
			}
			if a.json() {
				return a.printJSON(v)
			}
			return a.print("%s", printableLines(v.text()))
		},
	}
	cmd.Flags().StringArrayVar(&paths, "policy", []string{"/etc/rootgate/policy.d"}, policyUsage)
	cmd.Flags().BoolVar(&host, "host", false, "print what the programs are on this machine, too")
	return cmd
}

// findRule reads the policy that paths are and returns one of its rules.
func findRule(ctx context.Context, paths []string, id policy.RuleID) (*policy.Rule, error) {
	files, err := readPolicy(paths)
	if err != nil {
		return nil, &exit{status: statusUnreadable, err: err}
	}
	ctx, cancel := context.WithTimeout(ctx, policy.LoadTimeout)
	defer cancel()
	s, found := policy.Load(ctx, files, policy.Options{Unchecked: true})
	if s == nil {
		return nil, &exit{status: statusUnreadable, err: found.Err()}
	}
	rules := s.Rules()
	i := slices.IndexFunc(rules, func(r *policy.Rule) bool { return r.ID == id })
	if i < 0 {
		return nil, &exit{status: statusFindings, err: fmt.Errorf("there is no rule %q among %d", id, len(rules))}
	}
	return rules[i], nil
}

// shown is a rule and what the host makes of it.
type shown struct {
	resolved.View
	Programs []programOnHost `json:"programs,omitempty"`
}

// programOnHost is where the path of a program leads.
type programOnHost struct {
	Path  string   `json:"path"`
	Links []string `json:"links,omitempty"` // "LINK -> TARGET"
	File  string   `json:"file,omitempty"`
	Dev   uint64   `json:"device,omitempty"`
	Inode uint64   `json:"inode,omitempty"`
	Error string   `json:"error,omitempty"`
}

// describeProgram follows the path of a program.
func describeProgram(path string) programOnHost {
	p := programOnHost{Path: path}
	end, err := walkChain(path, func(link, target string) {
		p.Links = append(p.Links, link+" -> "+target)
	})
	if err == nil {
		p.File, p.Dev, p.Inode, err = identify(end)
	}
	if err == nil {
		err = checkProgram(path)
	}
	if err != nil {
		p.Error = err.Error()
	}
	return p
}

// text is the rule, and the host in comments below it.
func (s shown) text() string {
	var b strings.Builder
	b.WriteString(s.Text())
	for _, p := range s.Programs {
		fmt.Fprintf(&b, "# on this host: %s\n", p.Path)
		for _, l := range p.Links {
			fmt.Fprintf(&b, "#   %s\n", l)
		}
		if p.Inode != 0 {
			fmt.Fprintf(&b, "#   %s is inode %d of device %d\n", p.File, p.Inode, p.Dev)
		}
		if p.Error != "" {
			fmt.Fprintf(&b, "#   %s\n", p.Error)
		}
	}
	return b.String()
}
