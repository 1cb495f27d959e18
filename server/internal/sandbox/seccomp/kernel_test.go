package seccomp

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// runVictim starts the test binary as a victim and returns its output and the
// signal that ended it, if one did.
func runVictim(t *testing.T, attr *syscall.SysProcAttr, argv ...string) (out string, signal syscall.Signal, exit int) {
	t.Helper()
	// By /proc/self/exe: the directory of the test binary is closed to others.
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", append([]string{"victim"}, argv...)...)
	cmd.Env = []string{"GORACE=atexit_sleep_ms=0"} // a race build sleeps a second at its end
	cmd.Dir = "/"
	cmd.SysProcAttr = attr
	raw, err := cmd.CombinedOutput()
	if bad := (*exec.ExitError)(nil); err != nil && !errors.As(err, &bad) {
		t.Fatal(err)
	}
	status, isStatus := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if isStatus && status.Signaled() {
		return string(raw), status.Signal(), -1
	}
	return string(raw), 0, cmd.ProcessState.ExitCode()
}

func spec(nr int, a ...uint64) string {
	text := fmt.Sprint(nr)
	for _, v := range a {
		text += fmt.Sprintf(",%#x", v)
	}
	return text
}

// TestKernelAnswers tries single calls on the real kernel. Each is tried without
// the filter as well: a refusal that comes from elsewhere proves nothing.
func TestKernelAnswers(t *testing.T) {
	const bit32 = 1 << 32
	const varies = unix.Errno(0xffff) // between kernels
	badFD := uint64(0xffffffff)
	tests := []struct {
		name, names   string
		call          string
		without, with unix.Errno
	}{
		{"read", "@default", spec(unix.SYS_READ, badFD), unix.EBADF, unix.EBADF},
		{"ioctl", "@default", spec(unix.SYS_IOCTL, badFD, unix.TCGETS), unix.EBADF, unix.EBADF},
		{"T070/TIOCSTI", "@default", spec(unix.SYS_IOCTL, badFD, unix.TIOCSTI), unix.EBADF, unix.EPERM},
		{"T070/TIOCSTI with bit 32", "@default", spec(unix.SYS_IOCTL, badFD, unix.TIOCSTI|bit32), unix.EBADF, unix.EPERM},
		{"T070/TIOCLINUX with bit 63", "@default", spec(unix.SYS_IOCTL, badFD, 0x541c|1<<63), unix.EBADF, unix.EPERM},
		{"AF_UNIX", "@netlink", spec(unix.SYS_SOCKET, unix.AF_UNIX, unix.SOCK_STREAM, 0), 0, unix.EPERM},
		{"AF_INET", "@netlink", spec(unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_DGRAM, 0), 0, unix.EPERM},
		{"AF_ALG", "@netlink,socket", spec(unix.SYS_SOCKET, unix.AF_ALG, unix.SOCK_SEQPACKET, 0), varies, unix.EPERM},
		{"NETLINK_ROUTE", "@netlink", spec(unix.SYS_SOCKET, unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_ROUTE), 0, 0},
		{"NETLINK_ROUTE with bit 32", "@netlink", spec(unix.SYS_SOCKET, unix.AF_NETLINK|bit32, unix.SOCK_RAW, bit32), 0, 0},
		{"NETLINK_AUDIT", "@netlink", spec(unix.SYS_SOCKET, unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_KOBJECT_UEVENT), 0, unix.EPERM},
		{"no socket in the base", "@default", spec(unix.SYS_SOCKET, unix.AF_NETLINK, unix.SOCK_RAW, 0), 0, unix.EPERM},
		{"clone3", "@default", spec(435, 0, 0), unix.EINVAL, unix.ENOSYS},
		{"openat2", "@default", spec(437, badFD, 0, 0, 0), unix.EINVAL, unix.ENOSYS},
		{"T071/above the highest", "@default", spec(highest + 1), varies, unix.ENOSYS},
		{"T071/10^6", "@default", spec(1_000_000), unix.ENOSYS, unix.ENOSYS},
		{"T071/-1", "@default", "0xffffffffffffffff", unix.ENOSYS, unix.ENOSYS},
		{"T073/bpf", "@default", spec(unix.SYS_BPF, 99), unix.EINVAL, unix.EPERM},
		{"T073/io_uring_setup", "@default,@exec", spec(unix.SYS_IO_URING_SETUP, 0, 0), unix.EFAULT, unix.EPERM},
		{"T073/unshare NEWUSER", "@netns", spec(unix.SYS_UNSHARE, unix.CLONE_NEWUSER|unix.CLONE_VM), unix.EINVAL, unix.EPERM},
		{"T075/listener", "@default,seccomp", spec(unix.SYS_SECCOMP, 1, 8, 0), unix.EFAULT, unix.EPERM},
		{"T075/PR_SET_SECCOMP", "@default", spec(unix.SYS_PRCTL, unix.PR_SET_SECCOMP, 2, 0), unix.EFAULT, unix.EPERM},
		{"PR_SET_PDEATHSIG", "@default", spec(unix.SYS_PRCTL, unix.PR_SET_PDEATHSIG, 0), 0, unix.EPERM},
		{"prlimit64 of itself", "@default", spec(unix.SYS_PRLIMIT64, 0, 7, 0, 0), 0, 0},
		{"prlimit64 of another", "@default", spec(unix.SYS_PRLIMIT64, 1, 7, 0, 0), 0, unix.EPERM},
		{"T074/fchmod", "@default,fchmod", spec(unix.SYS_FCHMOD, badFD, 0o755), unix.EBADF, unix.EBADF},
		{"T074/fchmod setuid", "@default,fchmod", spec(unix.SYS_FCHMOD, badFD, 0o4755), unix.EBADF, unix.EPERM},
		{"T074/mknodat device", "@default,mknodat", spec(unix.SYS_MKNODAT, badFD, 0, 0o60600, 0x801), unix.EFAULT, unix.EPERM},
		{"T074/openat creating setgid", "@default", spec(unix.SYS_OPENAT, badFD, 0, unix.O_CREAT, 0o2755), unix.EFAULT, unix.EPERM},
		{"T074/openat without O_CREAT", "@default", spec(unix.SYS_OPENAT, badFD, 0, unix.O_RDONLY, 0o2755), unix.EFAULT, unix.EFAULT},
		{"execve", "@default", spec(unix.SYS_EXECVE, 0, 0, 0), unix.EFAULT, unix.EPERM},
		{"execve with @exec", "@exec", spec(unix.SYS_EXECVE, 0, 0, 0), unix.EFAULT, unix.EFAULT},
		{"execveat 900", "@default", spec(unix.SYS_EXECVEAT, 900, 0, 0, 0, unix.AT_EMPTY_PATH), unix.EFAULT, unix.EFAULT},
		{"execveat 901", "@default", spec(unix.SYS_EXECVEAT, 901, 0, 0, 0, unix.AT_EMPTY_PATH), unix.EFAULT, unix.EPERM},
		{"execveat by path", "@default", spec(unix.SYS_EXECVEAT, 900, 0, 0, 0, 0), unix.EFAULT, unix.EPERM},
		{"execveat with another flag", "@default", spec(unix.SYS_EXECVEAT, 900, 0, 0, 0, unix.AT_EMPTY_PATH|unix.AT_SYMLINK_NOFOLLOW), unix.EFAULT, unix.EPERM},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, round := range []struct {
				names string
				want  unix.Errno
			}{{"none", tt.without}, {tt.names, tt.with}} {
				if round.want == varies {
					continue
				}
				out, signal, exit := runVictim(t, nil, round.names, "calls", tt.call)
				if want := fmt.Sprintf("%s: %d\n", tt.call, int(round.want)); out != want || exit != 0 {
					t.Errorf("filter %s: got %q, signal %d, exit %d; want %q", round.names, out, signal, exit, want)
				}
			}
		})
	}
}

