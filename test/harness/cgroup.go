package harness

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Cgroup makes a cgroup, with those above it, in the version 2 hierarchy, and
// returns it open. It is removed when the test ends; its processes must have
// ended by then.
func Cgroup(t testing.TB, path string) *os.File {
	t.Helper()
	at := version2(t)
	for part := range strings.SplitSeq(path, "/") {
		at = filepath.Join(at, part)
		made := at
		if err := os.Mkdir(made, 0o755); err != nil {
			continue // it is there, or opening it says why not
		}
		t.Cleanup(func() {
			if err := os.Remove(made); err != nil {
				t.Error(err)
			}
		})
	}
	dir, err := os.Open(at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = dir.Close() })
	return dir
}

// version2 returns where the version 2 hierarchy of cgroups is mounted.
func version2(t testing.TB) string {
	t.Helper()
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(mounts)) {
		if head, _, ok := strings.Cut(line, " - cgroup2 "); ok {
			return strings.Fields(head)[4]
		}
	}
	t.Fatal("no cgroup2 hierarchy is mounted")
	return ""
}
