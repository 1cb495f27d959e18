package seccomp

import (
	"errors"
	"slices"
	"testing"
)

// TestEntry tries forms of libseccomp's prologue: what is cut off must be
// decided by the architecture and by a number that is known.
func TestEntry(t *testing.T) {
	const x86 = 0xc000003e
	body := []insn{jump(opEqual, 1, 0, 1), stmt(opRet, retAllow), stmt(opRet, retEPERM), stmt(opRet, retKill)}
	tests := []struct {
		name     string
		prologue []insn
		want     int
	}{
		{"as 2.5.4 writes it", []insn{
			stmt(opLoad, offArch), jump(opEqual, x86, 0, 7), stmt(opLoad, offNumber),
			jump(opFrom, x32Bit, 0, 1), jump(opEqual, allBits, 4, 0), stmt(opLoad, offNumber),
		}, 6},
		{"with the branches of x32 put right", []insn{
			stmt(opLoad, offArch), jump(opEqual, x86, 0, 6), stmt(opLoad, offNumber),
			jump(opFrom, x32Bit, 0, 1), jump(opEqual, allBits, 0, 3),
		}, 5},
		{"no x32 check", []insn{stmt(opLoad, offArch), jump(opEqual, x86, 0, 4), stmt(opLoad, offNumber)}, 3},
		{"another architecture first", []insn{
			stmt(opLoad, offArch), jump(opEqual, 0x40000003, 1, 0), jump(opEqual, x86, 0, 4), stmt(opLoad, offNumber),
		}, 4},
		{"no architecture check", []insn{stmt(opLoad, offNumber)}, 1},
		{"unknown beginning", []insn{jump(opBits, 1, 0, 0), stmt(opLoad, offNumber)}, 0},
		{"an argument before the number", []insn{stmt(opLoad, offArch), stmt(opLoad, offArgs), stmt(opLoad, offNumber)}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			prog := append(slices.Clone(tt.prologue), body...)
			if err := verify(prog); err != nil {
				t.Fatal(err)
			}
			if got := amd64Target().entry(prog); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
			final, err := amd64Target().assemble(prog, nil)
			if err != nil {
				t.Fatal(err)
			}
			for nr, want := range map[uint32]uint32{
				1: ok, 2: eperm, highest: eperm, highest + 1: enosys, x32Bit | 1: killed, allBits: enosys, allBits - 1: killed,
			} {
				if tt.name == "unknown beginning" && nr == 1 {
					continue // runs with an empty accumulator; only its own affair
				}
				if got, err := simulate(encode(final), nr, x86, args{}); got != want || err != nil {
					t.Errorf("%#x: got %#x, %v; want %#x", nr, got, err, want)
				}
			}
		})
	}
}

func TestAssembleRefuses(t *testing.T) {
	tests := []struct {
		name   string
		prog   []insn
		blocks []condition
	}{
		{"a mark without a condition", []insn{stmt(opRet, retMark|1)}, []condition{when(only(0, 1))}},
		{"a clause that conditional jumps cannot cross", []insn{stmt(opRet, retMark)}, []condition{when(only(0, make([]uint32, 254)...))}},
		{"a program above the kernel's limit", []insn{stmt(opRet, retMark)}, slices.Repeat([]condition{when(only(0, make([]uint32, 200)...))}, 21)},
		{"a load outside of the data", []insn{stmt(opLoad, dataSize), stmt(opRet, 0)}, nil},
		{"a crooked load", []insn{stmt(opLoad, 2), stmt(opRet, 0)}, nil},
		{"no return", []insn{stmt(opAnd, 0)}, nil},
		{"a jump to the end", []insn{jump(opEqual, 0, 1, 0), stmt(opRet, 0)}, nil},
		{"a long jump past the end", []insn{stmt(opJump, 0xffffffff), stmt(opRet, 0)}, nil},
		{"an instruction of another kind", []insn{stmt(0x87, 0), stmt(opRet, 0)}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if prog, err := amd64Target().assemble(tt.prog, tt.blocks); !errors.Is(err, errProgram) {
				t.Errorf("got %d instructions, %v; want %v", len(prog), err, errProgram)
			}
		})
	}
}

// FuzzDecode: what verify accepts, runs to a return and stays in the data.
func FuzzDecode(f *testing.F) {
	filter, err := Compile(Request{Names: []string{"@netlink"}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(filter.Bytes(), uint32(1), uint64(2))
	f.Add(encode([]insn{stmt(opJump, 0), stmt(opRet, retMark)}), uint32(0), uint64(0))
	f.Add([]byte{6, 0, 0, 0}, uint32(0), uint64(0))
	f.Fuzz(func(t *testing.T, raw []byte, nr uint32, v uint64) {
		prog, err := decode(raw)
		if err != nil {
			return
		}
		if got := encode(prog); !slices.Equal(got, raw) {
			t.Errorf("got %x, want %x", got, raw)
		}
		want, err := simulate(raw, nr, 0xc000003e, args{v, v, v, v, v, v})
		if err != nil {
			t.Fatal(err)
		}
		final, err := amd64Target().assemble(prog, []condition{when(only(0, 1))})
		if err != nil || nr > highest || want&0xffff0000 == retMark {
			return
		}
		if got, err := simulate(encode(final), nr, 0xc000003e, args{v, v, v, v, v, v}); got != want || err != nil {
			// An accumulator that was never loaded is 0 for the kernel,
			// and the number in the assembled program.
			if prog[0].code == opLoad {
				t.Errorf("assembled: got %#x, %v; want %#x", got, err, want)
			}
		}
	})
}
