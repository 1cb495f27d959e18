package seccomp

import (
	"slices"

	"golang.org/x/sys/unix"
)

// Set describes a named set for people.
type Set struct {
	Name     string   // with the @
	Doc      string   // one sentence
	Extends  []string // the sets that come with it
	Syscalls []string // sorted; a trailing * marks limits on the arguments
}

// Sets returns all sets, @default first. The caller owns the slice.
func Sets() []Set {
	var out []Set
	for _, s := range sets() {
		d := Set{Name: s.name, Doc: s.doc, Extends: slices.Clone(s.extends)}
		for _, c := range s.calls {
			name := c.name
			if c.when != nil || ceiling(name) != nil {
				name += "*"
			}
			d.Syscalls = append(d.Syscalls, name)
		}
		slices.Sort(d.Syscalls)
		out = append(out, d)
	}
	return out
}

type set struct {
	name, doc string
	extends   []string
	calls     []call
}

// call is one call of a set. A nil condition stands for the call's ceiling.
type call struct {
	name string
	when condition
}

// list makes calls that have no condition beyond their ceiling.
func list(names ...string) []call {
	calls := make([]call, 0, len(names))
	for _, name := range names {
		calls = append(calls, call{name: name})
	}
	return calls
}

// always is in every filter.
func always() []call {
	return append(list("exit", "exit_group"),
		call{"execveat", when(only(0, ProgramFD), only(4, unix.AT_EMPTY_PATH))})
}

func sets() []set {
	return []set{
		defaultSet(),
		{
			name: "@exec", doc: "Start other programs and wait for them.",
			extends: []string{"@default"},
			calls: list("execve", "clone", "fork", "vfork", "wait4", "waitid", "kill", "pipe",
				"setpgid", "getpgid", "getpgrp", "rt_sigsuspend"),
		},
		{
			name: "@netlink", doc: "Configure links, addresses and routes over rtnetlink (ip).",
			extends: []string{"@default"},
			// capget and capset: ip of Debian 12 exits 1 without a word
			// when a uid other than 0 cannot call them.
			calls: append(list("bind", "getsockname", "getsockopt", "setsockopt",
				"sendto", "sendmsg", "recvmsg", "recvfrom", "capget", "capset"),
				socket(rtnetlink())),
		},
		{
			name: "@iptables", doc: "Load and list packet filter rules (iptables, nft and legacy).",
			extends: []string{"@netlink"},
			calls: append(list("flock", "alarm"),
				socket(
					clause{only(0, unix.AF_NETLINK), only(2, unix.NETLINK_NETFILTER)},
					clause{
						only(0, unix.AF_INET, unix.AF_INET6), sockType(unix.SOCK_RAW),
						only(2, unix.IPPROTO_RAW),
					})),
		},
		{
			name: "@raw", doc: "Send and receive ICMP echo (ping), and look up names.",
			extends: []string{"@netlink"},
			calls: append(list("connect", "setitimer", "setuid"),
				socket(
					clause{
						only(0, unix.AF_INET, unix.AF_INET6), sockType(unix.SOCK_DGRAM, unix.SOCK_RAW),
						only(2, unix.IPPROTO_ICMP, unix.IPPROTO_ICMPV6),
					},
					// DNS, and finding the source address.
					clause{
						only(0, unix.AF_INET, unix.AF_INET6), sockType(unix.SOCK_DGRAM),
						only(2, unix.IPPROTO_IP, unix.IPPROTO_UDP),
					})),
		},
		{
			name: "@mount", doc: "Mount and unmount file systems; needs fs: host.",
			extends: []string{"@default"},
			calls: list("mount", "umount2", "mkdir", "mkdirat", "flock", "fsopen", "fsconfig", "fsmount",
				"fspick", "move_mount", "open_tree", "mount_setattr"),
		},
		{
			name: "@netns", doc: "Make, name and enter network namespaces (ip netns); needs fs: host.",
			extends: []string{"@netlink"},
			calls: append(list("mount", "umount2", "flock", "mkdir", "mkdirat", "unlink", "unlinkat"),
				call{"unshare", when(without(0, allBits&^uint32(unix.CLONE_NEWNS|unix.CLONE_NEWNET)))},
				call{"setns", when(only(1, unix.CLONE_NEWNS, unix.CLONE_NEWNET))}),
		},
		{
			name: "@daemon", doc: "Serve DHCP and DNS in the background (dnsmasq).",
			extends: []string{"@netlink"},
			calls: append(list("clone", "setsid", "setpgid", "setuid", "setgid", "setgroups",
				"connect", "listen", "accept", "accept4", "getpeername", "shutdown", "fchown",
				"inotify_init1", "inotify_add_watch", "kill", "rt_sigsuspend", "timer_create",
				"timer_settime", "alarm", "unlink", "unlinkat", "wait4"),
				socket(
					clause{
						only(0, unix.AF_INET, unix.AF_INET6),
						sockType(unix.SOCK_STREAM, unix.SOCK_DGRAM),
					},
					clause{
						only(0, unix.AF_INET, unix.AF_INET6), sockType(unix.SOCK_RAW),
						only(2, unix.IPPROTO_ICMP, unix.IPPROTO_ICMPV6),
					},
					clause{only(0, unix.AF_PACKET)})),
		},
	}
}

// defaultSet is what an ordinary dynamic program needs to start, read, write
// and end. It starts no other program; it may have threads.
func defaultSet() set {
	return set{
		name: "@default", doc: "Run one program: files, memory, time, threads, its own signals.",
		calls: append(list(
			// files
			"access", "faccessat", "faccessat2", "openat", "close", "read", "readv", "pread64",
			"write", "writev", "pwrite64", "lseek", "fcntl", "ioctl", "fadvise64", "ftruncate",
			"fsync", "fdatasync", "stat", "lstat", "fstat", "newfstatat", "statx", "statfs",
			"fstatfs", "readlink", "readlinkat", "getcwd", "chdir", "fchdir", "getdents64", "umask", "dup", "dup2",
			"dup3", "pipe2", "poll", "ppoll", "select", "pselect6",
			"epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "eventfd2",
			// memory
			"brk", "mmap", "munmap", "mremap", "mprotect", "madvise",
			// itself
			"getpid", "getppid", "gettid", "getuid", "geteuid", "getgid", "getegid", "getgroups",
			"getresuid", "getresgid", "prctl", "arch_prctl", "prlimit64", "getrlimit", "getrusage",
			"uname", "sysinfo", "getrandom",
			// threads
			"futex", "set_tid_address", "set_robust_list", "rseq", "sched_yield", "sched_getaffinity",
			// signals
			"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "tgkill", "restart_syscall",
			// time; the first two are asked where the clock is not in the vDSO
			"gettimeofday", "time", "clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep",
		), call{"clone", when(masked(0, unix.CLONE_THREAD|cloneRefused, unix.CLONE_THREAD))}),
	}
}

func rtnetlink() clause {
	return clause{only(0, unix.AF_NETLINK), only(2, unix.NETLINK_ROUTE)}
}

func socket(clauses ...clause) call { return call{"socket", clauses} }

// sockType compares the type without SOCK_NONBLOCK and SOCK_CLOEXEC
// (SOCK_TYPE_MASK in include/linux/net.h).
func sockType(types ...uint32) test { return masked(1, 0xf, types...) }
