// Package script refuses to call a feature done that a user cannot type: each
// scenario in testdata is a session at a shell against a running rootgated.
package script

import (
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rootgate-project/rootgate/test/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("got %q, %v, want scripts", files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			s := &session{t: t}
			testscript.Run(t, testscript.Params{
				Files: []string{file}, RequireExplicitExec: true,
				Cmds: map[string]func(*testscript.TestScript, bool, []string){
					"serve":    s.serve,
					"install":  s.install,
					"alice":    s.as(harness.Alice),
					"bob":      s.as(harness.Bob),
					"outsider": s.as(harness.Outsider),
					"root":     s.as(harness.Root),
				},
			})
		})
	}
}

// session is one script with its server.
type session struct {
	t      *testing.T
	server *harness.Server
}

// serve is the script command
//
//	serve POLICY
//
// which starts rootgated with that policy. It sets $ROOTGATE_SOCKET, and $DIR,
// $POLICY and $AUDIT to the directory of the server and to those below it.
func (s *session) serve(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 || s.server != nil {
		ts.Fatalf("usage: serve POLICY, once")
	}
	s.server = harness.Start(s.t, harness.Options{Policy: ts.ReadFile(args[0])})
	ts.Setenv("ROOTGATE_SOCKET", s.server.Socket)
	ts.Setenv("DIR", s.server.Dir)
	ts.Setenv("POLICY", filepath.Join(s.server.Dir, "policy"))
	ts.Setenv("AUDIT", s.server.Audit())
}

// install is the script command
//
//	install FILE NAME
//
// which puts a file of the script below $DIR, as root's, by rename.
func (s *session) install(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: install FILE NAME")
	}
	s.server.WriteFile(args[1], ts.ReadFile(args[0]))
}

// as is the script command
//
//	alice [-status N] [-stdin FILE] COMMAND ARG...
//
// which runs a command as a user who finds rootgate in PATH, and expects exit
// status N, 0 by default.
func (s *session) as(u harness.User) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		want := 0
		var stdin io.Reader
		for len(args) > 1 && (args[0] == "-status" || args[0] == "-stdin") {
			if args[0] == "-stdin" {
				stdin = strings.NewReader(ts.ReadFile(args[1]))
			} else {
				n, err := strconv.Atoi(args[1])
				ts.Check(err)
				want = n
			}
			args = args[2:]
		}
		if neg || len(args) == 0 {
			ts.Fatalf("usage: alice [-status N] [-stdin FILE] COMMAND ARG...")
		}
		name := args[0]
		if name == "rootgate" {
			name = harness.Program(s.t, name)
		}
		cmd := s.server.As(u, name, args[1:]...)
		cmd.Env[0] += ":" + filepath.Dir(harness.Program(s.t, "rootgate"))
		got := harness.Collect(s.t, cmd, stdin)
		_, err := io.WriteString(ts.Stdout(), got.Stdout)
		ts.Check(err)
		_, err = io.WriteString(ts.Stderr(), got.Stderr)
		ts.Check(err)
		if got.Status != want {
			ts.Fatalf("got exit status %d, want %d", got.Status, want)
		}
	}
}
