package argv

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// hard is refusals that are expensive to explain, each with its program of 40
// rules.
func hard() []struct {
	name  string
	rules []string
	args  []string
} {
	rules := func(f func(i int) string) []string {
		out := make([]string, 40)
		for i := range out {
			out[i] = f(i)
		}
		return out
	}
	lines := func(n int, f func(i int) string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(f(i) + "\n")
		}
		return b.String()
	}
	paths := rules(func(i int) string {
		return fmt.Sprintf("k%d if=<a:path(/a)>,of=<b:path(/b)> <p:path(/p%d)>\n<x:path(/x)>:<y:path(/y)> x%d", i, i, i)
	})
	numbers := rules(func(i int) string {
		return fmt.Sprintf("<a:int(1..%d)>[:<b:int(1..9)>][,<c:int(1..9)>] k%d\n<s:path(/a)><t:path(/b)>%d", i+5, i, i)
	})
	long := strings.Repeat("/a", 2048)
	full := append(slices.Repeat([]string{"word"}, 55), slices.Repeat([]string{strings.Repeat("x", 4000)}, 8)...)
	many := rules(func(i int) string {
		return lines(24, func(j int) string { return fmt.Sprintf("key%02dword%02d [a] [b] <n:int(1..9)> end", i, j) })
	})
	return []struct {
		name  string
		rules []string
		args  []string
	}{
		{"typical", rules(func(i int) string { return fmt.Sprintf("w%d link set [dev] <d:ifname> (up|mtu <m:int(68..9216)>)", i) }), strings.Fields("w7 link set dev a mtu 99999")},
		{"long path", paths, []string{long}},
		{"long paths", paths, []string{"/x" + long[:1500] + ":/y" + long[:1500], "no"}},
		{"long number", numbers, []string{strings.Repeat("1", 4096)}},
		{"number", numbers, []string{strings.Repeat("1", 200) + ":" + strings.Repeat("2", 50)}},
		{"path", numbers, []string{strings.Repeat("/a", 100)}},
		{"many lines", many, []string{"key99word99"}},
		{"many lines, long", many, []string{strings.Repeat("é", 64)}},
		{"many tokens", append(many[:39:39], "[<a:str>]... end"), full},
		{"many rules to the end", rules(func(i int) string { return fmt.Sprintf("[(word|<a:re([a-z]{1,%d})>)]... end%d", 10+i, i) }), slices.Repeat([]string{"word"}, 63)},
		{"many optionals", rules(func(i int) string {
			return lines(2, func(j int) string {
				return strings.Repeat("[a] ", 63) + fmt.Sprintf("w%d.%d", i, j)
			})
		}), slices.Repeat([]string{"a"}, 63)},
		{"spellings", rules(func(i int) string {
			return lines(8, func(j int) string { return fmt.Sprintf("%d.%d%s", i, j, strings.Repeat("(abcde|vwxyz)", 11)) })
		}), []string{strings.Repeat("abcde", 12)}},
		{"sets", rules(func(i int) string {
			return fmt.Sprintf("{a|b|c|d|e|f|g <n:int(1..9)>|h%d!} end", i)
		}), strings.Fields("a b c d e f g 5 a")},
	}
}

// BenchmarkRefuse measures what a refusal costs within this package.
func BenchmarkRefuse(b *testing.B) {
	for _, c := range hard() {
		b.Run(c.name, func(b *testing.B) {
			p := corpusProgram{rules: c.rules}
			m, _ := p.compile(b)
			b.ReportAllocs()
			for b.Loop() {
				if len(m.Match(c.args, nil)) > 0 {
					b.Fatal("accepted")
				}
				m.Explain(c.args, nil)
			}
		})
	}
}