// TestKernelKills tries the two ways around the numbers of x86_64.
func TestKernelKills(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Log("arm64 has no x32; its 32-bit door is a change of the processor's mode and has no instruction to try")
		return
	}
	t.Run("T071/x32", func(t *testing.T) {
		call := spec(x32Bit | 39)
		if out, signal, exit := runVictim(t, nil, "none", "calls", call); signal != 0 || exit != 0 {
			t.Errorf("without a filter: got %q, signal %d, exit %d", out, signal, exit)
		}
		if out, signal, _ := runVictim(t, nil, "@default", "calls", call); signal != unix.SIGSYS {
			t.Errorf("got %q, signal %d; want SIGSYS", out, signal)
		}
	})
	t.Run("T071/int80", func(t *testing.T) {
		want := unix.SIGSYS
		if out, signal, exit := runVictim(t, nil, "none", "int80"); exit != 0 {
			// A kernel without IA32 emulation answers with SIGSEGV.
			t.Logf("without a filter: %q, signal %d, exit %d", out, signal, exit)
			want = unix.SIGSEGV
		}
		// Go turns SIGSEGV into a panic, exit 2.
		out, signal, exit := runVictim(t, nil, "@default", "int80")
		if signal != want && (want != unix.SIGSEGV || exit != 2) {
			t.Errorf("got %q, signal %d, exit %d; want signal %d", out, signal, exit, want)
		}
	})
}

