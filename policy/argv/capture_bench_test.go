package argv

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// hardCaptures is permissions that are expensive to take captures from.
var hardCaptures = []struct {
	name, line string
	args       []string
}{
	{"typical", "link set [dev] <d:ifname> (up|mtu <m:int(68..9216)>)", []string{"link", "set", "dev", "a", "mtu", "1500"}},
	{"one value", "<a:path(/a)>...", slices.Repeat([]string{strings.Repeat("/a", 2000)}, 8)},
	{"two values", "(<a:path(/a)>:<b:re([0-9]+)>)...", slices.Repeat([]string{strings.Repeat("/a", 2000) + ":12"}, 8)},
	{"two paths", "(<a:re([a/]+)>,<b:re([a/]+)>)...", slices.Repeat([]string{strings.Repeat("/a", 1000) + "," + strings.Repeat("/a", 1000)}, 8)},
	{"two that swap", "(<a:re([a-z]+)>[-<b:re([a-z-]+)>])", []string{strings.Repeat("a-", 2000) + "a"}},
	{"optional parts", "x<a:re(a+)>" + strings.Repeat("[<b:re([0-9])>]", 40), []string{"x" + strings.Repeat("a", 4000)}},
	{"many readings", "[(<a:int(1..9)>|<b:int(1..99)>|<c:str>)]...", slices.Repeat([]string{"5"}, 63)},
	{"optional tokens", strings.Repeat("[<a:int(1..9)>] ", 63), slices.Repeat([]string{"5"}, 63)},
	{"optional tokens, few", strings.Repeat("[<a:int(1..9)>] ", 63), slices.Repeat([]string{"5"}, 20)},
}

// TestCapturesAreBounded counts allocations, which do not depend on the machine:
// one for each byte of a request is too many.
func TestCapturesAreBounded(t *testing.T) {
	for _, c := range hardCaptures {
		t.Run(c.name, func(t *testing.T) {
			p := corpusProgram{rules: []string{c.line}}
			m, _ := p.compile(t)
			if len(m.Match(c.args, nil)) == 0 {
				t.Fatal("refused")
			}
			if n := testing.AllocsPerRun(1, func() { _, _ = m.Captures(LineRef{0, 1}, c.args) }); n > 8000 || strings.HasPrefix(c.name, "optional tokens") && n > 2500 {
				t.Errorf("%v allocations", n)
			}
		})
	}
	// What takes too long to tell is refused, not guessed.
	p := corpusProgram{rules: []string{"x<a:re(a+)>" + strings.Repeat("[<b:re([0-9])>]", 40)}}
	m, _ := p.compile(t)
	for n, want := range map[int]error{500: nil, 4000: ErrAmbiguous} {
		if _, err := m.Captures(LineRef{0, 1}, []string{"x" + strings.Repeat("a", n)}); !errors.Is(err, want) {
			t.Errorf("%d bytes: %v, want %v", n, err, want)
		}
	}
}

// BenchmarkHardCaptures measures what the captures of a permission cost.
func BenchmarkHardCaptures(b *testing.B) {
	for _, c := range hardCaptures {
		b.Run(c.name, func(b *testing.B) {
			p := corpusProgram{rules: []string{c.line}}
			m, _ := p.compile(b)
			b.ReportAllocs()
			for b.Loop() {
				_, _ = m.Captures(LineRef{0, 1}, c.args) // ambiguous ones cost too
			}
		})
	}
}
