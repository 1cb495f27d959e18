// Command rootgated runs the privileged commands that its policy allows, for
// callers that the kernel identifies, and nothing else.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/rootgate-project/rootgate/server"
)

// version is set by the linker.
var version = "devel"

// Exit codes. 78 (EX_CONFIG of sysexits.h) tells a service manager that a
// restart would not help.
const (
	exitFailure = 1
	exitUsage   = 2
	exitConfig  = 78
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

func run(args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stdout, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return exitUsage
	}
	o.Version, o.Stdout, o.Stderr = version, stdout, stderr
	err = server.Run(context.Background(), o)
	switch {
	case err == nil:
		return 0
	case errors.Is(err, server.ErrConfig):
		_, _ = fmt.Fprintln(stderr, "rootgated:", err)
		return exitConfig
	default:
		_, _ = fmt.Fprintln(stderr, "rootgated:", err)
		return exitFailure
	}
}

func parse(args []string, stdout, stderr io.Writer) (server.Options, error) {
	var o server.Options
	f := flag.NewFlagSet("rootgated", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&o.ConfigFile, "config", "", "configuration `file` (default /etc/rootgate/rootgate.yaml where it exists)")
	f.StringVar(&o.Socket, "socket", "", "`path` of the socket, instead of the file's")
	f.StringVar(&o.SocketGroup, "socket-group", "", "`group` whose members may connect, instead of the file's")
	f.StringVar(&o.Policy, "policy", "", "`directory` of policy files, instead of the file's")
	f.StringVar(&o.Audit, "audit", "", "`directory` of the audit log, instead of the file's")
	f.BoolVar(&o.Check, "check", false, "check configuration, policy and kernel, and exit")
	showVersion := f.Bool("version", false, "print the version and exit")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		_, _ = fmt.Fprintf(stderr, "rootgated: unexpected argument %q\n", f.Arg(0))
		return o, errors.New("usage")
	}
	// The server leaves its working directory: what is relative to it is
	// resolved here.
	for _, path := range []*string{&o.ConfigFile, &o.Socket, &o.Policy, &o.Audit} {
		if *path == "" {
			continue
		}
		abs, err := filepath.Abs(*path)
		if err != nil {
			_, _ = fmt.Fprintln(stderr, "rootgated:", err)
			return o, err
		}
		*path = abs
	}
	if *showVersion {
		_, _ = fmt.Fprintln(stdout, "rootgated", version)
		return o, flag.ErrHelp
	}
	return o, nil
}
