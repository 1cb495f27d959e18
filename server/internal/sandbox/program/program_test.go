package program

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

const stranger = 65534

func TestMain(m *testing.M) {
	if os.Getuid() != 0 {
		fmt.Fprintln(os.Stderr, "these tests change owners: run them as root")
		os.Exit(1)
	}
	if len(os.Args) > 2 && os.Args[1] == "noexec" {
		os.Exit(noexecVictim(os.Args[2]))
	}
	os.Exit(m.Run())
}

// sample returns a small ELF program with n bytes behind its end.
func sample(t *testing.T, n int) []byte {
	t.Helper()
	raw, err := os.ReadFile("/bin/true")
	if err != nil {
		t.Fatal(err)
	}
	return append(raw, make([]byte, n)...)
}

func write(t *testing.T, path string, content []byte, mode fs.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	must(t, os.Chmod(path, mode))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// tree is a directory that root owns, with bin/tool in it.
func tree(t *testing.T) string {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	must(t, err)
	must(t, os.Mkdir(filepath.Join(root, "bin"), 0o755))
	write(t, filepath.Join(root, "bin/tool"), sample(t, 0), 0o755)
	return root
}

// TestOpen holds every reason to refuse a program (T060, T062, T064).
func TestOpen(t *testing.T) {
	untrusted := func(err error) bool { return errors.As(err, new(*UntrustedError)) }
	unusable := func(err error) bool { return errors.As(err, new(*NotExecutableError)) }
	script := func(err error) bool { return errors.As(err, new(*ScriptError)) }
	missing := func(err error) bool { return errors.Is(err, ErrMissing) && errors.Is(err, fs.ErrNotExist) }
	fine := func(err error) bool { return err == nil }
	tests := []struct {
		name   string
		change func(t *testing.T, root string) // nil for none
		path   string                          // below root; "" for bin/tool
		want   func(error) bool
		text   string // part of the error
	}{
		{name: "as it should be", want: fine},
		{name: "setuid", change: func(t *testing.T, r string) { must(t, os.Chmod(r+"/bin/tool", 0o4755|fs.ModeSetuid)) }, want: fine},
		{name: "a link of root's", change: func(t *testing.T, r string) { must(t, os.Symlink("tool", r+"/bin/link")) }, path: "bin/link", want: fine},
		{name: "an absolute link", change: func(t *testing.T, r string) { must(t, os.Symlink(r+"/bin/tool", r+"/link")) }, path: "link", want: fine},
		{name: "a linked directory", change: func(t *testing.T, r string) { must(t, os.Symlink("./bin/../bin/.", r+"/sbin")) }, path: "sbin/tool", want: fine},
		{name: "a sticky directory", change: func(t *testing.T, r string) { must(t, os.Chmod(r+"/bin", 0o777|fs.ModeSticky)) }, want: fine},
		{name: "missing", path: "bin/none", want: missing},
		{name: "missing directory", path: "none/tool", want: missing},
		{name: "dangling link", change: func(t *testing.T, r string) { must(t, os.Symlink("none", r+"/link")) }, path: "link", want: missing},
		{name: "a file as directory", path: "bin/tool/x", want: untrusted, text: "is not a directory"},
		{name: "file of another", change: func(t *testing.T, r string) { must(t, os.Chown(r+"/bin/tool", stranger, 0)) }, want: untrusted, text: "is owned by uid 65534"},
		{name: "file writable by the group", change: func(t *testing.T, r string) { must(t, os.Chmod(r+"/bin/tool", 0o775)) }, want: untrusted, text: "writable by its group or by others (mode 0775)"},
		{name: "file writable by others", change: func(t *testing.T, r string) { must(t, os.Chmod(r+"/bin/tool", 0o757)) }, want: untrusted, text: "mode 0757"},
		{name: "directory of another", change: func(t *testing.T, r string) { must(t, os.Chown(r+"/bin", stranger, 0)) }, want: untrusted, text: "/bin is owned by uid 65534"},
		{name: "directory writable by the group", change: func(t *testing.T, r string) { must(t, os.Chmod(r+"/bin", 0o775)) }, want: untrusted, text: "mode 0775"},
		{name: "directory above writable", change: func(t *testing.T, r string) { must(t, os.Chmod(r, 0o777)) }, want: untrusted, text: "mode 0777"},
		{name: "sticky directory of another", change: func(t *testing.T, r string) {
			must(t, os.Chmod(r+"/bin", 0o777|fs.ModeSticky))
			must(t, os.Chown(r+"/bin", stranger, 0))
		}, want: untrusted, text: "is owned by uid 65534"},
		{name: "file of another in a sticky directory", change: func(t *testing.T, r string) {
			must(t, os.Chmod(r+"/bin", 0o777|fs.ModeSticky))
			must(t, os.Chown(r+"/bin/tool", stranger, 0))
		}, want: untrusted, text: "is owned by uid 65534"},
		{name: "hard link in a sticky directory", change: func(t *testing.T, r string) {
			must(t, os.Chmod(r+"/bin", 0o777|fs.ModeSticky))
			must(t, os.Link(r+"/bin/tool", r+"/bin/old"))
		}, path: "bin/old", want: untrusted, text: "has other names"},
		{name: "hard link elsewhere", change: func(t *testing.T, r string) { must(t, os.Link(r+"/bin/tool", r+"/bin/two")) }, path: "bin/two", want: fine},
		{name: "link of another", change: func(t *testing.T, r string) {
			must(t, os.Symlink("tool", r+"/bin/link"))
			must(t, os.Lchown(r+"/bin/link", stranger, 0))
		}, path: "bin/link", want: untrusted, text: "is a symbolic link owned by uid 65534"},
		{name: "link of another to a directory", change: func(t *testing.T, r string) {
			must(t, os.Symlink("bin", r+"/sbin"))
			must(t, os.Lchown(r+"/sbin", stranger, 0))
		}, path: "sbin/tool", want: untrusted, text: "symbolic link owned"},
		{name: "link through a directory of another", change: func(t *testing.T, r string) {
			must(t, os.Mkdir(r+"/theirs", 0o755))
			must(t, os.Chown(r+"/theirs", stranger, 0))
			must(t, os.Symlink("theirs/../bin/tool", r+"/link"))
		}, path: "link", want: untrusted, text: "/theirs is owned by uid 65534"},
		{name: "links in a circle", change: func(t *testing.T, r string) {
			must(t, os.Symlink("b", r+"/a"))
			must(t, os.Symlink("a", r+"/b"))
		}, path: "a", want: untrusted, text: "more than 40 symbolic links"},
		{name: "41 links", change: func(t *testing.T, r string) { links(t, r, 41) }, path: "link41", want: untrusted, text: "more than 40"},
		{name: "40 links", change: func(t *testing.T, r string) { links(t, r, 40) }, path: "link40", want: fine},
		{name: "link to a directory", change: func(t *testing.T, r string) { must(t, os.Symlink("bin", r+"/link")) }, path: "link", want: untrusted, text: "not a regular file"},
		{name: "link up", change: func(t *testing.T, r string) { must(t, os.Symlink("bin/..", r+"/link")) }, path: "link", want: untrusted, text: "leads to a directory"},
		{name: "link to the root directory", change: func(t *testing.T, r string) { must(t, os.Symlink("/", r+"/link")) }, path: "link", want: untrusted, text: "leads to a directory"},
		{name: "link with a slash", change: func(t *testing.T, r string) { must(t, os.Symlink("bin/tool/", r+"/link")) }, path: "link", want: untrusted, text: "leads to a directory"},
		{name: "directory", path: "bin", want: untrusted, text: "not a regular file"},
		{name: "FIFO", change: func(t *testing.T, r string) { must(t, unix.Mkfifo(r+"/fifo", 0o755)) }, path: "fifo", want: untrusted, text: "not a regular file"},
		{name: "device", change: func(t *testing.T, r string) { must(t, unix.Mknod(r+"/null", unix.S_IFCHR|0o755, 0x103)) }, path: "null", want: untrusted, text: "not a regular file"},
		{name: "access list for another", change: func(t *testing.T, r string) {
			// user::rwx user:65534:rw- group::r-x mask::rwx other::r-x
			list := []byte{2, 0, 0, 0}
			for _, e := range [][8]byte{
				{1, 0, 7, 0, 255, 255, 255, 255},
				{2, 0, 6, 0, 254, 255, 0, 0},
				{4, 0, 5, 0, 255, 255, 255, 255},
				{16, 0, 7, 0, 255, 255, 255, 255},
				{32, 0, 5, 0, 255, 255, 255, 255},
			} {
				list = append(list, e[:]...)
			}
			must(t, unix.Setxattr(r+"/bin/tool", "system.posix_acl_access", list, 0))
		}, want: untrusted, text: "writable by its group"},
		{name: "not executable", change: func(t *testing.T, r string) { must(t, os.Chmod(r+"/bin/tool", 0o644)) }, want: unusable, text: "is not executable (mode 0644)"},
		{name: "script", change: func(t *testing.T, r string) { write(t, r+"/bin/tool", []byte("#! /bin/sh -e\necho\n"), 0o755) }, want: script, text: `script for "/bin/sh -e"`},
		{name: "script with env", change: func(t *testing.T, r string) {
			write(t, r+"/bin/tool", []byte("#!/usr/bin/env python3\r\n"), 0o755)
		}, want: script, text: `"/usr/bin/env python3\r"`},
		{name: "script without an end", change: func(t *testing.T, r string) { write(t, r+"/bin/tool", []byte("#!"), 0o755) }, want: script},
		{name: "text", change: func(t *testing.T, r string) { write(t, r+"/bin/tool", []byte("echo\n"), 0o755) }, want: unusable, text: "is no ELF program"},
		{name: "empty", change: func(t *testing.T, r string) { write(t, r+"/bin/tool", nil, 0o755) }, want: unusable, text: "is no ELF program"},
		{name: "cut off", change: func(t *testing.T, r string) { write(t, r+"/bin/tool", sample(t, 0)[:64], 0o755) }, want: unusable},
		{name: "of another machine", change: func(t *testing.T, r string) {
			raw := sample(t, 0)
			raw[18], raw[19] = 8, 0 // EM_MIPS
			write(t, r+"/bin/tool", raw, 0o755)
		}, want: unusable, text: "is made for EM_MIPS"},
	}
	for _, tt := range tests {
		t.Run("T062/"+tt.name, func(t *testing.T) {
			root := tree(t)
			if tt.change != nil {
				tt.change(t, root)
			}
			if tt.path == "" {
				tt.path = "bin/tool"
			}
			p, err := Open(filepath.Join(root, tt.path), Options{})
			if !tt.want(err) || err != nil && !strings.Contains(err.Error(), tt.text) {
				t.Fatalf("got %v (%T), want %q", err, errors.Unwrap(err), tt.text)
			}
			if err != nil && p != nil {
				t.Error("an error came with a program")
			}
			if err == nil && filepath.Dir(p.Resolved()) != filepath.Join(root, "bin") {
				t.Errorf("resolved to %q", p.Resolved())
			}
		})
	}
}

func links(t *testing.T, root string, n int) {
	target := "bin/tool"
	for i := 1; i <= n; i++ {
		name := fmt.Sprintf("link%d", i)
		must(t, os.Symlink(target, filepath.Join(root, name)))
		target = name
	}
}

func TestOpenRefusesPaths(t *testing.T) {
	for _, path := range []string{
		"", "/", "bin/true", "./true", "/bin/../bin/true", "/bin//true", "/bin/true/", "/bin/./true",
		"/bin/true\x00", "/" + strings.Repeat("a", 4096),
	} {
		if p, err := Open(path, Options{}); p != nil || !errors.As(err, new(*UntrustedError)) {
			t.Errorf("%q: got %v, %v", path, p, err)
		}
	}
}

func TestFacts(t *testing.T) {
	root := tree(t)
	path := filepath.Join(root, "bin/tool")
	sum := sha256.Sum256(sample(t, 0))
	digest := hex.EncodeToString(sum[:])
	// cap_net_raw+ep, as ping has it: revision 2, effective.
	caps := []byte{1, 0, 0, 2, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
	must(t, unix.Setxattr(path, "security.capability", caps, 0))
	p, err := Open(path, Options{SHA256: []string{strings.Repeat("0", 64), strings.ToUpper(digest)}})
	must(t, err)
	var st unix.Stat_t
	must(t, unix.Stat(path, &st))
	if got, want := p.Identity(), (Identity{st.Dev, st.Ino, st.Size, st.Ctim.Nano()}); got != want {
		t.Errorf("identity: got %v, want %v", got, want)
	}
	if p.SHA256() != digest || p.FileCapabilities() != 1<<unix.CAP_NET_RAW || p.Mode() != 0o755 || p.Path() != path {
		t.Errorf("got digest %q, capabilities %#x, mode %o, path %q", p.SHA256(), p.FileCapabilities(), p.Mode(), p.Path())
	}
	if !strings.HasPrefix(p.Interpreter(), "/lib") || !strings.Contains(p.Interpreter(), "ld-linux") {
		t.Errorf("interpreter: got %q", p.Interpreter())
	}
	flags, err := unix.FcntlInt(p.File().Fd(), unix.F_GETFL, 0)
	if err != nil || flags&unix.O_PATH == 0 {
		t.Errorf("flags %#x, %v: want O_PATH", flags, err)
	}
	if fd, err := unix.FcntlInt(p.File().Fd(), unix.F_GETFD, 0); err != nil || fd != unix.FD_CLOEXEC {
		t.Errorf("descriptor flags %d, %v: want close-on-exec", fd, err)
	}
	var bad *DigestError
	if _, err := Open(path, Options{SHA256: []string{strings.Repeat("0", 64)}}); !errors.As(err, &bad) || bad.Got != digest {
		t.Errorf("another digest: got %v", err)
	}
	for _, digest := range []string{"", "abc", strings.Repeat("g", 64), strings.Repeat("0", 66)} {
		if _, err := Open(path, Options{SHA256: []string{digest}}); err == nil {
			t.Errorf("digest %q was taken", digest)
		}
	}
}

// replace gives path a new file, as a package manager does.
func replace(t *testing.T, path string, content []byte, uid int) {
	t.Helper()
	write(t, path+".new", content, 0o755)
	must(t, os.Chown(path+".new", uid, 0))
	must(t, os.Rename(path+".new", path))
}

// TestCurrent follows a path through an upgrade (T063).
func TestCurrent(t *testing.T) {
	path := filepath.Join(tree(t), "bin/tool")
	first, err := Open(path, Options{})
	must(t, err)
	expect := func(name string, wantSame *Program, wantChanged bool) *Program {
		t.Helper()
		got, changed, err := first.Current()
		if err != nil || changed != wantChanged || wantSame != nil && got != wantSame {
			t.Fatalf("%s: got %p, %t, %v; want %p, %t", name, got, changed, err, wantSame, wantChanged)
		}
		return got
	}
	expect("untouched", first, false)
	replace(t, path, sample(t, 1), 0)
	second := expect("upgrade", nil, true)
	if second == first || second.Identity() == first.Identity() {
		t.Error("the upgrade was not taken")
	}
	expect("the second look from the first pin", second, false)
	must(t, os.Chmod(path, 0o700))
	third := expect("another mode", nil, true)

	must(t, os.Chown(path, stranger, 0))
	if got, changed, err := first.Current(); got != nil || changed || !errors.As(err, new(*UntrustedError)) {
		t.Errorf("another owner: got %v, %t, %v", got, changed, err)
	}
	must(t, os.Remove(path))
	if got, changed, err := third.Current(); got != nil || changed || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("removed: got %v, %t, %v", got, changed, err)
	}
	write(t, path, sample(t, 2), 0o755)
	expect("installed again", nil, true)

	// The old pins still name what they named.
	var st unix.Stat_t
	must(t, unix.Fstat(int(second.File().Fd()), &st))
	if st.Ino != second.Identity().Ino {
		t.Errorf("pin holds inode %d, want %d", st.Ino, second.Identity().Ino)
	}
}

func TestCurrentChecksDigest(t *testing.T) {
	path := filepath.Join(tree(t), "bin/tool")
	sum := sha256.Sum256(sample(t, 0))
	p, err := Open(path, Options{SHA256: []string{hex.EncodeToString(sum[:])}})
	must(t, err)
	replace(t, path, sample(t, 1), 0)
	if got, _, err := p.Current(); got != nil || !errors.As(err, new(*DigestError)) {
		t.Errorf("got %v, %v", got, err)
	}
}

// TestSwap gives the path to an honest and to an evil file in turn, while
// programs are opened: none opened may be the evil one, and the same loop must
// get it past a naive check of the path (T060).
func TestSwap(t *testing.T) {
	root := tree(t)
	path, other := filepath.Join(root, "bin/tool"), filepath.Join(root, "bin/other")
	write(t, other, sample(t, 666), 0o755)
	must(t, os.Chown(other, stranger, 0))
	evil := int64(len(sample(t, 666)))
	var stop atomic.Bool
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop.Store(true)
	wg.Go(func() {
		for !stop.Load() {
			if err := unix.Renameat2(unix.AT_FDCWD, path, unix.AT_FDCWD, other, unix.RENAME_EXCHANGE); err != nil {
				t.Error(err)
				return
			}
		}
	})
	opened, refused := 0, 0
	for opened < 100 || refused < 100 {
		p, err := Open(path, Options{})
		if err != nil {
			refused++
			continue
		}
		opened++
		raw, err := io.ReadAll(reopen(t, p))
		if err != nil || int64(len(raw)) == evil || !bytes.Equal(raw, sample(t, 0)) {
			t.Fatalf("opened %d bytes, %v: the evil file has %d", len(raw), err, evil)
		}
	}
	won := false
	for i := 0; i < 1_000_000 && !won; i++ {
		var st unix.Stat_t
		if unix.Stat(path, &st) != nil || st.Uid != 0 {
			continue
		}
		fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
		must(t, err)
		must(t, unix.Fstat(fd, &st))
		won = st.Uid != 0
		must(t, unix.Close(fd))
	}
	if !won {
		t.Error("the race does not even win against a naive check")
	}
}

// reopen reads what a pin holds, by the magic link.
func reopen(t *testing.T, p *Program) *os.File {
	t.Helper()
	file, err := os.Open(fmt.Sprintf("/proc/self/fd/%d", p.File().Fd()))
	must(t, err)
	t.Cleanup(func() { _ = file.Close() })
	return file
}

// TestUpgradeUnderLoad renames new versions into place while many ask: each
// gets one that was installed, none an error, and each upgrade is told once.
func TestUpgradeUnderLoad(t *testing.T) {
	path := filepath.Join(tree(t), "bin/tool")
	p, err := Open(path, Options{})
	must(t, err)
	var stop atomic.Bool
	var told atomic.Int64
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for !stop.Load() {
				got, changed, err := p.Current()
				if err != nil {
					t.Error(err)
					return
				}
				if changed {
					told.Add(1)
				}
				var st unix.Stat_t
				if err := unix.Fstat(int(got.File().Fd()), &st); err != nil || st.Ino != got.Identity().Ino {
					t.Errorf("inode %d, %v; want %d", st.Ino, err, got.Identity().Ino)
				}
			}
		})
	}
	const upgrades = 100
	for i := range upgrades {
		replace(t, path, sample(t, i+1), 0)
		if _, changed, err := p.Current(); err != nil {
			t.Error(err)
		} else if changed {
			told.Add(1)
		}
	}
	stop.Store(true)
	wg.Wait()
	if told.Load() < upgrades/2 || told.Load() > 2*upgrades {
		t.Errorf("told of %d changes in %d upgrades", told.Load(), upgrades)
	}
}

