package sandbox

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func start(t *testing.T, l *Launcher, s *Spec) *Process {
	t.Helper()
	p, err := l.Start(t.Context(), s)
	if err != nil {
		t.Fatalf("Start(%q): %v", s.Argv, err)
	}
	return p
}

func TestExit(t *testing.T) {
	modes(t, func(t *testing.T, o Options) {
		l := launcher(t, o)
		for _, tt := range []struct {
			name   string
			script string
			code   int
			signal syscall.Signal
		}{
			{"zero", "exit 0", 0, 0},
			{"code", "exit 37", 37, 0},
			{"highest code", "exit 255", 255, 0},
		} {
			t.Run(tt.name, func(t *testing.T) {
				st, err := start(t, l, spec(t, "/bin/sh", "-c", tt.script)).Wait()
				if err != nil || st.Code != tt.code || st.Signal != tt.signal || st.SeccompKilled {
					t.Errorf("ended with %+v, %v", st, err)
				}
			})
		}
	})
}

func TestSignal(t *testing.T) {
	type want struct {
		code   int
		signal syscall.Signal
	}
	modes(t, func(t *testing.T, o Options) {
		l := launcher(t, o)
		for _, tt := range []struct {
			name   string
			script string // prints a line when it is ready
			send   unix.Signal
			want   want
		}{
			{"default TERM", "echo; exec sleep 1000", unix.SIGTERM, want{0, unix.SIGTERM}},
			{"default USR1", "echo; exec sleep 1000", unix.SIGUSR1, want{0, unix.SIGUSR1}},
			{"real-time", "echo; exec sleep 1000", unix.Signal(40), want{0, 40}},
			{"KILL", "echo; exec sleep 1000", unix.SIGKILL, want{0, unix.SIGKILL}},
			{"caught", "trap 'exit 7' TERM; echo; while :; do sleep 0.01; done", unix.SIGTERM, want{7, 0}},
			{"SYS from outside", "echo; exec sleep 1000", unix.SIGSYS, want{0, unix.SIGSYS}},
		} {
			t.Run(tt.name, func(t *testing.T) {
				p, _ := ready(t, l, spec(t, "/bin/sh", "-c", tt.script))
				if err := p.Signal(tt.send); err != nil {
					t.Fatal(err)
				}
				st, err := p.Wait()
				if err != nil || st.Code != tt.want.code || st.Signal != tt.want.signal || st.SeccompKilled {
					t.Errorf("ended with %+v, %v; want %+v", st, err, tt.want)
				}
				if err := p.Signal(unix.SIGTERM); !errors.Is(err, ErrDone) {
					t.Errorf("Signal after the end: %v, want ErrDone", err)
				}
				p.Kill()
			})
		}
		t.Run("ignored", func(t *testing.T) {
			p, _ := ready(t, l, spec(t, "/bin/sh", "-c", "trap '' TERM; echo; sleep 1000"))
			for _, sig := range []unix.Signal{unix.SIGTERM, unix.SIGCHLD, unix.SIGWINCH} {
				if err := p.Signal(sig); err != nil {
					t.Fatal(err)
				}
			}
			if err := p.Signal(0); err != nil {
				t.Errorf("ended by a signal that it ignores: %v", err)
			}
			p.Kill()
			if st, err := p.Wait(); err != nil || st.Signal != unix.SIGKILL {
				t.Errorf("ended with %+v, %v; want SIGKILL", st, err)
			}
		})
	})
}

// ready starts a command and waits for its first byte of output. The pipe is
// returned so that it lives as long as the command.
func ready(t *testing.T, l *Launcher, s *Spec) (*Process, *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	s.Stdout = w
	p := start(t, l, s)
	_ = w.Close()
	if _, err := r.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	return p, r
}

func TestSeccompKill(t *testing.T) {
	modes(t, func(t *testing.T, o Options) {
		l := launcher(t, o)
		s := spec(t, "/bin/uname")
		s.Filter = allowAll(4, unix.SYS_UNAME)
		st, err := start(t, l, s).Wait()
		if err != nil || !st.SeccompKilled || st.Signal != unix.SIGSYS {
			t.Errorf("ended with %+v, %v; want SeccompKilled", st, err)
		}
	})
}

// A leader that ends leaves a process in a session of its own, which holds
// the output open; nothing waits for that pipe.
func TestSurvivorsDieWithTheLeader(t *testing.T) {
	modes(t, func(t *testing.T, o Options) {
		l := launcher(t, o)
		m := marker()
		p, _ := ready(t, l, spec(t, "/bin/sh", "-c", `(setsid sh -c 'trap "" TERM HUP; sleep 1`+m+`; :' &)
while ! grep -qs 1`+m+` /proc/[0-9]*/cmdline; do :; done; echo; exit 3`))
		st, err := p.Wait()
		if err != nil || st.Code != 3 || st.Signal != 0 {
			t.Errorf("ended with %+v, %v; want code 3", st, err)
		}
		if left := marked(t, m); len(left) != 0 {
			t.Errorf("processes %v outlive Wait", left)
		}
	})
}

func TestKillTree(t *testing.T) {
	modes(t, func(t *testing.T, o Options) {
		l := launcher(t, o)
		m := marker()
		p := start(t, l, family(t, m))
		until(t, "the family is there", func() bool { return len(marked(t, m)) == familySize })
		p.Kill()
		st, err := p.Wait()
		if err != nil || st.Signal != unix.SIGKILL {
			t.Errorf("ended with %+v, %v; want SIGKILL", st, err)
		}
		if left := marked(t, m); len(left) != 0 {
			t.Errorf("processes %v outlive Wait", left)
		}
	})
}

