package policy

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// nestedPolicy has each wrapper, a chain of two, and a program that really runs
// the commands it is given.
const nestedPolicy = `
version: 1
callers: [{user: alice}]
types:
  ns: re(test-[a-z]{1,8})
rules:
  - id: in.sysctl
    exec: /usr/sbin/sysctl
    run: {caps: [net_admin]}
    callers: []
    argv: |
      -n net.ipv4.ip_forward
      -w net.ipv4.ip_forward=(0|1)
    tests:
      allow: [sysctl -n net.ipv4.ip_forward, sysctl -w net.ipv4.ip_forward=1]
      deny: [sysctl -a]
  - id: in.tables
    exec: [/usr/sbin/iptables-restore, {path: /usr/sbin/ip6tables-restore, sha256: ['aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa']}]
    callers: []
    stdin: {max: 1KiB}
    argv: |
      -n [-w <s:int(1..60)>]
  - id: in.haproxy
    exec: /usr/sbin/haproxy
    callers: []
    env: {set: {LC_ALL: C}, pass: {TAG: 're([a-z]{1,8})', CONF: path(/srv)}}
    argv: |
      -f <cfg:path(/srv/haproxy)>
  - id: in.env
    exec: /usr/bin/env
    callers: []
    wrap: env
    chain: [in.haproxy]
    argv: |
      TAG=<t:re([a-z]+)> <inner:command>
  - id: exec
    exec: /usr/sbin/ip
    wrap: netns
    chain: [in.sysctl, in.tables, in.env]
    argv: |
      netns exec <ns> <inner:command>
    tests:
      allow:
        - ip netns exec test-a sysctl -n net.ipv4.ip_forward
        - {argv: ip netns exec test-a iptables-restore -n, stdin: x}
      deny:
        - ip netns exec other sysctl -n net.ipv4.ip_forward
        - {argv: ip netns exec test-a sysctl -n net.ipv4.ip_forward, stdin: x}
        - {argv: ip netns exec test-a iptables-restore -n, netns: test-b}
  - id: env
    exec: /usr/bin/env
    wrap: env
    chain: in.haproxy
    argv: |
      [<a:re((TAG|CONF|LC_ALL|X)=.*)>]... <run:command>
  - id: dd
    exec: /usr/bin/dd
    callers: []
    run: {nice: 5}
    argv: |
      if=<d:path(/dev/mapper)>
  - id: ionice
    exec: /usr/bin/ionice
    wrap: ionice
    chain: [dd]
    argv: |
      {(-c <c:int(0..3)>|-c<c:int(0..3)>) | (-n<n:int(0..7)>|-n <n:int(0..7)>)} <inner:command>
  - id: nice
    exec: /usr/bin/nice
    wrap: nice
    chain: [dd, ionice]
    argv: |
      [-n <n:int(-20..19)>|-n<n:int(-20..19)>|--adjustment=<n:int(-20..19)>] <inner:command>
  - id: timeout
    exec: /usr/bin/timeout
    wrap: timeout
    chain: [dd]
    argv: |
      <d:re([0-9](\.[0-9])?[smhd]?)> <inner:command>
  - id: flock
    why: it runs its command itself
    exec: /usr/bin/flock
    run: {nice: 7, seccomp: [+@exec]}
    chain: [dd, timeout]
    argv: |
      <f:path(/run/lock)> <inner:command>
`

