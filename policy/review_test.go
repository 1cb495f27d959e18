package policy

import (
	"slices"
	"strings"
	"testing"
)

// two is a policy with a second rule beside the one of one.
func two(first, id, program, lines string, more ...string) string {
	second := strings.TrimPrefix(one(program, lines, more...), head)
	return first + strings.Replace(second, "id: r", "id: "+id, 1)
}

// TestReviews: each check fires where it should, and only there.
func TestReviews(t *testing.T) {
	for _, c := range []struct{ name, id, policy, want string }{
		{"any arguments", "P-ANYARGS", one("/bin/ip", "link show [<x:str>]..."), "p.yaml:7:7: W P-ANYARGS: r:1 lets a caller give any number of arguments to ip"},
		{"of a program without escapes", "P-ANYARGS", one("/bin/true", "[<x:str>]..."), ""},
		{"some arguments", "P-ANYARGS", one("/bin/ip", "link show [<x:ifname>]..."), ""},
		{"one argument", "P-ANYARGS", one("/bin/ip", "link show <x:str>"), ""},

		{"a pager", "X-SUIDLIB", one("/bin/journalctl", "-u nginx.service"), "p.yaml:7:7: N X-SUIDLIB: journalctl: it starts a pager; use --no-pager"},
		{"no pager", "X-SUIDLIB", one("/bin/journalctl", "--no-pager -u nginx.service"), ""},
		{"another pager", "X-SUIDLIB", one("/bin/journalctl", "-u nginx.service", "env: {set: {SYSTEMD_PAGER: cat}}"), ""},

		{"commands", "S-STDIN", one("/sbin/nft", "-f -", "stdin: {max: 1KiB}"), "W S-STDIN: nft takes commands from standard input, and stdin has no lines: that say which"},
		{"commands held to lines", "S-STDIN", one("/sbin/nft", "-f -", "stdin: {max: 1KiB, lines: re([a-z ]{1,80})}"), ""},
		{"no commands", "S-STDIN", one("/sbin/nft", "-f -"), ""},
		{"other arguments", "S-STDIN", one("/sbin/nft", "list ruleset", "stdin: {max: 1KiB}"), ""},

		{"an interpreter", "X-INTERP", one("/usr/bin/python3.11", "/opt/x/y.py"), "W X-INTERP: /usr/bin/python3.11 interprets"},
		{"with a reason", "X-INTERP", one("/usr/bin/python3.11", "/opt/x/y.py", "why: x"), ""},
		{"no interpreter", "X-INTERP", one("/bin/cat", "/opt/x/y.py"), ""},

		{
			"a configuration of another's", "P-COMPOSE",
			two(one("/usr/sbin/haproxy", "-f <f:path(/var/lib/x/ha)>"), "w", "/usr/bin/touch", "<f:path(/opt/y)>", "run: {fs: {write: [/var/lib/x]}}"),
			"p.yaml:7:7: W P-COMPOSE: haproxy loads a configuration that can run programs and Lua, and it may lie below /var/lib/x/ha, where commands of w write",
		},
		{
			"by an argument", "P-COMPOSE",
			two(one("/usr/sbin/haproxy", "-f <f:path(/var/lib/x)>"), "w", "/usr/bin/touch", "<f>", "args: {f: {type: path, under: [/var/lib/x/y], access: write}}"),
			"where commands of w write",
		},
		{
			"one of several arguments", "P-COMPOSE",
			two(one("/usr/sbin/haproxy", "-f <f:path(/var/lib/x/ha)> -p <p:path(/var/lib/x/ha)>"), "w", "/usr/bin/touch", "<f:path(/opt/y)>", "run: {fs: {write: [/var/lib/x]}}"),
			"where commands of w write",
		},
		{
			"of either of two programs", "P-COMPOSE",
			two(one("[/usr/sbin/haproxy, /sbin/haproxy]", "-f <f:path(/var/lib/x/ha)>"), "w", "/usr/bin/touch", "<f:path(/opt/y)>", "run: {fs: {write: [/var/lib/x]}}"),
			"where commands of w write",
		},
		{
			"elsewhere", "P-COMPOSE",
			two(one("/usr/sbin/haproxy", "-f <f:path(/var/lib/x)>"), "w", "/usr/bin/touch", "<f:path(/opt/y)>", "run: {fs: {write: [/var/lib/xy]}}"), "",
		},
		{
			"no configuration", "P-COMPOSE",
			two(one("/bin/cat", "<f:path(/var/lib/x)>"), "w", "/usr/bin/touch", "<f:path(/opt/y)>", "run: {fs: {write: [/var/lib/x]}}"), "",
		},

		{"the policy", "P-PATHSELF", one("/bin/x", "a", "run: {fs: {write: [/etc/rootgate/policy.d]}}"), "p.yaml:8:24: E P-PATHSELF: commands of r can write /etc/rootgate/policy.d, where the policy is kept"},
		{"by an argument", "P-PATHSELF", one("/bin/x", "<f>", "args: {f: {type: path, under: [/etc], access: write}}"), "p.yaml:7:7: E P-PATHSELF: commands of r can write /etc, where"},
		{"to read", "P-PATHSELF", one("/bin/x", "<f:path(/etc/rootgate)>"), ""},
		{"a program", "P-PATHSELF", two(one("/opt/x/bin/a", "b"), "w", "/bin/x", "a", "run: {fs: {write: [/opt/x]}}"), "E P-PATHSELF: commands of w can write /opt/x, which holds the program /opt/x/bin/a of rule r"},
		{"a program itself", "P-PATHSELF", one("/opt/x/bin/a", "b", "run: {fs: {write: [/opt/x/bin/a]}}"), "which holds the program"},
		{"beside a program", "P-PATHSELF", two(one("/opt/x/bin/a", "b"), "w", "/bin/x", "a", "run: {fs: {write: [/opt/x/var]}}"), ""},
		{"a system tree by an argument", "P-PATHSELF", one("/bin/x", "<f>", "args: {f: {type: path, under: [/sys], access: write}}"), "E P-PATHSELF: a path argument may name anything to write below /sys"},
		{"a disk by an argument", "P-PATHSELF", one("/bin/x", "<f>", "args: {f: {type: path, under: [/dev], access: write, kind: block}}"), ""},
		{"what another trusts", "P-PATHSELF", two(one("/bin/a", "b", "run: {fs: {read: [/var/lib/x/conf]}}"), "w", "/bin/x", "a", "run: {fs: {write: [/var/lib/x]}}"), "W P-PATHSELF: commands of w can write /var/lib/x, and those of r trust what is in /var/lib/x/conf"},
		{"its own input", "P-PATHSELF", one("/bin/a", "b", "run: {fs: {read: [/var/lib/x], write: [/var/lib/x/y]}}"), ""},

		{"anything in /dev", "P-DEV", one("/bin/x", "<f:path(/dev)>"), "W P-DEV: <f> may be anything below /dev"},
		{"a disk", "P-DEV", one("/bin/x", "<f>", "args: {f: {type: path, under: [/dev/mapper], kind: block}}"), ""},
		{"elsewhere", "P-DEV", one("/bin/x", "<f:path(/devices)>"), ""},
		{"shared memory is a directory", "P-DEV", one("/bin/x", "<f:path(/dev/shm/x)>"), ""},

		{"a directory of all", "P-SYMLINKDIR", one("/bin/x", "<f:path(/tmp/x)>"), "W P-SYMLINKDIR: others than root make entries below /tmp/x"},
		{"with an owner", "P-SYMLINKDIR", one("/bin/x", "<f>", "args: {f: {type: path, under: [/tmp], owner: [root]}}"), ""},
		{"by descriptor", "P-SYMLINKDIR", one("/bin/x", "<f>", "args: {f: {type: path, under: [/home/a], bind: fd}}"), ""},
		{"a directory above one", "P-SYMLINKDIR", one("/bin/x", "<f:path(/var)>"), "W P-SYMLINKDIR"},
		{"a directory of root's", "P-SYMLINKDIR", one("/bin/x", "<f:path(/var/lib/x)>"), ""},

		{"as good as root", "R-CAPS", one("/bin/x", "a", "run: {caps: [net_admin, dac_override]}"), "p.yaml:8:29: W R-CAPS: r has the capability dac_override, which is as good as root"},
		{"not as good", "R-CAPS", one("/bin/x", "a", "run: {caps: [net_admin]}"), ""},
		{"accepted", "R-CAPS", one("/bin/x", "a", "run: {caps: [dac_override]}", "why: x", "accept: [R-CAPS]"), ""},
		{"no call for it", "R-SECCOMP", one("/bin/x", "a", "run: {caps: [sys_module]}"), "W R-SECCOMP: r has the capability sys_module, which is for system calls that no filter lets pass"},
		{"no sockets for it", "R-SECCOMP", one("/bin/x", "a", "run: {caps: [net_raw]}"), "W R-SECCOMP: r has the capability net_raw, which needs raw sockets"},
		{"sockets for it", "R-SECCOMP", one("/bin/x", "a", "run: {caps: [net_raw], seccomp: ['@default', '@raw']}"), ""},
		{"mounts without fs: host", "R-SECCOMP", one("/bin/x", "a", "run: {caps: [sys_admin], seccomp: ['@default', '@mount']}"), "W R-SECCOMP: @mount needs fs: host"},
		{"sockets and no capability", "R-NET", one("/bin/x", "a", "run: {seccomp: ['@default', '@netlink']}"), "N R-NET: the commands of r have no capability and the network of the host"},
		{"an empty network", "R-NET", one("/bin/x", "a", "run: {net: none, seccomp: ['@default', '@netlink']}"), ""},
		{"a capability", "R-NET", one("/bin/x", "a", "run: {caps: [net_admin], seccomp: ['@default', '@netlink']}"), ""},

		{"a group of people", "C-ANY", strings.Replace(one("/bin/x", "a"), "{user: alice}", "{group: sudo}", 1), "W C-ANY: the caller group sudo holds people who log in"},
		{"one of them", "C-ANY", strings.Replace(one("/bin/x", "a"), "{user: alice}", "{user: alice, group: sudo}", 1), ""},
		{"a group of a service", "C-ANY", strings.Replace(one("/bin/x", "a"), "{user: alice}", "{group: ops}", 1), ""},
	} {
		t.Run(c.id+" "+c.name, func(t *testing.T) {
			found := findingsOf(vetted(t, c.policy), c.id)
			if c.want == "" {
				if len(found) > 0 {
					t.Error(found)
				}
				return
			}
			if len(found) != 1 || !strings.Contains(found[0].String(), c.want) {
				t.Errorf("got %v, want %q; all: %v", found, c.want, vetted(t, c.policy))
			}
		})
	}
}

