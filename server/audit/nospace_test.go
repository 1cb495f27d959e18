package audit

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestWriteFailsAtEachOffset lets the kernel refuse a record after each of its
// bytes (RLIMIT_FSIZE), in a process of its own.
func TestWriteFailsAtEachOffset(t *testing.T) {
	waitChild(t, child(t, os.Stdout, nil, "rlimit", filepath.Join(t.TempDir(), "log")))
}

func childRlimit(args []string) error {
	// Beyond the limit the kernel sends SIGXFSZ, whose default ends the process.
	signal.Ignore(syscall.SIGXFSZ)
	dir, clock := args[0], newFakeClock()
	w, err := Open(dir, Options{Now: clock.now, manual: true})
	if err != nil {
		return err
	}
	limit := func(n uint64) error {
		return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: n, Max: ^uint64(0)})
	}
	for _, r := range []*Record{intent("a"), end("a"), deny(1), {Type: TypeStart, Version: "1"}} {
		before := w.size
		if _, err := w.Append(r); err != nil {
			return err
		}
		// The next of its kind has this length, or a digit more.
		length := w.size - before + 2
		refused := 0
		for n := int64(0); n <= length; n++ {
			clock.add(2 * time.Second)
			seq, head := w.Head()
			size := w.size
			if err := limit(uint64(size + n)); err != nil {
				return err
			}
			_, err := w.Append(r)
			if lerr := limit(^uint64(0)); lerr != nil {
				return lerr
			}
			if err == nil {
				continue
			}
			refused++
			if !errors.Is(err, ErrUnavailable) || !errors.Is(err, syscall.EFBIG) {
				return fmt.Errorf("%s at byte %d: %w, want ErrUnavailable of EFBIG", r.Type, n, err)
			}
			if info, err := os.Stat(filepath.Join(dir, segmentName(w.number))); err != nil || info.Size() != size {
				return fmt.Errorf("%s at byte %d: file has %d bytes, %w, want %d", r.Type, n, info.Size(), err, size)
			}
			if s, h := w.Head(); s != seq || h != head {
				return fmt.Errorf("%s at byte %d: head moved", r.Type, n)
			}
		}
		if refused < int(length)-6 {
			return fmt.Errorf("%s: only %d of %d offsets were refused", r.Type, refused, length)
		}
	}
	seq, head := w.Head()
	if rep, err := Verify(dir, VerifyOptions{Seq: seq, Head: head}); err != nil || !rep.Intact() {
		return fmt.Errorf("verify: %v, %w", rep, err)
	}
	return w.Close()
}

// TestDiskFull fills small file systems of many sizes, in a mount namespace.
func TestDiskFull(t *testing.T) {
	waitChild(t, child(t, os.Stdout, &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}, "nospace", t.TempDir()))
}

func childNoSpace(args []string) error {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return os.NewSyscallError("mount", err)
	}
	for kib := 8; kib <= 64; kib += 4 {
		if err := syscall.Mount("tmpfs", args[0], "tmpfs", 0, fmt.Sprintf("size=%dk", kib)); err != nil {
			return os.NewSyscallError("mount", err)
		}
		if err := fillDisk(args[0], kib); err != nil {
			return fmt.Errorf("%d KiB: %w", kib, err)
		}
		if err := syscall.Unmount(args[0], 0); err != nil {
			return os.NewSyscallError("umount", err)
		}
	}
	return nil
}

// fillDisk appends until the disk is full, makes room, and appends again.
func fillDisk(root string, kib int) error {
	ballast := filepath.Join(root, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 4096), 0o600); err != nil {
		return err
	}
	dir, clock := filepath.Join(root, "log"), newFakeClock()
	w, err := Open(dir, Options{MinFree: 1, SegmentBytes: 6000, Now: clock.now, manual: true})
	if err != nil {
		return err
	}
	n := 0
	for ; err == nil; n++ {
		r := intent(executionID(n))
		r.Message = string(make([]byte, n*kib%100))
		_, err = w.Append(r)
		clock.add(time.Second)
	}
	if !errors.Is(err, ErrUnavailable) || !(errors.Is(err, syscall.ENOSPC) || errors.Is(err, ErrLowSpace)) {
		return fmt.Errorf("append to a full disk: %w", err)
	}
	if _, err := w.Append(intent("x")); !errors.Is(err, ErrUnavailable) {
		return fmt.Errorf("append after a failure: %w", err)
	}
	seq, head := w.Head()
	if rep, err := Verify(dir, VerifyOptions{Seq: seq, Head: head}); err != nil || !rep.Intact() || rep.LastSeq != seq {
		return fmt.Errorf("verify the full log: %v, %w", rep, err)
	}
	if err := os.Remove(ballast); err != nil {
		return err
	}
	clock.add(time.Second)
	if err := w.Probe(); err != nil {
		return fmt.Errorf("probe after room was made: %w", err)
	}
	if _, err := w.Append(end("x")); err != nil {
		return fmt.Errorf("append after room was made: %w", err)
	}
	seq, head = w.Head()
	if rep, err := Verify(dir, VerifyOptions{Seq: seq, Head: head}); err != nil || !rep.Intact() {
		return fmt.Errorf("verify: %v, %w", rep, err)
	}
	return w.Close()
}
