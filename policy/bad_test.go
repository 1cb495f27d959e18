package policy

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// A bad policy names its finding as "line:col: ID" and a part of its message.
type badPolicy struct {
	name, text string
	want, msg  string
}

func (b badPolicy) run(t *testing.T) {
	t.Helper()
	s, found := Load(t.Context(), []File{{Name: "p.yaml", Data: []byte(b.text)}}, options())
	if s != nil {
		t.Error("Load returned a snapshot")
	}
	var got []string
	for _, f := range found {
		if f.Severity != SeverityError {
			continue
		}
		at := fmt.Sprintf("%d:%d: %s", f.Line, f.Column, f.ID)
		if at == b.want && strings.Contains(f.Message, b.msg) {
			return
		}
		got = append(got, f.String())
	}
	t.Errorf("findings %q, want %q with %q\n%s", got, b.want, b.msg, b.text)
}

func TestBadYAML(t *testing.T) {
	for _, b := range []badPolicy{
		{"empty", "", "0:0: F-SYNTAX", "empty"},
		{"only a comment", "# x\n", "0:0: F-SYNTAX", "empty"},
		{"syntax", "version: 1\nrules: [\n", "3:1: F-SYNTAX", ""},
		{"tab", "version: 1\n\trules: []\n", "2:1: F-SYNTAX", "tab"},
		{"not UTF-8", "version: 1\nabout: \xff\n", "2:8: F-SYNTAX", "UTF-8"},
		{"lone carriage return", "version: 1\r\nabout: a\rb\n", "2:9: F-SYNTAX", "U+000D"},
		{"line separator", "version: 1\nabout: a\u2028b\n", "2:9: F-SYNTAX", "U+2028"},
		{"next line", "version: 1 # \u0085rules: []\n", "1:14: F-SYNTAX", "U+0085"},
		{"right to left", "version: 1 # \u202e\n", "1:14: F-SYNTAX", "U+202E"},
		{"escape", "version: 1 # \x1b[2J\n", "1:14: F-SYNTAX", "U+001B"},
		{"byte order mark", "\ufeffversion: 1\n", "1:1: F-SYNTAX", "byte order mark"},
		{"NUL", "version: 1\nabout: a\x00b\n", "2:9: F-SYNTAX", "U+0000"},
		{"too long", "version: 1\n#" + strings.Repeat("x", 1<<20), "0:0: F-LIMIT", "1048576"},
		{"too deep", "about: " + strings.Repeat("[", 40) + strings.Repeat("]", 40), "1:40: F-SYNTAX", "depth"},
		{"two documents", "version: 1\n---\nversion: 1\n", "2:1: F-SYNTAX", "second YAML document"},
		{"scalar", "version\n", "1:1: F-YAMLTYPE", "expected a mapping"},
		{"alias", "version: 1\nabout: &x a\ntypes: {a: *x}\n", "3:12: F-UNKNOWN", "alias *x"},
		{"anchor", "version: 1\nabout: &x a\n", "2:8: F-UNKNOWN", "anchor &x"},
		{"merge", "version: 1\n<<: {about: x}\n", "2:1: F-UNKNOWN", "merge key"},
		{"tag", "version: 1\nabout: !foo a\n", "2:8: F-UNKNOWN", "tag !foo"},
		{"core tag", "version: 1\nabout: !!binary YQ==\n", "2:8: F-UNKNOWN", "tag !!binary"},
		{"complex key", "version: 1\n? [a]\n: b\n", "2:3: F-YAMLTYPE", "a list"},
		{"number as a key", "version: 1\n1: b\n", "2:1: F-YAMLTYPE", "number 1"},
		{"duplicate key", "version: 1\nabout: a\nabout: b\n", "3:1: F-UNKNOWN", "first on line 2"},
		{"duplicate key deep", rule("env: {set: {A: b, A: c}}"), "7:23: F-UNKNOWN", "stands twice"},
	} {
		t.Run(b.name, b.run)
	}
}

