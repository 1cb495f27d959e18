package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"

	"github.com/rootgate-project/rootgate/client"
	"github.com/rootgate-project/rootgate/client/internal/fake"
)

func TestMain(m *testing.M) {
	testscript.Main(leakChecked{m}, map[string]func(){"rootgate": main})
}

// leakChecked fails a run of tests that leaves goroutines behind.
type leakChecked struct{ m *testing.M }

func (l leakChecked) Run() int {
	status := l.m.Run()
	if status == 0 {
		if err := goleak.Find(); err != nil {
			_, _ = os.Stderr.WriteString(err.Error() + "\n")
			return 1
		}
	}
	return status
}

func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                "testdata/script",
		RequireUniqueNames: true,
		Setup: func(env *testscript.Env) error {
			path := filepath.Join(env.WorkDir, "sock")
			server, err := fake.Start(path)
			if err != nil {
				return err
			}
			env.Defer(server.Stop)
			env.Setenv(client.SocketVariable, path)
			// Or the race detector has each process sleep for a second at its end.
			env.Setenv("GORACE", "atexit_sleep_ms=0")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status":       wantStatus,
			"auditlog":     writeAuditLog,
			"auditrecords": writeRecords,
		},
	})
}
