package policy

import (
	"strings"
	"testing"
)

// A chain that cannot be is refused where it stands. The rules begin on line 4.
func TestBadChains(t *testing.T) {
	const (
		leaf = "  - {id: leaf, exec: /bin/leaf, callers: [], argv: ''}\n"
		line = "\n    argv: |\n      "
	)
	outer := func(fields, usage string) string {
		return head + "  - id: r\n    exec: /usr/bin/nice\n" + fields + "    argv: |\n      " + usage + "\n" + leaf
	}
	named := func(id, fields, usage string) string {
		return "  - id: " + id + "\n    exec: /bin/" + id + "\n    callers: []\n" + fields + "    argv: |\n      " + usage + "\n"
	}
	for _, b := range []badPolicy{
		{"unknown rule", outer("    chain: [leef]\n", "<x:command>"), "6:13: P-CHAIN", "did you mean leaf?"},
		{"no rules", outer("    chain: []\n", "<x:command>"), "6:12: P-CHAIN", "names 0 rules"},
		{"twice", outer("    chain: [leaf, leaf]\n", "<x:command>"), "6:19: P-CHAIN", "stands twice"},
		{"itself", outer("    chain: [r]\n", "<x:command>"), "6:13: P-CHAIN", "a circle: r → r"},
		{"no chain", outer("", "a <x:command>"), "7:7: P-CHAIN", "r:1 ends in a nested command"},
		{"no nested command", outer("    chain: [leaf]\n", "a"), "8:7: P-CHAIN", "r:1 does not end"},
		{"one line of two", outer("    chain: [leaf]\n", "<x:command>\n      a"), "9:7: P-CHAIN", "r:2 does not end"},
		{"wrap without chain", outer("    wrap: nice\n", "<x:command>"), "6:5: P-CHAIN", "without chain:"},
		{"unknown wrapper", outer("    chain: [leaf]\n    wrap: sudo\n", "<x:command>"), "7:11: F-VALUE", "env or ionice or netns"},
		{"wrapper of another program", outer("    chain: [leaf]\n    wrap: env\n", "<x:command>"), "7:11: P-CHAIN", "not /usr/bin/nice"},
		{"effect of a wrapper", outer("    chain: [leaf]\n    wrap: nice\n    run: {user: root}\n", "<x:command>"), "8:5: P-CHAIN", "run: of a rule with wrap:"},
		{"arguments of a wrapper", outer("    chain: [leaf]\n    wrap: nice\n", "-n <n:int(1..20)> <x:command>"), "4:5: P-CHAIN", "does not know the arguments -n 20"},
		{"path of a wrapper", outer("    chain: [leaf]\n    wrap: nice\n", "<p:path(/srv)> <x:command>"), "9:7: P-CHAIN", "<p> is a path among the arguments of a wrapper"},
		{"nothing is wrapped", outer("    chain: [leaf]\n    wrap: nice\n", "<x:command> a"), "9:10: G-PARSE", "nested command"},
		{"circle", head + named("a", "    chain: [b]\n", "<x:command>") + named("b", "    chain: [c]\n", "<x:command>") + named("c", "    chain: [a]\n", "<x:command>"), "19:13: P-CHAIN", "a → b → c → a"},
		{
			"three deep",
			head + named("a", "    chain: [b]\n", "<x:command>") + named("b", "    chain: [c]\n", "<x:command>") + named("c", "    chain: [leaf]\n", "<x:command>") + leaf,
			"4:5: P-CHAIN", "3 deep through b",
		},
		{
			"two namespaces",
			head + "  - id: a\n    exec: /sbin/ip\n    wrap: netns\n    chain: [b]" + line + "netns exec <n:netns> <x:command>\n" +
				"  - id: b\n    exec: /bin/ip\n    callers: []\n    wrap: netns\n    chain: [leaf]" + line + "netns exec <n:netns> <x:command>\n" + leaf,
			"4:5: P-CHAIN", "inside another",
		},
		{
			"variables behind a program that starts env itself",
			head + "  - id: a\n    exec: /bin/a\n    chain: [e]" + line + "<x:command>\n" +
				"  - id: e\n    exec: /usr/bin/env\n    callers: []\n    wrap: env\n    chain: [leaf]" + line + "<v:re([A-Z_]+=.*)> <x:command>\n" + leaf,
			"4:5: P-CHAIN", "e wraps env, and the program of a would start it",
		},
		{
			"digest behind a program that starts it itself",
			head + "  - id: a\n    exec: /bin/a\n    chain: [b]" + line + "<x:command>\n" +
				"  - {id: b, exec: {path: /bin/b, sha256: ['aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa']}, callers: [], argv: ''}\n",
			"4:5: P-CHAIN", "b says the sha256 of /bin/b",
		},
		{
			"two types of one namespace",
			head + "  - id: a\n    exec: /sbin/ip\n    wrap: netns\n    chain: [b, c]" + line + "netns exec <n:netns> <x:command>\n" +
				"  - {id: b, exec: /bin/true, callers: [], netns: 're(b.*)', argv: ''}\n  - {id: c, exec: /bin/true, callers: [], netns: 're(c.*)', argv: ''}\n",
			"9:7: A-OVERLAP", "namespace",
		},
		{
			"callable outside of the namespace",
			head + "  - id: a\n    exec: /sbin/ip\n    wrap: netns\n    chain: [b]" + line + "netns exec <n:netns> <x:command>\n" +
				"  - {id: b, exec: /bin/b, argv: ''}\n",
			"4:5: P-CHAIN", "b is chained, and callers of a can call it by itself as well, in the server's own network namespace",
		},
		{
			"callable with a capability",
			head + "  - id: a\n    exec: /bin/a\n    chain: [b]" + line + "<x:command>\n" +
				"  - {id: b, exec: /bin/b, run: {caps: [kill]}, argv: ''}\n",
			"4:5: P-CHAIN", "with the capability kill",
		},
		{
			"callable as root",
			head + "  - id: a\n    exec: /bin/a\n    chain: [b]" + line + "<x:command>\n" +
				"  - {id: b, exec: /bin/b, why: x, run: {user: root}, argv: ''}\n",
			"4:5: P-CHAIN", "as root",
		},
		{
			"callable with all files",
			head + "  - id: a\n    exec: /bin/a\n    chain: [b]" + line + "<x:command>\n" +
				"  - {id: b, exec: /bin/b, why: x, run: {fs: host}, argv: ''}\n",
			"4:5: P-CHAIN", "all files",
		},
		{
			"path of a nested command that sees all files",
			head + "  - id: a\n    exec: /bin/a\n    why: x\n    run: {fs: host}\n    chain: [b]" + line + "<x:command>\n" +
				"  - {id: b, exec: /bin/b, callers: [], argv: ''}\n" +
				"  - id: c\n    exec: /bin/c\n    chain: [d]\n    why: x\n    run: {fs: host}" + line + "<x:command>\n" +
				"  - id: d\n    exec: /bin/d\n    callers: []" + line + "<p:path(/srv)>\n",
			"18:7: P-HOSTPATH", "<p>",
		},
		{
			"overlap of what is executed",
			head + "  - id: a\n    exec: /usr/bin/nice\n    wrap: nice\n    chain: [b, c]" + line + "<x:command>\n" +
				"  - {id: b, exec: /bin/true, callers: [], argv: ''}\n  - {id: c, exec: /usr/bin/true, callers: [], argv: ''}\n",
			"9:7: A-OVERLAP", "a:1 → b:1 and a:1 → c:1 both accept [nice true]",
		},
		{
			"overlap with a rule that is no wrapper",
			head + "  - id: a\n    exec: /usr/bin/nice\n    wrap: nice\n    chain: [b]" + line + "<x:command>\n" +
				"  - {id: b, exec: /bin/true, callers: [], argv: ''}\n  - id: c\n    exec: /usr/bin/nice" + line + "true\n",
			"14:7: A-OVERLAP", "executed /bin/true and the program itself",
		},
		{
			"where the nested command begins",
			head + "  - id: a\n    exec: /bin/a\n    chain: [b]" + line + "true <x:command>\n      <x:command>\n" +
				"  - id: b\n    exec: /bin/true\n    callers: []" + line + "()\n      true\n",
			"9:7: A-OVERLAP", "a:1 → b:1 and a:2 → b:2 both accept [a true true] with different checks",
		},
		{"hazard in front", outer("    chain: [leaf]\n", "<w:re(/.*)> <x:command>"), "8:7: T-PATHRE", "<w>"},
		{"no request in front", outer("    chain: [leaf]\n", "a a <x:command>\n      (a|<w:re(a)>) b <x:command>\n      "+strings.Repeat("b ", 64)+"<x:command>"), "10:7: A-UNREACH", "r:3"},
		{"type of a value", head + "  - {id: r, exec: /bin/r, args: {x: command}, argv: ''}\n", "4:37: G-PARSE", "<inner:command>"},
		{"name of a type", "version: 1\ntypes: {command: int}\n", "2:9: F-VALUE", "type of the language"},
	} {
		t.Run(b.name, b.run)
	}
}
