package harness

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Survivors returns the live processes of this server's commands: those that
// have its Mark in their environment.
func (s *Server) Survivors() []string {
	s.t.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		s.t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		// A process that ends meanwhile cannot be read, and a zombie has no
		// environment any more.
		env, err := os.ReadFile(filepath.Join("/proc", e.Name(), "environ"))
		if err != nil || !bytes.Contains(env, []byte(s.Mark)) {
			continue
		}
		name, _ := os.ReadFile(filepath.Join("/proc", e.Name(), "cmdline"))
		out = append(out, fmt.Sprintf("%d %s", pid, bytes.ReplaceAll(bytes.TrimRight(name, "\x00"), []byte{0}, []byte(" "))))
	}
	return out
}

// Cgroups returns the cgroups below the server's own that still exist.
func (s *Server) Cgroups(pid int) []string {
	s.t.Helper()
	found, err := filepath.Glob(fmt.Sprintf("/sys/fs/cgroup/*/rootgate-%d-*", pid))
	if err != nil {
		s.t.Fatal(err)
	}
	direct, err := filepath.Glob(fmt.Sprintf("/sys/fs/cgroup/rootgate-%d-*", pid))
	if err != nil {
		s.t.Fatal(err)
	}
	return append(found, direct...)
}

// Count is how many descriptors and threads the server has.
func (s *Server) Count() (descriptors, threads int) {
	s.t.Helper()
	for name, to := range map[string]*int{"fd": &descriptors, "task": &threads} {
		list, err := os.ReadDir(fmt.Sprintf("/proc/%d/%s", s.PID(), name))
		if err != nil {
			s.t.Fatal(err)
		}
		*to = len(list)
	}
	return descriptors, threads
}

// Zombies returns the children of the server that nobody has waited for.
func (s *Server) Zombies() []string {
	s.t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		s.t.Fatal(err)
	}
	var out []string
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		if len(fields) > 1 && fields[0] == "Z" && fields[1] == strconv.Itoa(s.PID()) {
			out = append(out, path)
		}
	}
	return out
}

// Within waits until a condition holds and returns how long that took. The test
// fails when it does not hold after the limit.
func Within(t testing.TB, limit time.Duration, what string, holds func() bool) time.Duration {
	t.Helper()
	began := time.Now()
	for !holds() {
		if time.Since(began) > limit {
			t.Fatalf("not after %v: %s", limit, what)
		}
		time.Sleep(5 * time.Millisecond)
	}
	return time.Since(began)
}

// Gone waits until no process of a command is left.
func (s *Server) Gone(limit time.Duration) time.Duration {
	s.t.Helper()
	var left []string
	began := time.Now()
	for left = s.Survivors(); len(left) > 0; left = s.Survivors() {
		if time.Since(began) > limit {
			s.t.Fatalf("processes after %v: got %q, want none", limit, left)
		}
		time.Sleep(5 * time.Millisecond)
	}
	return time.Since(began)
}

// Running waits until as many processes of commands are there as wanted.
func (s *Server) Running(want int) {
	s.t.Helper()
	Within(s.t, 20*time.Second, fmt.Sprintf("%d processes of commands", want), func() bool { return len(s.Survivors()) >= want })
}
