package policy

import (
	"fmt"
	"math/bits"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// request makes a request of a test string, split at spaces.
func request(s string) Request { return Request{Argv: strings.Fields(s)} }

// language has one rule for each construct whose near misses are below.
const language = `
version: 1
callers: [{user: alice}]
types:
  ns: {re: '(qrouter|snat|fip)-[0-9a-f]{4}'}
rules:
  - id: ip
    exec: /usr/sbin/ip
    argv: |
      link set [dev] <dev:ifname> (up|down|mtu <mtu:int(68..9216)>)
      -4 route replace default {via <via:ip4> | dev <dev:ifname> | metric <m:int(0..100)>}
      addr add <a:cidr> dev <dev:ifname>
  - id: ip.netns
    exec: /usr/sbin/ip
    why: mounts
    run: {user: root, caps: [sys_admin], fs: host}
    argv: |
      netns (add|del) <ns>
  - id: blockdev
    exec: /usr/sbin/blockdev
    args:
      dev: {type: path, under: [/dev], kind: block}
    argv: |
      (--getsize64|--flushbufs) <dev>
  - id: ctl
    exec: /usr/bin/ctl
    argv: |
      (start|stop)
  - id: sleep
    exec: /usr/bin/sleep
    argv: |
      <n:int(0..3600)>
  - id: privsep
    exec: /usr/bin/privsep-helper
    args: {c: 'path(/etc/neutron,/usr/share/neutron)'}
    argv: |
      --config-file <c>
  - id: chown
    exec: /usr/bin/chown
    args: {f: path(/var/lib/images)}
    argv: |
      nova <f>
  - id: lvs
    exec: [/usr/sbin/lvs, /usr/sbin/vgs]
    env:
      set: {LC_ALL: C}
      pass: {LVM_SYSTEM_DIR: path(/etc/cinder), QUIET: re(1)}
    argv: |
      --noheadings
  - id: haproxy
    exec: /usr/sbin/haproxy
    args: {f: path(/var/lib/neutron)}
    argv: |
      -f <f>
  - id: drv
    exec: /opt/drv_cfg
    argv: |
      --query_guid
  - id: find
    exec: /usr/bin/find
    args: {root: path(/var/lib/cinder)}
    argv: |
      <root> -maxdepth <n:int(1..9)>
  - id: words
    exec: /usr/bin/words
    argv: |
      in-<w:re([a-z]{1,4})>.conf 'two words' ''
      many (<x:int(1..3)>)...3
      say <text:str>
`

func TestDecideArgv(t *testing.T) {
	s := load(t, language)
	for _, c := range []struct {
		argv string // split at spaces
		want Reason // empty: allowed
		at   int    // Denial.ArgvIndex
	}{
		{"ip link set eth0 up", "", 0},
		{"ip link set dev eth0 mtu 1500", "", 0},
		{"/usr/sbin/ip link set dev eth0 down", "", 0},
		{"ip link set dev up", ReasonMissingArgument, 5},
		{"ip link set dev eth0 mtu 67", ReasonValueOutOfRange, 6},
		{"ip link set dev eth0 mtu 9217", ReasonValueOutOfRange, 6},
		{"ip link set dev eth0 mtu 01500", ReasonValueNotOfType, 6},
		{"ip link set dev eth0 mtu +1500", ReasonValueNotOfType, 6},
		{"ip link set dev -x up", ReasonValueNotOfType, 4},
		{"ip link set dev eth0 up up", ReasonExtraArgument, 6},
		{"ip link set dev eth0 xdp obj /tmp/e.o", ReasonNoSuchSubcommand, 5},
		{"ip link", ReasonMissingArgument, 2},
		{"ip", ReasonMissingArgument, 1},
		// Requests that string matching lets through.
		{"ip vrf exec default id", ReasonNoSuchSubcommand, 1},
		{"ip netns add netns", ReasonValueNotOfType, 3},
		{"ip -n netns netns exec netns id", ReasonNoSuchSubcommand, 1},
		{"ip -b /tmp/x", ReasonNoSuchSubcommand, 1},
		{"ip -batch /tmp/x", ReasonNoSuchSubcommand, 1},
		{"blockdev --getsize64 /dev/sda", "", 0},
		{"blockdev --getsize64 /dev/mapper/a-b", "", 0},
		{"blockdev --getsize64 /dev/../etc/shadow", ReasonPathNotCanonical, 2},
		{"blockdev --getsize64 /dev//sda", ReasonPathNotCanonical, 2},
		{"blockdev --getsize64 /dev/./sda", ReasonPathNotCanonical, 2},
		{"blockdev --getsize64 /dev/", ReasonPathNotCanonical, 2},
		{"blockdev --getsize64 /dev", ReasonValueNotOfType, 2},
		{"blockdev --getsize64 /device/sda", ReasonValueNotOfType, 2},
		{"blockdev --getsize64 dev/sda", ReasonValueNotOfType, 2},
		{"blockdev --setrw /dev/sda", ReasonNoSuchSubcommand, 1},
		{"ctl start", "", 0},
		{"ctl start --evil", ReasonExtraArgument, 2},
		{"ctl startx", ReasonNoSuchSubcommand, 1},
		{"sleep 5", "", 0},
		{"sleep 3601", ReasonValueOutOfRange, 1},
		{"sleep infinity", ReasonValueNotOfType, 1},
		{"privsep-helper --config-file /etc/neutron/a.conf", "", 0},
		{"privsep-helper --config-file /etc/neutron/x/../../tmp/evil.conf", ReasonPathNotCanonical, 2},
		{"chown nova /var/lib/images/x", "", 0},
		{"chown nova /var/lib/images-evil/x", ReasonValueNotOfType, 2},
		{"lvs --noheadings", "", 0},
		{"vgs --noheadings", "", 0},
		{"env LC_ALL=C lvs --noheadings", ReasonNoRule, 0},
		{"haproxy -f /var/lib/neutron/a.cfg", "", 0},
		{"haproxy -C /tmp -f /var/lib/neutron/a.cfg", ReasonNoSuchSubcommand, 1},
		{"drv_cfg --query_guid", "", 0},
		{"drv_cfg --anything", ReasonNoSuchSubcommand, 1},
		{"drv_cfg --query_guid --anything", ReasonExtraArgument, 2},
		{"find /var/lib/cinder/x -maxdepth 1", "", 0},
		{"find -delete -maxdepth 1", ReasonValueNotOfType, 1},
		{"sh -c id", ReasonNoRule, 0},
		// Sets, repetition, concatenation.
		{"ip -4 route replace default dev eth0 via 10.0.0.1", "", 0},
		{"ip -4 route replace default via 10.0.0.1 via 10.0.0.2", ReasonDuplicateOption, 7},
		{"words many 1 2 3", "", 0},
		{"words many 1 2 3 1", ReasonExtraArgument, 5},
		{"words many", ReasonMissingArgument, 2},
		{"words say hello", "", 0},
		{"words say -hello", ReasonValueNotOfType, 2},
		{"ip addr add 10.0.0.1/24 dev eth0", "", 0},
		{"ip addr add 10.0.0.1/33 dev eth0", ReasonValueNotOfType, 3},
		// argv[0] is the path as the rule writes it, or its last component.
		{"/bin/ip link set eth0 up", ReasonNoRule, 0},
		{"./ip link set eth0 up", ReasonNoRule, 0},
		{"../sbin/ip link set eth0 up", ReasonNoRule, 0},
		{"/usr/sbin/../sbin/ip link set eth0 up", ReasonNoRule, 0},
		{"IP link set eth0 up", ReasonNoRule, 0},
	} {
		t.Run(c.argv, func(t *testing.T) {
			r := request(c.argv)
			d := s.Decide(alice, r)
			if d.Denial.Reason != c.want || d.Allowed() != (c.want == "") || d.Denial.ArgvIndex != c.at {
				t.Errorf("allowed %v, %s at %d, want %q at %d\n%s", d.Allowed(), d.Denial.Reason, d.Denial.ArgvIndex, c.want, c.at, d.Explain(r))
			}
			if other := s.Decide(mallet, r); other.Allowed() {
				t.Errorf("allowed to everybody")
			}
		})
	}
	for name, r := range map[string]Request{
		"nothing":         {},
		"empty program":   {Argv: []string{""}},
		"newline":         {Argv: []string{"sleep", "5\n"}},
		"NUL":             {Argv: []string{"sleep", "5\x00"}},
		"invalid UTF-8":   {Argv: []string{"words", "say", "\xff"}},
		"65 tokens":       {Argv: slices.Repeat([]string{"sleep"}, 65)},
		"long token":      {Argv: []string{"words", "say", strings.Repeat("a", 4097)}},
		"10,000 tokens":   {Argv: slices.Repeat([]string{"x"}, 10000)},
		"DEL":             {Argv: []string{"words", "say", "a\x7f"}},
		"32 KiB together": {Argv: slices.Repeat([]string{strings.Repeat("a", 4000)}, 10)},
	} {
		if d := s.Decide(alice, r); d.Denial.Reason != ReasonInvalidArgv || d.Allowed() {
			t.Errorf("%s: got %s, want INVALID_ARGV", name, d.Denial.Reason)
		}
	}
	exact := Request{Argv: []string{"words", "in-abc.conf", "two words", ""}}
	if d := s.Decide(alice, exact); !d.Allowed() {
		t.Error(d.Explain(exact))
	}
}

func TestDecision(t *testing.T) {
	s := load(t, language)
	d := s.Decide(alice, Request{
		Argv: []string{"/usr/sbin/vgs", "--noheadings"},
		Env:  map[string]string{"QUIET": "1", "LVM_SYSTEM_DIR": "/etc/cinder/lvm"},
	})
	if !d.Allowed() || d.Rule == nil || d.Rule.ID != "lvs" || d.Line != 1 || d.Program != "/usr/sbin/vgs" {
		t.Errorf("decision %+v", d)
	}
	if want := []string{"vgs", "--noheadings"}; !slices.Equal(d.Argv, want) {
		t.Errorf("argv %q, want %q", d.Argv, want)
	}
	if want := []string{"LC_ALL=C", "LVM_SYSTEM_DIR=/etc/cinder/lvm", "QUIET=1"}; !slices.Equal(d.Env, want) {
		t.Errorf("env %q, want %q", d.Env, want)
	}
	if d.Cwd != "/" || d.Netns != "" || !reflect.DeepEqual(d.Denial, Denial{}) {
		t.Errorf("cwd %q, netns %q, denial %+v", d.Cwd, d.Netns, d.Denial)
	}
	d = s.Decide(alice, request("blockdev --flushbufs /dev/sda"))
	if len(d.Captures) != 1 || d.Captures[0].Name != "dev" || d.Captures[0].Value != "/dev/sda" ||
		d.Captures[0].Type.Name() != "path" || d.Argv[d.Captures[0].Arg+1] != "/dev/sda" {
		t.Errorf("captures %+v", d.Captures)
	}
}

// The zero value of everything denies, and no single bit changes that.
func TestZeroValues(t *testing.T) {
	if (Decision{}).Allowed() {
		t.Error("the zero Decision allows")
	}
	for bit := range 32 {
		if (Decision{Verdict: 1 << bit}).Allowed() || (Decision{Verdict: Allow ^ 1<<bit}).Allowed() {
			t.Errorf("bit %d decides", bit)
		}
	}
	if n := bits.OnesCount32(uint32(Allow)); n < 8 || n > 24 {
		t.Errorf("Allow has %d bits", n)
	}
	var none *Snapshot
	if d := none.Decide(alice, request("true")); d.Allowed() || d.Denial.Reason != ReasonNoRule {
		t.Errorf("a nil snapshot: %+v", d)
	}
	if none.Rules() != nil || none.SHA256() != "" || none.Commands(alice) != nil {
		t.Error("a nil snapshot has content")
	}
	if (CallerSpec{}).admits(Caller{}) {
		t.Error("the zero CallerSpec admits root")
	}
	if (&Rule{}).admits(Caller{}) {
		t.Error("a rule without callers admits root")
	}
}

func TestDecideCaller(t *testing.T) {
	s := load(t, `
version: 1
callers: [{user: alice}, {group: ops, uid: 1001}, {group: 3000}]
rules:
  - {id: file, exec: /bin/file, argv: ''}
  - {id: own, exec: /bin/own, argv: '', callers: [{uid: 1}]}
  - {id: nobody, exec: /bin/nobody, argv: '', callers: []}
  - {id: unknown, exec: /bin/unknown, argv: '', callers: [{user: carol}, {group: carols}, {user: alice, group: carols}]}
  - {id: group, exec: /bin/group, argv: '', callers: [{group: ops}]}
  - {id: root, exec: /bin/root, argv: '', callers: [{user: root}]}
`)
	for _, c := range []struct {
		name   string
		caller Caller
		want   string
	}{
		{"by user", Caller{UID: 1000}, "file"},
		{"by supplementary group and uid", bob, "file group"},
		{"by primary group and uid", Caller{UID: 1001, GID: 2000}, "file group"},
		{"uid without the group", Caller{UID: 1001, GID: 1001}, ""},
		{"group without the uid", Caller{UID: 7, Groups: []uint32{1, 2000}}, "group"},
		{"group by number", Caller{UID: 7, GID: 3000}, "file"},
		{"by uid", Caller{UID: 1, GID: 1}, "own"},
		{"root is nobody special", Caller{}, "root"},
		{"the zero id of an unknown name", Caller{UID: 5, GID: 0}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, r := range s.Rules() {
				if s.Decide(c.caller, request(string("/bin/"+r.ID))).Allowed() {
					got = append(got, string(r.ID))
				}
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("may run %q, want %q", got, c.want)
			}
			var listed []string
			for _, cmd := range s.Commands(c.caller) {
				listed = append(listed, string(cmd.Rule))
			}
			if !slices.Equal(got, listed) {
				t.Errorf("Commands lists %q, Decide allows %q", listed, got)
			}
		})
	}
}