func TestBadFile(t *testing.T) {
	for _, b := range []badPolicy{
		{"no version", "about: a\n", "1:1: F-VALUE", "version: 1"},
		{"other version", "version: 2\n", "1:10: F-VALUE", "is 2"},
		{"version as text", "version: '1'\n", "1:10: F-YAMLTYPE", "the text"},
		{"octal version", "version: 01\n", "1:10: F-YAMLTYPE", "octal"},
		{"hexadecimal version", "version: 0x1\n", "1:10: F-YAMLTYPE", "hexadecimal"},
		{"typo", "version: 1\nrule: []\n", "2:1: F-UNKNOWN", "did you mean rules?"},
		{"yes", "version: 1\nabout: yes\n", "2:8: F-YAMLTYPE", "quote it"},
		{"null", "version: 1\nabout:\n", "2:7: F-YAMLTYPE", "nothing"},
		{"date", "version: 1\nabout: 2024-01-01\n", "2:8: F-YAMLTYPE", "quote it"},
		{"about steers a terminal", "version: 1\nabout: \"\\e[2J\"\n", "2:8: F-VALUE", "does not print"},
		{"about turns text around", "version: 1\nabout: \"\\u202e\"\n", "2:8: F-VALUE", "does not print"},
		{"rules no list", "version: 1\nrules: {}\n", "2:8: F-YAMLTYPE", "expected a list"},
		{"rule no mapping", "version: 1\nrules: [a]\n", "2:9: F-YAMLTYPE", "expected a mapping"},
		{"program of a caller", "version: 1\ncallers: [{exe: /bin/x}]\n", "2:12: F-UNKNOWN", "not in this version"},
		{"caller typo", "version: 1\ncallers: [{usr: a}]\n", "2:12: F-UNKNOWN", "did you mean user?"},
		{"caller of nothing", "version: 1\ncallers: [{}]\n", "2:11: C-ANY", "everybody"},
		{"caller name", "version: 1\ncallers: [{user: 'root '}]\n", "2:18: F-VALUE", "not the name"},
		{"caller empty name", "version: 1\ncallers: [{user: ''}]\n", "2:18: F-VALUE", "not the name"},
		{"caller twice", "version: 1\ncallers: [{user: alice, uid: 5}]\n", "2:25: F-VALUE", "user and uid"},
		{"caller uid -1", "version: 1\ncallers: [{uid: 4294967295}]\n", "2:17: F-VALUE", "4294967294"},
		{"caller uid as text", "version: 1\ncallers: [{uid: '5'}]\n", "2:17: F-YAMLTYPE", "the text"},
		{"type", "version: 1\ntypes: {a: nope}\n", "2:12: G-PARSE", "nope"},
		{"type anchors", "version: 1\ntypes: {a: {re: '^a$'}}\n", "2:12: T-REGEX", ""},
		{"type control", "version: 1\ntypes: {a: {re: 'a\\n'}}\n", "2:12: T-CTRL", ""},
		{"type hides a type", "version: 1\ntypes: {int: ip}\n", "2:9: F-VALUE", "type of the language"},
		{"type name", "version: 1\ntypes: {A: ip}\n", "2:9: F-VALUE", "not a name"},
		{"type without type", "version: 1\ntypes: {a: {min: 1}}\n", "2:12: F-VALUE", "has no type:"},
		{"type constraint", "version: 1\ntypes: {a: {type: path, under: [/a], exists: true}}\n", "2:12: G-PARSE", "path: has no exists; it takes under, access, kind, owner"},
		{"type exception", "version: 1\ntypes: {a: {type: ifname, except: ['a b']}}\n", "2:12: T-REGEX", `the exception "a b" is not a value of the type`},
		{"type exceptions twice", "version: 1\ntypes: {a: {type: ifname, except: [lo, lo]}}\n", "2:40: F-VALUE", "except: lo stands twice"},
		{"type no exceptions", "version: 1\ntypes: {a: {type: ifname, except: []}}\n", "2:35: F-VALUE", "except is empty"},
		{"type exception list", "version: 1\ntypes: {a: {type: ifname, except: {a: b}}}\n", "2:35: F-YAMLTYPE", "except is a mapping"},
		{"type exception null", "version: 1\ntypes: {a: {type: int(1..9), except: [0x5]}}\n", "2:39: F-YAMLTYPE", "an item of except is the number 0x5"},
		{"type bound", "version: 1\ntypes: {a: {type: decimal, min: 0.1, max: 1e3}}\n", "2:43: F-YAMLTYPE", "max is the decimal number 1e3"},
		{"type size", "version: 1\ntypes: {a: {type: size, max: 10M}}\n", "2:30: F-VALUE", `max: "10M" is not a size`},
		{"type duration", "version: 1\ntypes: {a: {type: duration, max: 1d}}\n", "2:34: F-VALUE", `max: "1d" is not a duration`},
		{"type bound text", "version: 1\ntypes: {a: {type: int, min: a, max: 2}}\n", "2:29: F-YAMLTYPE", "min is the text"},
		{"type twice", "version: 1\ntypes: {a: {type: int(1..9), max: 5}}\n", "2:12: G-PARSE", "states max twice"},
		{"uid_min", "version: 1\ntypes: {a: {type: group, uid_min: 5}}\n", "2:26: G-PARSE", "group has no uid_min"},
		{"uid_min and min", "version: 1\ntypes: {a: {type: user, uid_min: 5, min: 6}}\n", "2:25: F-VALUE", "the same constraint"},
		{"type bind", "version: 1\ntypes: {a: {type: path, under: /a, bind: name}}\n", "2:42: F-VALUE", "expected fd"},
		{"type kind", "version: 1\ntypes: {a: {type: path, under: /a, kind: pipe}}\n", "2:42: F-VALUE", "expected file, dir"},
		{"type access", "version: 1\ntypes: {a: {type: path, under: /a, access: rw}}\n", "2:44: F-VALUE", "expected read, write"},
		{"type depth", "version: 1\ntypes: {a: {type: path, under: /a, depth: 65}}\n", "2:43: F-VALUE", "from 1 to 64"},
		{"type of", "version: 1\ntypes: {a: {type: csv, of: foo}}\n", "2:28: G-PARSE", "unknown type"},
		{"built-in type", "version: 1\ntypes: {pid: int(1..9)}\n", "2:9: F-VALUE", "a type of the language"},
		{"guard of a variable", rule("env: {pass: {X: user}}"), "7:21: E-ENVTYPE", "the server looks no value of a variable up"},
		{"guard of a namespace", rule("netns: {type: pid, owner: root}"), "7:12: F-VALUE", "the server does not look up"},
		{"guard of a namespace name", rule("netns: user"), "7:12: F-VALUE", "the server does not look up"},
		{"type access", "version: 1\ntypes: {a: {type: path, under: [/a], access: all}}\n", "2:46: F-VALUE", "read, write or exec"},
		{"type kind", "version: 1\ntypes: {a: {type: path, under: [/a], kind: x}}\n", "2:44: F-VALUE", "socket"},
		{"type bound", "version: 1\ntypes: {a: {type: int, min: x}}\n", "2:29: F-YAMLTYPE", "number"},
		{"type dash", "version: 1\ntypes: {a: {re: x, dash: yes}}\n", "2:26: F-YAMLTYPE", "true or false"},
		{"type root", "version: 1\ntypes: {a: {type: path, under: [a/b]}}\n", "2:33: F-VALUE", "absolute"},
		{"type as a number", "version: 1\ntypes: {a: 1}\n", "2:12: F-YAMLTYPE", "the number 1"},
	} {
		t.Run(b.name, b.run)
	}
}

