package seccomp

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// assemble makes the final program of what libseccomp exported:
//
//	prologue   architecture, x32, numbers above the highest known
//	body       libseccomp's search tree, its own prologue cut off
//	blocks     one for each condition
//
// Jumps in cBPF are relative and go forward only, so the body can be moved as a
// whole; a mark in it becomes a jump with a 32-bit offset, in place.
func (t target) assemble(exported []insn, blocks []condition) ([]insn, error) {
	prog := append(t.prologue(), exported[t.entry(exported):]...)
	end := len(prog)
	var start []int
	for _, block := range blocks {
		start = append(start, len(prog))
		code, err := compileCondition(block)
		if err != nil {
			return nil, err
		}
		prog = append(prog, code...)
	}
	for i, in := range prog[:end] {
		if in.code != opRet || in.k&unix.SECCOMP_RET_ACTION_FULL != retMark {
			continue
		}
		mark := int(in.k & unix.SECCOMP_RET_DATA)
		if mark >= len(start) {
			return nil, fmt.Errorf("%w: mark %d of %d", errProgram, mark, len(start))
		}
		prog[i] = stmt(opJump, uint32(start[mark]-i-1))
	}
	return prog, verify(prog)
}

// prologue ends, for a number that is known, behind its last instruction with
// the number in the accumulator. Numbers above the highest known are answered
// as an older kernel would, so that libc falls back to what it did before them.
//
// libseccomp's prologue is not used. It has no such check, and that of Debian's
// 2.5.4 has the branches of its x32 check the wrong way round in a program laid
// out as a tree: -1 was killed and x32 numbers went on into the tree.
func (t target) prologue() []insn {
	prog := []insn{
		stmt(opLoad, offArch),
		jump(opEqual, t.audit, 1, 0),
		stmt(opRet, retKill),
		stmt(opLoad, offNumber),
	}
	if !t.x32 {
		return append(prog,
			jump(opAbove, highest, 0, 1),
			stmt(opRet, retENOSYS))
	}
	return append(prog,
		jump(opAbove, highest, 0, 4),
		jump(opEqual, allBits, 1, 0), // -1: a tracer's way to skip a call
		jump(opFrom, x32Bit, 1, 0),
		stmt(opRet, retENOSYS),
		stmt(opRet, retKill))
}

// entry returns the first instruction of an exported program that has to be run
// when the architecture and a number of at most highest are given, the number
// being in the accumulator. It follows the program as far as that decides every
// branch: it depends on no particular form of libseccomp's prologue, and where
// it recognises nothing the result is 0, which is always right.
func (t target) entry(prog []insn) int {
	const unknown, arch, number = 0, 1, 2
	entry, holds := 0, unknown
	for i := 0; i < len(prog); {
		in := prog[i]
		var taken bool
		switch {
		case in.code == opLoad && in.k == offArch:
			holds = arch
			i++
			continue
		case in.code == opLoad && in.k == offNumber:
			holds = number
			i++
			entry = i
			continue
		case in.code == opEqual && holds == arch:
			taken = in.k == t.audit
		case (in.code == opEqual || in.code == opFrom) && holds == number && in.k > highest,
			in.code == opAbove && holds == number && in.k >= highest:
			taken = false
		default:
			return entry
		}
		if taken {
			i += 1 + int(in.jt)
		} else {
			i += 1 + int(in.jf)
		}
		if holds == number {
			entry = i
		}
	}
	return entry
}

// compileCondition turns a condition into code that ends in ALLOW or EPERM on
// every path.
func compileCondition(c condition) ([]insn, error) {
	var prog []insn
	for _, cl := range c {
		code, err := compileClause(cl)
		if err != nil {
			return nil, err
		}
		prog = append(prog, code...)
	}
	return append(prog, stmt(opRet, retEPERM)), nil
}

// compileClause turns a clause into code that ends in ALLOW where the clause
// holds, and runs past its end where it does not.
func compileClause(cl clause) ([]insn, error) {
	length := 1 // the return
	for _, ts := range cl {
		length += ts.length()
	}
	if length > 255 { // conditional jumps have 8 bits
		return nil, fmt.Errorf("%w: clause of %d instructions", errProgram, length)
	}
	var prog []insn
	for _, ts := range cl {
		prog = append(prog, stmt(opLoad, uint32(offArgs+8*ts.arg)))
		if ts.mask != allBits {
			prog = append(prog, stmt(opAnd, ts.mask))
		}
		for i, value := range ts.values {
			fail := uint8(length - len(prog) - 1)
			last := i == len(ts.values)-1
			match := uint8(len(ts.values) - i - 1)
			switch {
			case ts.except:
				prog = append(prog, jump(opEqual, value, fail, 0))
			case last:
				prog = append(prog, jump(opEqual, value, 0, fail))
			default:
				prog = append(prog, jump(opEqual, value, match, 0))
			}
		}
	}
	return append(prog, stmt(opRet, retAllow)), nil
}

// length is the number of instructions of a test.
func (ts test) length() int {
	n := 1 + len(ts.values)
	if ts.mask != allBits {
		n++
	}
	return n
}
