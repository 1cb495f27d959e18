package program

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// The revisions of struct vfs_cap_data (include/uapi/linux/capability.h).
const (
	capRevisionMask = 0xff000000
	capRevision1    = 0x01000000 // 32 bits
	capRevision2    = 0x02000000 // 64 bits
	capRevision3    = 0x03000000 // and the root uid of a user namespace
)

// fileCapabilities reads security.capability, which an O_PATH descriptor does
// not give.
func fileCapabilities(content *os.File) (uint64, error) {
	raw := make([]byte, 64)
	n, err := unix.Fgetxattr(int(content.Fd()), "security.capability", raw)
	switch {
	case errors.Is(err, unix.ENODATA), errors.Is(err, unix.ENOTSUP):
		return 0, nil
	case err != nil:
		return 0, fmt.Errorf("has file capabilities that cannot be read: %w", err)
	}
	return parseCapabilities(raw[:n])
}

// parseCapabilities returns the permitted set.
func parseCapabilities(raw []byte) (uint64, error) {
	if len(raw) < 4 {
		return 0, fmt.Errorf("has file capabilities of %d bytes", len(raw))
	}
	revision := binary.LittleEndian.Uint32(raw) & capRevisionMask
	size := map[uint32]int{capRevision1: 12, capRevision2: 20, capRevision3: 24}[revision]
	if size == 0 || len(raw) != size {
		return 0, fmt.Errorf("has file capabilities of revision %#x in %d bytes", revision, len(raw))
	}
	permitted := uint64(binary.LittleEndian.Uint32(raw[4:]))
	if revision != capRevision1 {
		permitted |= uint64(binary.LittleEndian.Uint32(raw[12:])) << 32
	}
	return permitted, nil
}