// A caller whom no rule of a program admits cannot tell the program from one
// that no rule knows.
func TestDecideTellsNothing(t *testing.T) {
	s := load(t, language)
	for _, args := range []string{"", " link", " link set dev eth0 up", " vrf exec x", " -n"} {
		known, unknown := request("ip"+args), request("xx"+args)
		a, b := s.Decide(mallet, known), s.Decide(mallet, unknown)
		if x, y := a.Explain(known), strings.ReplaceAll(b.Explain(unknown), "xx", "ip"); x != y {
			t.Errorf("got %q, want %q", x, y)
		}
		if a.Rule != nil || a.Denial.Nearest != nil || a.Denial.Expected != nil {
			t.Errorf("ip%s: %+v", args, a)
		}
	}
	// Nor does an explanation to alice show lines of bob's rules.
	s = load(t, `
version: 1
rules:
  - id: a
    exec: /bin/ip
    callers: [{user: alice}]
    argv: |
      show
  - id: b
    exec: /bin/ip
    callers: [{user: bob}]
    argv: |
      secret
`)
	for caller, hidden := range map[*Caller]string{&alice: "secret", &bob: "show"} {
		for _, args := range []string{"ip", "ip x", "ip show x", "ip secret x"} {
			r := request(args)
			d := s.Decide(*caller, r)
			if rest := strings.ReplaceAll(d.Explain(r), args, ""); strings.Contains(rest, " "+hidden) && !strings.Contains(args, hidden) {
				t.Errorf("%d asks %q and reads\n%s", caller.UID, args, rest)
			}
			if d.Rule != nil && !d.Rule.admits(*caller) {
				t.Errorf("%d asks %q and is told of rule %s", caller.UID, args, d.Rule.ID)
			}
		}
	}
}

