package sandbox

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"os"
	"runtime"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// instruction is struct sock_filter.
type instruction struct {
	code   uint16
	jt, jf uint8
	k      uint32
}

func bpf(list ...instruction) []byte {
	var b []byte
	for _, i := range list {
		b = binary.NativeEndian.AppendUint16(b, i.code)
		b = append(b, i.jt, i.jf)
		b = binary.NativeEndian.AppendUint32(b, i.k)
	}
	return b
}

const (
	bpfLoad    = 0x20 // LD | W | ABS
	bpfEqual   = 0x15 // JMP | JEQ | K
	bpfAtLeast = 0x35 // JMP | JGE | K
	bpfReturn  = 0x06 // RET | K

	actionAllow = 0x7fff0000
	actionKill  = 0x80000000
)

// allowAll is a filter of n instructions that allows everything but killed,
// which ends the process.
func allowAll(n int, killed uint32) []byte {
	list := []instruction{{code: bpfLoad, k: 0}, {code: bpfEqual, jf: 1, k: killed}, {code: bpfReturn, k: actionKill}}
	for len(list) < n-1 {
		list = append(list, instruction{code: bpfEqual, k: uint32(100000 + len(list))})
	}
	return bpf(append(list, instruction{code: bpfReturn, k: actionAllow})...)
}

// tree is an allowlist of the given number of system call ranges, searched
// like libseccomp's binary tree, behind a check of the architecture.
func tree(ranges int) []byte {
	arch := uint32(0xc000003e)
	if runtime.GOARCH == "arm64" {
		arch = 0xc00000b7
	}
	var build func(low, high int) []instruction
	build = func(low, high int) []instruction {
		if high-low == 1 {
			return []instruction{{code: bpfReturn, k: actionAllow}}
		}
		mid := (low + high) / 2
		less := build(low, mid)
		head := instruction{code: bpfAtLeast, jt: uint8(len(less)), k: uint32(mid * 450 / ranges)}
		return append(append([]instruction{head}, less...), build(mid, high)...)
	}
	return bpf(append([]instruction{
		{code: bpfLoad, k: 4}, {code: bpfEqual, jt: 1, k: arch}, {code: bpfReturn, k: actionKill}, {code: bpfLoad},
	}, build(0, ranges)...)...)
}

// scopeOnly is a ruleset that handles no file system right.
func scopeOnly(tb testing.TB) *os.File {
	tb.Helper()
	return ruleset(tb, 0, 3)
}

func ruleset(tb testing.TB, fs, scoped uint64) *os.File {
	tb.Helper()
	attr := struct{ fs, net, scoped uint64 }{fs, 0, scoped}
	fd, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr), 0)
	if errno != 0 {
		tb.Fatalf("landlock_create_ruleset: %v", errno)
	}
	f := os.NewFile(fd, "ruleset")
	tb.Cleanup(func() { _ = f.Close() })
	return f
}

func program(tb testing.TB, path string) *os.File {
	tb.Helper()
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		tb.Fatalf("open %s: %v", path, err)
	}
	f := os.NewFile(uintptr(fd), path)
	tb.Cleanup(func() { _ = f.Close() })
	return f
}

// spec is a command in the tightest setting: nobody, no capability.
func spec(tb testing.TB, argv ...string) *Spec {
	tb.Helper()
	return &Spec{
		Program: program(tb, argv[0]), Argv: argv,
		UID: 65534, GID: 65534, Filter: allowAll(4, 0xfffffff), Ruleset: scopeOnly(tb), Umask: 0o022,
	}
}

func launcher(tb testing.TB, o Options) *Launcher {
	tb.Helper()
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(testWriter{tb}, nil))
	}
	l, err := New(o)
	if err != nil {
		tb.Fatalf("New: %v", err)
	}
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := l.Close(ctx); err != nil {
			tb.Errorf("Close: %v", err)
		}
	})
	return l
}

type testWriter struct{ testing.TB }

func (w testWriter) Write(p []byte) (int, error) {
	w.Logf("%s", bytes.TrimSpace(p))
	return len(p), nil
}

// output runs a command to its end and returns what it wrote to 1 and 2.
func output(tb testing.TB, l *Launcher, s *Spec) (string, ExitState) {
	tb.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		tb.Fatal(err)
	}
	defer r.Close()
	c := *s
	c.Stdout, c.Stderr = w, w
	p, err := l.Start(tb.Context(), &c)
	_ = w.Close()
	if err != nil {
		tb.Fatalf("Start(%q): %v", s.Argv, err)
	}
	var b bytes.Buffer
	if _, err := b.ReadFrom(r); err != nil {
		tb.Fatal(err)
	}
	st, err := p.Wait()
	if err != nil {
		tb.Fatalf("Wait(%q): %v", s.Argv, err)
	}
	return b.String(), st
}

// until waits for a condition, and fails when it does not come.
func until(tb testing.TB, what string, cond func() bool) {
	tb.Helper()
	deadline := time.Now().Add(15 * time.Second)
	for !cond() {
		if time.Now().After(deadline) {
			tb.Fatalf("timed out: %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func gone(pid int) bool { return errors.Is(unix.Kill(pid, 0), unix.ESRCH) }

// modes runs a test with both ways of killing a tree.
func modes(t *testing.T, f func(t *testing.T, o Options)) {
	t.Helper()
	t.Run("cgroup", func(t *testing.T) { f(t, Options{}) })
	t.Run("namespace", func(t *testing.T) { f(t, Options{NoCgroup: true}) })
}

// allow adds a path to a ruleset.
func allow(tb testing.TB, ruleset *os.File, path string, access uint64) {
	tb.Helper()
	parent := program(tb, path)
	var rule [12]byte // packed struct landlock_path_beneath_attr
	binary.NativeEndian.PutUint64(rule[:], access)
	binary.NativeEndian.PutUint32(rule[8:], uint32(parent.Fd()))
	_, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, ruleset.Fd(), unix.LANDLOCK_RULE_PATH_BENEATH,
		uintptr(unsafe.Pointer(&rule)), 0, 0, 0)
	if errno != 0 {
		tb.Fatalf("landlock_add_rule %s: %v", path, errno)
	}
}
