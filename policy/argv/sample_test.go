package argv

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestSampleIsAccepted: whatever is drawn of whatever line, its line accepts,
// and within the limits of a request.
func TestSampleIsAccepted(t *testing.T) {
	drawn, none := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		b, err := Parse(genSeq(t, 2)+"\n"+genSeq(t, 2), nil)
		if err != nil {
			return
		}
		m, err := Compile([]Rule{{Lines: b.Lines}}, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		requests := m.Requests()
		rnd := func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "rnd") }
		for l := range b.Lines {
			ref := LineRef{0, l + 1}
			args := m.Sample(ref, rnd)
			if (args == nil) != (requests.Shortest([]LineRef{ref}) == nil) {
				t.Fatalf("%v: drew %q, but the shortest is %q", ref, args, requests.Shortest([]LineRef{ref}))
			}
			if args == nil {
				none++
				continue
			}
			drawn++
			if err := CheckTokens(append([]string{"x"}, args...)); err != nil || !slices.Contains(m.Match(args, nil), ref) {
				t.Fatalf("%v: %q is refused: %v", ref, args, err)
			}
		}
	})
	t.Logf("%d drawn, %d lines without a request", drawn, none)
}

// TestSampleVaries: choices and values are different ones, and numbers decide.
func TestSampleVaries(t *testing.T) {
	m := compileRules(t, "link set [dev] <d:ifname> (up|down|mtu <m:int(68..9216)>)...3 [x...]")
	draw := func(seed uint64, n int) []string {
		s, rnd := m.Sampler(LineRef{0, 1}), rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // a test that can be repeated
		var out []string
		for range n {
			out = append(out, strings.Join(s.Next(rnd.IntN), " "))
		}
		return out
	}
	all := draw(1, 400)
	if !slices.Equal(all, draw(1, 400)) {
		t.Error("equal numbers, and different requests")
	}
	for _, part := range []string{" dev ", " up", " down", " mtu ", " x x"} {
		n := 0
		for _, s := range all {
			if strings.Contains(s, part) {
				n++
			}
		}
		if n < 20 || n > 390 {
			t.Errorf("%q is in %d of 400", part, n)
		}
	}
	slices.Sort(all)
	if n := len(slices.Compact(all)); n < 350 {
		t.Errorf("only %d of 400 are different", n)
	}
}

func TestSampleEdges(t *testing.T) {
	rnd := func(n int) int { return n - 1 }
	m := compileRules(t, "()\n<a:str>... end\n"+strings.Repeat("<n:int(1..9)> ", 63)+"\n<b:any>\n"+strings.Repeat("<n:int(1..9)> ", 64), "b\n<c:re(b)>")
	tests := []struct {
		name string
		ref  LineRef
		want int // arguments, or -1 for none
	}{
		{"no arguments", LineRef{0, 1}, 0},
		{"63 arguments", LineRef{0, 3}, 63},
		{"64 arguments", LineRef{0, 5}, -1},
		{"any text", LineRef{0, 4}, 1},
		{"a line that a keyword hides", LineRef{1, 2}, -1},
		{"no such line", LineRef{3, 1}, -1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			args := m.Sample(tt.ref, rnd)
			if (args == nil) != (tt.want < 0) || args != nil && len(args) != tt.want {
				t.Errorf("got %q, want %d arguments", args, tt.want)
			}
		})
	}
	for _, none := range []*Matcher{nil, {}} {
		if args := none.Sample(LineRef{0, 1}, rnd); args != nil {
			t.Errorf("no matcher: got %q", args)
		}
	}
	// What passes the bytes of a request is no request of the line.
	long := compileRules(t, strings.Repeat("<a:re(x{900})> ", 40))
	if args := long.Sample(LineRef{0, 1}, rnd); args != nil {
		t.Errorf("a request of 36,000 bytes: got %d arguments", len(args))
	}
}

// TestDrawSurrogates: the halves of a surrogate pair are runes of a type and of
// no string.
func TestDrawSurrogates(t *testing.T) {
	d := mustType(t, "any").dfa
	c := d.abc.classOf(0xd800)
	if r := d.abc.draw(c, func(n int) int {
		if n == 8 {
			return 0
		}
		return min(n-1, 0xd900)
	}); r == 0xd900 || d.abc.classOf(r) != c {
		t.Errorf("got %U", r)
	}
}