// noexecVictim runs in a mount namespace of its own.
func noexecVictim(dir string) int {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		fmt.Println(err)
		return 2
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", unix.MS_NOEXEC, "mode=755"); err != nil {
		fmt.Println(err)
		return 2
	}
	raw, err := os.ReadFile("/bin/true")
	if err == nil {
		err = os.WriteFile(dir+"/tool", raw, 0o755)
	}
	if err != nil {
		fmt.Println(err)
		return 2
	}
	_, err = Open(dir+"/tool", Options{})
	fmt.Println(err)
	return 0
}

func TestNoexec(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", "noexec", t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "is on a file system mounted noexec") {
		t.Errorf("got %q, %v", out, err)
	}
}

// TestExecveCheck: the kernel's own answer, and that it runs nothing.
func TestExecveCheck(t *testing.T) {
	for path, want := range map[string]error{"/bin/true": nil, "/etc/passwd": unix.EACCES} {
		fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
		must(t, err)
		var name unix.Utsname
		must(t, unix.Uname(&name))
		if got := execveCheck(fd); !errors.Is(got, want) {
			t.Errorf("%s on Linux %s: got %v, want %v", path, name.Release, got, want)
		}
		must(t, unix.Close(fd))
	}
}

func FuzzParseCapabilities(f *testing.F) {
	f.Add([]byte{1, 0, 0, 2, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Add([]byte{0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0})
	f.Add([]byte{0, 0, 0, 3})
	f.Fuzz(func(t *testing.T, raw []byte) {
		caps, err := parseCapabilities(raw)
		if err != nil && caps != 0 {
			t.Errorf("an error came with %#x", caps)
		}
		if err == nil && len(raw) != 12 && len(raw) != 20 && len(raw) != 24 {
			t.Errorf("took %d bytes", len(raw))
		}
	})
}

func FuzzReadHeader(f *testing.F) {
	raw, err := os.ReadFile("/bin/true")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw[:4096])
	f.Add([]byte("#!/bin/sh\n"))
	f.Add([]byte("\x7fELF\x02\x01\x01"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		h, err := readHeader("x", bytes.NewReader(raw), int64(len(raw)))
		if err != nil {
			if !errors.As(err, new(*NotExecutableError)) && !errors.As(err, new(*ScriptError)) {
				t.Errorf("got %v", err)
			}
			return
		}
		if h.interpreter != "" && (h.interpreter[0] != '/' || strings.ContainsRune(h.interpreter, 0)) {
			t.Errorf("interpreter %q", h.interpreter)
		}
	})
}
