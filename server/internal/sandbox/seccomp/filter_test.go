package seccomp

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "victim" {
		os.Exit(victim(os.Args[2:]))
	}
	os.Exit(m.Run())
}

// simulate runs a program as the kernel does, on the bytes that it is given.
func simulate(raw []byte, nr, arch uint32, a args) (uint32, error) {
	var data [64]byte
	binary.LittleEndian.PutUint32(data[0:], nr)
	binary.LittleEndian.PutUint32(data[4:], arch)
	for i, v := range a {
		binary.LittleEndian.PutUint64(data[16+8*i:], v)
	}
	var acc uint32
	for pc := 0; pc*8 < len(raw); pc++ {
		in := raw[pc*8:]
		code, jt, jf := binary.LittleEndian.Uint16(in), int(in[2]), int(in[3])
		k := binary.LittleEndian.Uint32(in[4:])
		taken := false
		switch code {
		case 0x20:
			acc = binary.LittleEndian.Uint32(data[k:])
			continue
		case 0x54:
			acc &= k
			continue
		case 0x05:
			pc += int(k)
			continue
		case 0x06:
			return k, nil
		case 0x15:
			taken = acc == k
		case 0x25:
			taken = acc > k
		case 0x35:
			taken = acc >= k
		case 0x45:
			taken = acc&k != 0
		default:
			return 0, fmt.Errorf("instruction %d has code %#x", pc, code)
		}
		if taken {
			pc += jt
		} else {
			pc += jf
		}
	}
	return 0, fmt.Errorf("ran off the end of %d instructions", len(raw)/8)
}

// What a program may answer, as numbers.
const (
	killed = 0x80000000
	ok     = 0x7fff0000
	eperm  = 0x00050001
	enosys = 0x00050026
)

// interesting holds the values around which conditions turn.
var interesting = []uint64{
	0, 1, 2, 3, 4, 6, 8, 10, 12, 15, 16, 17, 22, 35, 36, 38, 44, 47, 58, 255, 900, 901, 0x1000, 0x1100,
	0x5412, 0x541c, 0x5423, 0x5413, 0x59616d61, 0x53564d41, 0x53564d42,
	0x10000, 0x20000, 0x8000, 0x10011, 0x3d0f00, 0x40000000, 0x40020000, 0x10000000, 0x80, 0x7e020000,
	0o644, 0o4755, 0o2755, 0o6000, 0o100644, 0o104644, 0o060600, 0o020600, 0o010600, 0o140600, 0o120777,
	0o100, 0o101, 0o20000000, 0o20200000, 0x80002, 0x80803, 0x7fffffff, 0x80000000, 0xffffffff,
}

func pick(r *rand.Rand) uint64 {
	v := interesting[r.IntN(len(interesting))]
	switch r.IntN(6) {
	case 0:
		v |= 1 << 32
	case 1:
		v |= 0xffffffff << 32
	case 2:
		v ^= 1 << r.IntN(32)
	}
	return v
}

func requests() [][]string {
	out := [][]string{
		{"read"},
		{"@default", "flock", "mkdir", "unlink", "rename", "symlink"},
		{
			"@default", "socket", "socketpair", "seccomp", "personality", "chmod", "fchmod", "fchmodat",
			"fchmodat2", "mknod", "mknodat", "open", "creat", "clone", "execve",
		},
		{"@exec", "@iptables"},
		{"@raw", "@iptables", "socket"},
	}
	var all []string
	for _, s := range sets() {
		out = append(out, []string{s.name})
		all = append(all, s.name)
	}
	return append(out, all)
}