func TestNestedDecisions(t *testing.T) {
	s := load(t, nestedPolicy)
	for _, tt := range []struct {
		name, argv string
		want       string // what is executed, or the reason
		rules      string // those of the chain; the one that runs is marked
		more       func(Decision) bool
	}{
		{
			"namespace", "ip netns exec test-a sysctl -n net.ipv4.ip_forward", "sysctl -n net.ipv4.ip_forward", "exec:1 *in.sysctl:1",
			func(d Decision) bool {
				return d.Netns == "test-a" && d.Program == "/usr/sbin/sysctl" && d.Skip == 4 && slices.Equal(d.Effect.Caps, []string{"net_admin"}) &&
					len(d.Outer) == 1 && d.Outer[0].Value == "test-a" && d.Outer[0].Arg == 2 && len(d.Captures) == 0
			},
		},
		{"second line", "/usr/sbin/ip netns exec test-a /usr/sbin/sysctl -w net.ipv4.ip_forward=0", "sysctl -w net.ipv4.ip_forward=0", "exec:1 *in.sysctl:2", nil},
		{
			"one of two programs", "ip netns exec test-a ip6tables-restore -n -w 7", "ip6tables-restore -n -w 7", "exec:1 *in.tables:1",
			func(d Decision) bool {
				return len(d.SHA256) == 1 && len(d.Captures) == 1 && d.Captures[0].Arg == 2 && d.Argv[3] == d.Captures[0].Value
			},
		},
		{"the other", "ip netns exec test-a iptables-restore -n", "iptables-restore -n", "exec:1 *in.tables:1", func(d Decision) bool { return d.SHA256 == nil }},
		{
			"two wrappers", "ip netns exec test-a env TAG=x haproxy -f /srv/haproxy/a", "haproxy -f /srv/haproxy/a", "exec:1 in.env:1 *in.haproxy:1",
			func(d Decision) bool {
				return slices.Equal(d.Env, []string{"LC_ALL=C", "TAG=x"}) && d.Netns == "test-a" && d.Skip == 6 && d.Captures[0].Arg == 1
			},
		},
		{"variable of two types", "ip netns exec test-a env TAG=abcdefghi haproxy -f /srv/haproxy/a", "ENV_NOT_ALLOWED", "", nil},
		{"other program", "ip netns exec test-a sh", "INNER_NOT_ALLOWED", "", nil},
		{"other arguments", "ip netns exec test-a sysctl -w kernel.core_pattern=x", "INNER_NOT_ALLOWED", "", nil},
		{"no program", "ip netns exec test-a", "MISSING_ARGUMENT", "", nil},
		{"no arguments", "ip netns exec test-a sysctl", "MISSING_ARGUMENT", "", nil},
		{"too many arguments", "ip netns exec test-a sysctl -n net.ipv4.ip_forward x", "INNER_NOT_ALLOWED", "", nil},
		{"nested once more", "ip netns exec test-a ip netns exec test-b sysctl -n net.ipv4.ip_forward", "INNER_NOT_ALLOWED", "", nil},
		{"other namespace", "ip netns exec root sysctl -n net.ipv4.ip_forward", "VALUE_NOT_OF_TYPE", "", nil},
		{"prefix of a namespace", "ip netns exe test-a sysctl -n net.ipv4.ip_forward", "NO_SUCH_SUBCOMMAND", "", nil},
		{"by itself", "sysctl -n net.ipv4.ip_forward", "NO_RULE", "", nil},
		{"wrapper by itself", "env TAG=x", "MISSING_ARGUMENT", "", nil},
		{"other path", "ip netns exec test-a /bin/sysctl -n net.ipv4.ip_forward", "INNER_NOT_ALLOWED", "", nil},
		{"env", "env TAG=x CONF=/srv/a haproxy -f /srv/haproxy/a", "haproxy -f /srv/haproxy/a", "env:1 *in.haproxy:1", func(d Decision) bool {
			return slices.Equal(d.Env, []string{"CONF=/srv/a", "LC_ALL=C", "TAG=x"})
		}},
		{"no variable", "env haproxy -f /srv/haproxy/a", "haproxy -f /srv/haproxy/a", "env:1 *in.haproxy:1", nil},
		{"variable that does not pass", "env X=1 haproxy -f /srv/haproxy/a", "ENV_NOT_ALLOWED", "", nil},
		{"variable that is set", "env LC_ALL=x haproxy -f /srv/haproxy/a", "ENV_NOT_ALLOWED", "", nil},
		{"variable with another type", "env TAG=X haproxy -f /srv/haproxy/a", "ENV_NOT_ALLOWED", "", nil},
		{"variable twice", "env TAG=a TAG=b haproxy -f /srv/haproxy/a", "ENV_NOT_ALLOWED", "", nil},
		{"path behind an assignment", "env TAG=a haproxy -f /srv/haproxy/../a", "INNER_NOT_ALLOWED", "", nil},
		{"ionice", "ionice -c3 dd if=/dev/mapper/a", "dd if=/dev/mapper/a", "ionice:1 *dd:1", func(d Decision) bool { return d.Effect.IOPriority == 3<<13|7 && d.Effect.Nice == 5 }},
		{"ionice with a level", "ionice -n 2 -c1 dd if=/dev/mapper/a", "dd if=/dev/mapper/a", "ionice:1 *dd:1", func(d Decision) bool { return d.Effect.IOPriority == 1<<13|2 }},
		{"ionice without class", "ionice -n6 dd if=/dev/mapper/a", "dd if=/dev/mapper/a", "ionice:1 *dd:1", func(d Decision) bool { return d.Effect.IOPriority == 2<<13|6 }},
		{"ionice without anything", "ionice dd if=/dev/mapper/a", "dd if=/dev/mapper/a", "ionice:1 *dd:1", func(d Decision) bool { return d.Effect.IOPriority == 2<<13|4 }},
		{"ionice none", "ionice -c 0 -n7 dd if=/dev/mapper/a", "dd if=/dev/mapper/a", "ionice:1 *dd:1", func(d Decision) bool { return d.Effect.IOPriority == 0 }},
		{"ionice of a process", "ionice -p 1", "INNER_NOT_ALLOWED", "", nil},
		{"nice", "nice dd if=/dev/mapper/a", "dd if=/dev/mapper/a", "nice:1 *dd:1", func(d Decision) bool { return d.Effect.Nice == 15 && d.Rule.Effect.Nice == 5 }},
		{"nice with a number", "nice -n -7 dd if=/dev/mapper/a", "dd if=/dev/mapper/a", "nice:1 *dd:1", func(d Decision) bool { return d.Effect.Nice == -2 }},
		{"nice joined", "nice -n19 dd if=/dev/mapper/a", "dd if=/dev/mapper/a", "nice:1 *dd:1", func(d Decision) bool { return d.Effect.Nice == 19 }},
		{"nice long", "nice --adjustment=-20 dd if=/dev/mapper/a", "dd if=/dev/mapper/a", "nice:1 *dd:1", func(d Decision) bool { return d.Effect.Nice == -15 }},
		{"nice ionice", "nice -n 1 ionice -c2 dd if=/dev/mapper/a", "dd if=/dev/mapper/a", "nice:1 ionice:1 *dd:1", func(d Decision) bool {
			return d.Effect.Nice == 6 && d.Effect.IOPriority == 2<<13|4 && d.Skip == 5 && len(d.Outer) == 2 && len(d.Captures) == 1
		}},
		{"timeout", "timeout 2 dd if=/dev/mapper/a", "dd if=/dev/mapper/a", "timeout:1 *dd:1", func(d Decision) bool { return d.Effect.Limits.Wall == 2*time.Second }},
		{"fraction", "timeout 0.5s dd if=/dev/mapper/a", "dd if=/dev/mapper/a", "timeout:1 *dd:1", func(d Decision) bool { return d.Effect.Limits.Wall == time.Second/2 }},
		{"longer than the rule", "timeout 9d dd if=/dev/mapper/a", "dd if=/dev/mapper/a", "timeout:1 *dd:1", func(d Decision) bool { return d.Effect.Limits.Wall == 30*time.Second }},
		{"minutes", "timeout 0.1m dd if=/dev/mapper/a", "dd if=/dev/mapper/a", "timeout:1 *dd:1", func(d Decision) bool { return d.Effect.Limits.Wall == 6*time.Second }},
		{"no limit of its own", "timeout 0h dd if=/dev/mapper/a", "dd if=/dev/mapper/a", "timeout:1 *dd:1", func(d Decision) bool { return d.Effect.Limits.Wall == 30*time.Second }},
		{
			"no wrapper", "flock /run/lock/a dd if=/dev/mapper/a", "flock /run/lock/a dd if=/dev/mapper/a", "*flock:1 dd:1",
			func(d Decision) bool {
				return d.Effect.Nice == 7 && d.Skip == 0 && len(d.Captures) == 2 && d.Captures[1].Arg == 2 && d.Outer == nil && d.Program == "/usr/bin/flock"
			},
		},
		{"no wrapper around a wrapper", "flock /run/lock/a timeout 2 dd if=/dev/mapper/a", "flock /run/lock/a timeout 2 dd if=/dev/mapper/a", "*flock:1 timeout:1 dd:1", func(d Decision) bool {
			return d.Effect.Nice == 7 && d.Effect.Limits.Wall == 30*time.Second
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := s.Decide(alice, request(tt.argv))
			got, rules := string(d.Denial.Reason), []string(nil)
			if d.Allowed() {
				got = strings.Join(d.Argv, " ")
				for _, l := range d.Chain {
					mark := ""
					if l.Rule == d.Rule && l.Line == d.Line {
						mark = "*"
					}
					rules = append(rules, mark+l.Rule.lineName(l.Line))
				}
				if r := strings.Fields(tt.argv); strings.Join(r[d.Skip+1:], " ") != strings.Join(d.Argv[1:], " ") {
					t.Errorf("got Skip %d for %q", d.Skip, r)
				}
			}
			if got != tt.want || strings.Join(rules, " ") != tt.rules {
				t.Errorf("got %q by %q, want %q by %q\n%s", got, rules, tt.want, tt.rules, d.Explain(request(tt.argv)))
			}
			if tt.more != nil && !tt.more(d) {
				t.Errorf("got %+v", d)
			}
			if s.Decide(bob, request(tt.argv)).Allowed() {
				t.Error("got a nested command allowed to whom the outer rule does not admit")
			}
		})
	}
}

