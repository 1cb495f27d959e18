package sandbox

import (
	"fmt"
	"os"
	"os/signal"
	"sort"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// hardened prints what HardenProcess makes of this process.
func hardened() {
	if _, ok := os.LookupEnv("LISTEN_FDS"); ok {
		_ = os.Setenv("LISTEN_PID", fmt.Sprint(os.Getpid()))
	}
	if err := HardenProcess(); err != nil {
		bare{}.Fatal(err)
	}
	env := os.Environ()
	sort.Strings(env)
	dir, _ := os.Getwd()
	var fds []string
	for fd := range 64 {
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
		target, _ := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
		// Go's runtime keeps some of its own, close-on-exec.
		if err == nil && (flags == 0 || target == "/etc/passwd") {
			fds = append(fds, fmt.Sprintf("%d:%d", fd, flags))
		}
	}
	dumpable, _ := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
	var core unix.Rlimit
	_ = unix.Getrlimit(unix.RLIMIT_CORE, &core)
	status, _ := os.ReadFile("/proc/self/status")
	fmt.Println("env", strings.ReplaceAll(strings.Join(env, " "), fmt.Sprint(os.Getpid()), "PID"))
	fmt.Println("dir", dir)
	fmt.Println("fds", strings.Join(fds, " "))
	fmt.Println("dumpable", dumpable, "core", core.Cur, core.Max, "umask", statusField(string(status), "Umask"),
		"sigpipe", signal.Ignored(unix.SIGPIPE))
}

func TestHardenProcess(t *testing.T) {
	for _, tt := range []struct {
		name string
		env  []string
		want string
	}{
		{"no sockets", []string{"GCONV_PATH=/tmp", "HOME=/root"}, "env \ndir /\nfds 0:0 1:0 2:0\ndumpable 0 core 0 0 umask 0077 sigpipe true\n"},
		{
			"one socket",
			[]string{"LISTEN_FDS=1", "NOTIFY_SOCKET=/n", "PATH=/tmp"},
			"env LISTEN_FDS=1 LISTEN_PID=PID NOTIFY_SOCKET=/n\ndir /\nfds 0:0 1:0 2:0 3:1\ndumpable 0 core 0 0 umask 0077 sigpipe true\n",
		},
		{"absurd count", []string{"LISTEN_FDS=2147483647"}, "env LISTEN_FDS=2147483647 LISTEN_PID=PID\ndir /\nfds 0:0 1:0 2:0\ndumpable 0 core 0 0 umask 0077 sigpipe true\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := role(t, "hardened")
			c.Env = append(c.Env, tt.env...)
			c.Dir = t.TempDir()
			for range 20 {
				f, err := os.Open("/etc/passwd")
				if err != nil {
					t.Fatal(err)
				}
				defer f.Close()
				c.ExtraFiles = append(c.ExtraFiles, f)
			}
			out, err := c.Output()
			if err != nil || string(out) != tt.want {
				t.Errorf("got %q, %v; want %q", out, err, tt.want)
			}
		})
	}
}
