package policy

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkDecide measures a decision among 200 rules, 40 of which are for the
// program that is asked for.
func BenchmarkDecide(b *testing.B) {
	s := load(b, benchPolicy())

	for _, c := range []struct {
		name, argv string
		allow      bool
	}{
		{"allowed", "ip w7 link set dev eth0 mtu 1500", true},
		{"other program", "p77 w77 addr add 10.0.0.1/24 dev eth0", true},
		{"denied", "ip w7 link set dev eth0 mtu 99999", false},
		{"no rule", "sh -c id", false},
	} {
		b.Run(c.name, func(b *testing.B) {
			r := request(c.argv)
			b.ReportAllocs()
			for b.Loop() {
				if s.Decide(alice, r).Allowed() != c.allow {
					b.Fatal(c.argv)
				}
			}
		})
	}
}

// BenchmarkLoad measures loading 200 rules for 161 programs, which have types in
// common.
func BenchmarkLoad(b *testing.B) {
	text := []byte(benchPolicy())
	for b.Loop() {
		if s, found := Load(b.Context(), []File{{Name: "p.yaml", Data: text}}, options()); s == nil {
			b.Fatal(found)
		}
	}
}

func benchPolicy() string {
	var text strings.Builder
	text.WriteString("version: 1\ncallers: [{user: alice}]\nrules:\n")
	for i := range 200 {
		exec := fmt.Sprintf("/bin/p%d", i)
		if i < 40 {
			exec = "/usr/sbin/ip"
		}
		fmt.Fprintf(&text, "  - id: r%d\n    exec: %s\n    argv: |\n      w%d link set [dev] <dev:ifname> (up|down|mtu <mtu:int(68..9216)>)\n", i, exec, i)
		fmt.Fprintf(&text, "      w%d addr add <a:cidr> dev <dev:ifname>\n", i)
	}
	return text.String()
}
