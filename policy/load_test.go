package policy

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rootgate-project/rootgate/policy/argv"
)

func TestLoadDefaults(t *testing.T) {
	s := load(t, rule())
	r := s.Rules()[0]
	want := Effect{
		User: "run_user", UID: 990, GID: 990, Seccomp: []string{"@default"}, Net: "host",
		Limits: Limits{
			Wall: 30 * time.Second, CPU: 10 * time.Second, Memory: 256 << 20,
			Files: 256, Processes: 32, Stdout: 1 << 20, Stderr: 64 << 10,
		},
		Umask: 0o022, Cwd: "/",
	}
	got := r.Effect
	got.origins, got.profiles = nil, nil
	if !reflect.DeepEqual(got, want) {
		t.Errorf("effect\n%+v, want\n%+v", r.Effect, want)
	}
	if r.Stdin != (Stdin{}) || r.Netns != (Netns{}) || len(r.Env.Set)+len(r.Env.Pass) > 0 || r.Profile != "base" {
		t.Errorf("rule %+v", r)
	}
	if want := []string{"HUP", "INT", "QUIT", "TERM"}; !slices.Equal(r.Signals, want) {
		t.Errorf("signals %q, want %q", r.Signals, want)
	}
}

const full = `version: 1
about: everything a rule can say
callers: [{user: alice}]
types:
  ns: {re: 'ns-[a-z]{1,8}'}
profiles:
  net:
    run: {caps: [net_admin, kill], seccomp: ['@default', '@netlink'], limits: {wall: 1m30s, stdout: 2MiB}, nice: 5}
  ns:
    extends: net
    why: mounts
    run: {user: root, caps: [+sys_admin, -kill], seccomp: [+@netns, +flock], fs: host, limits: {wall: 500ms}}
  files:
    extends: ns
    run: {fs: {read: [/srv, /opt], write: [/var/lib/x]}}
rules:
  - id: full
    why: shows it
    exec: [/usr/sbin/a, {path: /usr/sbin/b, sha256: [` + "abababababababababababababababababababababababababababababababab" + `]}]
    profile: files
    run:
      user: nobody
      groups: [log, ops, 7]
      fs: {read: [+/etc/x], exec: [/bin/sh]}
      net: none
      umask: '077'
      cwd: /srv
      limits: {cpu: 1s, mem: 1GiB, nofile: 64, procs: 5, stderr: 1024}
    args:
      n: {type: int, min: 1, max: 9}
    argv: |
      # a comment
      first <n>
          [more]
      second <dev:ifname>

      third
    netns: {type: <ns>, required: true}
    env: {set: {Z: '', A: b}, pass: {TAG: 're([a-z]+)'}}
    cwd: {under: [/srv/b, /srv/a]}
    stdin: {max: 8KiB, utf8: true}
    signals: [USR1, TERM]
    tests:
      allow:
        - {argv: a first 5 more, netns: ns-a, env: {TAG: x}, stdin: ok, cwd: /srv/a/b, caller: alice}
        - {argv: [b, second, eth0], netns: ns-a}
        - {argv: /usr/sbin/a third, netns: ns-a}
`

