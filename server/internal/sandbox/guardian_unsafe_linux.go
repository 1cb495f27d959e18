package sandbox

// #include "launch.h"
import "C"

import (
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/rootgate-project/rootgate/server/internal/sandbox/cgroup"
)

// keeper is one forked guardian: its pidfd, and the write end of its pipe, are
// the caller's to close.
type keeper struct{ pid, pidfd, pipe int }

// forkGuardian starts a process that waits for the end of a pipe. With a tree
// it lives in the tree's own cgroup for it and ends the executions; with a
// roster it ends those; with neither it does nothing, in the leaf
// where it is born, or which it joins.
func forkGuardian(tree *cgroup.Tree, r *roster, procs, leaf int) (keeper, error) {
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC); err != nil {
		return keeper{}, os.NewSyscallError("pipe2", err)
	}
	for i, fd := range pipe {
		high, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 10)
		_ = unix.Close(fd)
		if err != nil {
			_ = unix.Close(pipe[1-i]) // the copy, or the original not reached yet
			return keeper{}, os.NewSyscallError("fcntl", err)
		}
		pipe[i] = high
	}
	defer func() { _ = unix.Close(pipe[0]) }()

	memory, err := unix.Mmap(-1, 0, os.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE,
		unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		_ = unix.Close(pipe[1])
		return keeper{}, os.NewSyscallError("mmap", err)
	}
	defer func() { _ = unix.Munmap(memory) }()
	g := (*C.struct_rg_guard)(unsafe.Pointer(&memory[0]))
	g.pipe, g.procs = C.int32_t(pipe[0]), C.int32_t(procs)
	g.leaf = C.int32_t(leaf)
	g.home, g.kill, g.events, g.run, g.tree, g.base = -1, -1, -1, -1, -1, -1
	if tree != nil {
		d := tree.Descriptors()
		g.procs, g.home = C.int32_t(d.Guard), C.int32_t(d.Home)
		g.kill, g.events = C.int32_t(d.Kill), C.int32_t(d.Events)
		g.run, g.tree, g.base = C.int32_t(d.Run), C.int32_t(d.Tree), C.int32_t(d.Base)
		for i := range len(tree.Name()) {
			g.name[i] = C.char(tree.Name()[i]) // under 64 bytes: rootgate-PID-8 digits
		}
	}
	if r != nil {
		g.roster = (*C.int32_t)(unsafe.Pointer(r.slots))
	}
	if ret := C.rg_guard_start(g); ret < 0 {
		_ = unix.Close(pipe[1])
		return keeper{}, fmt.Errorf("clone3: %w", unix.Errno(-ret))
	}
	return keeper{pid: int(g.pid), pidfd: int(g.pidfd), pipe: pipe[1]}, nil
}