const requests = `
version: 1
callers: [{user: alice}]
rules:
  - id: plain
    exec: /bin/plain
    argv: ''
  - id: all
    exec: /bin/all
    argv: ''
    run: {cwd: /srv}
    netns: {type: 're([a-z./]{1,8})', required: true}
    env: {pass: {TAG: 're([a-z]{1,3})', NOTE: str}}
    cwd: {under: [/srv/a, /var]}
    stdin: {max: 1KiB}
  - id: any
    exec: /bin/any
    argv: ''
    netns: <netns>
    cwd: {under: [/]}
`

func TestDecideRequest(t *testing.T) {
	s := load(t, requests)
	many := make(map[string]string)
	for i := range maxEnv + 1 {
		many["A"+strings.Repeat("x", i)] = ""
	}
	for _, c := range []struct {
		name string
		req  Request
		want Reason
	}{
		{"plain", Request{}, ""},
		{"plain", Request{Cwd: "/"}, ""},
		{"plain", Request{Netns: "x"}, ReasonNetnsNotAllowed},
		{"plain", Request{Env: map[string]string{"A": "b"}}, ReasonEnvNotAllowed},
		{"plain", Request{Cwd: "/tmp"}, ReasonCwdNotAllowed},
		{"plain", Request{Stdin: true}, ReasonStdinNotAllowed},
		{"plain", Request{Env: many}, ReasonInvalidEnv},
		{"plain", Request{Env: map[string]string{"A": strings.Repeat("x", maxEnvBytes)}}, ReasonInvalidEnv},
		{"all", Request{}, ReasonNetnsRequired},
		{"all", Request{Netns: "ns"}, ""},
		{"all", Request{Netns: "ns", Stdin: true}, ""},
		{"all", Request{Netns: "NS"}, ReasonNetnsNotAllowed},
		{"all", Request{Netns: "."}, ReasonNetnsNotAllowed},
		{"all", Request{Netns: ".."}, ReasonNetnsNotAllowed},
		{"all", Request{Netns: "a/b"}, ReasonNetnsNotAllowed},
		{"all", Request{Netns: "/"}, ReasonNetnsNotAllowed},
		{"all", Request{Netns: "ns\n"}, ReasonNetnsNotAllowed},
		{"all", Request{Netns: "ns", Env: map[string]string{"TAG": "abc", "NOTE": "x y"}}, ""},
		{"all", Request{Netns: "ns", Env: map[string]string{"TAG": "abcd"}}, ReasonEnvNotAllowed},
		{"all", Request{Netns: "ns", Env: map[string]string{"TAG": "a\n"}}, ReasonEnvNotAllowed},
		{"all", Request{Netns: "ns", Env: map[string]string{"NOTE": "a\x00b"}}, ReasonEnvNotAllowed},
		{"all", Request{Netns: "ns", Env: map[string]string{"NOTE": "\xff"}}, ReasonEnvNotAllowed},
		{"all", Request{Netns: "ns", Env: map[string]string{"tag": "abc"}}, ReasonEnvNotAllowed},
		{"all", Request{Netns: "ns", Env: map[string]string{"": "abc"}}, ReasonEnvNotAllowed},
		{"all", Request{Netns: "ns", Env: map[string]string{"TAG=x": "abc"}}, ReasonEnvNotAllowed},
		{"all", Request{Netns: "ns", Env: map[string]string{"LD_PRELOAD": "abc"}}, ReasonEnvNotAllowed},
		{"all", Request{Netns: "ns", Cwd: "/srv"}, ""},
		{"all", Request{Netns: "ns", Cwd: "/srv/a"}, ""},
		{"all", Request{Netns: "ns", Cwd: "/srv/a/b"}, ""},
		{"all", Request{Netns: "ns", Cwd: "/srv/ab"}, ReasonCwdNotAllowed},
		{"all", Request{Netns: "ns", Cwd: "/srv/a/"}, ReasonCwdNotAllowed},
		{"all", Request{Netns: "ns", Cwd: "/srv/a/../b"}, ReasonCwdNotAllowed},
		{"all", Request{Netns: "ns", Cwd: "srv/a"}, ReasonCwdNotAllowed},
		{"all", Request{Netns: "ns", Cwd: "/var/\xff"}, ReasonCwdNotAllowed},
		{"all", Request{Netns: "ns", Cwd: "/var/\n"}, ReasonCwdNotAllowed},
		{"all", Request{Netns: "ns", Cwd: "/"}, ReasonCwdNotAllowed},
		{"any", Request{}, ""},
		{"any", Request{Netns: "blue"}, ""},
		{"any", Request{Netns: strings.Repeat("a", 256)}, ReasonNetnsNotAllowed},
		{"any", Request{Cwd: "/x"}, ""},
	} {
		c.req.Argv = []string{c.name}
		d := s.Decide(alice, c.req)
		if d.Denial.Reason != c.want || d.Allowed() != (c.want == "") {
			t.Errorf("%s %+v: got %q, want %q", c.name, c.req, d.Denial.Reason, c.want)
		}
		if c.want != "" && (d.Denial.ArgvIndex != -1 || d.Env != nil || d.Argv != nil || d.Denial.Message == "") {
			t.Errorf("%s %+v: a denial with parts of a decision: %+v", c.name, c.req, d)
		}
		if c.want == "" && c.req.Cwd != "" && d.Cwd != c.req.Cwd {
			t.Errorf("%s: cwd %q, want %q", c.name, d.Cwd, c.req.Cwd)
		}
	}
}

