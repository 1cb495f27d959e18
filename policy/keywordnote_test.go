package policy

import (
	"strings"
	"testing"
)

func TestKeywordNotes(t *testing.T) {
	const text = `version: 1
callers: [{user: u}]
rules:
  - id: a
    exec: %s
    argv: |
      link set [dev] <dev:ifname> (up|down)
      link show <name:re([a-c])>
    tests: {allow: ["%s link set dev eth0 up", "%s link show b"]}
`
	for _, c := range []struct {
		name, program string
		want, not     []string
	}{
		{"a program that abbreviates", "/usr/sbin/ip", []string{
			"p.yaml:7:7: N T-KEYWORD: <dev:ifname>: dev is a keyword here",
			"N T-ABBREV: ip accepts abbreviated keywords: <dev:ifname> refuses ",
		}, nil},
		{"a program that does not", "/usr/bin/wc", []string{
			"p.yaml:7:7: N T-KEYWORD: <dev:ifname>: dev is a keyword here",
		}, []string{"T-ABBREV"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			base := c.program[strings.LastIndex(c.program, "/")+1:]
			data := strings.NewReplacer("exec: %s", "exec: "+c.program, "%s", base).Replace(text)
			_, found := Load(t.Context(), []File{{"p.yaml", []byte(data)}}, Options{Vet: true})
			var all []string
			for _, f := range found {
				all = append(all, f.String())
			}
			got := strings.Join(all, "\n")
			for _, w := range c.want {
				if !strings.Contains(got, w) {
					t.Errorf("got %s\nwant %s", got, w)
				}
			}
			for _, n := range c.not {
				if strings.Contains(got, n) {
					t.Errorf("got %s\nwant no %s", got, n)
				}
			}
		})
	}
}
