package policy

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// nevers are those of the tests of loading and of deciding. Each one's id says
// what it forbids.
const nevers = `version: 1
vars: {etc: /etc}
never:
  - id: argv
    exec: /usr/sbin/ip
    argv: |
      [<any>]... (vrf|-b|-n) [<any>]...
  - id: end
    exec: /bin/end
    argv: |
      [<any>]... a b
  - id: shell
    exec: [/bin/sh, /usr/bin/python3*]
  - id: write-etc
    why: the host's own
    when: {fs.write: <etc>/**, caps: any}
  - id: read-shadow
    when: {fs.read: [/etc/shadow, /root/**]}
  - id: exec-tmp
    when: {fs.exec: /tmp/**}
  - id: root-net
    when: {user: root, net: host}
  - id: trace
    when: {seccomp: ['@exec', mlock], caps: [sys_ptrace, bpf]}
  - id: both
    exec: /bin/both
    argv: |
      wipe [<any>]...
      go
    when: {caps: kill}
`

// neverRule is a file with one rule.
func neverRule(exec, run, lines string) string {
	return head + "  - id: r\n    why: x\n    exec: " + exec + "\n    run: " + run + "\n    argv: |\n      " + strings.ReplaceAll(lines, "; ", "\n      ") + "\n"
}

