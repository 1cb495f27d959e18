package argv

import (
	"fmt"
	"strings"
	"testing"
)

// show writes a failure in one line.
func show(f Failure) string {
	var exp, near []string
	for _, e := range f.Expected {
		switch e.Kind {
		case ExpectLiteral:
			exp = append(exp, e.Text)
		case ExpectType:
			exp = append(exp, e.Text+":"+e.Params)
		case ExpectEnd:
			exp = append(exp, "end")
		}
	}
	for _, n := range f.Nearest {
		near = append(near, fmt.Sprintf("%d:%d", n.Ref.Rule, n.Ref.Line))
		if n.Matched != f.Arg {
			near = append(near, "?")
		}
	}
	s := fmt.Sprintf("%s %d [%s] near %s", f.Code, f.Arg, strings.Join(exp, " "), strings.Join(near, " "))
	if f.Given != 0 {
		s += fmt.Sprintf(" given %d", f.Given)
	}
	if f.Suggest != "" {
		s += " suggest " + f.Suggest
	}
	return s
}

func TestExplain(t *testing.T) {
	ip := corpus[0]
	path := corpusProgram{scope: map[string]string{"dev": "path(/dev)"}, rules: []string{"(--getsize64|--flushbufs) <dev>\nif=<dev> count=<n:int(1..9)>k"}}
	two := corpusProgram{scope: netScope, rules: []string{"-x <n:int(1..9)>", "-x [<s:re([a-z]+)>]", "other"}}
	sets := corpusProgram{rules: []string{"{-n <n:int(1..9)>|(-v|--verbose)|[a] b|-q!}\n{(x|y) z} end"}}
	odd := corpusProgram{rules: []string{"OpenFlow(10|13) '' 'a b'\n<a:int(1..9)>:<b:int(1..9)>"}}
	tests := []struct {
		program corpusProgram
		args    string
		want    string
	}{
		{ip, "link set dev qr-1 mtu 99999", "VALUE_OUT_OF_RANGE 5 [<mtu:int(68..9216)>:int(68..9216)] near 0:2"},
		{ip, "link set dev qr-1 mtu 68x", "VALUE_NOT_OF_TYPE 5 [<mtu:int(68..9216)>:int(68..9216)] near 0:2"},
		{ip, "link set dev qr-1 mtu 068", "VALUE_NOT_OF_TYPE 5 [<mtu:int(68..9216)>:int(68..9216)] near 0:2"},
		{ip, "vrf exec default sh", "NO_SUCH_SUBCOMMAND 0 [-4 -6 -d -o addr link neigh netns route rule] near 0:1 0:6 0:7"},
		{
			ip, "-4 route replace default via 10.0.0.1 via 10.0.0.2",
			"DUPLICATE_OPTION 6 [dev metric proto scope src table end] near 0:9 given 4",
		},
		{ip, "link set dev -x up", "VALUE_NOT_OF_TYPE 3 [<dev>:ifname] near 0:2"},
		{ip, "link set dev a upp", "NO_SUCH_SUBCOMMAND 4 [address alias down mtu netns up] near 0:2"},
		{ip, "link set dev a", "MISSING_ARGUMENT 4 [address alias down mtu netns up] near 0:2"},
		{ip, "link set dev up", "MISSING_ARGUMENT 4 [address alias down mtu netns up] near 0:2"},
		{ip, "link set dev a up up", "EXTRA_ARGUMENT 5 [end] near 0:2"},
		{ip, "lnik show", "NO_SUCH_SUBCOMMAND 0 [-4 -6 -d -o addr link neigh netns route rule] near 0:1 0:2 0:3 suggest link"},
		{ip, "link shw", "NO_SUCH_SUBCOMMAND 1 [add del delete set show] near 0:1 0:2 0:3 suggest show"},
		{ip, "-4 route show dev a dev b", "DUPLICATE_OPTION 5 [proto scope table end] near 0:8 given 3"},
		{ip, "", "MISSING_ARGUMENT 0 [-4 -6 -d -o addr link neigh netns route rule] near 0:1 0:2 0:3"},
		{path, "--getsize64 /dev/../etc/shadow", "PATH_NOT_CANONICAL 1 [<dev>:path(/dev)] near 0:1"},
		{path, "--getsize64 /dev/./sda", "PATH_NOT_CANONICAL 1 [<dev>:path(/dev)] near 0:1"},
		{path, "--getsize64 /dev//sda", "PATH_NOT_CANONICAL 1 [<dev>:path(/dev)] near 0:1"},
		{path, "--getsize64 /dev/sda/", "PATH_NOT_CANONICAL 1 [<dev>:path(/dev)] near 0:1"},
		{path, "--getsize64 ../etc", "PATH_NOT_CANONICAL 1 [<dev>:path(/dev)] near 0:1"},
		{path, "--getsize64 /etc/shadow", "VALUE_NOT_OF_TYPE 1 [<dev>:path(/dev)] near 0:1"},
		{path, "--getsize64 -x", "VALUE_NOT_OF_TYPE 1 [<dev>:path(/dev)] near 0:1"},
		{path, "if=/dev/../x count=1k", "PATH_NOT_CANONICAL 0 [--flushbufs --getsize64 if=<dev>:path(/dev)] near 0:2 0:1"},
		{path, "if=/dev/x count=10k", "VALUE_OUT_OF_RANGE 1 [count=<n:int(1..9)>k:int(1..9)] near 0:2"},
		{path, "if=/dev/x count=1M", "VALUE_NOT_OF_TYPE 1 [count=<n:int(1..9)>k:int(1..9)] near 0:2"},
		{two, "-x 10", "VALUE_OUT_OF_RANGE 1 [<n:int(1..9)>:int(1..9) <s:re([a-z]+)>:re([a-z]+) end] near 0:1 1:1"},
		{two, "-x A", "VALUE_NOT_OF_TYPE 1 [<n:int(1..9)>:int(1..9) <s:re([a-z]+)>:re([a-z]+) end] near 0:1 1:1"},
		{two, "othr", "NO_SUCH_SUBCOMMAND 0 [-x other] near 2:1 0:1 1:1 suggest other"},
		{sets, "-q -v --verbose", "DUPLICATE_OPTION 2 [-n a b end] near 0:1 given 1"},
		{sets, "b -q a", "DUPLICATE_OPTION 2 [--verbose -n -v end] near 0:1"},
		{sets, "x z y z", "DUPLICATE_OPTION 2 [end] near 0:2"},
		{odd, "OpenFlow11", "VALUE_NOT_OF_TYPE 0 [OpenFlow(10|13) <a:int(1..9)>:<b:int(1..9)>:int(1..9)] near 0:1 0:2 suggest OpenFlow10"},
		{odd, "OpenFlow10 x", "NO_SUCH_SUBCOMMAND 1 [''] near 0:1"},
		{odd, "OpenFlow10 '' a", "NO_SUCH_SUBCOMMAND 2 ['a b'] near 0:1"},
		{odd, "1:10", "VALUE_OUT_OF_RANGE 0 [OpenFlow(10|13) <a:int(1..9)>:<b:int(1..9)>:int(1..9)] near 0:2 0:1"},
	}
	compiled := map[string]*Matcher{}
	for _, tt := range tests {
		t.Run(tt.args, func(t *testing.T) {
			m := compiled[tt.program.rules[0]]
			if m == nil {
				m, _ = tt.program.compile(t)
				compiled[tt.program.rules[0]] = m
			}
			if got := show(m.Explain(mustSplit(t, tt.args), nil)); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// TestExplainMayUse: a rule that the caller may not use is not spoken of.
func TestExplainMayUse(t *testing.T) {
	p := corpusProgram{rules: []string{"secret thing", "public thing"}}
	m, _ := p.compile(t)
	only := func(r int) bool { return r == 1 }
	if got, want := show(m.Explain([]string{"secret", "x"}, only)), "NO_SUCH_SUBCOMMAND 0 [public] near 1:1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := show(m.Explain([]string{"secret", "x"}, func(int) bool { return false })), "NO_RULE 0 [] near "; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestExplainIsBounded(t *testing.T) {
	var b strings.Builder
	for i := range 200 {
		fmt.Fprintf(&b, " | k%d", i)
	}
	p := corpusProgram{rules: []string{"(" + b.String()[3:] + ") [x]"}}
	m, _ := p.compile(t)
	if f := m.Explain([]string{"no"}, nil); len(f.Expected) != maxExpected-1 || len(f.Nearest) != 1 {
		t.Errorf("got %d expected, %d near", len(f.Expected), len(f.Nearest))
	}
	if got := show(m.Explain([]string{strings.Repeat("k", 5000)}, nil)); !strings.HasPrefix(got, "NO_SUCH_SUBCOMMAND 0") {
		t.Errorf("got %s", got)
	}
}

func TestDistance(t *testing.T) {
	tests := []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"abc", "abc", 0},
		{"", "abc", 3},
		{"abc", "", 3},
		{"lnik", "link", 1},
		{"shw", "show", 1},
		{"kitten", "sitting", 3},
		{"é", "e", 1},
		{strings.Repeat("a", 64), strings.Repeat("a", 63), 1},
		{strings.Repeat("a", 65), "a", maxDistance},
	}
	for _, tt := range tests {
		if got := distance(tt.a, tt.b); got != tt.want {
			t.Errorf("distance(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}

func TestNames(t *testing.T) {
	for c := CodeNoRule; c <= CodeExtraArgument; c++ {
		if c != CodeNoRule && c.String() == "NO_RULE" {
			t.Errorf("code %d has no name", c)
		}
	}
	if Code(99).String() != "NO_RULE" || Access(99).String() != "invalid" || FileKind(99).String() != "invalid" {
		t.Error("a value that is none has a name")
	}
	for a := AccessRead; a <= AccessExec; a++ {
		if got, ok := ParseAccess(a.String()); !ok || got != a {
			t.Errorf("access %v reads back as %v", a, got)
		}
	}
	for k := KindAny; k <= KindFIFO; k++ {
		if got, ok := ParseFileKind(k.String()); !ok || got != k {
			t.Errorf("kind %v reads back as %v", k, got)
		}
	}
	_, access := ParseAccess("rw")
	_, kind := ParseFileKind("pipe")
	if access || kind {
		t.Error("an unknown name is read")
	}
	if got := strings.Join(TypeNames(), " "); got != "any bundle cidr csv decimal duration enum-list fqdn gid group host ifname int "+
		"ip ip4 ip6 mac netns path pid port re size str uid user uuid" {
		t.Errorf("got %q", TypeNames())
	}
}