// TestFilterEqualsModel holds every program to the model, for every number up
// to 600 and beyond, on both architectures (T071, T072).
func TestFilterEqualsModel(t *testing.T) {
	for _, m := range machines(t) {
		byNumber := make(map[uint32]string, len(m.numbers))
		for name, nr := range m.numbers {
			byNumber[nr] = name
		}
		for _, request := range requests() {
			request = slices.DeleteFunc(slices.Clone(request), func(name string) bool {
				_, has := m.numbers[name]
				return !has && !strings.HasPrefix(name, "@")
			})
			t.Run("T072/"+m.name+"/"+strings.Join(request, "+"), func(t *testing.T) {
				filter, err := compile(m.target, Request{Names: request})
				if err != nil {
					t.Fatal(err)
				}
				t.Logf("%d instructions", filter.Instructions())
				model := modelRequest(request)
				raw := filter.Bytes()
				check := func(nr, arch uint32, a args) {
					got, err := simulate(raw, nr, arch, a)
					if want := expected(m, model, byNumber, nr, arch, a); err != nil || got != want {
						t.Errorf("%s (%d) arch %#x args %#x: got %#x, %v; want %#x",
							byNumber[nr], nr, arch, a, got, err, want)
					}
				}
				differential(m, model, byNumber, check)
			})
		}
	}
}

func differential(m machine, model map[string]predicate, byNumber map[uint32]string, check func(nr, arch uint32, a args)) {
	r := rand.New(rand.NewPCG(1, 2))
	numbers := []uint32{
		1000, 1_000_000, 0x3fffffff, 0x40000000, 0x40000001, 0x40000000 | 59, 0x40000000 | 322,
		0x40000000 | 520, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
	}
	for nr := range uint32(601) {
		numbers = append(numbers, nr, nr|0x40000000)
	}
	for _, nr := range numbers {
		for _, v := range []uint64{0, ^uint64(0), 1, 1 << 32} {
			all := args{v, v, v, v, v, v}
			check(nr, m.audit, all)
			for _, arch := range m.foreign {
				check(nr, arch, all)
			}
		}
		rounds := 4
		if name := byNumber[nr]; name == "execveat" || model[name] != nil {
			rounds = 40
		}
		if name := byNumber[nr]; name == "socket" || name == "clone" || name == "openat" || name == "prctl" {
			rounds = 1500
		}
		for range rounds {
			check(nr, m.audit, args{pick(r), pick(r), pick(r), pick(r), pick(r), pick(r)})
		}
	}
}

// expected is the verdict of the model.
func expected(m machine, model map[string]predicate, byNumber map[uint32]string, nr, arch uint32, a args) uint32 {
	if arch != m.audit {
		return killed
	}
	if m.x32 && nr != 0xffffffff && nr >= 0x40000000 {
		return killed
	}
	if nr > 471 {
		return enosys
	}
	name := byNumber[nr]
	if name == "clone3" || name == "openat2" {
		return enosys
	}
	if p := model[name]; name != "" && p != nil && p(a) {
		return ok
	}
	return eperm
}

// TestSetsAreDescribed holds what people are told about a set to the model.
func TestSetsAreDescribed(t *testing.T) {
	for _, s := range Sets() {
		t.Run(s.Name, func(t *testing.T) {
			if s.Doc == "" || len(s.Syscalls) == 0 {
				t.Errorf("got doc %q and %d calls", s.Doc, len(s.Syscalls))
			}
			model := modelSet(s.Name)
			for _, name := range s.Syscalls {
				if model[strings.TrimSuffix(name, "*")] == nil {
					t.Errorf("%s is not in the model", name)
				}
			}
			if _, err := Compile(Request{Names: []string{s.Name}}); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestSameRequestSameProgram: launches of one rule must not differ.
func TestSameRequestSameProgram(t *testing.T) {
	a, err := Compile(Request{Names: []string{"@netlink", "flock", "@exec"}})
	if err != nil {
		t.Fatal(err)
	}
	b, err := Compile(Request{Names: []string{"@exec", "@netlink", "flock", "flock"}})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(a.Bytes(), b.Bytes()) {
		t.Error("the order of the names changes the program")
	}
	a.Bytes()[0] ^= 1
	if !slices.Equal(a.Bytes(), b.Bytes()) {
		t.Error("the caller of Bytes can change the filter")
	}
}

func BenchmarkCompile(b *testing.B) {
	for b.Loop() {
		if _, err := Compile(Request{Names: []string{"@netlink"}}); err != nil {
			b.Fatal(err)
		}
	}
}
