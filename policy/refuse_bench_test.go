package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// hardRefusals is programs of 40 rules, each with a request that is expensive
// to refuse.
func hardRefusals() []struct {
	name, lines string
	args        []string
} {
	long := strings.Repeat("/a", 2000)
	full := slices.Repeat([]string{strings.Repeat("x", 4000)}, 8)
	return []struct {
		name, lines string
		args        []string
	}{
		{"typical", "w%d link set [dev] <d:ifname> (up|mtu <m:int(68..9216)>)", strings.Fields("w7 link set dev a mtu 99999")},
		{"long path", "if=<a:path(/a)> <p:path(/p%d)>\n<x:path(/x)> <y:int(1..9)>:<z:path(/z)> x%[1]d", []string{"/x" + long}},
		{"number", "<a:int(1..9)>[:<b:int(1..9)>][,<c:int(1..9)>]k%d", []string{strings.Repeat("1", 200) + ":2"}},
		{"many lines", strings.Repeat("@.%[1]dkeyword [a] [b] <n:int(1..9)> end\n", 24), []string{"keyworb"}},
		{"long words", strings.Repeat("@.%[1]d("+strings.Repeat("abcdefgh|", 200)+"z)\n", 2), []string{strings.Repeat("é", 64)}},
		{"all bytes, last token", "<a:str> <a:str> <a:str> <a:str> <a:str> <a:str> <a:str> <a:str> x%d", append(full, "no")},
		{"all tokens", "[word]... end%d", slices.Repeat([]string{"word"}, 63)},
		{"optionals", strings.Repeat("[a] ", 63) + "w%d", slices.Repeat([]string{"a"}, 63)},
		{"spellings", strings.Repeat("@.%[1]d"+strings.Repeat("(abcde|vwxyz)", 11)+"\n", 8), []string{strings.Repeat("abcde", 12)}},
		{"sets", "{a|b|c|d|e|f <n:int(1..9)>|h%d!} end", strings.Fields("a b c d e f 5 a")},
	}
}

func hardProgram(t testing.TB, lines string) *Snapshot {
	var text strings.Builder
	text.WriteString(head)
	for i := range 40 {
		fmt.Fprintf(&text, "  - id: r%d\n    exec: /bin/p\n    argv: |\n", i)
		block := lines
		if strings.Contains(lines, "%") {
			block = fmt.Sprintf(lines, i)
		}
		for j, l := range strings.Split(strings.TrimSpace(block), "\n") {
			fmt.Fprintf(&text, "      %s\n", strings.Replace(l, "@", strconv.Itoa(j), 1))
		}
	}
	return load(t, text.String())
}

// TestRefusalIsCheap counts allocations, which do not depend on the machine: one
// for each byte of a request is too many. One caller's refusals must not starve
// the others; BenchmarkRefuse says what they cost.
func TestRefusalIsCheap(t *testing.T) {
	for _, c := range hardRefusals() {
		t.Run(c.name, func(t *testing.T) {
			s := hardProgram(t, c.lines)
			r := Request{Argv: append([]string{"p"}, c.args...)}
			n := testing.AllocsPerRun(1, func() {
				if s.Decide(alice, r).Allowed() {
					t.Fatal("allowed")
				}
			})
			if n > 1000 {
				t.Errorf("a refusal takes %v allocations, want at most 1000", n)
			}
		})
	}
}

// BenchmarkRefuse measures decisions that refuse.
func BenchmarkRefuse(b *testing.B) {
	for _, c := range hardRefusals() {
		b.Run(c.name, func(b *testing.B) {
			s := hardProgram(b, c.lines)
			r := Request{Argv: append([]string{"p"}, c.args...)}
			b.ReportAllocs()
			for b.Loop() {
				if d := s.Decide(alice, r); d.Allowed() || d.Denial.Reason == ReasonInvalidArgv || d.Denial.Reason == ReasonNoRule {
					b.Fatal(d.Denial)
				}
			}
		})
	}
}
