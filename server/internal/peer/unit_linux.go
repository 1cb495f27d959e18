package peer

import (
	"bytes"
	"os"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// unitName is a service as systemd.unit(5) names it.
var unitName = regexp.MustCompile(`^[A-Za-z0-9:_.@\\-]{1,247}\.service$`)

// unitOf returns the systemd service that a process runs in, or "" when it runs
// in none. The process is the one that pidfd is for: a pid that was taken over
// meanwhile gives "".
func unitOf(pidfd, pid int) string {
	groups, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cgroup")
	if err != nil {
		return ""
	}
	// A pidfd is readable once its process has ended (pidfd_open(2)). As long as
	// it is not, nobody else has the pid, now or when the file was read.
	fds := []unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}
	if n, err := unix.Poll(fds, 0); err != nil || n != 0 {
		return ""
	}
	return unitIn(groups)
}

// unitIn finds the service in /proc/PID/cgroup (cgroups(7)): the *.service that
// stands directly below system.slice, with the process in the service's own
// cgroup. What stands below a user's slice, or below a service that was given a
// subtree to manage, is named by somebody else. A path out of the daemon's
// cgroup namespace begins with "/..", and one that was removed ends in
// " (deleted)": neither is a service.
func unitIn(groups []byte) string {
	path := ""
	for line := range bytes.Lines(groups) {
		fields := strings.SplitN(strings.TrimSuffix(string(line), "\n"), ":", 3)
		if len(fields) != 3 {
			return ""
		}
		switch {
		case fields[0] == "0" && fields[1] == "" && fields[2] != "/":
			// systemd's own hierarchy wherever it uses version 2 at all; without
			// it, all processes are at its root.
			path = fields[2]
		case fields[1] == "name=systemd" && path == "":
			path = fields[2]
		}
	}
	name, ok := strings.CutPrefix(path, "/system.slice/")
	// systemd puts a "_" before names that the kernel could take for its own files.
	name = strings.TrimPrefix(name, "_")
	if !ok || !unitName.MatchString(name) {
		return ""
	}
	return name
}
