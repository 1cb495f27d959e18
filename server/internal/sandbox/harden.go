package sandbox

import (
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// HardenProcess makes this process fit to be the daemon; main calls it before
// anything else, with relative paths of its command line resolved. It
//
//   - opens /dev/null where 0, 1 or 2 is closed, so that no other file gets
//     those numbers;
//   - closes what the starter left open, but for the sockets of LISTEN_FDS
//     (sd_listen_fds(3)), which become close-on-exec;
//   - empties the environment, but for the variables of that protocol;
//   - forbids core dumps and tracing by the same uid, and reading its memory;
//   - sets umask 077 and the working directory /, and ignores SIGPIPE;
//   - becomes a subreaper, so that no orphan of a command escapes it.
//
// The environment that Go's runtime and the C library have read at start
// (GODEBUG, LD_*) is beyond its reach: a unit file decides it.
func HardenProcess() error {
	for _, step := range []struct {
		name string
		call func() error
	}{
		{"standard descriptors", openStandard},
		{"stray descriptors", closeStray},
		{"environment", clearEnvironment},
		{"dumpable", func() error { return unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0) }},
		{"core limit", func() error { return unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}) }},
		{"subreaper", adoptOrphans},
		{"working directory", func() error { return os.Chdir("/") }},
	} {
		if err := step.call(); err != nil {
			return fmt.Errorf("harden process: %s: %w", step.name, err)
		}
	}
	unix.Umask(0o077)
	signal.Ignore(unix.SIGPIPE)
	return nil
}

func adoptOrphans() error {
	return os.NewSyscallError("prctl", unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
}

func openStandard() error {
	for fd := range 3 {
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil {
			continue
		}
		null, err := unix.Open(os.DevNull, unix.O_RDWR, 0)
		if err != nil {
			return err
		}
		if null == fd {
			continue
		}
		if err := unix.Dup3(null, fd, 0); err != nil {
			return err
		}
		_ = unix.Close(null)
	}
	return nil
}

// closeStray closes what came through execve: only such a descriptor is
// without FD_CLOEXEC, since this program opens nothing that way. The runtime's
// own (epoll) stay; close_range would take them too.
func closeStray() error {
	listen := listenSockets()
	dir, err := os.Open("/proc/self/fd")
	if err != nil {
		return err
	}
	names, err := dir.Readdirnames(-1)
	_ = dir.Close()
	if err != nil {
		return err
	}
	for _, name := range names {
		fd, err := strconv.Atoi(name)
		if err != nil || fd < 3 {
			continue
		}
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
		if err != nil || flags&unix.FD_CLOEXEC != 0 {
			continue
		}
		if fd < 3+listen {
			unix.CloseOnExec(fd)
			continue
		}
		_ = unix.Close(fd)
	}
	return nil
}

// listenSockets is how many descriptors from 3 on were passed to this process.
func listenSockets() int {
	pid, _ := strconv.Atoi(environment("LISTEN_PID"))
	n, err := strconv.Atoi(environment("LISTEN_FDS"))
	if err != nil || n < 0 || n > 64 || pid != os.Getpid() {
		return 0
	}
	return n
}

func environment(name string) string {
	return os.Getenv(name) //nolint:forbidigo // the one place that looks, to clear
}

func clearEnvironment() error {
	kept := map[string]string{}
	for name := range strings.FieldsSeq("LISTEN_PID LISTEN_FDS LISTEN_FDNAMES NOTIFY_SOCKET WATCHDOG_PID WATCHDOG_USEC") {
		if v := environment(name); v != "" {
			kept[name] = v
		}
	}
	os.Clearenv()
	for name, v := range kept {
		if err := os.Setenv(name, v); err != nil {
			return err
		}
	}
	return nil
}