// TestReviewsAreVets: warnings and notes of the review cost a plain load
// nothing, and refuse nothing.
func TestReviewsAreVets(t *testing.T) {
	s, found := Load(t.Context(), []File{{"p.yaml", []byte(one("/bin/journalctl", "-u <x:str> [<y:str>]...", "run: {caps: [dac_override]}"))}}, options())
	if s == nil {
		t.Fatal(found)
	}
	for _, f := range found {
		if f.ID != "A-NOTEST" {
			t.Error(f)
		}
	}
}

// TestFindingsOfUsedProfiles: what a rule has by a profile of another file is
// shown where it is written, once for each rule that has it.
func TestFindingsOfUsedProfiles(t *testing.T) {
	rule := func(id string, more ...string) string {
		return strings.Replace(strings.TrimPrefix(one("/bin/"+id, "go", more...), head), "id: r", "id: "+id, 1)
	}
	files := []File{
		{"10-base.yaml", []byte("version: 1\nprofiles:\n  shared:\n    run:\n      caps: [mknod]\n      fs: {write: [/var/lib/x]}\nrules: []\n")},
		{"50-x.yaml", []byte("version: 1\nuse: ['10-base.yaml#profiles']\ncallers: [{user: alice}]\nrules:\n" +
			rule("a", "profile: shared") + rule("b", "profile: shared") +
			rule("c", "profile: shared", "why: x", "accept: [R-CAPS]") + rule("d", "run: {fs: {read: [/var/lib/x/conf]}}"))},
	}
	o := options()
	o.Vet = true
	_, found := Load(t.Context(), files, o)
	for _, c := range []struct {
		id, at, excerpt string
		rules           []RuleID
	}{
		{"R-CAPS", "10-base.yaml:5:14", "caps: [mknod]", []RuleID{"a", "b"}},
		{"P-PATHSELF", "10-base.yaml:6:20", "fs: {write:", []RuleID{"a", "b", "c"}},
	} {
		var rules []RuleID
		for _, f := range findingsOf(found, c.id) {
			rules = append(rules, f.Rule)
			if !strings.HasPrefix(f.String(), c.at+": W ") || !strings.Contains(f.Excerpt, c.excerpt) {
				t.Errorf("%s: got %q above %q, want it at %s", c.id, f, f.Excerpt, c.at)
			}
		}
		if !slices.Equal(rules, c.rules) {
			t.Errorf("%s: got findings of %q, want %q; all: %v", c.id, rules, c.rules, found)
		}
	}
}
