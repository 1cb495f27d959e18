package audit

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// children are the bodies of processes that tests start from this binary: they
// change limits and mounts, or are killed.
var children = map[string]func(args []string) error{
	"append":  childAppend,
	"rlimit":  childRlimit,
	"nospace": childNoSpace,
}

func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "audit-child" {
		if err := children[os.Args[2]](os.Args[3:]); err != nil {
			_, _ = os.Stderr.WriteString(err.Error() + "\n")
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child starts this binary as one of children. What it prints goes to out.
func child(t *testing.T, out *os.File, sys *syscall.SysProcAttr, args ...string) *os.Process {
	t.Helper()
	p, err := os.StartProcess("/proc/self/exe", append([]string{"audit.test", "audit-child"}, args...), &os.ProcAttr{
		Files: []*os.File{nil, out, os.Stderr}, Sys: sys,
	})
	if err != nil {
		t.Fatalf("start child: %v", err)
	}
	return p
}

func waitChild(t *testing.T, p *os.Process) {
	t.Helper()
	st, err := p.Wait()
	if err != nil || !st.Success() {
		t.Fatalf("child: %v, %v, want success", st, err)
	}
}

// fakeClock is a wall clock that moves only when told.
type fakeClock struct {
	mu sync.Mutex
	t  time.Time
}

func newFakeClock() *fakeClock {
	return &fakeClock{t: time.Date(2031, 2, 3, 4, 5, 6, 700, time.UTC)}
}

func (c *fakeClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *fakeClock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

func mustOpen(t testing.TB, dir string, o Options) *Writer {
	t.Helper()
	w, err := Open(dir, o)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { _ = w.Close() })
	return w
}

func mustAppend(t testing.TB, w *Writer, r *Record) uint64 {
	t.Helper()
	seq, err := w.Append(r)
	if err != nil {
		t.Fatalf("Append(%s): %v", r.Type, err)
	}
	return seq
}

func mustClose(t testing.TB, w *Writer) {
	t.Helper()
	if err := w.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
}

func intent(id string) *Record {
	return &Record{
		Type: TypeIntent, ExecutionID: id, Rule: "link", Line: 3, PolicyGeneration: 7,
		Caller:  &Caller{UID: 60001, GID: 60001, PID: 4711, Groups: []uint32{60001, 27}},
		Request: &Request{Argv: []string{"ip", "link", "set", "dev", "veth0", "up"}, ArgvIndex: -1},
		Launch:  &Launch{Program: "/usr/sbin/ip", Dev: 65024, Ino: 1234, UID: 65534, GID: 65534, Caps: []string{"net_admin"}},
	}
}

func end(id string) *Record {
	return &Record{Type: TypeEnd, ExecutionID: id, Outcome: &Outcome{Code: 0, WallNS: 1234567, PID: 99}}
}

func deny(uid uint32) *Record {
	return &Record{
		Type: TypeDeny, ExecutionID: "d", Reason: "NO_MATCH", Caller: &Caller{UID: uid},
		Request: &Request{Argv: []string{"ip", "vrf", "exec"}, ArgvIndex: 1},
	}
}

// readAll returns the entries of a log that must be readable.
func readAll(t testing.TB, path string) []Entry {
	t.Helper()
	r, err := OpenReader(path)
	if err != nil {
		t.Fatalf("OpenReader: %v", err)
	}
	defer func() { _ = r.Close() }()
	var es []Entry
	for {
		e, err := r.Next()
		if errors.Is(err, io.EOF) {
			return es
		}
		if err != nil {
			t.Fatalf("Next: %v", err)
		}
		e.Raw = append([]byte(nil), e.Raw...)
		es = append(es, e)
	}
}

// mustVerify verifies against the head of w, which may be nil.
func mustVerify(t testing.TB, dir string, w *Writer) Report {
	t.Helper()
	var o VerifyOptions
	if w != nil {
		o.Seq, o.Head = w.Head()
	}
	rep, err := Verify(dir, o)
	if err != nil || !rep.Intact() {
		t.Fatalf("Verify: %v, %v, want intact", rep, err)
	}
	return rep
}

func types(es []Entry) string {
	var s []string
	for _, e := range es {
		s = append(s, e.Type.String())
	}
	return strings.Join(s, " ")
}

func segmentPath(dir string, n uint64) string { return filepath.Join(dir, segmentName(n)) }

func executionID(i int) string { return fmt.Sprintf("%08x", i) }
