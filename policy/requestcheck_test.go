package policy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rootgate-project/rootgate/policy/argv"
)

// TestNetnsNames: whoever names a namespace, and whatever type the rule has for
// it, a name is one component.
func TestNetnsNames(t *testing.T) {
	anything, err := argv.ParseType("any", nil)
	if err != nil {
		t.Fatal(err)
	}
	const noName, noType, other = "is no name of a network namespace", "not of the type", "the server's network namespace only"
	for _, tt := range []struct {
		name    string
		typed   bool
		wrapped bool
		netns   string
		want    string // of the message; empty: no denial
	}{
		{"none", false, false, "", ""},
		{"none with a type", true, false, "", ""},
		{"no type", false, false, "a", other},
		{"of the type", true, false, "a", ""},
		{"of a wrapper", false, true, "a", ""},
		{"of a wrapper with a type", true, true, "a", ""},
		{"two components", true, false, "a/b", noType},
		{"two components of a wrapper", false, true, "a/b", noName},
		{"dot of a wrapper", false, true, ".", noName},
		{"dot", true, false, ".", noType},
		{"dots", true, false, "..", noType},
		{"dots of a wrapper", false, true, "..", noName},
		{"255 bytes", false, true, strings.Repeat("a", 255), ""},
		{"256 bytes", false, true, strings.Repeat("a", 256), noName},
		{"a control character", false, true, "a\n", noName},
		{"no UTF-8", false, true, "a\xff", noName},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := &command{rule: &Rule{ID: "r"}, netns: tt.netns, wrapped: tt.wrapped}
			if tt.typed {
				c.rule.Netns.Type = anything
			}
			d := c.checkNetns()
			switch {
			case tt.want == "" && d != nil:
				t.Errorf("refused: %s", d.Message)
			case tt.want != "" && (d == nil || d.Reason != ReasonNetnsNotAllowed || d.ArgvIndex != -1 || !strings.Contains(d.Message, tt.want)):
				t.Errorf("got %+v, want %q", d, tt.want)
			}
		})
	}
}

// TestEnvironmentBounds: as many variables and bytes as there may be pass, and
// one more does not.
func TestEnvironmentBounds(t *testing.T) {
	anything, err := argv.ParseType("any", nil)
	if err != nil {
		t.Fatal(err)
	}
	of := func(n, bytes int) map[string]string {
		env := map[string]string{}
		for i := range n {
			name := fmt.Sprintf("V%02d", i)
			size := min(bytes-len(name)*(n-i), 1<<10)
			env[name] = strings.Repeat("x", size)
			bytes -= len(name) + size
		}
		return env
	}
	r := &Rule{ID: "r"}
	for i := range maxEnv + 1 {
		r.Env.Pass = append(r.Env.Pass, EnvPass{Name: fmt.Sprintf("V%02d", i), Type: anything})
	}
	for _, tt := range []struct {
		name string
		env  map[string]string
		want Reason
	}{
		{"all variables", of(maxEnv, 1<<10), ""},
		{"one more", of(maxEnv+1, 1<<10), ReasonInvalidEnv},
		{"all bytes", of(40, maxEnvBytes), ""},
		{"one more byte", of(40, maxEnvBytes+1), ReasonInvalidEnv},
		{"a control character", map[string]string{"V00": "a\n"}, ReasonEnvNotAllowed},
		{"no UTF-8", map[string]string{"V00": "a\xff"}, ReasonEnvNotAllowed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out, d := r.environment(tt.env)
			if (d == nil) != (tt.want == "") || d != nil && (d.Reason != tt.want || out != nil) || d == nil && len(out) != len(tt.env) {
				t.Errorf("got %d variables, %v", len(out), d)
			}
		})
	}
}

