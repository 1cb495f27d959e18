package cgroup

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// lock takes the lock of a subtree and makes sure that the name still means
// the directory that was locked. It returns nil where somebody else holds the
// lock or has removed the directory.
func lock(base *os.File, name string) *os.File {
	dir, err := openAt(base, name, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil
	}
	var held, named unix.Stat_t
	if unix.Flock(int(dir.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil &&
		unix.Fstat(int(dir.Fd()), &held) == nil &&
		unix.Fstatat(int(base.Fd()), name, &named, unix.AT_SYMLINK_NOFOLLOW) == nil &&
		held.Ino == named.Ino && held.Dev == named.Dev {
		return dir
	}
	_ = dir.Close()
	return nil
}

// Sweep kills and removes every subtree in base whose daemon and guardian are
// both dead, and returns how many there were. A lock decides, not a process
// id: an id may belong to somebody else by now.
func Sweep(base string, limit time.Duration) (int, error) {
	fd, err := unix.Open(base, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, fmt.Errorf("sweep cgroups: %w", os.NewSyscallError("open", err))
	}
	dir := os.NewFile(uintptr(fd), base)
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return 0, fmt.Errorf("sweep cgroups: %w", err)
	}
	swept := 0
	var failed error
	for _, name := range names {
		if !strings.HasPrefix(name, prefix) {
			continue
		}
		held := lock(dir, name)
		if held == nil {
			continue
		}
		if err := end(dir, held, name, limit); err != nil {
			failed = errors.Join(failed, fmt.Errorf("sweep cgroup %q: %w", name, err))
		} else {
			swept++
		}
		_ = held.Close()
	}
	return swept, failed
}

func end(base, tree *os.File, name string, limit time.Duration) error {
	events, err := openAt(tree, "cgroup.events", unix.O_RDONLY)
	if err != nil {
		return err
	}
	defer events.Close()
	trigger, err := openAt(tree, "cgroup.kill", unix.O_WRONLY)
	if err != nil {
		return err
	}
	defer trigger.Close()
	err = kill(events, func() error {
		_, err := unix.Write(int(trigger.Fd()), []byte("1"))
		return os.NewSyscallError("write cgroup.kill", err)
	}, limit)
	if err != nil {
		return err
	}
	return removeAll(base, name)
}

// removeAll removes a cgroup and the cgroups below it. Only directories are
// removed: the files in them are the kernel's.
func removeAll(parent *os.File, name string) error {
	err := unix.Unlinkat(int(parent.Fd()), name, unix.AT_REMOVEDIR)
	if err == nil || errors.Is(err, unix.ENOENT) {
		return nil
	}
	dir, err := openAt(parent, name, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return err
	}
	defer dir.Close()
	entries, err := dir.ReadDir(-1)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.IsDir() {
			if err := removeAll(dir, e.Name()); err != nil {
				return err
			}
		}
	}
	return os.NewSyscallError("unlinkat", unix.Unlinkat(int(parent.Fd()), name, unix.AT_REMOVEDIR))
}