func TestLoadFull(t *testing.T) {
	s, found := Load(t.Context(), []File{{"p.yaml", []byte(full)}}, options())
	if s == nil || len(found) != 1 || found[0].ID != "R-SECCOMP" {
		t.Fatal(found)
	}
	r := s.Rules()[0]
	want := Effect{
		User: "nobody", UID: 65534, GID: 65534, Groups: []uint32{7, 2000, 2001},
		Caps: []string{"net_admin", "sys_admin"}, Seccomp: []string{"@default", "@netlink", "@netns", "flock"},
		FS:  FS{Read: []string{"/etc/x", "/opt", "/srv"}, Write: []string{"/var/lib/x"}, Exec: []string{"/bin/sh"}},
		Net: "none",
		Limits: Limits{
			Wall: 500 * time.Millisecond, CPU: time.Second, Memory: 1 << 30,
			Files: 64, Processes: 5, Stdout: 2 << 20, Stderr: 1024,
		},
		Umask: 0o077, Nice: 5, Cwd: "/srv",
	}
	got := r.Effect
	got.origins, got.profiles = nil, nil
	if !reflect.DeepEqual(got, want) {
		t.Errorf("effect\n%+v, want\n%+v", r.Effect, want)
	}
	if !r.Netns.Required || r.Netns.Type.String() != "re(ns-[a-z]{1,8})" {
		t.Errorf("netns %v", r.Netns)
	}
	if want := []EnvVar{{"A", "b"}, {"Z", ""}}; !slices.Equal(r.Env.Set, want) {
		t.Errorf("env.set %v", r.Env.Set)
	}
	if len(r.Env.Pass) != 1 || r.Env.Pass[0].Name != "TAG" {
		t.Errorf("env.pass %v", r.Env.Pass)
	}
	if want := []string{"/srv/a", "/srv/b"}; !slices.Equal(r.Cwd, want) {
		t.Errorf("cwd %q", r.Cwd)
	}
	if want := (Stdin{Max: 8192, UTF8: true}); r.Stdin != want {
		t.Errorf("stdin %v", r.Stdin)
	}
	if want := []string{"TERM", "USR1"}; !slices.Equal(r.Signals, want) {
		t.Errorf("signals %q", r.Signals)
	}
	wantLines := []Line{
		{1, "first <n> [more]", Position{"p.yaml", 33, 7}},
		{2, "second <dev:ifname>", Position{"p.yaml", 35, 7}},
		{3, "third", Position{"p.yaml", 37, 7}},
	}
	if !reflect.DeepEqual(r.Lines, wantLines) {
		t.Errorf("lines %+v, want %+v", r.Lines, wantLines)
	}
	if len(r.Programs) != 2 || r.Programs[0].SHA256 != nil || len(r.Programs[1].SHA256) != 1 {
		t.Errorf("programs %+v", r.Programs)
	}
	if none := (*Snapshot)(nil); s.Tests() != 3 || none.Tests() != 0 || load(t, rule("tests: {allow: ['true'], deny: [true x]}")).Tests() != 2 {
		t.Errorf("%d tests", s.Tests())
	}
	cmds := s.Commands(alice)
	wantCmd := Command{
		Rule: "full", Line: 2, Programs: []string{"/usr/sbin/a", "/usr/sbin/b"}, Usage: "second <dev:ifname>",
		TakesStdin: true, Netns: "re(ns-[a-z]{1,8})", Env: []string{"TAG"}, Why: "shows it",
	}
	if len(cmds) != 3 || !reflect.DeepEqual(cmds[1], wantCmd) {
		t.Errorf("commands %+v, want %+v", cmds, wantCmd)
	}
}

func TestEffectKey(t *testing.T) {
	// Every field must show in the key, or two different effects are one.
	base := load(t, rule()).Rules()[0].Effect
	seen := map[string]string{base.Key(): "base"}
	for _, run := range []string{
		"user: nobody", "group: log", "groups: [log]", "groups: [ops]", "caps: [kill]", "caps: [kill, chown]",
		"seccomp: ['@netlink']", "fs: {read: [/a]}", "fs: {write: [/a]}", "fs: {exec: [/a]}", "fs: {read: [/a, /b]}",
		"fs: host", "net: none", "umask: '000'", "nice: 1", "cwd: /tmp", "limits: {wall: 1s}", "limits: {cpu: 1s}",
		"limits: {mem: 1MiB}", "limits: {nofile: 5}", "limits: {procs: 5}", "limits: {stdout: 5}", "limits: {stderr: 5}",
	} {
		e := load(t, rule("why: x", "run: {"+run+"}")).Rules()[0].Effect
		if other, twice := seen[e.Key()]; twice {
			t.Errorf("%s has the key of %s", run, other)
		}
		if e.Equal(base) || !e.Equal(e) {
			t.Errorf("%s: Equal", run)
		}
		seen[e.Key()] = run
	}
}

