package landlock

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/rootgate-project/rootgate/server/internal/sandbox/program"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "victim" {
		os.Exit(victim(os.Args[2:]))
	}
	if os.Getuid() != 0 {
		fmt.Fprintln(os.Stderr, "these tests show that root is refused: run them as root")
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// attempt runs operations in a child, as root, under a ruleset (nil for none),
// in a mount namespace of its own, and returns the errno of each.
func attempt(t *testing.T, ruleset *os.File, ops []string) []unix.Errno {
	t.Helper()
	mode, files := "free", []*os.File{}
	if ruleset != nil {
		mode, files = "restrict", append(files, ruleset)
	} else {
		files = append(files, nil)
	}
	null, err := os.OpenFile("/dev/null", os.O_WRONLY, 0)
	must(t, err)
	defer func() { _ = null.Close() }()
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", append([]string{"victim", mode}, ops...)...)
	cmd.ExtraFiles = append(files, null)
	cmd.Env = []string{"GORACE=atexit_sleep_ms=0"} // a race build sleeps a second at its end
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var got []unix.Errno
	for line := range strings.FieldsSeq(string(out)) {
		n, err := strconv.Atoi(line)
		if err != nil {
			t.Fatalf("%q", out)
		}
		got = append(got, unix.Errno(n))
	}
	if len(got) != len(ops) {
		t.Fatalf("%d answers to %d operations: %q", len(got), len(ops), out)
	}
	return got
}

// forest makes a tree with the same things in "in" and in "out".
func forest(t *testing.T) string {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	must(t, err)
	program, err := os.ReadFile("/bin/true")
	must(t, err)
	for _, side := range []string{"/in", "/out"} {
		dir := root + side
		must(t, os.MkdirAll(dir+"/dir", 0o755))
		must(t, os.MkdirAll(dir+"/dir2", 0o755))
		for _, name := range []string{"/a", "/b", "/c", "/d"} {
			must(t, os.WriteFile(dir+name, []byte("x"), 0o644))
		}
		must(t, os.WriteFile(dir+"/file", []byte("x"), 0o644))
		must(t, os.WriteFile(dir+"/prog", program, 0o755))
		must(t, os.WriteFile(dir+"/old", []byte("x"), 0o644))
		must(t, unix.Mknod(dir+"/dev", unix.S_IFCHR|0o666, 0x105)) // /dev/zero
	}
	return root
}

// loader gives what every dynamic program needs to be started at all.
func loader() []PathRule {
	return []PathRule{
		{Path: "/lib64", Access: Read | Exec, Optional: true},
		{Path: "/lib", Access: Read | Exec, Optional: true},
		{Path: "/usr/lib", Access: Read | Exec},
	}
}

// right is an operation and what it takes. The operations do not touch each
// other's files, so that one child can try all of them.
type right struct {
	op     string     // {in} is the directory of the rule, {out} another
	access Access     // what allows it on the directory; 0 if nothing does
	also   Access     // so does this
	file   bool       // a rule for in/file alone allows it too
	since  int        // the ABI version that can refuse it
	denied unix.Errno // 0 for EACCES
	plain  unix.Errno // without ruleset
	needs  Access     // to get as far as the right in question
	refer  bool       // version 1 refuses it in any case
}

func allRights() []right {
	return []right{
		{op: "read:{in}/file", access: Read, also: Exec, file: true, since: 1},
		{op: "readdir:{in}", access: Read, since: 1},
		{op: "write:{in}/file", access: Write, file: true, since: 1},
		{op: "truncate:{in}/file", access: Write, file: true, since: 3},
		{op: "overwrite:{in}/file", access: Write, file: true, since: 1},
		{op: "exec:{in}/prog", access: Exec, since: 1},
		{op: "create:{in}/new", access: Write, since: 1},
		{op: "mkdir:{in}/newdir", access: Write, since: 1},
		{op: "fifo:{in}/newfifo", access: Write, since: 1},
		{op: "socket:{in}/newsocket", access: Write, since: 1},
		{op: "unlink:{in}/old", access: Write, since: 1},
		{op: "rmdir:{in}/dir", access: Write, since: 1},
		{op: "rename:{in}/a:{in}/renamed", access: Write, since: 1},
		{op: "rename:{in}/b:{in}/dir2/b", access: Write, since: 1, refer: true},
		{op: "link:{in}/c:{in}/dir2/c", access: Write, since: 1, refer: true},
		{op: "char:{in}/newchar", since: 1},
		{op: "block:{in}/newblock", since: 1},
		{op: "symlink:{in}/newlink", since: 1},
		{op: "ioctl:{in}/dev", since: 5, plain: unix.ENOTTY, needs: Read},
		{op: "read:{out}/file", since: 1},
		{op: "write:{out}/file", since: 1},
		{op: "exec:{out}/prog", since: 1},
		{op: "create:{out}/new", since: 1},
		{op: "unlink:{out}/old", since: 1},
		// EACCES is for the making there, EXDEV for the move alone.
		{op: "rename:{in}/d:{out}/moved", since: 1},
		{op: "readdir:{in}/..", since: 1},
		{op: "mount:{in}/dir2", since: 1, denied: unix.EPERM},
	}
}

// want is the errno of a right under a rule.
func (r right) want(abi int, access Access, single bool) unix.Errno {
	given := (access&r.access != 0 || access&r.also != 0) && (!single || r.file)
	switch {
	case r.refer && abi < abiRefer:
		if access&Write != 0 && !single {
			return unix.EXDEV
		}
		return unix.EACCES
	case given, abi < r.since:
		return r.plain
	case r.denied != 0:
		return r.denied
	}
	return unix.EACCES
}

// TestRights holds each right against each kind of access, on a directory and
// on a single file, for every ABI version (T076). What a version cannot refuse
// is allowed there, which is the meaning of its number.
func TestRights(t *testing.T) {
	have, err := ABI()
	must(t, err)
	t.Run("without a ruleset", func(t *testing.T) {
		root := forest(t)
		for i, got := range attempt(t, nil, operations(root)) {
			if r := allRights()[i]; got != r.plain {
				t.Errorf("%s: got %d, want %d", r.op, int(got), int(r.plain))
			}
		}
	})
	for abi := 1; abi <= min(have, abiKnown); abi++ {
		for _, access := range []Access{Read, Write, Exec, Read | Write, allAccess} {
			for _, single := range []bool{false, true} {
				t.Run(fmt.Sprintf("T076/abi %d/access %d/single %t", abi, access, single), func(t *testing.T) {
					root := forest(t)
					rule := PathRule{Path: root + "/in", Access: access}
					if single {
						rule.Path += "/file"
					}
					got := attempt(t, ruleset(t, abi, append(loader(), rule)), operations(root))
					for i, r := range allRights() {
						if single && r.needs != 0 || access&r.needs != r.needs {
							continue
						}
						if want := r.want(abi, access, single); got[i] != want {
							t.Errorf("%s: got %d (%v), want %d (%v)", r.op, int(got[i]), got[i], int(want), want)
						}
					}
				})
			}
		}
	}
}

func operations(root string) []string {
	var ops []string
	for _, r := range allRights() {
		ops = append(ops, strings.NewReplacer("{in}", root+"/in", "{out}", root+"/out").Replace(r.op))
	}
	return ops
}

// ruleset makes a view of nothing but the rules, and its ruleset.
func ruleset(t *testing.T, abi int, rules []PathRule) *os.File {
	t.Helper()
	v, err := newView(Spec{Rules: rules, Base: []PathRule{}}, abi)
	must(t, err)
	t.Cleanup(func() { must(t, v.Close()) })
	file, err := v.Ruleset(Call{})
	must(t, err)
	t.Cleanup(func() { _ = file.Close() })
	return file
}

func child(t *testing.T, v *View, ops ...string) []unix.Errno {
	t.Helper()
	file, err := v.Ruleset(Call{})
	must(t, err)
	defer func() { _ = file.Close() }()
	return attempt(t, file, ops)
}

func want(t *testing.T, what string, got []unix.Errno, errnos ...unix.Errno) {
	t.Helper()
	for i := range errnos {
		if got[i] != errnos[i] {
			t.Errorf("%s, operation %d: got %d (%v), want %d", what, i, int(got[i]), got[i], int(errnos[i]))
		}
	}
}

// TestBaseView: root in the base view reads what any program needs, and none of
// what only root may.
func TestBaseView(t *testing.T) {
	pinned, err := program.Open("/bin/true", program.Options{})
	must(t, err)
	v, err := NewView(Spec{Interpreter: pinned.Interpreter()})
	must(t, err)
	defer func() { must(t, v.Close()) }()
	file, err := v.Ruleset(Call{Program: pinned.File()})
	must(t, err)
	defer func() { must(t, file.Close()) }()
	for op, errno := range map[string]unix.Errno{
		"exec:/bin/true":                     0,
		"exec:/bin/cat":                      unix.EACCES,
		"read:/bin/cat":                      unix.EACCES,
		"read:/etc/passwd":                   0,
		"read:/etc/group":                    0,
		"readdir:/usr/share":                 0,
		"readdir:/proc":                      0,
		"overwrite:/dev/null":                0,
		"read:/dev/urandom":                  0,
		"read:/etc/shadow":                   unix.EACCES,
		"read:/etc/gshadow":                  unix.EACCES,
		"readdir:/etc":                       unix.EACCES,
		"readdir:/root":                      unix.EACCES,
		"readdir:/var":                       unix.EACCES,
		"readdir:/tmp":                       unix.EACCES,
		"readdir:/run":                       unix.EACCES,
		"readdir:/":                          unix.EACCES,
		"write:/etc/passwd":                  unix.EACCES,
		"write:/dev/urandom":                 unix.EACCES,
		"write:/proc/sys/net/core/somaxconn": unix.EACCES,
		"create:/tmp/rootgate-test-never":    unix.EACCES,
	} {
		if got := attempt(t, file, []string{op}); got[0] != errno {
			t.Errorf("%s: got %d (%v), want %d", op, int(got[0]), got[0], int(errno))
		}
	}
}

// TestRefresh: files that are replaced, and files that appear.
func TestRefresh(t *testing.T) {
	root := forest(t)
	passwd, late := root+"/in/passwd", root+"/in/late"
	must(t, os.WriteFile(passwd, []byte("old"), 0o644))
	v, err := NewView(Spec{Base: []PathRule{}, Rules: append(loader(),
		PathRule{Path: passwd, Access: Read},
		PathRule{Path: late, Access: Read, Optional: true})})
	must(t, err)
	defer func() { must(t, v.Close()) }()
	ops := []string{"read:" + passwd, "read:" + late, "read:" + root + "/in/file"}
	want(t, "at first", child(t, v, ops...), 0, unix.ENOENT, unix.EACCES)

	must(t, os.WriteFile(passwd+"+", []byte("new"), 0o644))
	must(t, os.Rename(passwd+"+", passwd))
	must(t, os.WriteFile(late, nil, 0o644))
	want(t, "before the refresh", child(t, v, ops...), unix.EACCES, unix.EACCES, unix.EACCES)
	must(t, v.Refresh())
	want(t, "after the refresh", child(t, v, ops...), 0, 0, unix.EACCES)

	must(t, os.Remove(passwd))
	must(t, v.Refresh())
	must(t, os.WriteFile(passwd, []byte("again"), 0o644))
	must(t, v.Refresh())
	want(t, "removed and made again", child(t, v, ops...), 0, 0, unix.EACCES)

	must(t, os.Remove(late))
	must(t, os.Symlink(late, late))
	if err := v.Refresh(); !errors.Is(err, unix.ELOOP) {
		t.Errorf("a link to itself: got %v", err)
	}
}

// TestCallRules: rules of one launch, and late ones, do not stay in the view.
func TestCallRules(t *testing.T) {
	root := forest(t)
	v, err := NewView(Spec{Base: []PathRule{}, Rules: loader()})
	must(t, err)
	defer func() { must(t, v.Close()) }()
	open := func(path string) *os.File {
		file, err := os.OpenFile(path, unix.O_PATH|unix.O_CLOEXEC, 0)
		must(t, err)
		t.Cleanup(func() { _ = file.Close() })
		return file
	}
	ops := []string{"read:" + root + "/in/file", "write:" + root + "/in/file", "readdir:" + root + "/out", "exec:" + root + "/in/prog"}
	none := []unix.Errno{unix.EACCES, unix.EACCES, unix.EACCES, unix.EACCES}
	want(t, "view", child(t, v, ops...), none...)

	own, err := v.Ruleset(Call{
		Program: open(root + "/in/prog"),
		Rules:   []FDRule{{open(root + "/in/file"), Write}, {open(root + "/out"), Read}},
	})
	must(t, err)
	want(t, "own rules", attempt(t, own, ops), unix.EACCES, 0, 0, 0)
	must(t, own.Close())

	late, err := v.Ruleset(Call{Late: true})
	must(t, err)
	must(t, add(late, open(root+"/in/file"), v.Rights(Read|Write, false)))
	want(t, "late rule", attempt(t, late, ops), 0, 0, unix.EACCES, unix.EACCES)
	must(t, late.Close())
	want(t, "view afterwards", child(t, v, ops...), none...)

	if _, err := v.Ruleset(Call{Rules: []FDRule{{open(root), 0}}}); err == nil {
		t.Error("a rule that gives nothing was taken")
	}
}

// TestProgramChanges: the shared ruleset follows the program that is asked for.
func TestProgramChanges(t *testing.T) {
	root := forest(t)
	v, err := NewView(Spec{Base: []PathRule{}, Rules: loader()})
	must(t, err)
	defer func() { must(t, v.Close()) }()
	ops := []string{"exec:" + root + "/in/prog", "exec:" + root + "/out/prog"}
	for _, round := range []struct {
		side string
		want []unix.Errno
	}{{"/in", []unix.Errno{0, unix.EACCES}}, {"/out", []unix.Errno{unix.EACCES, 0}}} {
		program, err := os.OpenFile(root+round.side+"/prog", unix.O_PATH|unix.O_CLOEXEC, 0)
		must(t, err)
		for range 2 {
			file, err := v.Ruleset(Call{Program: program})
			must(t, err)
			if file.Fd() < lowestFD {
				t.Errorf("descriptor %d", file.Fd())
			}
			want(t, round.side, attempt(t, file, ops), round.want...)
			must(t, file.Close())
		}
		must(t, program.Close())
	}
}

// TestScopes: no signal and no abstract socket leaves a view, the host view
// included, in which mounting works.
func TestScopes(t *testing.T) {
	listener, err := net.Listen("unix", fmt.Sprintf("@rootgate-test-%d", os.Getpid()))
	must(t, err)
	defer func() { must(t, listener.Close()) }()
	root := forest(t)
	pid := strconv.Itoa(os.Getpid())
	ops := []string{
		"kill:" + pid, "abstract:" + strings.TrimPrefix(listener.Addr().String(), "@"),
		"killchild:", "mount:" + root + "/in", "read:/etc/shadow",
	}
	want(t, "without", attempt(t, nil, ops), 0, 0, 0, 0, 0)
	host, err := HostView()
	must(t, err)
	defer func() { must(t, host.Close()) }()
	if host.Files() || !host.Scoped() || host.Rights(allAccess, true) != 0 {
		t.Errorf("host view: files %t, scoped %t, rights %#x", host.Files(), host.Scoped(), host.Rights(allAccess, true))
	}
	want(t, "host view", child(t, host, ops...), unix.EPERM, unix.EPERM, 0, 0, 0)
	if file, err := host.Ruleset(Call{Late: true}); file != nil || err == nil {
		t.Error("the host view took a rule")
	}

	view, err := NewView(Spec{Base: []PathRule{}, Rules: append(loader(), PathRule{Path: "/proc", Access: Read | Exec})})
	must(t, err)
	defer func() { must(t, view.Close()) }()
	want(t, "view", child(t, view, ops[:2]...), unix.EPERM, unix.EPERM)

	old, err := newView(Spec{Base: []PathRule{}, Rules: loader()}, abiScopes-1)
	must(t, err)
	defer func() { must(t, old.Close()) }()
	if old.Scoped() {
		t.Error("an old version is said to scope")
	}
	want(t, "version 5", child(t, old, ops[:2]...), 0, 0)
}

// TestNotCovered asserts what Landlock lets through, so that a kernel that
// changes it is noticed, and the layer that stands there is known (T077).
func TestNotCovered(t *testing.T) {
	root := forest(t)
	socket := root + "/out/socket"
	listener, err := net.Listen("unix", socket)
	must(t, err)
	defer func() { must(t, listener.Close()) }()
	file := root + "/out/file"
	got := attempt(t, ruleset(t, abiKnown, loader()), []string{
		"stat:" + file,      // directory permissions
		"chmod:" + file,     // seccomp: no chmod in @default
		"chown:" + file,     // seccomp: no chown in @default
		"utime:" + file,     // seccomp: no utimensat in @default
		"setxattr:" + file,  // seccomp: no setxattr in @default
		"connect:" + socket, // seccomp: no AF_UNIX in any set
		"fd4:",              // the launcher closes what it does not hand over
		"read:" + file,
	})
	want(t, "not covered", got, 0, 0, 0, 0, 0, 0, 0, unix.EACCES)
}

func TestRefusals(t *testing.T) {
	root := forest(t)
	for name, rule := range map[string]PathRule{
		"relative":  {Path: "etc", Access: Read},
		"not clean": {Path: "/etc/../etc", Access: Read},
		"nothing":   {Path: "/etc"},
		"unknown":   {Path: "/etc", Access: 8},
	} {
		if v, err := NewView(Spec{Rules: []PathRule{rule}}); v != nil || err == nil {
			t.Errorf("%s: got %v, %v", name, v, err)
		}
	}
	if v, err := NewView(Spec{Rules: []PathRule{{Path: root + "/none", Access: Read}}}); v != nil || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: got %v, %v", v, err)
	}
	if v, err := NewView(Spec{Interpreter: root + "/none"}); v != nil || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing interpreter: got %v, %v", v, err)
	}
	var old *ABIError
	if v, err := newView(Spec{}, 0); v != nil || !errors.As(err, &old) || old.Need != 1 {
		t.Errorf("no landlock: got %v, %v", v, err)
	}
	if v, err := hostView(5); v != nil || !errors.As(err, &old) || old.Have != 5 || old.Need != 6 {
		t.Errorf("host view of version 5: got %v, %v", v, err)
	}
	v, err := NewView(Spec{})
	must(t, err)
	must(t, v.Close())
	if file, err := v.Ruleset(Call{}); file != nil || !errors.Is(err, errClosed) {
		t.Errorf("closed: got %v, %v", file, err)
	}
	if file, err := new(View).Ruleset(Call{}); file != nil || err == nil {
		t.Errorf("zero view: got %v, %v", file, err)
	}
}

