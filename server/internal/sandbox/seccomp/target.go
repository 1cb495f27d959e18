package seccomp

import (
	"fmt"
	"runtime"

	libseccomp "github.com/seccomp/libseccomp-golang"
	"golang.org/x/sys/unix"
)

// x32Bit marks a call of the x32 ABI (include/uapi/asm/unistd.h). Its numbers
// run under the architecture of x86_64, so that the check of the architecture
// alone lets them through.
const x32Bit = 0x40000000

// highest is the highest number known when this table was written (Linux 7.0).
// Since 424 (Linux 5.1) all architectures share their numbers.
const highest = 471

// target is an architecture that programs are made for. Compile uses the one of
// the build; the tests compile for the other as well.
type target struct {
	arch  libseccomp.ScmpArch
	audit uint32 // AUDIT_ARCH_*: what the kernel puts into seccomp_data.arch
	x32   bool
	newer map[string]uint32 // calls that libseccomp 2.5.4 does not know
}

func amd64Target() target {
	newer := newerEverywhere()
	newer["uretprobe"], newer["uprobe"] = 335, 336
	return target{arch: libseccomp.ArchAMD64, audit: unix.AUDIT_ARCH_X86_64, x32: true, newer: newer}
}

func arm64Target() target {
	return target{arch: libseccomp.ArchARM64, audit: unix.AUDIT_ARCH_AARCH64, newer: newerEverywhere()}
}

func native() target {
	if runtime.GOARCH == "arm64" {
		return arm64Target()
	}
	return amd64Target()
}

// newerEverywhere lists what came after Linux 6.7, the last release in the
// table of libseccomp 2.5.4 as Debian 12 ships it.
func newerEverywhere() map[string]uint32 {
	return map[string]uint32{
		"statmount":         457,
		"listmount":         458,
		"lsm_get_self_attr": 459,
		"lsm_set_self_attr": 460,
		"lsm_list_modules":  461,
		"mseal":             462,
		"setxattrat":        463,
		"getxattrat":        464,
		"listxattrat":       465,
		"removexattrat":     466,
		"open_tree_attr":    467,
		"file_getattr":      468,
		"file_setattr":      469,
		"listns":            470,
		"rseq_slice_yield":  471,
	}
}

// number returns the number of a call. The name must have passed wellFormed:
// libseccomp takes a C string, so that "read\x00x" would be read.
func (t target) number(name string) (uint32, error) {
	if nr, ok := t.newer[name]; ok {
		return nr, nil
	}
	nr, err := libseccomp.GetSyscallFromNameByArch(name, t.arch)
	if err != nil {
		return 0, &NameError{Name: name, Reason: UnknownSyscall, Hint: t.similar(name)}
	}
	if nr < 0 { // libseccomp's own numbers for calls of other architectures
		return 0, &NameError{Name: name, Reason: OtherArch, Why: t.arch.String()}
	}
	if nr > highest {
		return 0, fmt.Errorf("number %d of %s is above %d", nr, name, highest)
	}
	return uint32(nr), nil
}

// names returns every call that the architecture has.
func (t target) names() []string {
	var names []string
	for nr := libseccomp.ScmpSyscall(0); nr <= highest; nr++ {
		if name, err := nr.GetNameByArch(t.arch); err == nil {
			names = append(names, name)
		}
	}
	for name := range t.newer {
		names = append(names, name)
	}
	return names
}
