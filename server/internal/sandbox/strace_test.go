package sandbox

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// golden is the child's life, one line for each run of the same call: the
// order is the security, so a change of it must show here.
const golden = `close
write cgroup.procs
rt_sigaction
setsid
keyctl
personality
sched_setscheduler
ioprio_set
setpriority
dup3
close_range
prlimit64
fchdir
umask
prctl PR_CAPBSET_DROP
setgroups
setresgid
prctl PR_SET_KEEPCAPS
setresuid
prctl PR_SET_DUMPABLE
getresuid
getresgid
getgroups
capset
prctl PR_CAP_AMBIENT
prctl PR_SET_SECUREBITS
capset
prctl PR_SET_PDEATHSIG
getppid
prctl PR_SET_NO_NEW_PRIVS
landlock_restrict_self
rt_sigprocmask
seccomp
execveat
`

var call = regexp.MustCompile(`^(\d+) +(?:<\.\.\. )?(\w+)(\(| resumed)([A-Z_0-9]*)`)

func TestGoldenTrace(t *testing.T) {
	for _, tt := range []struct {
		mode, want string
	}{
		{"cgroup", strings.Replace(golden, "write cgroup.procs\n", "", 1)},
		{"namespace", strings.Replace(golden, "write cgroup.procs\n", "", 1)},
	} {
		t.Run(tt.mode, func(t *testing.T) {
			log := filepath.Join(t.TempDir(), "log")
			c := role(t, "launch", tt.mode, "/bin/true")
			c.Args = append([]string{"strace", "-f", "-o", log, c.Path}, c.Args[1:]...)
			c.Path = "/usr/bin/strace"
			if err := c.Run(); err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(log)
			if err != nil {
				t.Fatal(err)
			}
			if got := childTrace(string(text)); got != tt.want {
				t.Errorf("the child calls\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

// childTrace finds the process that calls execveat with the program's number
// and lists its calls up to there.
func childTrace(log string) string {
	child := ""
	for line := range strings.Lines(log) {
		if strings.Contains(line, "execveat(900") {
			child, _, _ = strings.Cut(line, " ")
		}
	}
	var out []string
	for line := range strings.Lines(log) {
		m := call.FindStringSubmatch(line)
		if m == nil || m[1] != child || m[3] != "(" {
			continue
		}
		name := m[2]
		if name == "prctl" {
			name += " " + m[4]
		}
		if len(out) == 0 || out[len(out)-1] != name {
			out = append(out, name)
		}
		if name == "execveat" {
			break
		}
	}
	return strings.Join(out, "\n") + "\n"
}