func TestDecideCwdOwner(t *testing.T) {
	for _, c := range []struct {
		owner, cwd string
		want       string // of Owners; 4294967295 is nobody
	}{
		{"", "/srv/a", "[]"},
		{", owner: caller", "/srv/a", "[4294967295 1000]"},
		{", owner: [root, caller, bob, 7]", "/srv/a", "[4294967295 0 1001 7 1000]"},
		{", owner: alice", "/srv/a", "[4294967295 1000]"},
		{", owner: root", "/srv/a", "[4294967295 0]"},
		{", owner: caller", "", "[]"},
		{", owner: caller", "/", "[]"},
	} {
		s := load(t, rule("cwd: {under: [/srv]"+c.owner+"}"))
		d := s.Decide(alice, Request{Argv: []string{"true"}, Cwd: c.cwd})
		if got := fmt.Sprint(d.Owners); !d.Allowed() || got != c.want {
			t.Errorf("%s, %q: owners %s, want %s", c.owner, c.cwd, got, c.want)
		}
		if d := s.DecideForAnyone(Request{Argv: []string{"true"}, Cwd: c.cwd}); (len(d.Owners) == 0) != (c.want == "[]") {
			t.Errorf("%s, %q: owners %v without a caller", c.owner, c.cwd, d.Owners)
		}
	}
	load(t, rules("go\n    cwd: {under: [/a], owner: [bob, caller]}", "go\n    cwd: {under: [/a], owner: [caller, bob]}"))
	badPolicy{"", rules("go\n    cwd: {under: [/a], owner: bob}", "go\n    cwd: {under: [/a], owner: caller}"), "12:7: A-OVERLAP", "(cwd owner [bob] and [caller])"}.run(t)
	badPolicy{"", rules("go\n    cwd: {under: [/a], owner: bob}", "go\n    cwd: {under: [/a]}"), "12:7: A-OVERLAP", "(cwd owner [bob] and any)"}.run(t)
}