func TestHandled(t *testing.T) {
	// From include/uapi/linux/landlock.h of each version.
	for abi, want := range []uint64{0, 0x1fff, 0x3fff, 0x7fff, 0x7fff, 0xffff, 0xffff, 0xffff, 0xffff} {
		if got := Handled(abi); got != want {
			t.Errorf("version %d: got %#x, want %#x", abi, got, want)
		}
	}
}

// TestConcurrentRefresh: launches and refreshes at once, while files are
// replaced. Every ruleset is whole.
func TestConcurrentRefresh(t *testing.T) {
	root := forest(t)
	path := root + "/in/file"
	v, err := NewView(Spec{Rules: []PathRule{{Path: path, Access: Read}}})
	must(t, err)
	defer func() { must(t, v.Close()) }()
	before := descriptors(t)
	var stop atomic.Bool
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for !stop.Load() {
				if err := v.Refresh(); err != nil {
					t.Error(err)
					return
				}
				file, err := v.Ruleset(Call{Late: i == 0})
				if err != nil {
					t.Error(err)
					return
				}
				if err := file.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 200 {
		must(t, os.WriteFile(path+"+", nil, 0o644))
		must(t, os.Rename(path+"+", path))
	}
	stop.Store(true)
	wg.Wait()
	must(t, v.Refresh())
	want(t, "at the end", child(t, v, "readdir:"+root), unix.EACCES)
	if after := descriptors(t); after > before+1 { // the shared ruleset
		t.Errorf("%d descriptors, %d before", after, before)
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	must(t, err)
	return len(entries)
}

func BenchmarkRuleset(b *testing.B) {
	v, err := NewView(Spec{})
	if err != nil {
		b.Fatal(err)
	}
	for name, call := range map[string]Call{"shared": {}, "own": {Late: true}} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				file, err := v.Ruleset(call)
				if err != nil {
					b.Fatal(err)
				}
				_ = file.Close()
			}
		})
	}
	b.Run("refresh", func(b *testing.B) {
		for b.Loop() {
			if err := v.Refresh(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