func TestBadProfile(t *testing.T) {
	top := "version: 1\nprofiles:\n"
	for _, b := range []badPolicy{
		{"base", top + "  base: {}\n", "3:3: F-VALUE", "compiled in"},
		{"name", top + "  A B: {}\n", "3:3: F-VALUE", "not the name of a profile"},
		{"no mapping", top + "  a: []\n", "3:6: F-YAMLTYPE", "mapping"},
		{"typo", top + "  a: {extend: base}\n", "3:7: F-UNKNOWN", "did you mean extends?"},
		{"unknown parent", top + "  net: {}\n  a: {extends: nte}\n", "4:16: F-VALUE", "did you mean net?"},
		{"itself", top + "  a: {extends: a}\n", "3:3: F-LIMIT", "stands on itself"},
		{"circle", top + "  a: {extends: b}\n  b: {extends: a}\n", "3:3: F-LIMIT", "stands on itself"},
		{
			"too many",
			top + "  a: {}\n  b: {extends: a}\n  c: {extends: b}\n  d: {extends: c}\n  e: {extends: d}\n",
			"7:3: F-LIMIT", "more than 3 others",
		},
		{"unused but bad", top + "  a: {run: {caps: [bad]}}\n", "3:20: F-VALUE", "unknown capability"},
		{"host without why", top + "  a: {run: {fs: host}}\n", "3:17: F-VALUE", "say why"},
		{"mixed list", top + "  a: {run: {caps: [+kill, chown]}}\n", "3:19: F-VALUE", "mixes"},
		{"take away nothing", top + "  a: {run: {caps: [-kill]}}\n", "3:20: F-VALUE", "not there"},
		{"twice", top + "  a: {run: {caps: [kill, kill]}}\n", "3:26: F-VALUE", "stands twice"},
		{"rule names none", rule("profile: x"), "7:14: F-VALUE", "no profile"},
	} {
		t.Run(b.name, b.run)
	}
}

