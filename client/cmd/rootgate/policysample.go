package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rootgate-project/rootgate/policy"
	"github.com/rootgate-project/rootgate/policy/vet"
)

const policySampleLong = `Draw random commands that a policy allows by a rule, or by one line of it: for a
reviewer to read, or for a test to run. Text is quoted for a shell; with --output
json, each line is a request as policy decide reads it. The same --seed gives the
same commands. Every one of them is allowed for a caller of the rule.

Exit status: 0; 2 when there is no such rule or line, or nothing it decides.`

func (a *app) policySample() *cobra.Command {
	var paths []string
	var n int
	var seed uint64
	cmd := &cobra.Command{
		Use:   "sample --policy PATH [flags] RULE[:LINE]",
		Short: "Draw random commands that a rule allows",
		Long:  policySampleLong,
		Args:  arguments("RULE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if n < 1 || n > vet.MaxSamples {
				return fmt.Errorf("--number is %d, not from 1 to %d", n, vet.MaxSamples)
			}
			rule, line, err := parsePlace(args[0])
			if err != nil {
				return err
			}
			s, err := a.askedPolicy(cmd.Context(), paths)
			if err != nil {
				return &exit{status: statusUnreadable, err: err}
			}
			requests, err := vet.Sample(s, rule, line, n, seed)
			if err != nil {
				return &exit{status: statusUnreadable, err: err}
			}
			return a.printRequests(requests)
		},
	}
	policyFlags(cmd, &paths, nil)
	cmd.Flags().IntVarP(&n, "number", "n", 10, "how many")
	cmd.Flags().Uint64Var(&seed, "seed", 1, "where chance begins")
	return cmd
}

// parsePlace reads RULE or RULE:LINE; line is 0 for the whole rule.
func parsePlace(s string) (rule policy.RuleID, line int, err error) {
	id, number, some := strings.Cut(s, ":")
	if some {
		if line, err = strconv.Atoi(number); err != nil || line < 1 {
			return "", 0, fmt.Errorf("%q is not RULE or RULE:LINE", s)
		}
	}
	return policy.RuleID(id), line, nil
}

// jsonSample is a request as policy decide reads it.
type jsonSample struct {
	Argv  []string `json:"argv"`
	Netns string   `json:"netns,omitempty"`
}

func (a *app) printRequests(requests []policy.Request) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	for _, r := range requests {
		if !a.json() {
			b.WriteString(shellText(r) + "\n")
		} else if err := enc.Encode(jsonSample{r.Argv, r.Netns}); err != nil {
			return &exit{status: statusTrouble, err: err}
		}
	}
	return wrote(a.stdout.Write(b.Bytes()))
}

// shellText returns a request as "rootgate exec" takes it from a shell.
func shellText(r policy.Request) string {
	var quoted []string
	if r.Netns != "" {
		quoted = []string{"--netns", shellQuoted(r.Netns), "--"}
	}
	for _, arg := range r.Argv {
		quoted = append(quoted, shellQuoted(arg))
	}
	return strings.Join(quoted, " ")
}

// shellQuoted returns an argument as a POSIX shell reads it. A policy allows no
// control character in one.
func shellQuoted(s string) string {
	plain := s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r > 0x7e || r <= ' ' || strings.ContainsRune("'\"\\$`!*?[](){}<>|&;#~", r)
	})
	if plain {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
