package sandbox

import "golang.org/x/sys/unix"

// The resources of an Rlimit that a policy speaks of (getrlimit(2)).
const (
	LimitCPU       = unix.RLIMIT_CPU    // seconds
	LimitData      = unix.RLIMIT_DATA   // bytes of private writable memory
	LimitFiles     = unix.RLIMIT_NOFILE // one above the highest descriptor
	LimitProcesses = unix.RLIMIT_NPROC  // processes and threads of the uid
)
