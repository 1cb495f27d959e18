package program

import (
	"errors"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// atExecveCheck is AT_EXECVE_CHECK (Linux 6.14): execveat answers whether it
// would run the file, and does not.
const atExecveCheck = 0x10000

// execveCheck asks the kernel, security modules included. Kernels before 6.14
// refuse the flag with EINVAL and run nothing: execveat has refused flags that
// it does not know since it exists (do_open_execat). The mode and mount checks
// stand alone there.
func execveCheck(fd int) error {
	empty := [1]byte{}
	argv := [2]*byte{&empty[0], nil}
	envp := [1]*byte{nil}
	_, _, errno := unix.Syscall6(unix.SYS_EXECVEAT, uintptr(fd), uintptr(unsafe.Pointer(&empty[0])),
		uintptr(unsafe.Pointer(&argv[0])), uintptr(unsafe.Pointer(&envp[0])),
		unix.AT_EMPTY_PATH|atExecveCheck, 0)
	runtime.KeepAlive(&argv)
	if errno == 0 || errors.Is(errno, unix.EINVAL) || errors.Is(errno, unix.ENOSYS) {
		return nil
	}
	return errno
}
