package landlock

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

// victim applies the ruleset at descriptor 3 to one thread, if there is one,
// and tries each operation there; it prints the errno of each on a line.
func victim(ops []string) int {
	runtime.LockOSThread()
	// What is mounted here stays here.
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil && ops[0] != "wait" {
		fmt.Println(err)
		return 2
	}
	if ops[0] == "restrict" {
		if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
			fmt.Println(err)
			return 2
		}
		if err := ll.LandlockRestrictSelf(3, 0); err != nil {
			fmt.Println(err)
			return 2
		}
	}
	for _, op := range ops[1:] {
		err := try(strings.Split(op, ":"))
		errno, ok := err.(unix.Errno) //nolint:errorlint // the calls below return bare numbers
		if err != nil && !ok {
			fmt.Println(err)
			return 2
		}
		fmt.Println(int(errno))
	}
	return 0
}

func try(op []string) error {
	path := op[1]
	switch op[0] {
	case "read":
		return openClose(path, unix.O_RDONLY)
	case "readdir":
		return openClose(path, unix.O_RDONLY|unix.O_DIRECTORY)
	case "write":
		return openClose(path, unix.O_WRONLY)
	case "overwrite": // what fopen "w" does
		return openClose(path, unix.O_WRONLY|unix.O_CREAT|unix.O_TRUNC)
	case "create":
		return openClose(path, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL)
	case "truncate":
		return unix.Truncate(path, 0)
	case "mkdir":
		return unix.Mkdir(path, 0o755)
	case "rmdir":
		return unix.Rmdir(path)
	case "unlink":
		return unix.Unlink(path)
	case "fifo":
		return unix.Mknod(path, unix.S_IFIFO|0o644, 0)
	case "socket":
		return unix.Mknod(path, unix.S_IFSOCK|0o644, 0)
	case "char":
		return unix.Mknod(path, unix.S_IFCHR|0o644, 0x103)
	case "block":
		return unix.Mknod(path, unix.S_IFBLK|0o644, 0x700)
	case "symlink":
		return unix.Symlink("x", path)
	case "rename":
		return unix.Rename(path, op[2])
	case "link":
		return unix.Link(path, op[2])
	case "exec":
		pid, err := syscall.ForkExec(path, []string{"x"}, &syscall.ProcAttr{Env: []string{}})
		if err == nil {
			_, err = unix.Wait4(pid, nil, 0, nil)
		}
		return err
	case "ioctl":
		fd, err := unix.Open(path, unix.O_RDONLY, 0)
		if err != nil {
			return err
		}
		_, err = unix.IoctlGetInt(fd, unix.TIOCGPGRP)
		return err
	case "kill":
		pid, err := strconv.Atoi(path)
		if err != nil {
			return fmt.Errorf("pid: %w", err)
		}
		return unix.Kill(pid, unix.SIGURG)
	case "killchild":
		return killChild()
	case "abstract":
		return connectUnix("@" + path)
	case "connect":
		return connectUnix(path)
	case "mount":
		return unix.Mount("tmpfs", path, "tmpfs", 0, "")
	case "stat":
		var st unix.Stat_t
		return unix.Stat(path, &st)
	case "chmod":
		return unix.Chmod(path, 0o600)
	case "chown":
		return unix.Chown(path, 1, 1)
	case "utime":
		return unix.Utimes(path, make([]unix.Timeval, 2))
	case "setxattr":
		return unix.Setxattr(path, "trusted.test", []byte("x"), 0)
	case "fd4":
		_, err := unix.Write(4, []byte("x"))
		return err
	}
	return fmt.Errorf("no operation %q", op[0])
}

func openClose(path string, flags int) error {
	fd, err := unix.Open(path, flags|unix.O_CLOEXEC, 0o644)
	if err != nil {
		return err
	}
	return unix.Close(fd)
}

// killChild signals a process of the same domain: a child made inside it.
func killChild() error {
	pid, err := syscall.ForkExec("/proc/self/exe", []string{"x", "victim", "wait", "readdir:/proc"}, &syscall.ProcAttr{Env: []string{}})
	if err != nil {
		return fmt.Errorf("start: %w", err)
	}
	killed := unix.Kill(pid, unix.SIGKILL)
	if _, err := unix.Wait4(pid, nil, 0, nil); err != nil {
		return err
	}
	return killed
}

func connectUnix(name string) error {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(fd) }()
	return unix.Connect(fd, &unix.SockaddrUnix{Name: name})
}