func TestBadRun(t *testing.T) {
	for _, c := range []struct{ run, want, msg string }{
		{"{usr: root}", "7:11: F-UNKNOWN", "did you mean user?"},
		{"{user: carol}", "7:17: F-VALUE", "no account"},
		{"{user: ''}", "7:17: F-VALUE", "not the name"},
		{"{user: 'root '}", "7:17: F-VALUE", "not the name"},
		{"{user: '0x0'}", "7:17: F-VALUE", "not the name"},
		{"{user: '#-1'}", "7:17: F-VALUE", "not the name"},
		{"{user: -1}", "7:17: F-VALUE", "-1"},
		{"{user: 4294967295}", "7:17: F-VALUE", "4294967294"},
		{"{user: 65535}", "7:17: F-VALUE", "unchanged"},
		{"{user: 00}", "7:17: F-YAMLTYPE", "octal"},
		{"{user: 5}", "7:17: F-VALUE", "name a group"},
		{"{group: carol}", "7:18: F-VALUE", "no account"},
		{"{groups: [log, carol]}", "7:25: F-VALUE", "no account"},
		{"{groups: [65535]}", "7:20: F-VALUE", "unchanged"},
		{"{caps: [CAP_NET_ADMIN]}", "7:18: F-VALUE", "did you mean net_admin?"},
		{"{caps: [net_admni]}", "7:18: F-VALUE", "did you mean net_admin?"},
		{"{caps: all}", "7:17: F-VALUE", "unknown capability"},
		{"{caps: {}}", "7:17: F-YAMLTYPE", "expected a list"},
		{"{caps: [[kill]]}", "7:18: F-YAMLTYPE", "a list"},
		{"{seccomp: ['@defualt']}", "7:21: F-VALUE", "did you mean @default?"},
		{"{seccomp: ['@default', opneat]}", "7:33: F-VALUE", "did you mean openat?"},
		{"{seccomp: ['@default', bpf]}", "7:33: F-VALUE", "in the kernel"},
		{"{seccomp: ['@default', mount]}", "7:33: F-VALUE", "@mount"},
		{"{seccomp: []}", "7:20: F-VALUE", "@default"},
		{"{fs: host}", "7:15: F-VALUE", "say why"},
		{"{fs: all}", "7:15: F-VALUE", "expected host"},
		{"{fs: {red: [/a]}}", "7:16: F-UNKNOWN", "did you mean read?"},
		{"{fs: {read: [a]}}", "7:23: F-VALUE", "absolute"},
		{"{fs: {read: [/a/../b]}}", "7:23: F-VALUE", "absolute"},
		{"{fs: [/a]}", "7:15: F-YAMLTYPE", "mapping"},
		{"{net: off}", "7:16: F-YAMLTYPE", "quote it"},
		{"{net: slirp}", "7:16: F-VALUE", "host or none"},
		{"{umask: 022}", "7:18: F-YAMLTYPE", "is the number 18; quote it"},
		{"{umask: '9'}", "7:18: F-VALUE", "octal digits"},
		{"{umask: '1777'}", "7:18: F-VALUE", "octal digits"},
		{"{nice: 20}", "7:17: F-VALUE", "-20 to 19"},
		{"{cwd: tmp}", "7:16: F-VALUE", "absolute"},
		{"{limits: {wal: 1s}}", "7:20: F-UNKNOWN", "did you mean wall?"},
		{"{limits: {wall: 0s}}", "7:26: F-VALUE", "more than 0"},
		{"{limits: {wall: 0}}", "7:26: F-VALUE", "duration"},
		{"{limits: {wall: -1s}}", "7:26: F-VALUE", "duration"},
		{"{limits: {wall: 1.5s}}", "7:26: F-VALUE", "duration"},
		{"{limits: {wall: 99999999999h}}", "7:26: F-VALUE", "at most"},
		{"{limits: {wall: }}", "7:26: F-VALUE", "duration"},
		{"{limits: {cpu: infinity}}", "7:25: F-VALUE", "duration"},
		{"{limits: {mem: 0}}", "7:25: F-VALUE", "1MiB to 1024GiB"},
		{"{limits: {mem: -5}}", "7:25: F-VALUE", "size"},
		{"{limits: {mem: 99999999999999999999GiB}}", "7:25: F-VALUE", "1MiB to"},
		{"{limits: {mem: 9223372036854775807KiB}}", "7:25: F-VALUE", "1MiB to"},
		{"{limits: {mem: 256MB}}", "7:25: F-VALUE", "like 64KiB"},
		{"{limits: {stdout: 0}}", "7:28: F-VALUE", "1B to 1GiB"},
		{"{limits: {nofile: 0}}", "7:28: F-VALUE", "from 1"},
		{"{limits: {procs: 0}}", "7:27: F-VALUE", "from 1"},
		{"{limits: {procs: '5'}}", "7:27: F-YAMLTYPE", "the text"},
		{"[]", "7:10: F-YAMLTYPE", "mapping"},
	} {
		t.Run(c.run, badPolicy{text: rule("run: " + c.run), want: c.want, msg: c.msg}.run)
	}
}

