package sandbox

// #cgo CFLAGS: -std=gnu11 -O2 -Wall -Wextra -fno-stack-protector
// #include "launch.h"
import "C"

import (
	"os"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	stackSize  = 16 << 10 // the child uses under 300 bytes of it
	arenaStart = 256 << 10
)

// thread is one launcher thread's half of the launches: the block that it
// shares with its child, the child's stack, and the text of the command. All
// of it lies outside Go's heap, because the child reads it while Go runs.
type thread struct {
	memory []byte // guard page, stack, block
	block  *C.struct_rg_launch
	arena  []byte
	used   int
	slot   atomic.Pointer[int32] // the child's process id while it has no other owner

	mu        sync.Mutex // guards what follows, and block.pidfd while launching
	launching bool
	killed    bool
	began     time.Time
	timer     *time.Timer
	limit     time.Duration
}

func newThread(limit time.Duration) (*thread, error) {
	page := os.Getpagesize()
	memory, err := unix.Mmap(-1, 0, page+stackSize+page, unix.PROT_READ|unix.PROT_WRITE,
		unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return nil, os.NewSyscallError("mmap", err)
	}
	if err := unix.Mprotect(memory[:page], unix.PROT_NONE); err != nil {
		_ = unix.Munmap(memory)
		return nil, os.NewSyscallError("mprotect", err)
	}
	t := &thread{memory: memory, limit: limit}
	t.block = (*C.struct_rg_launch)(unsafe.Pointer(&memory[page+stackSize]))
	t.block.stack = unsafe.Pointer(&memory[page])
	t.block.stack_size = stackSize
	t.timer = time.AfterFunc(time.Hour, t.watch)
	t.timer.Stop()
	return t, nil
}

func (t *thread) free() {
	t.timer.Stop()
	t.mu.Lock() // a watchdog that was under way is done now
	defer t.mu.Unlock()
	_ = unix.Munmap(t.memory)
	if t.arena != nil {
		_ = unix.Munmap(t.arena)
	}
	t.block, t.memory, t.arena = nil, nil, nil
}

// claim makes room for size bytes and drops an arena that one long command
// line has grown.
func (t *thread) claim(size int) error {
	want := arenaStart
	for want < size {
		want <<= 1
	}
	t.used = 0
	if len(t.arena) == want {
		return nil
	}
	if t.arena != nil {
		_ = unix.Munmap(t.arena)
		t.arena = nil
	}
	arena, err := unix.Mmap(-1, 0, want, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return os.NewSyscallError("mmap", err)
	}
	t.arena = arena
	return nil
}

// take cuts n values of T off the arena, aligned to 8 bytes.
func take[T any](t *thread, n int) []T {
	var zero T
	if n == 0 {
		return nil
	}
	at := (t.used + 7) &^ 7
	t.used = at + n*int(unsafe.Sizeof(zero))
	_ = t.arena[t.used-1] // claim counted wrong if this is out of range
	return unsafe.Slice((*T)(unsafe.Pointer(&t.arena[at])), n)
}

// text copies s with a NUL behind it.
func (t *thread) text(s string) *C.char {
	at := t.used
	t.used += len(s) + 1
	copy(t.arena[at:], s)
	t.arena[t.used-1] = 0
	return (*C.char)(unsafe.Pointer(&t.arena[at]))
}

// list is a NULL-terminated vector of strings.
func (t *thread) list(values []string) **C.char {
	list := take[*C.char](t, len(values)+1)
	for i, v := range values {
		list[i] = t.text(v)
	}
	list[len(values)] = nil
	return &list[0]
}

// fill copies a command into the arena. Nothing of it is shared with Go
// afterwards but numbers.
func (t *thread) fill(s *Spec, d *descriptors) error {
	size := 16 + len(s.Filter) + 4*len(s.Groups) + resources*int(unsafe.Sizeof(C.struct_rg_limit{}))
	for _, list := range [][]string{s.Argv, s.Env} {
		size += 16
		for _, v := range list {
			size += len(v) + 1 + 8
		}
	}
	for _, p := range s.LatePaths {
		size += len(p.Path) + 1 + int(unsafe.Sizeof(C.struct_rg_path{}))
	}
	if err := t.claim(size + 256); err != nil {
		return err
	}
	b := t.block
	b.argv, b.envp = t.list(s.Argv), t.list(s.Env)

	filter := take[byte](t, len(s.Filter))
	copy(filter, s.Filter)
	b.filter, b.nfilter = unsafe.Pointer(unsafe.SliceData(filter)), C.uint32_t(len(filter)/8)

	groups := take[C.uint32_t](t, len(s.Groups))
	for i, g := range s.Groups {
		groups[i] = C.uint32_t(g)
	}
	b.groups, b.ngroups = unsafe.SliceData(groups), C.uint32_t(len(groups))

	limits := take[C.struct_rg_limit](t, resources)
	for i, l := range s.limits() {
		limits[i] = C.struct_rg_limit{resource: C.uint32_t(i), cur: C.uint64_t(l.Cur), max: C.uint64_t(l.Max)}
	}
	b.limits, b.nlimits = unsafe.SliceData(limits), resources

	paths := take[C.struct_rg_path](t, len(s.LatePaths))
	for i, p := range s.LatePaths {
		paths[i] = C.struct_rg_path{path: t.text(p.Path), access: C.uint64_t(p.Access)}
	}
	b.paths, b.npaths = unsafe.SliceData(paths), C.uint32_t(len(paths))

	b.uid, b.gid, b.caps = C.uint32_t(s.UID), C.uint32_t(s.GID), C.uint64_t(s.Caps)
	b.umask, b.nice, b.ioprio = C.uint32_t(s.Umask), C.int32_t(s.Nice), C.uint32_t(s.IOPriority)
	for i, fd := range d.stdio {
		b.fd[i] = C.int32_t(fd)
	}
	b.program, b.dir = C.int32_t(d.program), C.int32_t(d.dir)
	b.netns, b.ruleset, b.procs = C.int32_t(d.netns), C.int32_t(d.ruleset), C.int32_t(d.procs)
	b.leaf = C.int32_t(d.leaf)
	b.newnet = 0
	if s.NewNet && s.Netns == nil {
		b.newnet = 1
	}
	return nil
}