func TestNever(t *testing.T) {
	for _, tt := range []struct {
		name, exec, run, lines string
		want                   string // id of the never, place of the rule's line and witness; empty: loads
	}{
		{"argv", "/usr/sbin/ip", "{}", "link; vrf <w:re([a-z]+)>", "argv r:2 10:7 ip vrf j"},
		{"argv of a value", "/usr/sbin/ip", "{}", "dev <w:re([a-z-]+)>", "argv r:1 9:7 ip dev vrf"},
		{"no keyword hides a value", "/bin/end", "{}", "a a b", "end r:1 9:7 end a a b"},
		{"other argv", "/usr/sbin/ip", "{}", "dev <w:re([a-q]+)>", ""},
		{"another name of the directory", "/bin/ip", "{}", "vrf", "argv r:1 9:7 ip vrf"},
		{"another directory", "/opt/ip", "{}", "vrf", ""},
		{"another program", "/usr/sbin/ipx", "{}", "vrf", ""},
		{"program", "/usr/bin/sh", "{}", "x; y", "shell r:1 9:7 sh x"},
		{"program of many", "[/bin/true, /usr/bin/python3.11]", "{}", "x", "shell r:1 9:7 python3.11 x"},
		{"program without a rest", "/bin/python3", "{}", "x", "shell r:1 9:7 python3 x"},
		{"program with less", "/usr/bin/python", "{}", "x", ""},
		{"program below", "/usr/bin/python3/x", "{}", "x", ""},
		{"write and caps", "/bin/x", "{caps: [chown], fs: {write: [/etc/x]}}", "x", "write-etc r:1 9:7 x x"},
		{"write and caps on the directory", "/bin/x", "{caps: [chown], fs: {write: [/srv, /etc/x/y]}}", "x", "write-etc r:1 9:7 x x"},
		{"write alone", "/bin/x", "{fs: {write: [/etc/x]}}", "x", ""},
		{"caps alone", "/bin/x", "{caps: [chown], fs: {write: [/etcetera, /et]}}", "x", ""},
		{"host and caps", "/bin/x", "{caps: [chown], fs: host}", "x", "exec-tmp r:1 9:7 x x; read-shadow r:1 9:7 x x; write-etc r:1 9:7 x x"},
		{"write by argument", "/bin/x", "{caps: [chown]}", "a; <f>", "write-etc r:2 10:7 x /etc/x/a"},
		{"read", "/bin/x", "{fs: {read: [/etc/shadow]}}", "x", "read-shadow r:1 9:7 x x"},
		{"read of a directory", "/bin/x", "{fs: {read: [/etc]}}", "x", "read-shadow r:1 9:7 x x"},
		{"read of everything", "/bin/x", "{fs: {read: [/]}}", "x", "read-shadow r:1 9:7 x x"},
		{"read by execution", "/bin/x", "{fs: {exec: [/root/bin]}}", "x", "read-shadow r:1 9:7 x x"},
		{"read below a file", "/bin/x", "{fs: {read: [/etc/shadow/x]}}", "x", ""},
		{"read beside it", "/bin/x", "{fs: {read: [/etc/shadow-, /etc/passwd, /rootx]}}", "x", ""},
		{"read by argument", "/bin/x", "{}", "<f:path(/root/x)>", "read-shadow r:1 9:7 x /root/x/a"},
		{"write is no read", "/bin/x", "{fs: {write: [/root/x]}}", "x", ""},
		{"exec", "/bin/x", "{fs: {exec: [/tmp/x]}}", "x", "exec-tmp r:1 9:7 x x"},
		{"read is no exec", "/bin/x", "{fs: {read: [/tmp]}}", "x", ""},
		{"root and net", "/bin/x", "{user: root}", "x", "root-net r:1 9:7 x x"},
		{"root alone", "/bin/x", "{user: root, net: none}", "x", ""},
		{"trace", "/bin/x", "{caps: [sys_ptrace, kill], seccomp: [+mlock]}", "x", "trace r:1 9:7 x x"},
		{"cap without the syscall", "/bin/x", "{caps: [sys_ptrace]}", "x", ""},
		{"syscall without the cap", "/bin/x", "{caps: [kill], seccomp: [+mlock]}", "x", ""},
		{"both", "/bin/both", "{caps: [kill]}", "stop; wipe; go", "both r:3 11:7 both go"},
		{"argv of both", "/bin/both", "{caps: [chown]}", "wipe", ""},
		{"effect of both", "/bin/both", "{caps: [kill]}", "stop", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := neverRule(tt.exec, tt.run, tt.lines)
			if strings.Contains(tt.lines, "<f>") {
				text = strings.Replace(text, "    argv:", "    args: {f: {type: path, under: [/etc/x], access: write}}\n    argv:", 1)
				tt.want = strings.Replace(tt.want, "10:7", "11:7", 1)
			}
			all := []File{{"n.yaml", []byte(nevers)}, {"p.yaml", []byte(text)}}
			s, found := Load(t.Context(), all, options())
			var violated []string
			for _, f := range found {
				if f.Severity == SeverityError {
					id, where, _ := strings.Cut(strings.TrimPrefix(f.Message, "never "), " of n.yaml:")
					_, by, _ := strings.Cut(where, "is violated by ")
					by, _, _ = strings.Cut(by, ",")
					violated = append(violated, fmt.Sprintf("%s %s %d:%d %s", id, by, f.Line, f.Column, strings.Join(f.Witness, " ")))
					if f.ID != "P-NEVER" || f.File != "p.yaml" || f.Rule != "r" {
						t.Errorf("finding %v of rule %q", f, f.Rule)
					}
				}
			}
			got := strings.Join(violated, "; ")
			if got != tt.want || (s == nil) != (tt.want != "") {
				t.Fatalf("got %q, want %q\n%v", got, tt.want, found)
			}
			o := options()
			o.unproved = true
			s, found = Load(t.Context(), all, o)
			if s == nil {
				t.Fatal(found)
			}
			if tt.want == "" {
				return
			}
			// The second line says the same of the witness.
			d := s.Decide(alice, Request{Argv: strings.Fields(strings.SplitN(strings.Split(tt.want, ";")[0], " ", 4)[3])})
			id, _, _ := strings.Cut(tt.want, " ")
			if d.Allowed() || d.Denial.Reason != ReasonNever || d.Denial.Message != "the policy says never: "+id {
				t.Errorf("the witness: %v, want NEVER of %s", d.Denial, id)
			}
			first, _, _ := strings.Cut(tt.lines, ";")
			if strings.Contains(tt.want, "r:1") {
				return
			}
			if d := s.Decide(alice, Request{Argv: []string{d.Rule.Programs[0].Path, first}}); !d.Allowed() {
				t.Errorf("%s: %v, want it allowed", first, d.Denial)
			}
		})
	}
}

