package importer

import (
	"regexp"
	"strings"
	"testing"

	"github.com/rootgate-project/rootgate/policy/argv"
)

// What a pattern becomes is a line of the grammar whose sample, and whose shortest
// value, the pattern matches as a whole.
func FuzzPattern(f *testing.F) {
	for _, seed := range []string{
		`\d+`, `/dev/.*`, `(a|b)?c`, `.+`, `[0-9\.]+`, `/[a-z/]+`, `(?i)(add|rem)`, `a{2,3}[^/]+\.x`, `/etc/(?!\.\.).*`,
		`x$`, `^y`, `a|b`, ``, `[^a]`, `a.b`, `(ab)*`, `=.*=`, `\x00`, `'<#`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, pattern string) {
		s, err := translatePattern(pattern, "arg", "/etc/nova")
		if err != nil {
			return
		}
		block, err := argv.Parse(s.text, nil)
		if err != nil {
			return // the rule does not load, and says so
		}
		m, err := argv.Compile([]argv.Rule{{Lines: block.Lines}}, argv.Limits{})
		if err != nil {
			return
		}
		for _, l := range lookaheads {
			pattern = strings.Replace(pattern, l, "", 1)
		}
		re, err := regexp.Compile(`^(?:` + pattern + `)$`)
		if err != nil {
			return
		}
		values := [][]string{{s.sample}, m.Requests().Shortest([]argv.LineRef{{Rule: 0}})}
		for i, v := range values {
			if i == 0 && len(m.Match(v, nil)) == 0 && isPlain(s.sample) {
				t.Errorf("%q becomes %s, which does not accept its sample %q", pattern, s.text, s.sample)
			}
			if len(v) == 1 && !re.MatchString(v[0]) {
				t.Errorf("%q becomes %s, which accepts %q", pattern, s.text, v[0])
			}
		}
	})
}