func TestBadRule(t *testing.T) {
	line := func(id, exec, argv string) string {
		return head + "  - id: " + id + "\n    exec: " + exec + "\n    argv: " + argv + "\n"
	}
	for _, b := range []badPolicy{
		{"no id", head + "  - exec: /a\n", "4:5: F-VALUE", "no id:"},
		{"id", line("A", "/bin/true", "''"), "4:9: F-VALUE", "lower case"},
		{"id as a number", line("7", "/bin/true", "''"), "4:9: F-YAMLTYPE", "quote it"},
		{"id twice", line("a", "/bin/true", "''") + "  - id: a\n    exec: /a\n    argv: ''\n", "7:9: F-VALUE", "first at p.yaml:4"},
		{"no exec", head + "  - id: r\n    argv: ''\n", "4:5: F-VALUE", "no exec:"},
		{"relative exec", line("r", "ip", "''"), "5:11: X-RELEXEC", "absolute"},
		{"exec not canonical", line("r", "/bin/../sh", "''"), "5:11: X-RELEXEC", "without"},
		{"exec with a slash", line("r", "/bin/sh/", "''"), "5:11: X-RELEXEC", "without"},
		{"exec root", line("r", "/", "''"), "5:11: X-RELEXEC", "without"},
		{"exec empty", line("r", "[]", "''"), "5:11: F-VALUE", "0 programs"},
		{"exec twice", line("r", "[/a, /a]", "''"), "5:16: F-VALUE", "twice"},
		{"exec without a path", line("r", "{sha256: []}", "''"), "5:11: F-VALUE", "no path:"},
		{"exec digest", line("r", "{path: /a, sha256: [zz]}", "''"), "5:31: F-VALUE", "hexadecimal"},
		{"exec no digest", line("r", "{path: /a, sha256: []}", "''"), "5:30: F-VALUE", "no digest"},
		{"exec typo", line("r", "{pth: /a}", "''"), "5:12: F-UNKNOWN", "did you mean path?"},
		{"no argv", head + "  - id: r\n    exec: /a\n", "4:5: F-VALUE", "no argv:"},
		{"argv on one line", line("r", "/a", "show dev"), "6:11: F-YAMLTYPE", "literal block"},
		{"argv folded", line("r", "/a", ">\n      show"), "6:11: F-YAMLTYPE", "literal block"},
		{"argv of comments", line("r", "/a", "|\n      # nothing"), "7:7: G-PARSE", ""},
		{"argv list", line("r", "/a", "[a]"), "6:11: F-YAMLTYPE", "literal block"},
		{"argv syntax", line("r", "/a", "|\n      show (a|b"), "7:16: G-PARSE", ""},
		{"argv syntax, second line", line("r", "/a", "|\n      show\n      # note\n      del <x:nope>"), "9:14: G-PARSE", "nope"},
		{"argv nullable repetition", line("r", "/a", "|\n      [[a]]..."), "7:12: G-NULLREP", ""},
		{"argv long", line("r", "/a", "|\n      "+strings.Repeat("a ", 3000)), "7:7: G-PARSE", "4096 bytes"},
		{"argv many", line("r", "/a", "|\n"+strings.Repeat("      a\n", 65)), "71:7: G-PARSE", "64 lines"},
		{"argv huge", line("r", "/a", "|\n"+strings.Repeat("      "+strings.Repeat("a", 3000)+"\n", 99)), "6:11: F-LIMIT", "bytes"},
		{"args unused", line("r", "/a", "|\n      <x>") + "    args: {x: ip, y: ip}\n", "8:19: F-UNKNOWN", "<y>"},
		{"args no mapping", line("r", "/a", "''") + "    args: [x]\n", "7:11: F-YAMLTYPE", "mapping"},
		{
			"args define a type again",
			"version: 1\ncallers: []\ntypes: {x: ip}\nrules:\n  - id: r\n    exec: /a\n    args: {x: mac}\n    argv: |\n      <x>\n",
			"7:12: F-VALUE", "defined in types",
		},
		{"no callers", "version: 1\nrules:\n  - {id: r, exec: /a, argv: ''}\n", "3:5: C-ANY", "no callers"},
		{"callers no list", rule("callers: {user: alice}"), "7:14: F-YAMLTYPE", "list"},
		{"unknown field", rule("argvv: x"), "7:5: F-UNKNOWN", "did you mean argv?"},
		{"later field", rule("detach: x"), "7:5: F-UNKNOWN", "not in this version"},
		{"netns type", rule("netns: nope"), "7:12: G-PARSE", "nope"},
		{"netns without type", rule("netns: {required: true}"), "7:12: F-VALUE", "has no type:"},
		{"netns required", rule("netns: {type: netns, required: 1}"), "7:36: F-YAMLTYPE", "true or false"},
		{"netns field", rule("netns: {type: netns, need: 1}"), "7:26: F-UNKNOWN", "need"},
		{"stdin", rule("stdin: yes please"), "7:12: F-VALUE", "expected none"},
		{"stdin without max", rule("stdin: {utf8: true}"), "7:12: F-VALUE", "no max:"},
		{"stdin zero", rule("stdin: {max: 0}"), "7:18: F-VALUE", "1B to"},
		{"stdin later", rule("stdin: {max: 1KiB, schema: x}"), "7:24: F-UNKNOWN", "not in this version"},
		{"stdin lines", rule("stdin: {max: 1KiB, lines: '^x'}"), "7:31: T-REGEX", "stdin.lines: "},
		{"stdin lines with a newline", rule("stdin: {max: 1KiB, lines: 'a\\n'}"), "7:31: T-CTRL", "control character"},
		{"stdin lines as number", rule("stdin: {max: 1KiB, lines: 1}"), "7:31: F-YAMLTYPE", "expected text"},
		{"stdin lines without a limit", rule("stdin: {lines: x}"), "7:12: F-VALUE", "no max"},
		{"stdin without a line", rule("stdin: {max: 1KiB, max_lines: 0}"), "7:35: F-VALUE", "from 1"},
		{"stdin of many lines", rule("stdin: {max: 1KiB, max_lines: 1048577}"), "7:35: F-VALUE", "to 1048576"},
		{"cwd", rule("cwd: {undr: [/a]}"), "7:11: F-UNKNOWN", "did you mean under?"},
		{"cwd of nobody", rule("cwd: {under: [/a], owner: []}"), "7:31: F-VALUE", "names nobody"},
		{"cwd of an unknown owner", rule("cwd: {under: [/a], owner: [caller, carol]}"), "7:40: F-VALUE", "no account"},
		{"cwd of a mapping", rule("cwd: {under: [/a], owner: [{}]}"), "7:32: F-YAMLTYPE", "expected text"},
		{"cwd later", rule("cwd: {under: [/a], create: true}"), "7:24: F-UNKNOWN", "not in this version"},
		{"cwd without under", rule("cwd: {}"), "7:10: F-VALUE", "no under:"},
		{"cwd relative", rule("cwd: a"), "7:10: F-VALUE", "absolute"},
		{"signal", rule("signals: [SIGTREM]"), "7:15: F-VALUE", "did you mean TERM?"},
		{"signal of the kernel", rule("signals: [SEGV]"), "7:15: F-VALUE", "unknown signal"},
		{"env field", rule("env: {sett: {}}"), "7:11: F-UNKNOWN", "did you mean set?"},
		{"env name", rule("env: {set: {a-b: x}}"), "7:17: F-VALUE", "not the name of a variable"},
		{"env value", rule(`env: {set: {A: "x\u0000y"}}`), "7:20: F-VALUE", "control"},
		{"env value number", rule("env: {set: {A: 1}}"), "7:20: F-YAMLTYPE", "quote it"},
		{"env list", rule("env: {pass: [A]}"), "7:17: E-ENVTYPE", "without types"},
		{"env without type", rule("env: {pass: {A: }}"), "7:18: E-ENVTYPE", "no type"},
		{"env loader", rule("env: {pass: {LD_PRELOAD: str}}"), "7:18: E-LOADER", "LD_PRELOAD"},
		{"env loader in other case", rule("env: {pass: {BASH_ENV: str}}"), "7:18: E-LOADER", "BASH_ENV"},
		{"env options", rule("env: {pass: {TAR_OPTIONS: path(/a)}}"), "7:18: E-LOADER", "options start programs"},
		{"env manual pager", rule("env: {pass: {MANPAGER: str}}"), "7:28: E-ENVTYPE", "type path"},
		{"env configuration", rule("env: {pass: {LVM_SYSTEM_DIR: str}}"), "7:34: E-ENVTYPE", "type path"},
		{"env pager", rule("env: {pass: {GIT_PAGER: str}}"), "7:29: E-ENVTYPE", "type path"},
		{"env set and pass", rule("env: {set: {A: b}, pass: {A: str}}"), "7:31: F-VALUE", "set: and in pass:"},
		{"tests field", rule("tests: {alow: []}"), "7:13: F-UNKNOWN", "did you mean allow?"},
		{"tests list", rule("tests: {allow: x}"), "7:20: F-YAMLTYPE", "list"},
		{"tests other program", rule("tests: {deny: [ls]}"), "7:20: A-NOTEST", "no program of the rule"},
		{"tests quote", rule(`tests: {deny: ["true 'x"]}`), "7:20: A-NOTEST", ""},
		{"tests allow fails", rule("tests: {allow: [true x]}"), "7:21: A-NOTEST", "EXTRA_ARGUMENT"},
		{"tests deny fails", rule("tests: {deny: ['true']}"), "7:20: A-NOTEST", "allowed by r:1"},
		{"tests netns fails", rule("tests: {allow: [{argv: 'true', netns: x}]}"), "7:21: A-NOTEST", "NETNS_NOT_ALLOWED"},
		{"tests stdin fails", rule("stdin: {max: 2}", `tests: {allow: [{argv: 'true', stdin: abc}]}`), "8:21: A-NOTEST", "STDIN_TOO_LARGE"},
		{"tests caller fails", rule("tests: {allow: [{argv: 'true', caller: bob}]}"), "7:21: A-NOTEST", "NO_RULE"},
		{"tests caller unknown", rule("tests: {allow: [{argv: 'true', caller: carol}]}"), "7:44: F-VALUE", "no account"},
		{"tests without argv", rule("tests: {allow: [{netns: a}]}"), "7:21: F-VALUE", "no argv:"},
		{"tests token", rule("tests: {deny: [['true', 1]]}"), "7:29: F-YAMLTYPE", "quote it"},
	} {
		t.Run(b.name, b.run)
	}
}