// unprivileged runs a victim as uid 65534 in a network namespace of its own.
func unprivileged(caps ...uintptr) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWNET | syscall.CLONE_NEWNS,
		Credential:  &syscall.Credential{Uid: 65534, Gid: 65534},
		AmbientCaps: caps,
	}
}

// TestTools runs programs of Debian under the sets that are made for them, by
// execveat of descriptor 900 as the launcher does.
func TestTools(t *testing.T) {
	if os.Getuid() != 0 {
		t.Fatal("must run as root")
	}
	const netAdmin = unix.CAP_NET_ADMIN
	tests := []struct {
		name, names string
		argv        []string
		attr        *syscall.SysProcAttr
		want        string // part of the output
		exit        int
	}{
		{"cat", "@default", []string{"/bin/cat", "/proc/self/status"}, unprivileged(), "Seccomp:\t2", 0},
		{"ls", "@default", []string{"/bin/ls", "-l", "/proc/self/fd"}, unprivileged(), "total 0", 0},
		{"date", "@default", []string{"/bin/date", "+%Y"}, unprivileged(), "20", 0},
		{"sort, which starts threads", "@default", []string{"/usr/bin/sort", "--parallel=4", "/etc/passwd"}, unprivileged(), "root:x:0", 0},
		{"the shell cannot start a program", "@default", []string{"/bin/sh", "-c", "/bin/true"}, unprivileged(), "", 2},
		{"the shell with @exec", "@exec", []string{"/bin/sh", "-c", "/bin/echo a | /bin/cat; wait"}, unprivileged(), "a\n", 0},
		{"ip link", "@netlink", []string{"/sbin/ip", "link"}, unprivileged(), "lo: <LOOPBACK>", 0},
		{"ip link set", "@netlink", []string{"/sbin/ip", "link", "set", "lo", "up"}, unprivileged(netAdmin), "", 0},
		{"ip link add", "@netlink", []string{"/sbin/ip", "link", "add", "name", "a", "type", "veth", "peer", "name", "b"}, unprivileged(netAdmin), "", 0},
		{"ip address", "@netlink", []string{"/sbin/ip", "address", "add", "10.0.0.1/24", "dev", "lo"}, unprivileged(netAdmin), "", 0},
		{"ip without its set", "@default", []string{"/sbin/ip", "link"}, unprivileged(), "", 1},
		{"iptables", "@iptables", []string{"/usr/sbin/xtables-nft-multi", "iptables", "-L", "-n"}, unprivileged(netAdmin), "Chain INPUT", 0},
		{"ping", "@raw", []string{"/bin/ping", "-c", "1", "127.0.0.1"}, &syscall.SysProcAttr{
			Credential:  &syscall.Credential{Uid: 65534, Gid: 65534},
			AmbientCaps: []uintptr{unix.CAP_NET_RAW},
		}, "1 received", 0},
		{"mount", "@mount", []string{"/bin/mount", "-t", "tmpfs", "none", "/mnt"}, &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}, "", 0},
		{"mount without its set", "@default", []string{"/bin/mount", "-t", "tmpfs", "none", "/mnt"}, &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}, "permi", 32},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, signal, exit := runVictim(t, tt.attr, append([]string{tt.names, "exec"}, tt.argv...)...)
			if signal != 0 || exit != tt.exit || !strings.Contains(out, tt.want) {
				t.Errorf("got %q, signal %d, exit %d; want %q, exit %d", out, signal, exit, tt.want, tt.exit)
			}
		})
	}
}
