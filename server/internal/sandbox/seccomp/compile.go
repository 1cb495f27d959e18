package seccomp

import (
	"fmt"
	"io"
	"os"
	"slices"

	libseccomp "github.com/seccomp/libseccomp-golang"
	"golang.org/x/sys/unix"
)

// ProgramFD is the descriptor that holds the verified program when the filter
// is installed: the only one that execveat accepts under any filter.
const ProgramFD = 900

// MaxNames bounds Request.Names. It is far above the number of system calls.
const MaxNames = 1024

// Request says what a filter admits.
type Request struct {
	// Names holds names of sets ("@netlink", see [Sets]) and of single system
	// calls ("flock"), in any order; repetition is harmless. A set other than
	// @default brings what it extends; a single call brings only itself. An
	// empty list is an error: there is no implied set.
	Names []string
}

// Filter is a compiled program. It is immutable and safe for concurrent use.
// The zero Filter has no instruction, and the kernel refuses to install it.
type Filter struct {
	prog []insn
}

// Instructions returns the length of the program in instructions. The kernel's
// limit is 4096; the sets here need about a hundred.
func (f Filter) Instructions() int { return len(f.prog) }

// Bytes returns the program as an array of struct sock_filter in the byte
// order of the machine, 8 bytes an instruction. The caller owns the memory.
func (f Filter) Bytes() []byte { return encode(f.prog) }

// Compile turns a request into a program for the architecture of this build.
//
// A name that cannot be had is reported as a [*NameError]; any other error
// means that libseccomp or the kernel failed. On error no filter is returned.
// Compile takes about a millisecond and belongs to the load of a policy.
func Compile(req Request) (Filter, error) { return compile(native(), req) }

func compile(t target, req Request) (Filter, error) {
	grants, err := t.collect(req.Names)
	if err != nil {
		return Filter{}, err
	}
	exported, blocks, err := t.export(grants)
	if err != nil {
		return Filter{}, fmt.Errorf("compile seccomp filter: %w", err)
	}
	prog, err := t.assemble(exported, blocks)
	if err != nil {
		return Filter{}, fmt.Errorf("compile seccomp filter: %w", err)
	}
	return Filter{prog: prog}, nil
}

// export has libseccomp lay out the search tree. Each call with conditions gets
// the action TRACE with the index of its condition as data: nothing else here
// uses TRACE, and assemble replaces every one of them.
func (t target) export(grants map[string]grant) (prog []insn, blocks []condition, err error) {
	// The default action. EPERM and not a kill: tools probe for features.
	filter, err := libseccomp.NewFilter(libseccomp.ActErrno.SetReturnCode(int16(unix.EPERM)))
	if err != nil {
		return nil, nil, err
	}
	defer filter.Release()
	if err := t.configure(filter); err != nil {
		return nil, nil, err
	}
	names := make([]string, 0, len(grants))
	for name := range grants {
		names = append(names, name)
	}
	slices.Sort(names) // the same request gives the same program
	marks := make(map[string]int16)
	for _, name := range names {
		action := libseccomp.ActAllow
		if when := grants[name].when; len(when) > 0 {
			key := when.key()
			mark, ok := marks[key]
			if !ok {
				mark = int16(len(blocks))
				marks[key] = mark
				blocks = append(blocks, when)
			}
			action = libseccomp.ActTrace.SetReturnCode(mark)
		}
		if err := t.addRule(filter, name, action); err != nil {
			return nil, nil, err
		}
	}
	for _, name := range answeredENOSYS() {
		if err := t.addRule(filter, name, libseccomp.ActErrno.SetReturnCode(int16(unix.ENOSYS))); err != nil {
			return nil, nil, err
		}
	}
	prog, err = exportBPF(filter)
	return prog, blocks, err
}

func (t target) configure(filter *libseccomp.ScmpFilter) error {
	if host := native(); t.arch != host.arch {
		if err := filter.AddArch(t.arch); err != nil {
			return fmt.Errorf("add architecture %v: %w", t.arch, err)
		}
		if err := filter.RemoveArch(host.arch); err != nil {
			return fmt.Errorf("remove architecture %v: %w", host.arch, err)
		}
	}
	if err := filter.SetBadArchAction(libseccomp.ActKillProcess); err != nil {
		return fmt.Errorf("set bad architecture action: %w", err)
	}
	// The kernel walks the program once for each system call number when it is
	// installed (since 5.11), so a linear list costs twice the launch.
	if err := filter.SetOptimize(2); err != nil {
		return fmt.Errorf("ask for a binary tree: %w", err)
	}
	return nil
}

// addRule adds one call. libseccomp takes the number of the build's
// architecture and translates it to the filter's by name.
func (t target) addRule(filter *libseccomp.ScmpFilter, name string, action libseccomp.ScmpAction) error {
	nr, err := native().number(name)
	if err != nil {
		return err
	}
	if err := filter.AddRuleExact(libseccomp.ScmpSyscall(nr), action); err != nil {
		return fmt.Errorf("add %s: %w", name, err)
	}
	return nil
}

// exportBPF reads the program back through a memfd: libseccomp 2.5 writes to a
// descriptor only.
func exportBPF(filter *libseccomp.ScmpFilter) ([]insn, error) {
	fd, err := unix.MemfdCreate("seccomp", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	file := os.NewFile(uintptr(fd), "seccomp")
	defer func() { _ = file.Close() }() // memory only: nothing can be lost
	if err := filter.ExportBPF(file); err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(file)
	if err != nil {
		return nil, err
	}
	return decode(raw)
}