func TestWarnings(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"no allow test", rule(), "p.yaml:6:11: W A-NOTEST: r:1 has no allow test"},
		{"shell", strings.Replace(rule(), "/bin/true", "/bin/sh", 1), "p.yaml:4:5: W X-INTERP: /bin/sh"},
		{"mounts under Landlock", rule("run: {seccomp: ['@netns']}"), "p.yaml:4:5: W R-SECCOMP: @netns needs fs: host"},
		{"unknown caller", rule("callers: [{user: carol}]"), "p.yaml:7:22: W C-UNKNOWN: there is no user \"carol\""},
		{"unknown group", rule("callers: [{group: carol}]"), "p.yaml:7:23: W C-UNKNOWN: there is no group \"carol\""},
		{"own uid", rule("run: {user: alice, caps: [kill]}"), "p.yaml:4:5: W C-SAMEUID: the caller alice can have the uid 1000"},
		{"own uid without capabilities", rule("run: {user: alice}"), "p.yaml:4:5: W C-SAMEUID:"},
		{"own uid by number", rule("callers: [{uid: 990}]"), "p.yaml:4:5: W C-SAMEUID: the caller 990"},
		{"own uid and a group that callers have", rule("callers: [{user: alice, group: log}]", "run: {user: alice, groups: [log]}"), "p.yaml:4:5: W C-SAMEUID:"},
		{"own uid by group", rule("callers: [{group: ops}]", "run: {user: bob, groups: [ops]}"), "p.yaml:4:5: W C-SAMEUID: the caller group ops, of which the account bob"},
		{"own uid by primary group", rule("callers: [{group: alice}]", "run: {user: alice}"), "p.yaml:4:5: W C-SAMEUID:"},
		{"own uid by run_user's group", rule("callers: [{group: spool}]"), "p.yaml:4:5: W C-SAMEUID: the caller group spool"},
		{"all of etc", rule("run: {fs: {read: [/etc]}}"), "p.yaml:7:23: W P-PATHSELF: fs.read grants all of /etc;"},
		{"all of it", rule("run: {fs: {exec: [/]}}"), "p.yaml:7:23: W P-PATHSELF: fs.exec grants all of /;"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, found := Load(t.Context(), []File{{"p.yaml", []byte(c.text)}}, options())
			if s == nil || found.Err() != nil {
				t.Fatal(found)
			}
			if !slices.ContainsFunc(found, func(f Finding) bool { return strings.HasPrefix(f.String(), c.want) }) {
				t.Errorf("findings %v, want %q", found, c.want)
			}
		})
	}
}

// A test of an ambiguous request fails where a caller could meet it.
func TestSelftestAmbiguous(t *testing.T) {
	text := head + "  - {id: a, exec: /x, argv: '', tests: {allow: [x]}}\n  - {id: b, exec: /x, argv: '', run: {nice: 1}CALLERS}\n"
	for callers, want := range map[string]bool{"": true, ", callers: [{user: bob}]": false} {
		o := options()
		o.unproved = true // the proofs find it first
		_, found := Load(t.Context(), []File{{"p.yaml", []byte(strings.Replace(text, "CALLERS", callers, 1))}}, o)
		if got := found.Err() != nil && strings.Contains(found.Err().Error(), "is ambiguous"); got != want {
			t.Errorf("with callers %q: %v", callers, found)
		}
	}
}

// Without accounts, names have ids of their own that no account has.
func TestSyntheticAccounts(t *testing.T) {
	s, found := Load(t.Context(), []File{{"p", []byte(rule("run: {user: carol, group: log, groups: [ops]}",
		"tests: {allow: [{argv: 'true', caller: alice}], deny: [{argv: 'true', caller: bob}]}"))}}, Options{})
	if len(found) > 0 {
		t.Fatal(found)
	}
	e := s.Rules()[0].Effect
	if e.UID < 1<<30 || e.GID < 1<<30 || e.Groups[0] < 1<<30 || e.UID == e.GID {
		t.Errorf("ids %d, %d, %d", e.UID, e.GID, e.Groups)
	}
	if s.Decide(Caller{}, request("true")).Allowed() {
		t.Error("root passes for a name")
	}
}

func TestSHA256(t *testing.T) {
	one := func(files ...File) string {
		s, found := Load(t.Context(), files, options())
		if s == nil {
			t.Fatal(found)
		}
		return s.SHA256()
	}
	a, b := File{"a", []byte("version: 1\n")}, File{"b", []byte("version: 1\n#\n")}
	if one(a, b) != one(b, a) || len(one(a)) != 64 {
		t.Error("the order of files shows")
	}
	if one(a) == one(b) || one(a) == one(File{"c", a.Data}) || one(a) == one(a, b) {
		t.Error("different policies share a digest")
	}
}

