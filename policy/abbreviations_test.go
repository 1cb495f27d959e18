package policy

import (
	"slices"
	"strings"
	"testing"
)

func TestAbbreviations(t *testing.T) {
	s := load(t, `version: 1
callers: [{user: alice}]
rules:
  - id: g
    exec: [/usr/sbin/ip, /bin/other]
    argv: |
      link set [dev] <dev:ifname> up
  - id: tc
    exec: /usr/sbin/tc
    argv: |
      qdisc del dev <dev:ifname> root
`)
	for _, tt := range []struct{ argv, want string }{
		{"ip link set dev a up", ""},
		{"ip link set eth0 up", ""},
		{"ip link set a up", "argv[3] a: expected dev or <dev:ifname>; the program would read it as the keyword acquire"},
		{"ip link set addr up", "the keyword addr"},
		{"/bin/other link set a up", ""},
		{"tc qdisc del dev ro root", ""},
	} {
		d := s.Decide(alice, Request{Argv: strings.Fields(tt.argv)})
		if d.Allowed() != (tt.want == "") || !strings.Contains(d.Denial.Message, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.argv, d.Denial.Message, tt.want)
		}
	}
}

// TestAbbreviationTables: the words are words, and those that take a value are
// among them.
func TestAbbreviationTables(t *testing.T) {
	for name, k := range abbreviating() {
		if len(k.Words) < 9 || len(k.Valued) == 0 {
			t.Errorf("%s: %d words, %q", name, len(k.Words), k.Valued)
		}
		for _, v := range k.Valued {
			if !slices.Contains(k.Words, v) {
				t.Errorf("%s: %q takes a value and is no word", name, v)
			}
		}
		for _, w := range k.Words {
			if strings.Trim(w, "abcdefghijklmnopqrstuvwxyz0123456789_-") != "" {
				t.Errorf("%s: %q", name, w)
			}
		}
	}
}