// Where children cannot be cloned into their leaf, they join it.
func TestJoinByWriting(t *testing.T) {
	l := launcher(t, Options{})
	if !l.features.CgroupClone {
		t.Fatal("this kernel clones into no cgroup: the other tests prove this path, and nothing the other")
	}
	l.features.CgroupClone = false
	s := spec(t, "/bin/cat", "/proc/self/cgroup")
	if got, _ := output(t, l, s); !strings.Contains(got, l.tree.Name()+"/run/") {
		t.Errorf("a child is in\n%s", got)
	}
	m := marker()
	p := start(t, l, family(t, m))
	until(t, "the family is there", func() bool { return len(marked(t, m)) == familySize })
	p.Kill()
	if _, err := p.Wait(); err != nil || len(marked(t, m)) != 0 {
		t.Errorf("processes %v outlive Wait: %v", marked(t, m), err)
	}
}

func TestCloseKills(t *testing.T) {
	modes(t, func(t *testing.T, o Options) {
		l := launcher(t, o)
		m := marker()
		start(t, l, family(t, m)) // nobody waits for it
		until(t, "the family is there", func() bool { return len(marked(t, m)) == familySize })
		path := l.Features().CgroupPath
		if err := l.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if left := marked(t, m); len(left) != 0 {
			t.Errorf("processes %v outlive Close", left)
		}
		if _, err := os.Stat(path); path != "" && err == nil {
			t.Errorf("%s outlives Close", path)
		}
		if _, err := l.Start(t.Context(), spec(t, "/bin/true")); !errors.Is(err, ErrClosed) {
			t.Errorf("Start after Close: %v, want ErrClosed", err)
		}
	})
}

func TestConcurrentLaunches(t *testing.T) {
	modes(t, func(t *testing.T, o Options) {
		l := launcher(t, o)
		stop := make(chan struct{})
		var collector sync.WaitGroup
		collector.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					runtime.GC()
				}
			}
		})
		s := spec(t, "/bin/sh", "-c", `test "$A" = "$1" && exit $2`, "sh", "value", "9")
		s.Env = []string{"A=value"}
		withCaps := *s
		withCaps.Caps = 1 << unix.CAP_NET_ADMIN
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				for j := range 25 {
					one := s
					if (i+j)%3 == 0 {
						one = &withCaps
					}
					p, err := l.Start(t.Context(), one)
					if err != nil {
						t.Error(err)
						return
					}
					if st, err := p.Wait(); err != nil || st.Code != 9 {
						t.Errorf("ended with %+v, %v; want code 9", st, err)
					}
				}
			})
		}
		wg.Wait()
		close(stop)
		collector.Wait()
	})
}

// census counts what a launch may leak.
func census(t *testing.T) (fds, zombies int) {
	t.Helper()
	names, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	tasks, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range tasks {
		text, err := os.ReadFile("/proc/" + e.Name() + "/status")
		if err == nil && statusField(string(text), "PPid") == pidText && statusField(string(text), "State") == "Z (zombie)" {
			zombies++
		}
	}
	return len(names), zombies
}

func TestNothingLeaks(t *testing.T) {
	modes(t, func(t *testing.T, o Options) {
		l := launcher(t, o)
		fails := spec(t, "/bin/true")
		fails.Netns = program(t, "/dev/null")
		leaves := spec(t, "/bin/sh", "-c", "(setsid sleep 1000 &); exit 0")
		plain := spec(t, "/bin/true")
		run := func(n int) {
			for i := range n {
				if i%5 == 0 {
					if _, err := l.Start(t.Context(), fails); err == nil {
						t.Fatal("a launch with a bad namespace succeeds")
					}
					continue
				}
				s := plain
				if i%5 == 1 {
					s = leaves
				}
				if st, err := start(t, l, s).Wait(); err != nil || st.Code != 0 {
					t.Fatal(st, err)
				}
			}
		}
		run(20)
		settle := func() (int, int) {
			until(t, "zombies are reaped", func() bool { _, z := census(t); return z == 0 })
			fds, _ := census(t)
			return fds, runtime.NumGoroutine()
		}
		fds, routines := settle()
		run(300)
		until(t, "descriptors and goroutines are as before", func() bool {
			f, r := settle()
			return f <= fds+8 && r <= routines // the pool of leaves breathes
		})
	})
}

var pidText = func() string { return itoa(os.Getpid()) }()

func itoa(n int) string {
	b := []byte{}
	for ; n > 0; n /= 10 {
		b = append([]byte{byte('0' + n%10)}, b...)
	}
	return string(b)
}

// The launcher must not take the status of a child that somebody else in the
// process waits for.
func TestForeignChildren(t *testing.T) {
	l := launcher(t, Options{})
	c := exec.Command("/bin/sh", "-c", "exit 5")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	until(t, "the foreign child is a zombie", func() bool {
		st, err := readStat(c.Process.Pid)
		return err == nil && st.state == 'Z'
	})
	for range 5 {
		if _, err := start(t, l, spec(t, "/bin/sh", "-c", "(setsid sleep 1000 &)")).Wait(); err != nil {
			t.Fatal(err)
		}
	}
	_ = c.Wait()
	if code := c.ProcessState.ExitCode(); code != 5 {
		t.Errorf("exit code of the foreign child is %d, want 5", code)
	}
}

func TestCPU(t *testing.T) {
	l := launcher(t, Options{})
	st, err := start(t, l, spec(t, "/bin/sh", "-c", "i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done")).Wait()
	if err != nil || st.User+st.System < time.Millisecond || st.User+st.System > time.Minute {
		t.Errorf("CPU %v + %v, %v", st.User, st.System, err)
	}
}
