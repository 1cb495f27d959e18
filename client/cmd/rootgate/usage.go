package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// arguments returns the check of what a command takes: by the names that its
// usage has for them, of which the last may end in "..." and stand for many.
func arguments(names ...string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		switch {
		case len(args) < len(names):
			return fmt.Errorf("%s is missing", strings.TrimSuffix(names[len(args)], "..."))
		case len(names) > 0 && strings.HasSuffix(names[len(names)-1], "..."):
			return nil
		case len(args) > len(names):
			return fmt.Errorf("unexpected argument %q", args[len(names)])
		}
		return nil
	}
}

// group makes a command of its subcommands alone. One that is not there may be
// there below another name, or one level further down.
func group(cmd *cobra.Command) *cobra.Command {
	cmd.SuggestionsMinimumDistance = 2
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		err := fmt.Errorf("unknown command %q for %q", args[0], cmd.CommandPath())
		for _, sub := range cmd.Commands() {
			for _, c := range sub.Commands() {
				if c.Name() == args[0] {
					return fmt.Errorf("%w, did you mean %q?", err, c.CommandPath())
				}
			}
		}
		if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
			return fmt.Errorf("%w, did you mean %q?", err, near[0])
		}
		return err
	}
	cmd.RunE = func(*cobra.Command, []string) error { return errors.New("a subcommand is missing") }
	return cmd
}
