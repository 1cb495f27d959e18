package landlock

import (
	"errors"
	"fmt"

	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

// Access is what a rule gives. The zero Access gives nothing and is refused.
type Access uint8

// The kinds of access, to be combined.
const (
	// Read gives reading of files, and of the entries of directories.
	Read Access = 1 << iota
	// Write gives writing and truncating of files (fopen "w" needs both). On
	// a directory it also gives making, removing, renaming and linking of
	// regular files, directories, FIFOs and sockets below it. It does not
	// give reading.
	Write
	// Exec gives execution, and reading of files, without which the kernel
	// runs none.
	Exec

	allAccess = Read | Write | Exec
)

// The ABI versions that matter here, from landlock(7) and the kernel's
// userspace-api/landlock.rst.
const (
	abiFiles    = 1 // Linux 5.13
	abiRefer    = 2 // 5.19
	abiTruncate = 3 // 6.2
	abiIoctl    = 5 // 6.10
	abiScopes   = 6 // 6.12
	// abiKnown is the newest version looked at (6.15; it added flags for
	// logging). What later ones can handle is left alone, so that a new
	// kernel does not refuse what the old one allowed.
	abiKnown = 7
)

// ABIError is a kernel whose Landlock is too old, or absent or switched off
// (Have 0).
type ABIError struct {
	Have, Need int
}

func (e *ABIError) Error() string {
	if e.Have == 0 {
		return fmt.Sprintf("landlock is not available (lsm= on the kernel command line?); version %d is needed", e.Need)
	}
	return fmt.Sprintf("landlock version %d is too old; version %d is needed", e.Have, e.Need)
}

// ABI returns the Landlock version of the running kernel, at least 1. Without
// Landlock the error is an [*ABIError].
func ABI() (int, error) {
	version, err := ll.LandlockGetABIVersion()
	if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EOPNOTSUPP) {
		return 0, &ABIError{Need: abiFiles}
	}
	if err != nil {
		return 0, fmt.Errorf("ask for the landlock version: %w", err)
	}
	return version, nil
}

// fileRights are those that a rule for anything but a directory may hold.
const fileRights = ll.AccessFSExecute | ll.AccessFSWriteFile | ll.AccessFSReadFile |
	ll.AccessFSTruncate | ll.AccessFSIoctlDev

// Handled returns the file system rights that a view handles under an ABI
// version, as LANDLOCK_ACCESS_FS_ bits: all of them, up to version 7.
func Handled(abi int) uint64 {
	var rights uint64
	if abi >= abiFiles {
		rights = ll.AccessFSMakeSym<<1 - 1 // the first 13
	}
	if abi >= abiRefer {
		rights |= ll.AccessFSRefer
	}
	if abi >= abiTruncate {
		rights |= ll.AccessFSTruncate
	}
	if abi >= abiIoctl {
		rights |= ll.AccessFSIoctlDev
	}
	return rights
}

// Scopes returns the LANDLOCK_SCOPE_ bits of an ABI version: a child cannot
// signal processes outside of its domain, nor connect to their abstract sockets.
func Scopes(abi int) uint64 {
	if abi < abiScopes {
		return 0
	}
	return ll.ScopeAbstractUnixSocket | ll.ScopeSignal
}

// Rights returns the bits of a rule that gives access to a directory or to any
// other file, under an ABI version.
func Rights(access Access, directory bool, abi int) uint64 {
	var rights uint64
	if access&Read != 0 {
		rights |= ll.AccessFSReadFile | ll.AccessFSReadDir
	}
	if access&Exec != 0 {
		rights |= ll.AccessFSExecute | ll.AccessFSReadFile
	}
	if access&Write != 0 {
		rights |= ll.AccessFSWriteFile | ll.AccessFSTruncate |
			ll.AccessFSRemoveFile | ll.AccessFSRemoveDir |
			ll.AccessFSMakeReg | ll.AccessFSMakeDir | ll.AccessFSMakeFifo | ll.AccessFSMakeSock |
			ll.AccessFSRefer
	}
	if !directory {
		rights &= fileRights
	}
	return rights & Handled(abi)
}
