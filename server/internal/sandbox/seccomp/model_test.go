package seccomp

import (
	"bufio"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// The model says by itself, without the tables and the conditions of the
// package, what each request admits. Numbers come from the kernel's headers.

type args [6]uint64

func lo(v uint64) uint32 { return uint32(v & 0xffffffff) }

type predicate func(a args) bool

func yes(args) bool { return true }

// modelCeiling is what a bare name admits at most; calls that are not in it are
// admitted whatever the arguments.
func modelCeiling(name string) predicate {
	suid := func(arg int) predicate {
		return func(a args) bool { return lo(a[arg])&0o6000 == 0 }
	}
	openMode := func(flags int) predicate {
		return func(a args) bool {
			creates := lo(a[flags])&0o100 != 0 || lo(a[flags])&0o20000000 != 0
			return !creates || lo(a[flags+1])&0o6000 == 0
		}
	}
	node := func(arg int) predicate {
		return func(a args) bool {
			switch lo(a[arg]) & 0o170000 {
			case 0, 0o100000, 0o010000, 0o140000:
				return lo(a[arg])&0o6000 == 0
			}
			return false
		}
	}
	switch name {
	case "ioctl":
		return func(a args) bool { c := lo(a[1]); return c != 0x5412 && c != 0x541c && c != 0x5423 }
	case "prctl":
		return func(a args) bool {
			switch lo(a[0]) {
			case 2, 3, 4, 7, 8, 15, 16, 21, 23, 24, 27, 29, 38, 39, 47, 0x53564d41:
				return true
			}
			return false
		}
	case "clone":
		return func(a args) bool { return lo(a[0])&0x7e028000 == 0 }
	case "personality":
		return func(a args) bool { return lo(a[0]) == 0 || lo(a[0]) == 0xffffffff }
	case "prlimit64":
		return func(a args) bool { return lo(a[0]) == 0 }
	case "chmod", "fchmod", "creat":
		return suid(1)
	case "fchmodat", "fchmodat2":
		return suid(2)
	case "open":
		return openMode(1)
	case "openat":
		return openMode(2)
	case "mknod":
		return node(1)
	case "mknodat":
		return node(2)
	case "seccomp":
		return func(a args) bool { return lo(a[0]) == 2 || lo(a[0]) == 1 && lo(a[1])&8 == 0 }
	case "socket":
		return func(a args) bool {
			switch lo(a[0]) {
			case 1, 2, 10:
				return true
			case 16:
				p := lo(a[2])
				return p == 0 || p == 4 || p == 6 || p == 12 || p == 16
			}
			return false
		}
	case "socketpair":
		return func(a args) bool { return lo(a[0]) == 1 }
	}
	return yes
}

const modelBase = `access faccessat faccessat2 openat close read readv pread64 write writev pwrite64
	lseek fcntl ioctl fadvise64 ftruncate fsync fdatasync stat lstat fstat newfstatat statx statfs fstatfs
	readlink readlinkat getcwd chdir fchdir getdents64 umask dup dup2 dup3 pipe2 poll ppoll select pselect6 epoll_create1
	epoll_ctl epoll_wait epoll_pwait eventfd2 brk mmap munmap mremap mprotect madvise getpid getppid gettid
	getuid geteuid getgid getegid getgroups getresuid getresgid prctl arch_prctl prlimit64 getrlimit
	getrusage uname sysinfo getrandom futex set_tid_address set_robust_list rseq sched_yield
	sched_getaffinity rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack tgkill restart_syscall
	gettimeofday time clock_gettime clock_getres clock_nanosleep nanosleep`

const modelNetlink = `bind getsockname getsockopt setsockopt sendto sendmsg recvmsg recvfrom capget capset`

// modelSet returns what one set alone admits, with what it extends.
func modelSet(name string) map[string]predicate {
	out := make(map[string]predicate)
	add := func(names string) {
		for n := range strings.FieldsSeq(names) {
			out[n] = either(out[n], modelCeiling(n))
		}
	}
	addIf := func(n string, p predicate) { out[n] = either(out[n], p) }
	add(modelBase)
	addIf("clone", func(a args) bool { return lo(a[0])&0x10000 != 0 && lo(a[0])&0x7e028000 == 0 })
	inet := func(a args) bool { return lo(a[0]) == 2 || lo(a[0]) == 10 }
	icmp := func(a args) bool { return lo(a[2]) == 1 || lo(a[2]) == 58 }
	kind := func(a args) uint32 { return lo(a[1]) & 15 }
	switch name {
	case "@netlink", "@iptables", "@raw", "@netns", "@daemon":
		add(modelNetlink)
		addIf("socket", func(a args) bool { return lo(a[0]) == 16 && lo(a[2]) == 0 })
	}
	switch name {
	case "@exec":
		add("execve clone fork vfork wait4 waitid kill pipe setpgid getpgid getpgrp rt_sigsuspend")
	case "@iptables":
		add("flock alarm")
		addIf("socket", func(a args) bool {
			return lo(a[0]) == 16 && lo(a[2]) == 12 || inet(a) && kind(a) == 3 && lo(a[2]) == 255
		})
	case "@raw":
		add("connect setitimer setuid")
		addIf("socket", func(a args) bool {
			if !inet(a) {
				return false
			}
			return (kind(a) == 2 || kind(a) == 3) && icmp(a) || kind(a) == 2 && (lo(a[2]) == 0 || lo(a[2]) == 17)
		})
	case "@mount":
		add(`mount umount2 mkdir mkdirat flock fsopen fsconfig fsmount fspick move_mount open_tree
			mount_setattr`)
	case "@netns":
		add("mount umount2 flock mkdir mkdirat unlink unlinkat")
		addIf("unshare", func(a args) bool { return lo(a[0])&^0x40020000 == 0 })
		addIf("setns", func(a args) bool { return lo(a[1]) == 0x20000 || lo(a[1]) == 0x40000000 })
	case "@daemon":
		add(`clone setsid setpgid setuid setgid setgroups connect listen accept accept4 getpeername
			shutdown fchown inotify_init1 inotify_add_watch kill rt_sigsuspend timer_create timer_settime
			alarm unlink unlinkat wait4`)
		addIf("socket", func(a args) bool {
			return inet(a) && (kind(a) == 1 || kind(a) == 2 || kind(a) == 3 && icmp(a)) || lo(a[0]) == 17
		})
	}
	return out
}

func either(a, b predicate) predicate {
	if a == nil {
		return b
	}
	return func(x args) bool { return a(x) || b(x) }
}

// modelRequest unites the names of a request.
func modelRequest(names []string) map[string]predicate {
	out := map[string]predicate{
		"exit": yes, "exit_group": yes,
		"execveat": func(a args) bool { return lo(a[0]) == 900 && lo(a[4]) == 0x1000 },
	}
	for _, name := range names {
		if !strings.HasPrefix(name, "@") {
			out[name] = either(out[name], modelCeiling(name))
			continue
		}
		for n, p := range modelSet(name) {
			out[n] = either(out[n], p)
		}
	}
	return out
}

// machine is an architecture as the tests see it.
type machine struct {
	name    string
	target  target
	audit   uint32
	foreign []uint32
	x32     bool
	numbers map[string]uint32
}

func machines(t *testing.T) []machine {
	t.Helper()
	const x86, i386, arm64, arm = 0xc000003e, 0x40000003, 0xc00000b7, 0x40000028
	generic := headerNumbers(t, "/usr/include/asm-generic/unistd.h")
	out := []machine{{
		name: "arm64", target: arm64Target(), audit: arm64,
		foreign: []uint32{0, arm, x86, i386, 0xffffffff}, numbers: generic,
	}}
	if runtime.GOARCH == "amd64" {
		found, err := filepath.Glob("/usr/include/*/asm/unistd_64.h")
		if err != nil || len(found) == 0 {
			t.Fatalf("no unistd_64.h below /usr/include (err %v): install linux-libc-dev", err)
		}
		out = append(out, machine{
			name: "amd64", target: amd64Target(), audit: x86, x32: true,
			foreign: []uint32{0, i386, arm64, arm, 0xffffffff}, numbers: headerNumbers(t, found[0]),
		})
	}
	return out
}

// headerNumbers reads "#define __NR_read 0", and the detour by __NR3264_ that
// the header of the newer architectures takes.
func headerNumbers(t *testing.T, path string) map[string]uint32 {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	symbols, named := make(map[string]uint32), make(map[uint32]bool)
	// Newer than the headers of Debian 12; one number on all architectures.
	out := map[string]uint32{"fchmodat2": unix.SYS_FCHMODAT2}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) < 3 || words[0] != "#define" || !strings.HasPrefix(words[1], "__NR") {
			continue
		}
		nr, alias := symbols[words[2]]
		if alias && named[nr] {
			continue // the names of 32-bit machines for the same number
		}
		if !alias {
			parsed, err := strconv.ParseUint(words[2], 10, 32)
			if err != nil {
				continue
			}
			nr = uint32(parsed)
		}
		symbols[words[1]] = nr
		if name, ok := strings.CutPrefix(words[1], "__NR_"); ok && name != "syscalls" {
			out[name], named[nr] = nr, true
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	if len(out) < 250 {
		t.Fatalf("%s: only %d numbers", path, len(out))
	}
	return out
}