// What a request asks for beside its arguments is held to the rule that runs.
func TestNestedRequests(t *testing.T) {
	s := load(t, nestedPolicy)
	for _, tt := range []struct {
		name string
		req  Request
		want Reason
	}{
		{"namespace twice", Request{Argv: strings.Fields("ip netns exec test-a sysctl -n net.ipv4.ip_forward"), Netns: "test-a"}, ReasonNetnsNotAllowed},
		{"namespace of no rule", Request{Argv: strings.Fields("nice dd if=/dev/mapper/a"), Netns: "test-a"}, ReasonNetnsNotAllowed},
		{"input", Request{Argv: strings.Fields("ip netns exec test-a iptables-restore -n"), Stdin: true}, ""},
		{"no input", Request{Argv: strings.Fields("ip netns exec test-a sysctl -n net.ipv4.ip_forward"), Stdin: true}, ReasonStdinNotAllowed},
		{"directory", Request{Argv: strings.Fields("nice dd if=/dev/mapper/a"), Cwd: "/srv"}, ReasonCwdNotAllowed},
		{"variable", Request{Argv: strings.Fields("env haproxy -f /srv/haproxy/a"), Env: map[string]string{"TAG": "a"}}, ""},
		{"variable in both", Request{Argv: strings.Fields("env TAG=a haproxy -f /srv/haproxy/a"), Env: map[string]string{"TAG": "a"}}, ReasonEnvNotAllowed},
		{"variable beside another", Request{Argv: strings.Fields("env TAG=a haproxy -f /srv/haproxy/a"), Env: map[string]string{"CONF": "/srv/x"}}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if d := s.Decide(alice, tt.req); d.Denial.Reason != tt.want || d.Allowed() != (tt.want == "") {
				t.Errorf("got %v, want %q", d.Denial, tt.want)
			} else if !d.Allowed() && d.Rule.nest != nil {
				t.Error("got a rule that nobody wrote")
			}
		})
	}
	if req := (Request{Argv: strings.Fields("env TAG=a haproxy -f /srv/haproxy/a"), Env: map[string]string{"CONF": "/srv/x"}}); true {
		d := s.Decide(alice, req)
		if len(req.Env) != 1 || !slices.Equal(d.Env, []string{"CONF=/srv/x", "LC_ALL=C", "TAG=a"}) {
			t.Errorf("got environment %q, request %q", d.Env, req.Env)
		}
	}
}

