package seccomp

import (
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// insn is one struct sock_filter (include/uapi/linux/filter.h).
type insn struct {
	code   uint16
	jt, jf uint8 // offsets from the next instruction
	k      uint32
}

const insnSize = 8

// The instructions that occur. Anything else in a program is an error.
const (
	opLoad  = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
	opAnd   = unix.BPF_ALU | unix.BPF_AND | unix.BPF_K
	opEqual = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
	opAbove = unix.BPF_JMP | unix.BPF_JGT | unix.BPF_K
	opFrom  = unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K
	opBits  = unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K
	opJump  = unix.BPF_JMP | unix.BPF_JA
	opRet   = unix.BPF_RET | unix.BPF_K
)

// The offsets in struct seccomp_data (include/uapi/linux/seccomp.h). The low
// half of an argument comes first: both architectures are little-endian.
const (
	offNumber = 0
	offArch   = 4
	offArgs   = 16
	dataSize  = 64
)

// What a program returns.
const (
	retKill   = uint32(unix.SECCOMP_RET_KILL_PROCESS)
	retAllow  = uint32(unix.SECCOMP_RET_ALLOW)
	retEPERM  = uint32(unix.SECCOMP_RET_ERRNO | unix.EPERM)
	retENOSYS = uint32(unix.SECCOMP_RET_ERRNO | unix.ENOSYS)
	retMark   = uint32(unix.SECCOMP_RET_TRACE) // with the index of a condition
)

func stmt(code uint16, k uint32) insn { return insn{code: code, k: k} }

func jump(code uint16, k uint32, jt, jf uint8) insn {
	return insn{code: code, jt: jt, jf: jf, k: k}
}

// errProgram is the base of all errors about the form of a program.
var errProgram = errors.New("malformed BPF program")

func encode(prog []insn) []byte {
	raw := make([]byte, 0, len(prog)*insnSize)
	for _, in := range prog {
		raw = binary.NativeEndian.AppendUint16(raw, in.code)
		raw = append(raw, in.jt, in.jf)
		raw = binary.NativeEndian.AppendUint32(raw, in.k)
	}
	return raw
}

// decode reads a program and verifies it.
func decode(raw []byte) ([]insn, error) {
	if len(raw)%insnSize != 0 {
		return nil, fmt.Errorf("%w: %d bytes", errProgram, len(raw))
	}
	prog := make([]insn, 0, len(raw)/insnSize)
	for ; len(raw) > 0; raw = raw[insnSize:] {
		prog = append(prog, insn{
			code: binary.NativeEndian.Uint16(raw),
			jt:   raw[2],
			jf:   raw[3],
			k:    binary.NativeEndian.Uint32(raw[4:]),
		})
	}
	return prog, verify(prog)
}

// verify holds a program to what the kernel accepts (seccomp_check_filter and
// bpf_check_classic), narrowed to the instructions that occur: every path ends
// in a return, and no load leaves struct seccomp_data.
func verify(prog []insn) error {
	if len(prog) == 0 || len(prog) > unix.BPF_MAXINSNS {
		return fmt.Errorf("%w: %d instructions", errProgram, len(prog))
	}
	for i, in := range prog {
		left := uint32(len(prog) - i - 1)
		ok := false
		switch in.code {
		case opLoad:
			ok = in.k%4 == 0 && in.k < dataSize && left > 0
		case opAnd:
			ok = left > 0
		case opEqual, opAbove, opFrom, opBits:
			ok = uint32(in.jt) < left && uint32(in.jf) < left
		case opJump:
			ok = in.k < left
		case opRet:
			ok = true
		}
		if !ok {
			return fmt.Errorf("%w: instruction %d is %#v", errProgram, i, in)
		}
	}
	return nil
}
