package policy

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkLoadEscapes measures what it costs to hold 200 rules of 20 programs
// to what is known of these.
func BenchmarkLoadEscapes(b *testing.B) {
	names := strings.Fields("ip cat cp mv find tar dd grep sed env nice ionice timeout sort tee install chown xargs unzip zip")
	var text strings.Builder
	text.WriteString("version: 1\ncallers: [{user: alice}]\nrules:\n")
	for i := range 200 {
		fmt.Fprintf(&text, "  - id: r%d\n    exec: /usr/bin/%s\n    argv: |\n      w%d set [dev] <dev:ifname> (up|down|mtu <mtu:int(68..9216)>)\n", i, names[i%len(names)], i)
		fmt.Fprintf(&text, "      w%d copy <f:path(/srv/a)> <a:cidr> dev <dev:ifname>\n", i)
	}
	files := []File{{"p.yaml", []byte(text.String())}}
	for _, unproved := range []bool{false, true} {
		b.Run(fmt.Sprintf("unproved=%t", unproved), func(b *testing.B) {
			o := options()
			o.unproved = unproved
			for b.Loop() {
				if _, found := Load(b.Context(), files, o); found.Err() != nil {
					b.Fatal(found)
				}
			}
		})
	}
}