// The proofs refuse most of these policies. What is behind them is tested here.
func TestDecideAmbiguous(t *testing.T) {
	two := func(a, b string) string {
		line := "\n    argv: |\n      "
		return head + "  - id: a\n    exec: /bin/x" + line + a + "\n  - id: b\n    exec: /bin/x" + line + b + "\n"
	}
	for _, c := range []struct {
		name, text, req string
		want            Reason
		rule            RuleID
		line            int
	}{
		{"identical", two("go <n:int(1..5)>", "go <m:int(3..9)>"), "x go 4", "", "a", 1},
		{"only one", two("go <n:int(1..5)>", "go <m:int(3..9)>\n    run: {nice: 1}"), "x go 2", "", "a", 1},
		{"different effect", two("go <n:int(1..5)>", "go <m:int(3..9)>\n    run: {nice: 1}"), "x go 4", ReasonAmbiguous, "a", 1},
		{"different environment", two("go", "go\n    env: {set: {A: b}}"), "x go", ReasonAmbiguous, "a", 1},
		{"different passes", two("go", "go\n    env: {pass: {A: str}}"), "x go", ReasonAmbiguous, "a", 1},
		{"different stdin", two("go", "go\n    stdin: {max: 1}"), "x go", ReasonAmbiguous, "a", 1},
		{"different netns", two("go", "go\n    netns: netns"), "x go", ReasonAmbiguous, "a", 1},
		{"different signals", two("go", "go\n    signals: [KILL]"), "x go", ReasonAmbiguous, "a", 1},
		{"different directories", two("go", "go\n    cwd: {under: [/a]}"), "x go", ReasonAmbiguous, "a", 1},
		{"different access", two("<f:path(/a)>", "<f>\n    args: {f: {type: path, under: [/a], access: write}}"), "x /a/b", ReasonAmbiguous, "a", 1},
		{"same paths", two("<f:path(/a)>", "<g:path(/a)>"), "x /a/b", "", "a", 1},
		{"a path and a word", two("<f:path(/a)>", "<g:re(/a/[a-z]+)>"), "x /a/b", ReasonAmbiguous, "a", 1},
		{"lines of one rule", two("go <n:int(1..5)>\n      go <m:int(3..9)>", "stop"), "x go 4", "", "a", 1},
		{"second line", two("stop\n      go <m:int(3..9)>", "halt"), "x go 4", "", "a", 2},
		{"two readings of one line", two("<a:path(/a)>[-<b:re([a-z-]+)>]", "stop"), "x /a/b-c", ReasonAmbiguous, "a", 1},
		{
			"two programs of one name",
			head + "  - {id: a, exec: /bin/x, argv: ''}\n  - {id: b, exec: /usr/bin/x, argv: ''}\n",
			"x", ReasonAmbiguous, "a", 1,
		},
		{
			"one of two programs by path",
			head + "  - {id: a, exec: /bin/x, argv: ''}\n  - {id: b, exec: /usr/bin/x, argv: ''}\n",
			"/usr/bin/x", "", "b", 1,
		},
		{
			"two digests",
			head + "  - {id: a, exec: /bin/x, argv: ''}\n  - {id: b, exec: {path: /bin/x, sha256: [" + strings.Repeat("ab", 32) + "]}, argv: ''}\n",
			"x", ReasonAmbiguous, "a", 1,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := request(c.req)
			d := loadUnproved(t, c.text).Decide(alice, r)
			if d.Denial.Reason != c.want || d.Allowed() != (c.want == "") {
				t.Fatalf("got %q, want %q\n%s", d.Denial.Reason, c.want, d.Explain(r))
			}
			if d.Rule.ID != c.rule || d.Line != c.line {
				t.Errorf("rule %s:%d, want %s:%d", d.Rule.ID, d.Line, c.rule, c.line)
			}
		})
	}
}