// Effects that would undo what the rule is held to.
func TestBadEffects(t *testing.T) {
	paths := func(run, argv string) string {
		return head + "  - id: r\n    why: x\n    exec: /a\n    run: {" + run + "}\n    argv: |\n      " + argv + "\n"
	}
	own := func(caller, run string) string { return rule("callers: ["+caller+"]", "run: {"+run+"}") }
	for _, b := range []badPolicy{
		{"path on the host", paths("fs: host", "a\n      x<f:path(/d)>"), "10:7: P-HOSTPATH", "<f> is a path"},
		{"one path of two", paths("fs: host", "<n:int(1..9)> [<f:path(/d)>]"), "9:7: P-HOSTPATH", "fs: {read, write, exec}"},
		{"many descriptors", rule("run: {limits: {nofile: 901}}"), "7:20: R-NOFILE", "nofile is 901: above 900"},
		{"write all", rule("run: {fs: {write: [/]}}"), "7:24: P-PATHSELF", "fs.write grants all of /;"},
		{"write etc", rule("run: {fs: {write: [/srv, /etc]}}"), "7:30: P-PATHSELF", "all of /etc;"},
		{"write proc", rule("run: {fs: {write: [/proc]}}"), "7:24: P-PATHSELF", "all of /proc;"},
		{"write lib", rule("run: {fs: {write: [/usr/lib]}}"), "7:24: P-PATHSELF", "all of /usr/lib;"},
		{"a group of the command", own("{user: alice}", "user: alice, groups: [ops]"), "4:5: C-SAMEUID", "groups of it"},
		{"a primary group of the command", own("{user: alice}", "user: alice, group: log"), "4:5: C-SAMEUID", "rootgate-run"},
		{"one group more", own("{group: ops}", "user: bob, groups: [ops, log]"), "4:5: C-SAMEUID", "of which the account bob is a member"},
		{"group of a number", own("{uid: 5}", "user: 5, group: log"), "4:5: C-SAMEUID", "uid 5"},
		{"group of run_user", own("{user: rootgate-run}", "groups: [log]"), "4:5: C-SAMEUID", "uid 990"},
	} {
		t.Run(b.name, b.run)
	}
	for name, text := range map[string]string{
		"path in the view":      paths("fs: {read: [/d]}", "<f:path(/d)>"),
		"no path on the host":   paths("fs: host", "<f:re([a-z]+)>"),
		"descriptors":           rule("run: {limits: {nofile: 900}}"),
		"descriptors and @exec": rule("run: {limits: {nofile: 901}, seccomp: ['@default', '@exec']}"),
		"files of the system":   rule("run: {fs: {write: [/proc/sys/net/ipv4/ip_forward, /etc/x, /dev/null, /usr/local], read: [/etc/x, /usr]}}"),
		"other users":           own("{user: bob}, {uid: 7}, {user: carol}", "user: alice, groups: [ops], caps: [kill]"),
		"other group":           own("{group: ops}", "user: alice, groups: [ops]"),
		"group of unknown":      own("{group: carol}", "user: bob, groups: [log]"),
		"root":                  own("{user: root}", "user: root, groups: [log]"),
	} {
		t.Run(name, func(t *testing.T) {
			_, found := Load(t.Context(), []File{{"p", []byte(text)}}, options())
			for _, f := range found {
				if f.ID != "A-NOTEST" && f.ID != "C-UNKNOWN" {
					t.Error(f)
				}
			}
		})
	}
}

