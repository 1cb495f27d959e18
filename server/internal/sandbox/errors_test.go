package sandbox

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestLaunchErrors(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	script := write("script", "#!/bin/sh\nexit 0\n", 0o755)
	noexec := write("noexec", "\x7fELF", 0o644)
	garbage := write("garbage", "no program", 0o755)
	long := strings.Repeat("x", 131071)

	for _, tt := range []struct {
		name    string
		program string
		change  func(s *Spec)
		step    Step
		errno   unix.Errno
	}{
		{"script", script, nil, StepExec, unix.ENOENT},
		{"not executable", noexec, nil, StepExec, unix.EACCES},
		{"no format", garbage, nil, StepExec, unix.ENOEXEC},
		{"directory", dir, nil, StepExec, unix.EACCES},
		{"argument of 128 KiB", "", func(s *Spec) { s.Argv = append(s.Argv, long+"x") }, StepExec, unix.E2BIG},
		{"argv and environment beyond the stack", "", func(s *Spec) {
			for range 30 {
				s.Env = append(s.Env, long)
			}
		}, StepExec, unix.E2BIG},
		{"beyond any stack", "", func(s *Spec) {
			for range 60 {
				s.Env = append(s.Env, long)
			}
		}, StepSpec, unix.E2BIG},
		{"namespace that is none", "", func(s *Spec) { s.Netns = program(t, "/bin/true") }, StepNetns, unix.EBADF},
		{"directory that is none", "", func(s *Spec) { s.Dir = program(t, "/bin/true") }, StepDirectory, unix.ENOTDIR},
		{"late path missing", "", func(s *Spec) { s.LatePaths = []LatePath{{"/proc/sys/net/none", 1 << 2}} }, StepLatePaths, unix.ENOENT},
		{"late path through a magic link", "", func(s *Spec) { s.LatePaths = []LatePath{{"/proc/self/cwd", 1 << 2}} }, StepLatePaths, unix.ELOOP},
		{"capability that does not exist", "", func(s *Spec) { s.Caps = 1 << 63 }, StepCapabilities, unix.EINVAL},
		{"filter that is none", "", func(s *Spec) { s.Filter = bpf(instruction{code: bpfLoad}) }, StepSeccomp, unix.EINVAL},
		{"ruleset that is none", "", func(s *Spec) { s.Ruleset = program(t, "/bin/true") }, StepLandlock, unix.EBADF},
		{"filter forbids the program", "", func(s *Spec) { s.Filter = allowAll(4, unix.SYS_EXECVEAT) }, StepExec, 0},

		{"no filter", "", func(s *Spec) { s.Filter = nil }, StepSpec, unix.EINVAL},
		{"half an instruction", "", func(s *Spec) { s.Filter = s.Filter[:12] }, StepSpec, unix.EINVAL},
		{"no ruleset", "", func(s *Spec) { s.Ruleset = nil }, StepSpec, unix.EINVAL},
		{"no program", "", func(s *Spec) { s.Program = nil }, StepSpec, unix.EINVAL},
		{"no argv", "", func(s *Spec) { s.Argv = nil }, StepSpec, unix.EINVAL},
		{"NUL in argv", "", func(s *Spec) { s.Argv = append(s.Argv, "a\x00b") }, StepSpec, unix.EINVAL},
		{"NUL in env", "", func(s *Spec) { s.Env = []string{"a=\x00"} }, StepSpec, unix.EINVAL},
		{"uid -1", "", func(s *Spec) { s.UID = ^uint32(0) }, StepSpec, unix.EINVAL},
		{"gid -1", "", func(s *Spec) { s.GID = ^uint32(0) }, StepSpec, unix.EINVAL},
		{"group -1", "", func(s *Spec) { s.Groups = []uint32{1, ^uint32(0)} }, StepSpec, unix.EINVAL},
		{"set-uid umask", "", func(s *Spec) { s.Umask = 0o1022 }, StepSpec, unix.EINVAL},
		{"soft limit above hard", "", func(s *Spec) { s.Rlimits = []Rlimit{{unix.RLIMIT_AS, 2, 1}} }, StepSpec, unix.EINVAL},
		{"unknown limit", "", func(s *Spec) { s.Rlimits = []Rlimit{{16, 1, 1}} }, StepSpec, unix.EINVAL},
		{"relative late path", "", func(s *Spec) { s.LatePaths = []LatePath{{"etc", 4}} }, StepSpec, unix.EINVAL},
	} {
		t.Run(tt.name, func(t *testing.T) {
			modes(t, func(t *testing.T, o Options) {
				o.Threads = 1
				l := launcher(t, o)
				s := spec(t, "/bin/true")
				if tt.program != "" {
					s.Program = program(t, tt.program)
				}
				if tt.change != nil {
					tt.change(s)
				}
				p, err := l.Start(t.Context(), s)
				if tt.errno == 0 { // killed by its own filter
					if err == nil {
						_, err = p.Wait()
					}
					if !errors.Is(err, ErrNeverStarted) {
						t.Errorf("got %v, want ErrNeverStarted", err)
					}
					return
				}
				var le *LaunchError
				if !errors.As(err, &le) || le.Step != tt.step || !errors.Is(err, tt.errno) {
					t.Fatalf("got %v, want step %v, %v", err, tt.step, tt.errno)
				}
				if errors.Is(err, ErrProcessLimit) || errors.Is(err, ErrNeverStarted) {
					t.Errorf("%v is also a process limit, or a command that was killed", err)
				}
				// The one thread is as good as before.
				if _, err := start(t, l, spec(t, "/bin/true")).Wait(); err != nil {
					t.Errorf("after the error: %v", err)
				}
			})
		})
	}
}

// The kernel counts when the uid changes and refuses in execveat, where a uid
// that is over its limit already is still over it.
func TestProcessLimit(t *testing.T) {
	l := launcher(t, Options{})
	first := spec(t, "/bin/sleep", "1000")
	first.UID, first.GID = 60002, 60002
	p := start(t, l, first)
	s := spec(t, "/bin/true")
	s.UID, s.GID, s.Rlimits = 60002, 60002, []Rlimit{{unix.RLIMIT_NPROC, 0, 0}}
	_, err := l.Start(t.Context(), s)
	var le *LaunchError
	if !errors.As(err, &le) || le.Step != StepExec || !errors.Is(err, unix.EAGAIN) || !errors.Is(err, ErrProcessLimit) {
		t.Errorf("got %v, want ErrProcessLimit at exec", err)
	}
	p.Kill()
	if _, err := p.Wait(); err != nil {
		t.Error(err)
	}
}

func TestStartContext(t *testing.T) {
	l := launcher(t, Options{Threads: 1})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	// A thread may be free all the same: then the command runs.
	p, err := l.Start(ctx, spec(t, "/bin/true"))
	if err == nil {
		_, err = p.Wait()
	} else if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	_ = err
}

func TestStepNames(t *testing.T) {
	seen := map[string]bool{}
	for s := StepClone; s <= StepPrepare; s++ {
		if name := s.String(); seen[name] || strings.HasPrefix(name, "step ") {
			t.Errorf("step %d is called %q", s, name)
		} else {
			seen[name] = true
		}
	}
	if Step(99).String() != "step 99" {
		t.Error("a step beyond the last has a name")
	}
}