func TestStdinCheck(t *testing.T) {
	lines, err := argv.NewType("re", argv.Params{Re: `-A [^; \pC]+`, Dash: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		stdin Stdin
		data  string
		want  Reason
	}{
		{Stdin{}, "", ReasonStdinNotAllowed},
		{Stdin{Max: 3}, "abc", ""},
		{Stdin{Max: 3}, "a\x00\xff", ""},
		{Stdin{Max: 3}, "abcd", ReasonStdinTooLarge},
		{Stdin{Max: 9, UTF8: true}, "aé\t\n", ""},
		{Stdin{Max: 9, UTF8: true}, "\xff", ReasonStdinNotText},
		{Stdin{Max: 9, UTF8: true}, "\x00", ReasonStdinNotText},
		{Stdin{Max: 9, UTF8: true}, "\x1b[2J", ReasonStdinNotText},
		{Stdin{Max: 9, UTF8: true}, "\u0085", ReasonStdinNotText},
		{Stdin{Max: 9, UTF8: true}, "\ufffd", ""},
		{Stdin{Max: 9, MaxLines: 2}, "a\xff\nb\r\n", ""},
		{Stdin{Max: 9, MaxLines: 2}, "a\nb", ""},
		{Stdin{Max: 9, MaxLines: 2}, "\n\n", ""},
		{Stdin{Max: 9, MaxLines: 2}, "\n\n\n", ReasonStdinTooLarge},
		{Stdin{Max: 9, MaxLines: 2}, "a\nb\nc", ReasonStdinTooLarge},
		{Stdin{Max: 99, Lines: lines}, "", ""},
		{Stdin{Max: 99, Lines: lines}, "-A x\n-A é", ""},
		{Stdin{Max: 99, Lines: lines}, "-A x\n-A é\n", ""},
		{Stdin{Max: 99, Lines: lines}, "-A x\n\n-A x\n", ReasonStdinLine},
		{Stdin{Max: 99, Lines: lines}, "-A x\n\n", ReasonStdinLine},
		{Stdin{Max: 99, Lines: lines}, "-A x\n -A x\n", ReasonStdinLine},
		{Stdin{Max: 99, Lines: lines}, "-A x\n-A x;\n", ReasonStdinLine},
		{Stdin{Max: 99, Lines: lines}, "-A x\r\n", ReasonStdinNotText},
		{Stdin{Max: 99, Lines: lines}, "-A x\x00", ReasonStdinNotText},
		{Stdin{Max: 99, Lines: lines}, "-A x\u2028-A x\n", ReasonStdinLine},
		{Stdin{Max: 99, Lines: lines}, "-A \t\n", ReasonStdinLine},
		{Stdin{Max: 9999, Lines: lines}, "-A " + strings.Repeat("x", 4093), ""},
		{Stdin{Max: 9999, Lines: lines}, "-A " + strings.Repeat("x", 4094), ReasonStdinLine},
	} {
		if got, msg := c.stdin.Check([]byte(c.data)); got != c.want || (got == "") != (msg == "") {
			t.Errorf("%+v.Check(%q) = %q, want %q", c.stdin, c.data, got, c.want)
		}
	}
}

func TestFindingString(t *testing.T) {
	for want, f := range map[string]Finding{
		"a:1:2: E X: m": {ID: "X", File: "a", Line: 1, Column: 2, Message: "m"},
		"a: W X: m":     {ID: "X", File: "a", Severity: SeverityWarning, Message: "m"},
		"N X: m":        {ID: "X", Severity: SeverityNote, Message: "m"},
	} {
		if got := f.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if (Findings{{Severity: SeverityWarning}}).Err() != nil || (Findings{{Severity: SeverityNote}}).HasErrors() {
		t.Error("a warning is an error")
	}
	if got := (Position{File: "a"}).String(); got != "a" {
		t.Errorf("Position %q", got)
	}
}

// The excerpt points at the place and holds nothing that moves a cursor.
func TestExcerpt(t *testing.T) {
	_, found := Load(t.Context(), []File{{"p", []byte("version: 1\nrulse: []\n")}}, options())
	if len(found) != 1 || found[0].Excerpt != "rulse: []\n^" {
		t.Fatalf("%q", found)
	}
	long := (&source{lines: []string{strings.Repeat("é", 300) + "\x1b!"}}).excerpt(1, 301)
	if line, caret, _ := strings.Cut(long, "\n"); !strings.HasSuffix(line, "é !") || len([]rune(caret)) != 51 {
		t.Errorf("%q", long)
	}
}

// One line of many keys, each of them wrong: a load that spends time on findings
// that nobody will see takes minutes.
func TestLoadIsFast(t *testing.T) {
	data := []byte("version: 1\nabout: {" + strings.Repeat("a: b,", 1<<20/5-10) + "}\n")
	ctx, cancel := context.WithTimeout(t.Context(), LoadTimeout)
	defer cancel()
	_, found := Load(ctx, []File{{"p", data}}, options())
	if ctx.Err() != nil || len(found) != maxFindings+1 {
		t.Errorf("%d findings, %v", len(found), ctx.Err())
	}
}

// An automaton over its bounds names the rule and the line that did it.
func TestLoadLimit(t *testing.T) {
	set := "{a | b | c | d | e | f | g | h | i | j | k | l}"
	text := head + "  - id: r\n    exec: /a\n    argv: |\n"
	for i := range 64 {
		text += "      " + strings.Repeat("x", i+1) + " " + set + "\n"
	}
	_, found := Load(t.Context(), []File{{"p", []byte(text)}}, options())
	if len(found) != 1 || found[0].ID != "G-STATES" || found[0].Rule != "r" || found[0].Line < 7 || found[0].Excerpt == "" {
		t.Errorf("findings %v", found)
	}
	l := &loading{out: &collector{}}
	l.limit("/a", nil, errors.New("no *LimitError"))
	if !l.out.hasErrors() {
		t.Error("an unknown error of the compiler passes")
	}
}

func TestCompileTimeout(t *testing.T) {
	text := rule("tests: {allow: ['true']}")
	for polls, want := range []string{"this file", "this rule", "the automata of /bin/true", "the proofs of /bin/true", "the proofs of this rule", "the tests of this rule"} {
		ctx := &expiring{Context: t.Context(), polls: polls}
		s, found := Load(ctx, []File{{"p", []byte(text)}}, options())
		if s != nil || !strings.Contains(found.Err().Error(), want) {
			t.Errorf("after %d polls: %v, want %q", polls, found, want)
		}
	}
}

// expiring is a context that ends after a number of polls.
type expiring struct {
	context.Context //nolint:containedctx // a context that wraps another
	polls           int
}

func (e *expiring) Err() error {
	if e.polls--; e.polls < 0 {
		return context.DeadlineExceeded
	}
	return nil
}

// The tables of names are sorted and without duplicates, and what is refused
// exists: a typo there would let a call pass.
func TestTables(t *testing.T) {
	for name, table := range map[string][]string{
		"capabilities": capabilityNames, "syscalls": syscallNames, "sets": seccompSets, "signals": signalNames,
	} {
		if !slices.IsSorted(table) || len(slices.Compact(slices.Clone(table))) != len(table) {
			t.Errorf("%s are not sorted", name)
		}
	}
	if len(capabilityNames) != 41 {
		t.Errorf("%d capabilities", len(capabilityNames))
	}
	for _, r := range refusedSyscalls {
		for call := range strings.FieldsSeq(r.names) {
			if !slices.Contains(syscallNames, call) {
				t.Errorf("%s is refused and unknown", call)
			}
		}
	}
}

// TestUnchecked holds that a policy is read without its proofs only when a
// report asks for it.
func TestUnchecked(t *testing.T) {
	files := []File{{Name: "a.yaml", Data: []byte(`version: 1
callers: [{user: u}]
rules:
  - id: a
    exec: /bin/cat
    argv: |
      <x:re(/dev/.*)>
    tests: {deny: [cat /dev/null]}
`)}}
	if s, _ := Load(t.Context(), files, Options{}); s != nil {
		t.Fatal("a policy with errors loads")
	}
	s, found := Load(t.Context(), files, Options{Unchecked: true})
	if s == nil {
		t.Fatalf("got findings %v", found)
	}
	e := s.Executables()
	if len(e) != 1 || e[0].Path != "/bin/cat" || e[0].Rules[0].ID != "a" || len(e[0].Usage[0].Lines) != 1 {
		t.Fatalf("got executables %+v", e)
	}
	if got := e[0].Matcher.Match([]string{"/dev/null"}, nil); len(got) != 1 {
		t.Errorf("got lines %v, want one", got)
	}
}

// The automata of many programs together are bounded, as those of one are.
func TestLoadStates(t *testing.T) {
	l := &loading{out: &collector{}, ctx: t.Context(), states: maxPolicyStates - 1}
	doc := &document{loading: l, src: newSource(File{Name: "p"})}
	block, err := argv.Parse("a", nil)
	if err != nil {
		t.Fatal(err)
	}
	r := &draftRule{
		Rule: &Rule{ID: "r", Pos: Position{"p", 1, 1}, Programs: []Program{{Path: "/a"}}},
		doc:  doc, lines: block.Lines,
	}
	if l.program("/a", []*draftRule{r}, make(map[string]*argv.Matcher)) != nil {
		t.Error("a policy over the bound has automata")
	}
	found := l.out.done()
	if len(found) != 1 || found[0].ID != "G-STATES" || found[0].Rule != "r" || found[0].Line != 1 {
		t.Errorf("got %v", found)
	}
}
