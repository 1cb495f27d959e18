package policy

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

const covered = `version: 1
callers: [{user: alice}]
rules:
  - id: link
    exec: [/usr/sbin/ip, /sbin/ip2]
    argv: |
      link set <dev:ifname> (up|down|mtu <n:int(1..9)>)
      [-4] addr
      route
    tests:
      allow: [ip link set j up, ip2 link set a mtu 5, ip -4 addr]
      deny: [ip link set a sideways]
  - id: whole
    exec: /bin/a
    argv: |
      a[(1|2)] [b]
    tests: {allow: [a a1, a a2 b]}
`

func TestCoverage(t *testing.T) {
	for _, o := range []Options{{Coverage: true}, {Vet: true}} {
		o.Accounts = host{}
		s, found := Load(t.Context(), []File{{Name: "p.yaml", Data: []byte(covered)}}, o)
		if err := found.Err(); err != nil {
			t.Fatal(err)
		}
		var got, notes []string
		for _, c := range s.Coverage() {
			text := fmt.Sprintf("%s:%d %t", c.Rule.ID, c.Line, c.Exercised)
			for _, b := range c.Branches {
				text += fmt.Sprintf(" %s=%t", b.Text, b.Exercised)
			}
			got = append(got, text)
		}
		want := []string{
			"link:1 true up=true down=false mtu <n:int(1..9)>=true", "link:2 true -4=true", "link:3 false",
			"whole:1 true (1|2)=true 1=true 2=true b=true",
		}
		if !slices.Equal(got, want) {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		for _, f := range found {
			if f.ID == "A-TESTCOV" {
				notes = append(notes, f.String())
			}
		}
		want = nil
		if o.Vet {
			want = []string{"p.yaml:7:7: N A-TESTCOV: branch (up|down|mtu <n:int(1..9)>): down is never exercised"}
		}
		if !slices.Equal(notes, want) {
			t.Errorf("notes %q, want %q", notes, want)
		}
	}
	s, _ := Load(t.Context(), []File{{Name: "p.yaml", Data: []byte(covered)}}, options())
	if s.Coverage() != nil || (*Snapshot)(nil).Coverage() != nil {
		t.Error("coverage that nobody asked for")
	}
}

func TestManyBranches(t *testing.T) {
	text := head + "  - id: r\n    exec: /bin/r\n    argv: |\n      (a|b|c|d|e|f|g|h|i|j|k)\n    tests: {allow: [r a]}\n"
	_, found := Load(t.Context(), []File{{Name: "p.yaml", Data: []byte(text)}}, Options{Accounts: host{}, Vet: true})
	want := "branches never exercised: b of (a|b|c|d|e|f|g|h|i|j|k), c of "
	if len(found) != 1 || !strings.HasPrefix(found[0].Message, want) || !strings.HasSuffix(found[0].Message, ", and 2 more") {
		t.Errorf("findings %v", found)
	}
}
