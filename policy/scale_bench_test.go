package policy

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// scaled returns a policy of n rules, ten for each program.
func scaled(n int) []File {
	var files []File
	const each = 1000
	for from := 0; from < n; from += each {
		var text strings.Builder
		text.WriteString(head)
		for i := from; i < min(n, from+each); i++ {
			fmt.Fprintf(&text, "  - id: r%d\n    exec: /bin/p%d\n    argv: |\n      w%d link set [dev] <dev:ifname> (up|down|mtu <mtu:int(68..9216)>)\n", i, i/10, i)
			fmt.Fprintf(&text, "      w%d addr add <a:cidr> dev <dev:ifname>\n", i)
		}
		files = append(files, File{Name: fmt.Sprintf("%d.yaml", from), Data: []byte(text.String())})
	}
	return files
}

// BenchmarkRules measures a decision among more and more rules of other
// programs. It must not grow with them.
func BenchmarkRules(b *testing.B) {
	for _, n := range []int{10, 200, 2000, 10000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s, found := Load(b.Context(), scaled(n), Options{Accounts: host{}, Unchecked: true, manyRules: true})
			if s == nil {
				b.Fatal(found.Err())
			}
			r := request("p0 w7 link set dev eth0 mtu 1500")
			b.ReportAllocs()
			for b.Loop() {
				if !s.Decide(alice, r).Allowed() {
					b.Fatal("denied")
				}
			}
		})
	}
}

// BenchmarkLoadMany measures a load with its proofs.
func BenchmarkLoadMany(b *testing.B) {
	router, err := os.ReadFile("examples/router.yaml")
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		files []File
		o     Options
	}{
		{"200 rules", scaled(200), Options{Accounts: host{}}},
		{"1000 rules", scaled(1000), Options{Accounts: host{}}},
		{"example", []File{{Name: "router.yaml", Data: router}}, Options{}},
		{"vet example", []File{{Name: "router.yaml", Data: router}}, Options{Vet: true}},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				if s, found := Load(b.Context(), c.files, c.o); s == nil {
					b.Fatal(found.Err())
				}
			}
		})
	}
}
