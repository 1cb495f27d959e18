package sandbox

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The test binary is also the daemons and attackers of the tests: what ends in
// SIGKILL, or changes the process for good, happens in a process of its own.
const roleVariable = "SANDBOX_TEST_ROLE"

func TestMain(m *testing.M) {
	switch role := os.Getenv(roleVariable); role {
	case "":
		os.Exit(m.Run())
	case "daemon":
		daemon(os.Args[1:])
	case "attacker":
		attack(os.Args[1:])
	case "hardened":
		hardened()
	case "launch":
		launchOnce(os.Args[1:])
	default:
		fmt.Fprintln(os.Stderr, "no such role:", role)
		os.Exit(2)
	}
}

// role is this binary in another part.
func role(tb testing.TB, name string, args ...string) *exec.Cmd {
	tb.Helper()
	self, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	c := exec.Command(self, args...)
	c.Env = []string{roleVariable + "=" + name}
	c.Stderr = os.Stderr
	return c
}

// bare is a testing.TB for the roles, which have no test around them.
type bare struct{ testing.TB }

func (bare) Helper()             {}
func (bare) Cleanup(func())      {}
func (bare) Name() string        { return "role" }
func (bare) Logf(string, ...any) {}
func (bare) Fatal(a ...any) {
	fmt.Fprintln(os.Stderr, a...)
	os.Exit(1)
}

func (b bare) Fatalf(f string, a ...any) { b.Fatal(fmt.Sprintf(f, a...)) }
func (bare) Context() context.Context    { return context.Background() }

// daemon launches a command that leaves double-forked processes all over, says
// so, and waits for its own end: "daemon MODE MARKER CGROUP".
func daemon(args []string) {
	if err := HardenProcess(); err != nil {
		bare{}.Fatal(err)
	}
	l := launcher(bare{}, Options{NoCgroup: args[0] == "namespace", Threads: 2, CgroupRoot: args[2]})
	p, err := l.Start(context.Background(), family(bare{}, args[1]))
	if err != nil {
		bare{}.Fatal(err)
	}
	fmt.Println("ready", p.PID())
	for parent := os.Getppid(); os.Getppid() == parent; {
		time.Sleep(50 * time.Millisecond) // a test that was killed kills nobody
	}
}

// family is a command with a leader and three descendants, two of them in
// sessions of their own and with parents that are gone. No death signal helps:
// the leader has cleared its own, as the kernel does for a program with file
// capabilities (prctl(2)).
func family(tb testing.TB, marker string) *Spec {
	tb.Helper()
	return spec(tb, "/usr/bin/setpriv", "--pdeathsig", "clear", "/bin/sh", "-c", `sleep 1`+marker+` &
(setsid sleep 1`+marker+` &)
(setsid sh -c 'trap "" TERM HUP; sleep 1`+marker+`; :' &)
exec sleep 1`+marker)
}

const familySize = 5 // the four, and the shell that ignores TERM

// marker is text that no other process has in its command line.
func marker() string { return fmt.Sprintf("%08d.%06d", os.Getpid(), nextMarker()) }

var markers = make(chan int, 1)

func nextMarker() int {
	select {
	case n := <-markers:
		markers <- n + 1
		return n + 1
	default:
		markers <- 1
		return 1
	}
}

// marked lists the processes that carry a marker, zombies excepted.
func marked(tb testing.TB, marker string) []int {
	tb.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		tb.Fatal(err)
	}
	var pids []int
	for _, path := range all {
		text, err := os.ReadFile(path)
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err == nil && strings.Contains(string(text), marker) && pid != os.Getpid() &&
			!strings.Contains(string(text), ".test") {
			pids = append(pids, pid)
		}
	}
	return pids
}

// attack sends a signal to every process of its uid, again and again.
func attack(args []string) {
	sig, _ := strconv.Atoi(args[0])
	fmt.Println("ready")
	for parent := os.Getppid(); os.Getppid() == parent; {
		_ = unix.Kill(-1, syscall.Signal(sig))
	}
}

// launchOnce is for strace and for poisoned attributes: one command, its
// output, and out.
func launchOnce(args []string) {
	l := launcher(bare{}, Options{Threads: 2, NoCgroup: args[0] == "namespace", StartTimeout: 1 << 40})
	c := spec(bare{}, args[1:]...)
	c.Caps = 1<<unix.CAP_NET_ADMIN | 1<<unix.CAP_SYS_NICE
	got, _ := output(bare{}, l, c)
	fmt.Print(got)
	_ = l.Close(context.Background())
}

// begin starts a role and waits for its first line.
func begin(tb testing.TB, c *exec.Cmd) string {
	tb.Helper()
	out, err := c.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := c.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		tb.Fatalf("%s: %v", c, err)
	}
	return strings.TrimSpace(line)
}
