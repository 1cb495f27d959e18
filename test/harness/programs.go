// Package harness runs the real rootgated for black-box tests. It refuses to call
// a test good whose server ended badly: every server that it starts must end with
// status 0, leave no process behind, report no data race, and leave an audit log
// that verifies and has an end for every command.
package harness

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// The commands are built once a process; programsOnce returns their directory.
var (
	programsOnce = sync.OnceValues(buildPrograms)
	grpcurlOnce  = sync.OnceValues(buildGrpcurl)
)

// environment is that of every process that a test starts. The race detector would
// have each program sleep for a second at its end.
func environment(more ...string) []string {
	return append([]string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "GORACE=atexit_sleep_ms=0"}, more...)
}

// Main builds the commands, runs the tests of a package and removes what was
// built. TestMain calls it: os.Exit(harness.Main(m)).
func Main(m *testing.M) int {
	dir, err := programsOnce()
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	return m.Run()
}

// Program returns the path of rootgated, rootgate or grpcurl. The first two are
// built from the tree once a test process, with the race detector where the test
// has it. Everybody may run them; only root may write them or their directory.
func Program(t testing.TB, name string) string {
	t.Helper()
	dir, err := programsOnce()
	if err == nil && name == "grpcurl" {
		_, err = grpcurlOnce()
	}
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, name)
}

// Top returns the top of the module.
func Top() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; dir != "/"; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
	}
	return "", errors.New("no go.mod above the working directory")
}

func buildPrograms() (string, error) {
	root, err := Top()
	if err != nil {
		return "", err
	}
	dir, err := makeDir("rootgate-test-bin-")
	if err != nil {
		return "", err
	}
	args := append([]string{"build", "-buildvcs=false"}, buildFlags...)
	args = append(args, "-o", dir+"/", "./server/cmd/rootgated", "./client/cmd/rootgate")
	cmd := exec.Command("go", args...)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		_ = os.RemoveAll(dir)
		return "", fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return dir, nil
}

// buildGrpcurl copies the pinned grpcurl: a checkout need not be readable to
// other users.
func buildGrpcurl() (string, error) {
	root, err := Top()
	if err != nil {
		return "", err
	}
	dir, err := programsOnce()
	if err != nil {
		return "", err
	}
	build := exec.Command(filepath.Join(root, "test/tools/build.sh"), "grpcurl")
	build.Stderr = os.Stderr
	out, err := build.Output()
	if err != nil {
		return "", fmt.Errorf("build grpcurl: %w", err)
	}
	path := filepath.Join(dir, "grpcurl")
	return path, copyFile(strings.TrimSpace(string(out)), path)
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// makeDir makes a directory that every user may enter. Its name is short: the
// path of a socket below it must fit 107 bytes (unix(7)).
func makeDir(prefix string) (string, error) {
	dir, err := os.MkdirTemp("/tmp", prefix)
	if err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o755)
}
