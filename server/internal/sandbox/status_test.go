package sandbox

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestChildStatus(t *testing.T) {
	signal.Ignore(unix.SIGHUP, unix.SIGUSR1)
	t.Cleanup(func() { signal.Reset(unix.SIGHUP, unix.SIGUSR1) })
	const netAdmin = 1 << unix.CAP_NET_ADMIN
	// Thread 0 keeps its bounding set, thread 1 has none: both have to give the
	// same child.
	modes(t, func(t *testing.T, o Options) {
		o.Threads = 2
		l := launcher(t, o)
		for _, uid := range []uint32{0, 65534} {
			for _, caps := range []uint64{0, netAdmin, netAdmin | 1<<unix.CAP_KILL | 1<<unix.CAP_CHECKPOINT_RESTORE} {
				t.Run(fmt.Sprintf("uid %d caps %x", uid, caps), func(t *testing.T) {
					s := spec(t, "/bin/cat", "/proc/self/status")
					s.UID, s.GID, s.Groups, s.Caps, s.Umask = uid, uid+1, []uint32{5, 7}, caps, 0o27
					got, st := output(t, l, s)
					if st.Code != 0 || st.Signal != 0 {
						t.Fatalf("ended with %+v", st)
					}
					ids := func(id uint32) string { return fmt.Sprintf("%[1]d\t%[1]d\t%[1]d\t%[1]d", id) }
					set := fmt.Sprintf("%016x", caps)
					for field, want := range map[string]string{
						"Uid": ids(uid), "Gid": ids(uid + 1), "Groups": "5 7", "Umask": "0027",
						"CapInh": set, "CapPrm": set, "CapEff": set, "CapBnd": set, "CapAmb": set,
						"NoNewPrivs": "1", "Seccomp": "2", "Seccomp_filters": "1", "Threads": "1",
						"SigBlk": "0000000000000000", "SigIgn": "0000000000000000", "SigCgt": "0000000000000000",
					} {
						if have := statusField(got, field); have != want {
							t.Errorf("%s is %q, want %q", field, have, want)
						}
					}
				})
			}
		}
	})
}

// Every launch goes through one thread, so that a filter, a ruleset or an
// identity that stuck to the daemon's thread would show in the second child.
func TestNothingSticksToTheDaemon(t *testing.T) {
	before := self(t)
	l := launcher(t, Options{Threads: 2})
	for range 3 {
		if got, _ := output(t, l, spec(t, "/bin/cat", "/proc/self/status")); statusField(got, "Seccomp_filters") != "1" {
			t.Errorf("Seccomp_filters is %q, want 1", statusField(got, "Seccomp_filters"))
		}
	}
	if after := self(t); after != before {
		t.Errorf("daemon is\n%s, was\n%s", after, before)
	}
	if v, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0); v != 0 || err != nil {
		t.Errorf("dumpable after a uid change in shared memory: %d, %v; want 0", v, err)
	}
}

// self is what a child could have changed of this process.
func self(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	dir, _ := os.Getwd()
	out := "cwd " + dir
	for f := range strings.FieldsSeq("Umask Uid Gid Groups CapPrm CapEff CapBnd NoNewPrivs Seccomp") {
		out += "\n" + f + " " + statusField(string(text), f)
	}
	return out
}

func TestChildAttributes(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	old, _, _ := unix.Syscall(unix.SYS_PERSONALITY, 0x0040000, 0, 0) // ADDR_NO_RANDOMIZE
	defer unix.Syscall(unix.SYS_PERSONALITY, old, 0, 0)              //nolint:errcheck // cannot fail
	if err := unix.Setpriority(unix.PRIO_PROCESS, 0, 5); err != nil {
		t.Fatal(err)
	}
	defer unix.Setpriority(unix.PRIO_PROCESS, 0, 0) //nolint:errcheck // best effort
	c := role(t, "launch", "cgroup", "/bin/sh", "-c",
		`cat /proc/self/personality; cut -d' ' -f19 /proc/self/stat; pwd; cut -d' ' -f6 /proc/$$/stat; echo $$; cat /proc/self/oom_score_adj`)
	c.Env = append(c.Env, "LD_PRELOAD=", "GCONV_PATH=/tmp")
	c.Dir = t.TempDir()
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	f := strings.Fields(string(out))
	if len(f) != 6 {
		t.Fatalf("got %q", out)
	}
	for i, want := range []string{"00000000", "0", "/", f[4]} {
		if f[i] != want {
			t.Errorf("field %d of personality, nice, directory, session is %q, want %q", i, f[i], want)
		}
	}
}

