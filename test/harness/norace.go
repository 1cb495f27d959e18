//go:build !race

package harness

// buildFlags builds the commands as the tests themselves are built.
var buildFlags []string
