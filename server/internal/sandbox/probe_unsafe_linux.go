package sandbox

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// landlockABI is landlock_create_ruleset(2) with VERSION: the ABI, ENOSYS
// without it, EOPNOTSUPP where it was not enabled at boot.
func landlockABI() (int, error) {
	abi, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0,
		unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return 0, os.NewSyscallError("landlock_create_ruleset", errno)
	}
	return int(abi), nil
}

// probeExecveat executes a descriptor that cannot be open: EBADF.
func probeExecveat() error {
	var empty [1]byte
	_, _, errno := unix.Syscall6(unix.SYS_EXECVEAT, ^uintptr(0), uintptr(unsafe.Pointer(&empty[0])), 0, 0,
		unix.AT_EMPTY_PATH, 0)
	if errno != unix.EBADF {
		return os.NewSyscallError("execveat", errno)
	}
	return nil
}

func probeSeccomp() error {
	const getActionAvail, killProcess = 2, uint32(0x80000000)
	action := killProcess
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, getActionAvail, 0, uintptr(unsafe.Pointer(&action)))
	if errno != 0 {
		return os.NewSyscallError("seccomp", errno)
	}
	return nil
}