// TestNeverBelow holds nevers against commands that another rule's program
// starts, with what that rule grants.
func TestNeverBelow(t *testing.T) {
	const rules = head + `  - id: r
    exec: /usr/bin/flock
    why: x
    run: {caps: [kill], seccomp: [+@exec]}
    chain: [a, b]
    argv: |
      <f:path(/run/lock)> <inner:command>
  - id: a
    exec: /usr/bin/one
    callers: []
    argv: |
      x
      y
  - id: b
    exec: /usr/bin/setsid
    callers: []
    chain: [a]
    run: {seccomp: [+@exec]}
    argv: |
      -w <inner:command>
`
	for _, tt := range []struct{ name, exec, argv, caps, want, request string }{
		{"effect", "/bin/one", "", "kill", "r:1 → a:1", "flock /run/lock/a one x"},
		{"arguments", "/bin/one", "[<any>]... y", "kill", "r:1 → a:2", "flock /run/lock/a one y"},
		{"two deep", "/bin/setsid", "-w one [<any>]...", "kill", "r:1 → b:1 → a:1", "flock /run/lock/a setsid -w one x"},
		{"other program", "/bin/two", "", "kill", "", ""},
		{"other effect", "/bin/one", "", "chown", "", ""},
		{"other arguments", "/bin/one", "z", "kill", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := "version: 1\nnever:\n  - id: a\n    exec: " + tt.exec + "\n    when: {caps: " + tt.caps + "}\n"
			if tt.argv != "" {
				text += "    argv: |\n      " + tt.argv + "\n"
			}
			all := []File{{"n.yaml", []byte(text)}, {"p.yaml", []byte(rules)}}
			s, findings := Load(t.Context(), all, options())
			if tt.want == "" {
				if s == nil {
					t.Fatal(findings)
				}
				return
			}
			if s != nil || !slices.ContainsFunc(findings, func(f Finding) bool {
				return f.ID == "P-NEVER" && strings.Contains(f.Message, "is violated by "+tt.want+",") && strings.Join(f.Witness, " ") == tt.request
			}) {
				t.Fatalf("findings %v, want a violation by %s of %s", findings, tt.want, tt.request)
			}
			o := options()
			o.unproved = true
			if s, findings = Load(t.Context(), all, o); s == nil {
				t.Fatal(findings)
			}
			if d := s.Decide(alice, Request{Argv: strings.Fields(tt.request)}); d.Denial.Reason != ReasonNever {
				t.Errorf("the witness: %v, want NEVER", d.Denial)
			}
		})
	}
}

// TestNevers holds what a snapshot says of its nevers, whatever the order of
// their files.
func TestNevers(t *testing.T) {
	s, found := Load(t.Context(), []File{
		{"a.yaml", []byte("version: 1\nnever: [{id: z, exec: /bin/z}]\n")}, {"b.yaml", []byte(nevers)},
	}, options())
	if s == nil {
		t.Fatal(found)
	}
	var got []string
	for _, n := range s.Nevers() {
		got = append(got, fmt.Sprintf("%s %s %v %d", n.ID, n.Pos, n.Programs, len(n.Lines)))
	}
	if len(got) != 10 || !slices.IsSorted(got) || got[1] != "both b.yaml:25 [/bin/both] 2" || s.Nevers()[8].Why != "the host's own" {
		t.Errorf("nevers %q", got)
	}
	if s = nil; len(s.Nevers()) != 0 {
		t.Error("a nil snapshot has nevers")
	}
}

func TestIdleNever(t *testing.T) {
	o := options()
	o.Vet = true
	_, found := Load(t.Context(), []File{
		{"n.yaml", []byte("version: 1\nnever:\n  - {id: a, exec: /bin/x, argv: ''}\n  - {id: b, exec: /bin/y*}\n  - {id: c, when: {caps: any}}\n")},
		{"p.yaml", []byte(neverRule("/usr/bin/x", "{}", "x"))},
	}, o)
	found = slices.DeleteFunc(found, func(f Finding) bool { return f.ID != "P-NEVER" })
	if got, want := fmt.Sprint(found), "[n.yaml:4:5: N P-NEVER: no rule runs a program that never b names]"; got != want {
		t.Errorf("findings %s, want %s", got, want)
	}
}

