package seccomp

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// victim is what the test binary does when it is started as "victim NAMES MODE
// ...": it installs the filter of NAMES on one thread and does what MODE says
// there. NAMES "none" installs nothing: the control of each experiment.
func victim(argv []string) int {
	runtime.LockOSThread()
	names, mode, rest := argv[0], argv[1], argv[2:]
	program, err := openProgram(mode, rest)
	if err != nil {
		fmt.Println(err)
		return 2
	}
	if names != "none" {
		if err := install(strings.Split(names, ",")); err != nil {
			fmt.Println(err)
			return 2
		}
	}
	switch mode {
	case "calls":
		for _, spec := range rest {
			fmt.Printf("%s: %d\n", spec, rawCall(spec))
		}
	case "int80":
		interrupt80()
	case "exec":
		fmt.Println(execute(program, rest))
		return 2
	}
	return 0
}

func install(names []string) error {
	filter, err := Compile(Request{Names: names})
	if err != nil {
		return err
	}
	raw := filter.Bytes()
	prog := unix.SockFprog{
		Len:    uint16(filter.Instructions()),
		Filter: (*unix.SockFilter)(unsafe.Pointer(&raw[0])),
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	_, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&prog)))
	runtime.KeepAlive(raw)
	if errno != 0 {
		return errno
	}
	return nil
}

// rawCall runs "NR,A0,A1,..." and returns the errno.
func rawCall(spec string) int {
	var words [7]uintptr
	for i, text := range strings.Split(spec, ",") {
		v, err := strconv.ParseUint(text, 0, 64)
		if err != nil {
			return -1
		}
		words[i] = uintptr(v)
	}
	_, _, errno := unix.RawSyscall6(words[0], words[1], words[2], words[3], words[4], words[5], words[6])
	return int(errno)
}

// interrupt80 calls getpid (20) by the 32-bit door of an x86_64 kernel:
// mov $20,%eax; int $0x80; ret. Go has no registers to save around it.
func interrupt80() {
	page, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE|unix.PROT_EXEC, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		os.Exit(3)
	}
	copy(page, []byte{0xb8, 20, 0, 0, 0, 0xcd, 0x80, 0xc3})
	code := unsafe.Pointer(&page[0])
	closure := unsafe.Pointer(&code)
	(*(*func())(unsafe.Pointer(&closure)))()
}

// openProgram puts the program where the launcher puts it, before the filter.
func openProgram(mode string, argv []string) (fd int, err error) {
	if mode != "exec" {
		return -1, nil
	}
	fd, err = unix.Open(argv[0], unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	return ProgramFD, unix.Dup3(fd, ProgramFD, unix.O_CLOEXEC)
}

func execute(fd int, argv []string) error {
	empty, err := unix.BytePtrFromString("")
	if err != nil {
		return err
	}
	var args []*byte
	for _, a := range argv {
		p, err := unix.BytePtrFromString(a)
		if err != nil {
			return err
		}
		args = append(args, p)
	}
	args = append(args, nil)
	var env [1]*byte
	_, _, errno := unix.RawSyscall6(unix.SYS_EXECVEAT, uintptr(fd), uintptr(unsafe.Pointer(empty)),
		uintptr(unsafe.Pointer(&args[0])), uintptr(unsafe.Pointer(&env[0])), unix.AT_EMPTY_PATH, 0)
	runtime.KeepAlive(args)
	return errno
}