func TestExplainNested(t *testing.T) {
	s := load(t, nestedPolicy)
	for _, tt := range []struct{ argv, want string }{
		{"ip netns exec test-a sh", `denied: ip netns exec test-a sh
                             ^^
  argv[4]   sh: expected env, ip6tables-restore, iptables-restore or sysctl
  nearest   exec:1   p.yaml:41   netns exec <ns> <inner:command>
  code      INNER_NOT_ALLOWED
  note      known escape (ip: runs a program in a network namespace)
`},
		{"ip netns exec test-a sysctl -w x", `denied: ip netns exec test-a sysctl -w x
                                       ^
  argv[6]   x: expected net.ipv4.ip_forward=(0|1)
  nearest   exec:1   p.yaml:41   netns exec <ns> sysctl -w net.ipv4.ip_forward=(0|1)
  code      INNER_NOT_ALLOWED
  note      known escape (ip: runs a program in a network namespace)
`},
	} {
		req := request(tt.argv)
		got := s.Decide(alice, req).Explain(req)
		if got != tt.want {
			t.Errorf("got\n%swant\n%s", got, tt.want)
		}
	}
	req := request("ip netns exec test-a env TAG=x haproxy -f /srv/haproxy/a")
	got := s.Decide(alice, req).Explain(req)
	for _, line := range []string{
		"  through   exec:1   p.yaml:41   netns exec <ns> <inner:command>\n",
		"  through   in.env:1   p.yaml:35   TAG=<t:re([a-z]+)> <inner:command>\n",
		"  rule      in.haproxy:1   p.yaml:28   -f <cfg:path(/srv/haproxy)>\n",
	} {
		if !strings.Contains(got, line) {
			t.Errorf("got\n%swant a line\n%s", got, line)
		}
	}
}