func TestBadSets(t *testing.T) {
	many := head
	for i := range maxRules + 1 {
		many += fmt.Sprintf("  - {id: r%d, exec: /a%d, argv: ''}\n", i, i)
	}
	file := func(name, text string) File { return File{name, []byte(text)} }
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	ok := file("a", "version: 1\n")
	for _, c := range []struct {
		name  string
		ctx   context.Context
		files []File
		opts  Options
		want  string
	}{
		{"too many rules", t.Context(), []File{file("a", many)}, options(), "more than 1000 rules"},
		{"one name twice", t.Context(), []File{ok, ok}, options(), "given twice"},
		{"too many files", t.Context(), numbered(257), options(), "at most 256 files"},
		{"no time", cancelled, []File{ok}, options(), "takes too long"},
		{"unknown run_user", t.Context(), nil, Options{Accounts: host{}, RunUser: "carol"}, "no account"},
		{"root as run_user", t.Context(), nil, Options{Accounts: host{}, RunUser: "root"}, "is root"},
		{
			"an id in two files", t.Context(),
			[]File{file("b", rule()), file("a", rule())},
			options(), "b:4:9: E F-VALUE: the rule r stands twice; first at a:4",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, found := Load(c.ctx, c.files, c.opts)
			if s != nil || found.Err() == nil || !strings.Contains(found.Err().Error(), c.want) {
				t.Errorf("Load: snapshot %v, findings %v, want %q", s != nil, found, c.want)
			}
		})
	}
}

func numbered(n int) []File {
	out := make([]File, n)
	for i := range out {
		out[i] = File{fmt.Sprint(i), []byte("version: 1\n")}
	}
	return out
}

func TestFindingsAreBounded(t *testing.T) {
	_, found := Load(t.Context(), []File{{"a", []byte("version: 1\n" + strings.Repeat("? 1\n", 50000))}}, options())
	if len(found) > 2*maxFindings || !found.HasErrors() {
		t.Errorf("%d findings", len(found))
	}
}
