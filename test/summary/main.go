// Command summary reads the output of `go test -json` and prints one line a
// package, the output of what failed, and why tests were skipped. It refuses to
// call a run good in which no test ran or, under CI=true, any test was skipped:
// the tests run as root on a real kernel, so a skip hides a missing feature.
package main

import (
	"fmt"
	"os"
)

func main() {
	report, err := read(os.Stdin, os.Stdout)
	if err != nil {
		fmt.Fprintf(os.Stderr, "summary: %v\n", err)
		os.Exit(2)
	}
	report.print(os.Stdout)
	if !report.good(os.Getenv("CI") == "true") {
		os.Exit(1)
	}
}