func TestBadNever(t *testing.T) {
	never := func(fields string) string { return "version: 1\nnever:\n  - {id: a, " + fields + "}\n" }
	tooMany := "version: 1\nnever:\n"
	for i := range 201 {
		tooMany += fmt.Sprintf("  - {id: n%d, exec: /x}\n", i)
	}
	for _, b := range []badPolicy{
		{"no list", "version: 1\nnever: {}\n", "2:8: F-YAMLTYPE", "expected a list"},
		{"text", "version: 1\nnever: [x]\n", "2:9: F-YAMLTYPE", "expected a mapping"},
		{"no id", "version: 1\nnever: [{exec: /x}]\n", "2:9: F-VALUE", "no id"},
		{"number as id", "version: 1\nnever: [{id: 1, exec: /x}]\n", "2:14: F-YAMLTYPE", "id is"},
		{"bad id", "version: 1\nnever: [{id: A, exec: /x}]\n", "2:14: F-VALUE", "expected lower case"},
		{"twice", never("exec: /x") + "  - {id: a, exec: /y}\n", "4:10: F-VALUE", "first at p.yaml:3"},
		{"typo", never("exce: /x"), "3:13: F-UNKNOWN", "did you mean exec?"},
		{"everything", never("why: x"), "3:5: F-VALUE", "would forbid everything"},
		{"no program", never("exec: []"), "3:19: F-VALUE", "names 0 programs"},
		{"program as mapping", never("exec: {path: /x}"), "3:19: F-YAMLTYPE", "expected a list"},
		{"program as number", never("exec: [1]"), "3:20: F-YAMLTYPE", "expected text"},
		{"relative", never("exec: sh"), "3:19: X-RELEXEC", "absolute"},
		{"dots", never("exec: /bin/../x"), "3:19: F-VALUE", "without //"},
		{"directory", never("exec: /bin/"), "3:19: F-VALUE", "write /bin/* for all"},
		{"star in the middle", never("exec: /bin/*sh"), "3:19: F-VALUE", "at the end of the name only"},
		{"star in a directory", never("exec: /*/sh"), "3:19: F-VALUE", "at the end of the name only"},
		{"argv", never("exec: /x, argv: x"), "3:29: F-YAMLTYPE", "literal block"},
		{"argv syntax", "version: 1\nnever:\n  - id: a\n    argv: |\n      (a\n", "5:9: G-PARSE", "expected"},
		{"argv without a line", "version: 1\nnever:\n  - id: a\n    argv: |\n      # x\n", "5:7: G-PARSE", "comments only"},
		{"no condition", never("when: {}"), "3:19: F-VALUE", "no condition"},
		{"condition", never("when: x"), "3:19: F-YAMLTYPE", "a mapping"},
		{"condition's typo", never("when: {fs.wirte: /x}"), "3:20: F-UNKNOWN", "did you mean fs.write?"},
		{"empty list", never("when: {caps: []}"), "3:26: F-VALUE", "names nothing"},
		{"list of lists", never("when: {caps: [[kill]]}"), "3:27: F-YAMLTYPE", "expected text"},
		{"capability", never("when: {caps: [kil]}"), "3:27: F-VALUE", "did you mean kill?"},
		{"syscall", never("when: {seccomp: '@netlonk'}"), "3:29: F-VALUE", "did you mean @netlink?"},
		{"user", never("when: {user: carol}"), "3:26: F-VALUE", "no account"},
		{"net", never("when: {net: nine}"), "3:25: F-VALUE", "expected host or none"},
		{"path", never("when: {fs.read: etc}"), "3:29: F-VALUE", "no absolute path"},
		{"path as number", never("when: {fs.read: 1}"), "3:29: F-YAMLTYPE", "expected text"},
		{"one star", never("when: {fs.read: /etc/*}"), "3:29: F-VALUE", "/** at its end"},
		{"star inside", never("when: {fs.read: /etc/**/x}"), "3:29: F-VALUE", "/** at its end"},
		{"variable", never("when: {fs.read: <x>/**}"), "3:29: F-VALUE", "no variable"},
		{"too many", tooMany, "203:5: F-LIMIT", "more than 200 nevers"},
	} {
		t.Run(b.name, b.run)
	}
}

// TestNeverLimit holds that a never which cannot be proved refuses the policy.
func TestNeverLimit(t *testing.T) {
	big := "version: 1\nnever:\n  - {id: a, exec: /x}\n  - id: b\n    exec: /bin/r\n    argv: |\n      [<any>]... x " +
		strings.Repeat("<any> ", 17) + "\n"
	for name, text := range map[string]string{
		"alone": big,
		"with a rule": strings.ReplaceAll(big, strings.Repeat("<any> ", 17), strings.Repeat("<any> ", 13)) +
			"rules:\n  - id: r\n    exec: /bin/r\n    callers: []\n    argv: |\n      [<a:re([x-z])>]... y " + strings.Repeat("<b:re([x-z])> ", 13) + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			if name == "alone" {
				text += "rules:\n  - {id: r, exec: /bin/r, callers: [], argv: ''}\n"
			}
			b := badPolicy{name, text, "4:5: G-STATES", "never b cannot be held for /bin/r: more than"}
			b.run(t)
		})
	}
}
