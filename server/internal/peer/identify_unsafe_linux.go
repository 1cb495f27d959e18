package peer

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// maxGroups is NGROUPS_MAX of the kernel (credentials(7)).
const maxGroups = 65536

// identify asks the kernel who connected c. The returned descriptor refers to
// the process that connected, and cannot come to mean another one (pidfd_open(2)).
func identify(c *net.UnixConn) (*Info, *os.File, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil, nil, err
	}
	var info *Info
	var pidfd *os.File
	var opErr error
	if err := raw.Control(func(fd uintptr) { info, pidfd, opErr = identifyFD(int(fd)) }); err != nil {
		return nil, nil, err
	}
	return info, pidfd, opErr
}

func identifyFD(fd int) (*Info, *os.File, error) {
	cred, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return nil, nil, os.NewSyscallError("getsockopt SO_PEERCRED", err)
	}
	// A caller of another pid namespace shows as pid 0: there is no process to
	// hold on to, so it is refused.
	if cred.Pid <= 0 {
		return nil, nil, fmt.Errorf("caller with uid %d has no pid in this pid namespace", cred.Uid)
	}
	groups, err := peerGroups(fd)
	if err != nil {
		return nil, nil, err
	}
	pidfd, err := peerPidfd(fd, int(cred.Pid))
	if err != nil {
		return nil, nil, err
	}
	info := &Info{UID: cred.Uid, GID: cred.Gid, PID: cred.Pid, Groups: groups, Unit: unitOf(pidfd, int(cred.Pid))}
	return info, os.NewFile(uintptr(pidfd), "pidfd"), nil
}

// peerGroups reads SO_PEERGROUPS (Linux 4.13): the kernel answers ERANGE with
// the size that it needs.
func peerGroups(fd int) ([]uint32, error) {
	groups := make([]uint32, 32)
	for {
		size := uint32(len(groups)) * 4
		_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_PEERGROUPS,
			uintptr(unsafe.Pointer(unsafe.SliceData(groups))), uintptr(unsafe.Pointer(&size)), 0)
		switch {
		case errno == 0:
			return groups[:size/4], nil
		case errno == unix.ERANGE && size/4 > uint32(len(groups)) && size/4 <= maxGroups:
			groups = make([]uint32, size/4)
		default:
			return nil, os.NewSyscallError("getsockopt SO_PEERGROUPS", errno)
		}
	}
}

// peerPidfd uses SO_PEERPIDFD (Linux 6.5), else pidfd_open of the recorded pid,
// which is believed only when the process is older than the look at it and the
// peer has not hung up meanwhile.
func peerPidfd(fd, pid int) (int, error) {
	pidfd, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_PEERPIDFD)
	if err == nil {
		return pidfd, nil
	}
	if !errors.Is(err, unix.ENOPROTOOPT) {
		// Such as ESRCH: the caller is gone. That is a refusal, never uid 0
		// (CVE-2021-3560).
		return -1, os.NewSyscallError("getsockopt SO_PEERPIDFD", err)
	}
	return openPeerPidfd(fd, pid)
}

func openPeerPidfd(fd, pid int) (int, error) {
	before, err := startTime(pid)
	if err != nil {
		return -1, err
	}
	pidfd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return -1, os.NewSyscallError("pidfd_open", err)
	}
	after, err := startTime(pid)
	if err == nil && before != after {
		err = fmt.Errorf("pid %d was reused", pid)
	}
	if err == nil {
		err = connected(fd)
	}
	if err != nil {
		_ = unix.Close(pidfd)
		return -1, err
	}
	return pidfd, nil
}

func connected(fd int) error {
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}}
	if _, err := unix.Poll(fds, 0); err != nil {
		return os.NewSyscallError("poll", err)
	}
	if fds[0].Revents&(unix.POLLHUP|unix.POLLRDHUP|unix.POLLERR) != 0 {
		return errors.New("caller hung up")
	}
	return nil
}

// startTime returns field 22 of /proc/PID/stat, counted after the last ")": the
// command name before it may hold spaces and parentheses (CVE-2017-1000367).
func startTime(pid int) (uint64, error) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, err
	}
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 20 {
		return 0, fmt.Errorf("/proc/%d/stat: %d fields after the name, expected at least 20", pid, len(fields))
	}
	return strconv.ParseUint(string(fields[19]), 10, 64)
}

// HasPidfd reports whether the kernel has SO_PEERPIDFD.
func HasPidfd() bool {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer func() { _ = unix.Close(fds[0]); _ = unix.Close(fds[1]) }()
	pidfd, err := unix.GetsockoptInt(fds[0], unix.SOL_SOCKET, unix.SO_PEERPIDFD)
	if err != nil {
		return false
	}
	_ = unix.Close(pidfd)
	return true
}
