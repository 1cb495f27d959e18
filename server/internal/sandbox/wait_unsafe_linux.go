package sandbox

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// childStatus is the part of a SIGCHLD siginfo_t that x/sys keeps to itself
// (sigaction(2); the same offsets on x86_64 and arm64).
type childStatus struct {
	signo, errno, code, _ int32
	pid                   int32
	uid                   uint32
	status                int32
}

// Values of childStatus.code, waitid(2).
const (
	codeExited = 1
	codeKilled = 2
	codeDumped = 3
)

// waitid retries EINTR. A pid of 0 says that nothing has changed (WNOHANG).
func waitid(kind, id, options int, usage *unix.Rusage) (childStatus, error) {
	var info unix.Siginfo
	for {
		err := unix.Waitid(kind, id, &info, options, usage)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return childStatus{}, os.NewSyscallError("waitid", err)
		}
		return *(*childStatus)(unsafe.Pointer(&info)), nil
	}
}
