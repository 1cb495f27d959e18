package policy

import (
	"slices"
	"strings"
	"testing"
)

func TestExplain(t *testing.T) {
	s := load(t, language)
	for _, c := range []struct{ name, argv, want string }{
		{"out of range", "ip link set dev qr-1 mtu 99999", `
denied: ip link set dev qr-1 mtu 99999
                                 ^^^^^
  argv[6]   99999: expected <mtu:int(68..9216)>
  nearest   ip:1   p.yaml:10   link set [dev] <dev:ifname> (up|down|mtu <mtu:int(68..9216)>)
  code      VALUE_OUT_OF_RANGE
`},
		{"missing", "ip netns add", `
denied: ip netns add
                     ^
  argv[3]   is missing: expected <ns> re((qrouter|snat|fip)-[0-9a-f]{4})
  nearest   ip.netns:1   p.yaml:18   netns (add|del) <ns>
  code      MISSING_ARGUMENT
`},
		{"duplicate", "ip -4 route replace default via 10.0.0.1 via 10.0.0.2", `
denied: ip -4 route replace default via 10.0.0.1 via 10.0.0.2
                                                 ^^^
  argv[7]   via: expected dev, metric or the end (it was already given at argv[5])
  nearest   ip:2   p.yaml:11   -4 route replace default {via <via:ip4> | dev <dev:ifname> | metric <m:int(0..100)>}
  code      DUPLICATE_OPTION
`},
		{"path", "blockdev --getsize64 /dev/../etc/shadow", `
denied: blockdev --getsize64 /dev/../etc/shadow
                             ^^^^^^^^^^^^^^^^^^
  argv[2]   /dev/../etc/shadow: expected <dev> path(/dev); "..", ".", "//" and a slash at the end are never accepted in a path
  nearest   blockdev:1   p.yaml:24   (--getsize64|--flushbufs) <dev>
  code      PATH_NOT_CANONICAL
`},
		{"typo", "ctl strat", `
denied: ctl strat
            ^^^^^
  argv[1]   strat: expected start or stop
  nearest   ctl:1   p.yaml:28   (start|stop)
  code      NO_SUCH_SUBCOMMAND
  hint      did you mean start?
`},
		{"no rule", "cat /etc/hosts", `
denied: cat /etc/hosts
        ^^^
  because   no rule for cat
  code      NO_RULE
`},
		{"allowed", "ip netns add fip-0a1b", `
allowed: ip netns add fip-0a1b
  rule      ip.netns:1   p.yaml:18   netns (add|del) <ns>
  program   /usr/sbin/ip
  runs as   root (uid 0, gid 0), capabilities: sys_admin
  files     all of the host's
  seccomp   @default
`},
		{"allowed in the base view", "sleep 1", `
allowed: sleep 1
  rule      sleep:1   p.yaml:32   <n:int(0..3600)>
  program   /usr/bin/sleep
  runs as   run_user (uid 990, gid 990), capabilities: none
  files     the base view
  seccomp   @default
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := request(c.argv)
			if got := s.Decide(alice, r).Explain(r); got != c.want[1:] {
				t.Errorf("got\n%s\nwant\n%s", got, c.want[1:])
			}
		})
	}
}

func TestExplainOther(t *testing.T) {
	s := load(t, rule("run: {fs: {read: [/a, /b], write: [/c]}}"))
	r := Request{Argv: []string{"true"}}
	if got := s.Decide(alice, r).Explain(r); !strings.Contains(got, "files     the base view, read /a /b, write /c\n") ||
		!strings.Contains(got, "r:1   p.yaml:6   ()\n") {
		t.Error(got)
	}
	r.Netns = "x"
	if got, want := s.Decide(alice, r).Explain(r), `denied: true
  because   the rule r runs in the server's network namespace only
  nearest   r:1   p.yaml:6   ()
  code      NETNS_NOT_ALLOWED
`; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	// What a caller sends cannot steer a terminal or fill a log.
	r = Request{Argv: slices.Repeat([]string{"\x1b[2J\u202e" + strings.Repeat("é", 500)}, 5000)}
	got := s.Decide(alice, r).Explain(r)
	if len(got) > 30000 || strings.ContainsAny(got, "\x1b\u202e") {
		t.Errorf("%d bytes: %.200q", len(got), got)
	}
	if (Decision{}).Explain(Request{}) == "" {
		t.Error("the zero Decision explains nothing")
	}
	if got := (Denial{Reason: "A", Message: "b"}).Error(); got != "A: b" {
		t.Error(got)
	}
}