func TestEnvironment(t *testing.T) {
	t.Setenv("GCONV_PATH", "/tmp/evil")
	t.Setenv("LD_DEBUG", "all")
	l := launcher(t, Options{})
	for _, tt := range []struct {
		name string
		env  []string
		want string
	}{
		{"nil is empty", nil, ""},
		{"exactly as given", []string{"B=2", "A=1 \t", "B=3", "no equals sign"}, "B=2\x00A=1 \t\x00B=3\x00no equals sign\x00"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := spec(t, "/bin/cat", "/proc/self/environ")
			s.Env = tt.env
			if got, _ := output(t, l, s); got != tt.want {
				t.Errorf("environment is %q, want %q", got, tt.want)
			}
		})
	}
}

func TestArguments(t *testing.T) {
	l := launcher(t, Options{})
	s := spec(t, "/bin/cat", "/proc/self/cmdline")
	s.Argv[0] = "a name of its own"
	if got, _ := output(t, l, s); got != "a name of its own\x00/proc/self/cmdline\x00" {
		t.Errorf("got %q", got)
	}
}

func TestDescriptors(t *testing.T) {
	// Planted without close-on-exec, in the low range and around the program's.
	var planted []int
	for range 50 {
		fd, err := unix.Open("/etc/passwd", unix.O_RDONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		planted = append(planted, fd)
	}
	for _, fd := range []int{899, ProgramFD, 901} {
		if err := unix.Dup3(planted[0], fd, 0); err != nil {
			t.Fatal(err)
		}
		planted = append(planted, fd)
	}
	t.Cleanup(func() {
		for _, fd := range planted {
			_ = unix.Close(fd)
		}
	})
	modes(t, func(t *testing.T, o Options) {
		l := launcher(t, o)
		s := spec(t, "/bin/ls", "-l", "/proc/self/fd")
		got, _ := output(t, l, s)
		if have, want := links(got), "0 /dev/null, 1 pipe:, 2 pipe:, 3 /proc/N/fd"; have != want {
			t.Errorf("descriptors are %q, want %q (3 is the one that ls reads)", have, want)
		}
	})
}

// links cuts the output of ls -l down to names and targets.
func links(text string) string {
	var out []string
	for line := range strings.Lines(text) {
		if name, target, ok := strings.Cut(strings.TrimSpace(line), " -> "); ok {
			target, _, _ = strings.Cut(target, "[")
			if strings.HasPrefix(target, "/proc/") {
				target = "/proc/N/fd"
			}
			out = append(out, name[strings.LastIndexByte(name, ' ')+1:]+" "+target)
		}
	}
	return strings.Join(out, ", ")
}

// Sources at numbers that the child's own would overwrite before use.
func TestDescriptorPlacement(t *testing.T) {
	out, err := os.OpenFile(filepath.Join(t.TempDir(), "out"), os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	l := launcher(t, Options{})
	dir := program(t, "/usr")
	for _, tt := range []struct {
		name   string
		at     int // where source goes
		source *os.File
		use    func(s *Spec, f *os.File)
	}{
		{"directory at 0", 0, dir, func(s *Spec, f *os.File) { s.Dir = f }},
		{"output at 0", 0, out, func(s *Spec, f *os.File) { s.Stdout = f }},
		{"directory at 900", ProgramFD, dir, func(s *Spec, f *os.File) { s.Dir = f }},
		{"output at 900", ProgramFD, out, func(s *Spec, f *os.File) { s.Stdout = f }},
		{"program at 900", ProgramFD, program(t, "/bin/ls"), func(s *Spec, f *os.File) { s.Program = f }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := out.Truncate(0); err != nil {
				t.Fatal(err)
			}
			s := spec(t, "/bin/ls", "-l", "/proc/self/cwd", "/proc/self/fd")
			s.Dir, s.Stdout, s.Stderr = dir, out, nil
			f := os.Stdin // 0 is nobody's in a test
			if tt.at != 0 {
				if _, err := unix.FcntlInt(uintptr(tt.at), unix.F_GETFD, 0); err == nil {
					t.Fatalf("descriptor %d is taken", tt.at)
				}
			}
			saved, err := unix.FcntlInt(0, unix.F_DUPFD_CLOEXEC, 10)
			if err != nil {
				t.Fatal(err)
			}
			if err := unix.Dup3(int(tt.source.Fd()), tt.at, unix.O_CLOEXEC); err != nil {
				t.Fatal(err)
			}
			if tt.at != 0 {
				f = os.NewFile(uintptr(tt.at), "high")
			}
			tt.use(s, f)
			p, err := l.Start(t.Context(), s)
			if tt.at != 0 {
				_ = f.Close()
			} else if err := unix.Dup3(saved, 0, 0); err != nil {
				t.Fatal(err)
			}
			_ = unix.Close(saved)
			if err != nil {
				t.Fatal(err)
			}
			if st, err := p.Wait(); err != nil || st.Code != 0 {
				t.Fatal(st, err)
			}
			got, _ := os.ReadFile(out.Name())
			want := "/proc/self/cwd /usr, 0 /dev/null, 1 " + out.Name() + ", 2 /dev/null, 3 /proc/N/fd"
			if have := links(string(got)); have != want {
				t.Errorf("got %q, want %q", have, want)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	var own unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &own); err != nil {
		t.Fatal(err)
	}
	l := launcher(t, Options{})
	s := spec(t, "/bin/cat", "/proc/self/limits")
	s.Rlimits = []Rlimit{
		{unix.RLIMIT_NOFILE, 100, own.Max + 1000}, // more than the daemon may have
		{unix.RLIMIT_FSIZE, 1 << 20, 1 << 21},
		{unix.RLIMIT_CORE, 1 << 20, 1 << 20},
		{unix.RLIMIT_NPROC, 0, 50},
		{unix.RLIMIT_AS, 1 << 30, 1 << 31},
	}
	s.UID = 0 // NPROC 0 would refuse any other
	got, _ := output(t, l, s)
	for _, want := range []string{
		"Max file size             1048576              2097152",
		"Max core file size        0                    0",
		"Max processes             0                    50",
		"Max address space         1073741824           2147483648",
		"Max realtime priority     0                    0",
		"Max msgqueue size         0                    0",
		"Max stack size            8388608",
		"Max open files            100                  ",
	} {
		if !strings.Contains(got, "\n"+want) {
			t.Errorf("limits have no %q:\n%s", want, got)
		}
	}
	if strings.Contains(got, "Max open files            100                  unlimited") {
		t.Errorf("more descriptors than the daemon may have:\n%s", got)
	}
}

// The child may call nothing of the C library: its locks, its errno and its
// lazy binding belong to suspended threads. An object without undefined
// symbols cannot.
func TestChildCallsNothing(t *testing.T) {
	for _, name := range []string{"child.c", "guardian.c"} {
		for _, level := range []string{"-O0", "-O2", "-O3"} {
			object := filepath.Join(t.TempDir(), "o")
			if out, err := exec.Command("cc", level, "-Wall", "-Wextra", "-Werror", "-fno-stack-protector", "-c", "-o", object, name).CombinedOutput(); err != nil {
				t.Fatalf("cc %s: %v\n%s", name, err, out)
			}
			out, err := exec.Command("nm", "-u", object).CombinedOutput()
			if err != nil || len(strings.TrimSpace(string(out))) != 0 {
				t.Errorf("%s at %s needs %q (%v), want nothing", name, level, out, err)
			}
		}
	}
}
