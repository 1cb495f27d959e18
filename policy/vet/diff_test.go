package vet

import (
	"strings"
	"testing"

	"github.com/rootgate-project/rootgate/policy"
)

func snapshot(t testing.TB, name, text string) *policy.Snapshot {
	t.Helper()
	s, found := policy.Load(t.Context(), []policy.File{{Name: name, Data: []byte(text)}}, policy.Options{})
	if s == nil {
		t.Fatalf("%v\n%s", found, text)
	}
	return s
}

// compare returns the changes between two lists of rules.
func compare(t testing.TB, old, next string) Diff {
	t.Helper()
	d, err := Compare(t.Context(), snapshot(t, "old.yaml", head+old), snapshot(t, "new.yaml", head+next))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// ip returns a rule with these lines and more of its fields.
func ip(id, fields string, lines ...string) string {
	return "  - id: " + id + "\n    exec: /usr/sbin/ip\n" + fields + "    argv: |\n      " + strings.Join(lines, "\n      ") + "\n"
}

func TestDiffText(t *testing.T) {
	set := ip("l3.ip", "    run: {caps: [net_admin]}\n", "link show", "link set dev <dev:ifname> (up|down)")
	for _, c := range []struct {
		name, old, next string
		want            string
		widens          bool
	}{
		{"same", set, set + "  # comment\n", "no behavioural change\n", false},
		{"renamed", set, strings.ReplaceAll(set, "l3.ip", "other"), "no behavioural change\n", false},
		{
			"split", set,
			ip("a", "    run: {caps: [net_admin]}\n", "link set dev <x:ifname> up", "link (show)") +
				ip("b", "    run: {caps: [net_admin]}\n", "link set dev <x:ifname> down"),
			"no behavioural change\n", false,
		},
		{
			"optional word and more values", set, strings.Replace(set, "dev <dev:ifname> (up|down)", "[dev] <dev:ifname> (up|down|promisc on)", 1),
			`+ l3.ip:2  ip link set j up
           ip link set dev a promisc on
      newly allowed for user alice, as run_user, caps net_admin
      at new.yaml:9
1 newly allowed, 0 no longer allowed, 0 with another effect: widens
`, true,
		},
		{
			"a line less", set, ip("l3.ip", "    run: {caps: [net_admin]}\n", "link show"),
			`- l3.ip:2  ip link set dev a up
      no longer allowed for user alice, as run_user, caps net_admin
      at old.yaml:9
0 newly allowed, 1 no longer allowed, 0 with another effect: narrows
`, false,
		},
		{
			"capability", set, strings.Replace(set, "net_admin", "net_admin, sys_admin", 1),
			`~ l3.ip:*  ip link show
           ip link set dev a up
      caps: net_admin -> net_admin,sys_admin (wider)
      for user alice
      at new.yaml:4
0 newly allowed, 0 no longer allowed, 1 with another effect: widens
`, true,
		},
		{
			"another caller", set, strings.Replace(set, "    argv", "    callers: [{group: ops}]\n    argv", 1),
			`+ l3.ip:1  ip link show
      newly allowed for group ops, as run_user, caps net_admin
      at new.yaml:9
- l3.ip:1  ip link show
      no longer allowed for user alice, as run_user, caps net_admin
      at old.yaml:8
+ l3.ip:2  ip link set dev a up
      newly allowed for group ops, as run_user, caps net_admin
      at new.yaml:10
- l3.ip:2  ip link set dev a up
      no longer allowed for user alice, as run_user, caps net_admin
      at old.yaml:9
2 newly allowed, 2 no longer allowed, 0 with another effect: widens
`, true,
		},
		{
			"guard", ip("f", "", "-b <f:path(/srv)>"), strings.Replace(ip("f", "    args: {f: {type: path, under: [/srv], access: write}}\n", "-b <f>"), "x", "x", 1),
			`~ f:1  ip -b /srv/a
      <f>: path read any -> path write any (changed)
      for user alice
      a guard of the server may still stop it: <f> path write any
      at new.yaml:8
0 newly allowed, 0 no longer allowed, 1 with another effect: widens
`, true,
		},
		{
			"owner of a file", ip("f", "    args: {f: {type: path, under: [/srv]}}\n", "-b <f>"),
			ip("f", "    args: {f: {type: path, under: [/srv], owner: [root]}}\n", "-b <f>"),
			`~ f:1  ip -b /srv/a
      <f>: path read any -> path read any owner root (narrower)
      for user alice
      at new.yaml:8
0 newly allowed, 0 no longer allowed, 1 with another effect: narrows
`, false,
		},
		{
			"root of a path", ip("f", "", "-b <f:path(/srv/a)>"), ip("f", "", "-b <f:path(/srv)>"),
			`+ f:1  ip -b /srv/a
      newly allowed for user alice, as run_user, caps none
      a guard of the server may still stop it: <f> path read any
      at new.yaml:7
1 newly allowed, 0 no longer allowed, 0 with another effect: widens
`, true,
		},
		{
			"any value instead of the same", ip("s", "", "get <x:int(1..9)> from <x!>"), ip("s", "", "get <x:int(1..9)> from <y:int(1..9)>"),
			`+ s:1  ip get 9 from 2
      newly allowed for user alice, as run_user, caps none
      at new.yaml:7
1 newly allowed, 0 no longer allowed, 0 with another effect: widens
`, true,
		},
		{
			"the same value instead of any", ip("s", "", "get <x:int(1..9)> from <y:int(1..9)>"), ip("s", "", "get <x:int(1..9)> from <x!>"),
			`- s:1  ip get 9 from 2
      no longer allowed for user alice, as run_user, caps none
      at old.yaml:7
0 newly allowed, 1 no longer allowed, 0 with another effect: narrows
`, false,
		},
		{
			"the same value, another name", ip("s", "", "get <x:int(1..9)> from <x!>"), ip("s", "", "get <y:int(1..9)> from <y!>"),
			"no behavioural change\n", false,
		},
		{
			"namespace", ip("f", "    netns: {type: 're(n[0-9])', required: true}\n", "a"),
			ip("f", "    netns: {type: 're(n[0-9])', required: true}\n", "a", "b"),
			`+ f:2  ip b in n0
      newly allowed for user alice, as run_user, caps none
      at new.yaml:9
1 newly allowed, 0 no longer allowed, 0 with another effect: widens
`, true,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := compare(t, c.old, c.next)
			if got := d.Text(); got != c.want || d.Widens() != c.widens {
				t.Errorf("widens %v, got\n%s\nwant\n%s", d.Widens(), got, c.want)
			}
		})
	}
}
