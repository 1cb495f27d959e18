package cgroup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// ErrNotFound says that this process has no place in a version 2 hierarchy
// that it can reach.
var ErrNotFound = errors.New("no cgroup2 hierarchy")

// Find returns the directory of this process's own cgroup in the version 2
// hierarchy: the only place where a service may make cgroups of its own.
// Errors wrap ErrNotFound, except where /proc itself cannot be read.
func Find() (string, error) {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return "", fmt.Errorf("find cgroup2: %w", err)
	}
	own, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return "", fmt.Errorf("find cgroup2: %w", err)
	}
	return locate(string(mounts), string(own))
}

// locate combines the two files: the mount shows the subtree of the hierarchy
// that begins at its root field, so that prefix comes off the cgroup's path.
func locate(mounts, own string) (string, error) {
	path, ok := "", false
	for line := range strings.Lines(own) {
		if path, ok = strings.CutPrefix(strings.TrimSuffix(line, "\n"), "0::"); ok {
			break
		}
	}
	if !ok || !strings.HasPrefix(path, "/") {
		return "", fmt.Errorf("%w: not in /proc/self/cgroup", ErrNotFound)
	}
	for line := range strings.Lines(mounts) {
		root, point, ok := parseMount(line)
		if !ok {
			continue
		}
		below, ok := strings.CutPrefix(path, strings.TrimSuffix(root, "/"))
		if !ok || (below != "" && below[0] != '/') {
			continue
		}
		return filepath.Join(point, below), nil
	}
	return "", fmt.Errorf("%w: %q is under no mount", ErrNotFound, path)
}

// parseMount reads one line of mountinfo, proc_pid_mountinfo(5): six fixed
// fields, optional ones, a dash, then the file system type.
func parseMount(line string) (root, point string, ok bool) {
	head, tail, found := strings.Cut(line, " - ")
	fields := strings.Fields(head)
	kind, _, _ := strings.Cut(tail, " ")
	if !found || len(fields) < 6 || kind != "cgroup2" {
		return "", "", false
	}
	return unescape(fields[3]), unescape(fields[4]), true
}

// unescape undoes the kernel's octal escapes of space, tab, newline and
// backslash.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) && octal(s[i+1]) && octal(s[i+2]) && octal(s[i+3]) {
			b.WriteByte((s[i+1]-'0')<<6 | (s[i+2]-'0')<<3 | (s[i+3] - '0'))
			i += 3
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func octal(c byte) bool { return c >= '0' && c <= '7' }
