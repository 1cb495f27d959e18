// Command rootgate runs commands through rootgated, and checks policies and audit
// logs. It has no privilege of its own and refuses to look for any: what it may
// do, the server decides.
package main

import "os"

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
