package main

import (
	"github.com/spf13/cobra"

	"github.com/rootgate-project/rootgate/policy/schema"
)

const policySchemaLong = `Print the JSON Schema of policy files (draft 2020-12), for editors: with it they
complete keys and show what each one means. It accepts whatever rootgated does,
and refuses less: policy check has the last word.

An editor with yaml-language-server takes it from the first line of a file:

  # yaml-language-server: $schema=/etc/rootgate/policy.v1.json`

func (a *app) policySchema() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of policy files",
		Long:  policySchemaLong,
		Args:  arguments(),
		RunE:  func(*cobra.Command, []string) error { return a.print("%s", schema.JSON) },
	}
}