// TestDirectoryMessages: who may choose no directory is told so.
func TestDirectoryMessages(t *testing.T) {
	fixed := &Rule{ID: "r", Effect: Effect{Cwd: "/"}}
	free := &Rule{ID: "r", Effect: Effect{Cwd: "/"}, Cwd: []string{"/srv", "/opt/"}}
	for _, tt := range []struct {
		name string
		rule *Rule
		cwd  string
		want string // of the message; empty: allowed
	}{
		{"fixed", fixed, "", ""},
		{"its own", fixed, "/", ""},
		{"another", fixed, "/srv", "the rule r runs in / only"},
		{"a root", free, "/srv", ""},
		{"below a root", free, "/srv/a", ""},
		{"below a root with a slash", free, "/opt/a", ""},
		{"beside a root", free, "/srv2", "not a canonical path under /srv or /opt/"},
		{"not canonical", free, "/srv/../etc", "not a canonical path"},
		{"no UTF-8", free, "/srv/\xff", "not a canonical path"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, d := tt.rule.directory(tt.cwd)
			if d == nil {
				if want := max(tt.cwd, "/"); tt.want != "" || got != want {
					t.Errorf("got %q", got)
				}
				return
			}
			if tt.want == "" || got != "" || d.Reason != ReasonCwdNotAllowed || !strings.Contains(d.Message, tt.want) {
				t.Errorf("got %q, %s", got, d.Message)
			}
		})
	}
}

// TestInvalidArgvIndex: the denial of a request that is none says where.
func TestInvalidArgvIndex(t *testing.T) {
	s := load(t, rule())
	for _, tt := range []struct {
		name string
		argv []string
		want int
	}{
		{"no program", nil, -1},
		{"program", []string{"a\n"}, 0},
		{"argument", []string{"true", "a", "b\x00"}, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := s.Decide(alice, Request{Argv: tt.argv}).Denial
			if d.Reason != ReasonInvalidArgv || d.ArgvIndex != tt.want {
				t.Errorf("got %s at %d, want %d", d.Reason, d.ArgvIndex, tt.want)
			}
		})
	}
}

// TestNearestOfPrograms: of two programs of a name, the one that understood more
// of a request explains why it is refused, and the first one when neither did.
// All lines of the answer are there, and the first of them is the decision's.
func TestNearestOfPrograms(t *testing.T) {
	s := load(t, head+`
  - id: a
    exec: /usr/bin/two
    argv: |
      go left
      go right
  - id: b
    exec: /usr/sbin/two
    argv: |
      go left now please
  - id: c
    exec: /opt/bin/two
    argv: |
      come
`)
	for _, tt := range []struct {
		request string
		at      int
		rule    RuleID
		lines   int
	}{
		{"two go left now then", 4, "b", 1},
		{"two go up", 2, "a", 2},
		{"/opt/bin/two go", 1, "c", 1},
	} {
		t.Run(tt.request, func(t *testing.T) {
			r := request(tt.request)
			d := s.Decide(alice, r)
			if d.Denial.ArgvIndex != tt.at || len(d.Denial.Nearest) != tt.lines || d.Rule == nil || d.Rule.ID != tt.rule || d.Line != 1 {
				t.Errorf("got rule %v line %d, %d lines, at %d\n%s", d.Rule, d.Line, len(d.Denial.Nearest), d.Denial.ArgvIndex, d.Explain(r))
			}
		})
	}
}

// TestNestWithoutWrappers: a chain whose first program is executed itself has no
// key beyond the effect of its rule, and nothing is unwrapped.
func TestNestWithoutWrappers(t *testing.T) {
	outer := &Rule{ID: "outer"}
	outer.nest = &nest{chain: []*Rule{outer, {ID: "inner"}}, programs: []Program{{Path: "/bin/a"}, {Path: "/bin/b"}}}
	if k := outer.nest.key(); k != "" || outer.unwrapped() {
		t.Errorf("key %q, unwrapped %v", k, outer.unwrapped())
	}
	outer.nest.runs = 1
	if k := outer.nest.key(); !strings.Contains(k, `"/bin/b"`) || !outer.unwrapped() {
		t.Errorf("key %q, unwrapped %v", k, outer.unwrapped())
	}
}

// TestBelow: nothing is below itself, or below what only begins as it does.
func TestBelow(t *testing.T) {
	for _, tt := range []struct {
		p, dir string
		want   bool
	}{
		{"/", "/", false},
		{"/a", "/", true},
		{"/a", "/a", false},
		{"/a/b", "/a", true},
		{"/ab", "/a", false},
		{"/a", "/a/b", false},
	} {
		if got := below(tt.p, tt.dir); got != tt.want {
			t.Errorf("%s below %s: got %v", tt.p, tt.dir, got)
		}
	}
}
