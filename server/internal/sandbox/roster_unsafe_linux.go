package sandbox

// #include "launch.h"
import "C"

import (
	"os"
	"sync"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// roster names the commands that are inits of pid namespaces to the guardian,
// in memory shared with it. A nil roster does nothing: there are cgroups.
type roster struct {
	memory []byte
	slots  *[C.RG_ROSTER]int32

	mu   sync.Mutex
	idle []*int32
}

func newRoster() (*roster, error) {
	memory, err := unix.Mmap(-1, 0, int(unsafe.Sizeof([C.RG_ROSTER]int32{})), unix.PROT_READ|unix.PROT_WRITE,
		unix.MAP_SHARED|unix.MAP_ANONYMOUS)
	if err != nil {
		return nil, os.NewSyscallError("mmap", err)
	}
	r := &roster{memory: memory, slots: (*[C.RG_ROSTER]int32)(unsafe.Pointer(&memory[0]))}
	for i := range r.slots {
		r.idle = append(r.idle, &r.slots[i])
	}
	return r, nil
}

// take returns a free place, or nil.
func (r *roster) take() *int32 {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := len(r.idle)
	if n == 0 {
		return nil
	}
	slot := r.idle[n-1]
	r.idle = r.idle[:n-1]
	return slot
}

func (r *roster) put(slot *int32) {
	if r == nil || slot == nil {
		return
	}
	atomic.StoreInt32(slot, 0)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.idle = append(r.idle, slot)
}

func (r *roster) free() {
	if r != nil {
		_ = unix.Munmap(r.memory)
	}
}