// joinByWriting is for the next attempt of the same launch.
func (t *thread) joinByWriting(procs int) {
	t.block.leaf, t.block.procs = -1, C.int32_t(procs)
}

// attempt is what one clone3 led to.
type attempt struct {
	pid    int
	pidfd  int
	clone  unix.Errno // clone3 itself failed
	step   Step
	errno  unix.Errno // a step of the child failed; the child is a zombie
	killed bool       // the watchdog killed it
}

// clone runs one child up to its execveat or its end, with the guardian held
// in place: the child closes that pipe by number. With a place in the roster
// it is born as the init of a pid namespace. The process id stays readable for
// the reaper until release.
func (t *thread) clone(g *guardian, member *int32) (attempt, error) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if !g.alive {
		return attempt{}, ErrNoGuardian
	}
	b := t.block
	b.guard = C.int32_t(g.pipe)
	b.parent, b.newpid = C.int32_t(os.Getpid()), 0
	slot := (*int32)(&b.pid)
	if member != nil {
		slot, b.parent, b.newpid = member, 0, 1
	}
	atomic.StoreInt32(slot, 0)
	b.slot = (*C.int32_t)(slot)
	t.slot.Store(slot)
	t.begin()
	ret := C.rg_launch(b)
	a := attempt{
		pid: t.child(), pidfd: int(b.pidfd), step: Step(b.step), errno: unix.Errno(b.err),
	}
	a.killed = t.end()
	if ret < 0 {
		a.clone = unix.Errno(-ret)
	}
	return a, nil
}

// release lets the reaper forget the child: it is registered, or reaped.
func (t *thread) release() { t.slot.Store(nil) }

// cutBounding drops the calling thread's bounding set for good if bare is true,
// and notes what is left for the children to drop. A thread's bounding set
// limits nothing but what its children may gain by executing a program.
func (t *thread) cutBounding(bare bool) {
	left := uint64(0)
	for c := range uintptr(64) {
		has, err := unix.PrctlRetInt(unix.PR_CAPBSET_READ, c, 0, 0, 0)
		if err != nil {
			break // EINVAL: the first number that this kernel does not know
		}
		if has == 1 && (!bare || unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0) != nil) {
			left |= 1 << c
		}
	}
	t.block.bounding = C.uint64_t(left)
}

// child is the process id of a child that is not registered yet, or 0. The
// kernel writes it before the child first runs.
func (t *thread) child() int {
	slot := t.slot.Load()
	if slot == nil {
		return 0
	}
	return int(atomic.LoadInt32(slot))
}

func (t *thread) begin() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.launching, t.killed, t.began = true, false, time.Now()
	t.timer.Reset(t.limit)
}

func (t *thread) end() (killed bool) {
	t.timer.Stop()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.launching = false
	return t.killed
}

// patience is how many times the start timeout a child may take that is
// merely slow. A loaded host is slow; only an attack stops a child.
const patience = 50

// watch is the watchdog. From the uid change to its Landlock domain a child
// can be stopped by any process of its uid, and with it this thread: it is
// killed, and the launch repeated, since nothing of the program has run.
func (t *thread) watch() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.launching {
		return
	}
	pid := t.child()
	if pid == 0 {
		t.timer.Reset(t.limit)
		return
	}
	st, err := readStat(pid)
	switch {
	case err != nil || !st.neverExecuted():
		return // gone, or running the program: no longer ours to time
	case st.state == 'T' || time.Since(t.began) > patience*t.limit:
		// The kernel wrote pidfd before pid, and it is closed after end.
		t.killed = unix.PidfdSendSignal(int(t.block.pidfd), unix.SIGKILL, nil, 0) == nil
	}
	t.timer.Reset(t.limit)
}