// A caller sees lines as they are written, with what a nested command may take.
func TestNestedCommands(t *testing.T) {
	s := load(t, nestedPolicy)
	var got []string
	for _, c := range s.Commands(alice) {
		got = append(got, string(c.Rule))
		switch c.Rule {
		case "exec":
			if c.Usage != "netns exec <ns> <inner:command>" || !c.TakesStdin || c.Netns != "" || !slices.Equal(c.Env, []string{"CONF", "TAG"}) {
				t.Errorf("got %+v", c)
			}
		case "nice":
			if c.TakesStdin || c.Env != nil {
				t.Errorf("got %+v", c)
			}
		}
	}
	if want := strings.Fields("env exec flock ionice nice timeout"); !slices.Equal(got, want) {
		t.Errorf("got commands %q, want %q", got, want)
	}
	if len(s.Rules()) != 11 {
		t.Errorf("got %d rules, want those that are written", len(s.Rules()))
	}
	for _, e := range s.Executables() {
		for i, r := range e.Rules {
			if len(r.Lines) != len(e.Usage[i].Lines) {
				t.Errorf("%s: got %d lines of %s for %d", e.Path, len(r.Lines), r.ID, len(e.Usage[i].Lines))
			}
			if (len(r.Chain) > 0) != (len(r.Inner) > 0) {
				t.Errorf("%s: got rule %s as it is written in an analysis", e.Path, r.ID)
			}
		}
	}
}

// A never is about what is executed: arguments of wrappers are no violation, and
// those of nested commands are, when they are made as when they are proved.
func TestNestedNevers(t *testing.T) {
	rules, _, _ := strings.Cut(nestedPolicy, "    tests:\n      allow: [sysctl")
	_, rest, _ := strings.Cut(nestedPolicy, "  - id: in.tables")
	rest, _, _ = strings.Cut(rest, "    tests:\n")
	req := request("ip netns exec test-a sysctl -n net.ipv4.ip_forward")
	for _, tt := range []struct {
		exec   string
		refuse bool
	}{{"/usr/sbin/ip", false}, {"/usr/sbin/sysctl", true}} {
		text := rules + "  - id: in.tables" + rest + "never:\n  - id: no-n\n    exec: " + tt.exec + "\n    argv: |\n      [<any>]... -n [<any>]...\n"
		file := []File{{Name: "p.yaml", Data: []byte(text)}}
		if s, found := Load(t.Context(), file, options()); (s == nil) != tt.refuse || tt.refuse && found[0].ID != "P-NEVER" {
			t.Errorf("%s: got %v, want violated %t", tt.exec, found, tt.refuse)
		}
		o := options()
		o.unproved = true
		s, found := Load(t.Context(), file, o)
		if s == nil {
			t.Fatal(found)
		}
		if d := s.Decide(alice, req); d.Allowed() == tt.refuse || tt.refuse && d.Denial.Reason != ReasonNever {
			t.Errorf("%s: got %v, want refused %t", tt.exec, d.Denial, tt.refuse)
		}
	}
}
