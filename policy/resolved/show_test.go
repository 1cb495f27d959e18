package resolved

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/rootgate-project/rootgate/policy"
	"github.com/rootgate-project/rootgate/policy/argv"
)

// base and site are a policy of two files: a chain of profiles, edited lists,
// types of the file, of the rule and inline.
const (
	base = `version: 1
types:
  hostname: re([a-z]+)
profiles:
  net:
    run:
      caps: [net_admin, net_raw]
      limits: {wall: 1m30s}
  more:
    extends: net
    why: it writes a table
    run:
      caps: [-net_raw, +chown]
      fs: {write: [/srv/table], read: [/srv]}
      limits: {cpu: 500ms, mem: 1GiB, stdout: 1000}
`
	site = `version: 1
use: [10-base.yaml#profiles, 10-base.yaml#types]
callers:
  - {user: alice}
  - {group: 7, unit: [x.service, y-*.service]}
rules:
  - id: full
    why: "it's \u00e9 #1"
    accept: [T-UNBOUNDED]
    exec: [/bin/a, {path: /opt/b b, sha256: [` + digest + `]}]
    profile: more
    run:
      user: root
      group: 5
      groups: [7, 5]
      seccomp: [+@netns]
      umask: '077'
      nice: -3
      net: none
    args:
      f: {type: path, under: [/srv/in, '/srv/a b'], access: write, kind: file}
      n: {type: int, min: -3, max: 9}
      d: {re: '-?x', dash: true}
    argv: |
      # not an origin
      put <f> <n>
          [<d>]
      name <x:hostname>

      ()
    netns: {type: netns, required: true}
    env: {set: {LANG: C, ON: 'yes', Z: ''}, pass: {TAG: 're([a-z]+)'}}
    cwd: {under: [/srv/b, /srv/a], owner: [root, caller, 7]}
    stdin: {max: 8KiB, utf8: true, lines: 'it''s #[0-9]+', max_lines: 9}
    signals: [USR1]
    tests:
      deny: [a x, a y]
  - id: plain
    exec: /bin/c
    argv: ''
    callers: []
    cwd: /tmp
    tests: {allow: [c]}
`
	digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)

// load reads a policy as show does, and returns its rules.
func load(t *testing.T, files ...policy.File) []*policy.Rule {
	t.Helper()
	s, found := policy.Load(t.Context(), files, policy.Options{Unchecked: true})
	if s == nil {
		t.Fatalf("%v\n%s", found.Err(), files[0].Data)
	}
	return s.Rules()
}

func twoFiles() []policy.File {
	return []policy.File{{Name: "10-base.yaml", Data: []byte(base)}, {Name: "20-site.yaml", Data: []byte(site)}}
}

// TestOrigins holds that each part of the text ends in where it was written.
func TestOrigins(t *testing.T) {
	rules := load(t, twoFiles()...)
	text := New(rules[0]).Text()
	for _, want := range []string{
		"# Profiles: base, then net, then more. Tests: 0 allow, 2 deny.",
		"hostname: 're([a-z]+)' # 10-base.yaml:3",
		"- id: full # 20-site.yaml:7",
		`why: 'it''s é #1' # 20-site.yaml:8`,
		"accept: [T-UNBOUNDED] # 20-site.yaml:9",
		"- /bin/a # 20-site.yaml:10",
		"- {path: '/opt/b b', sha256: [" + digest + "]} # 20-site.yaml:10",
		"- {user: alice} # 20-site.yaml:4", "- {group: 7, unit: x.service} # 20-site.yaml:5", "- {group: 7, unit: 'y-*.service'} # 20-site.yaml:5",
		"user: root # 20-site.yaml:13", "group: 5 # 20-site.yaml:14", "- 5 # 20-site.yaml:15", "- 7 # 20-site.yaml:15",
		"- chown # 10-base.yaml:13", "- net_admin # 10-base.yaml:7",
		"- '@default' # base", "- '@netns' # 20-site.yaml:16",
		"- /srv # 10-base.yaml:14", "- /srv/table # 10-base.yaml:14", "exec: [] # base",
		"wall: 1m30s # 10-base.yaml:8", "cpu: 500ms # 10-base.yaml:15", "mem: 1GiB # 10-base.yaml:15", "stdout: 1000 # 10-base.yaml:15",
		"nofile: 256 # base", "umask: '077' # 20-site.yaml:17", "nice: -3 # 20-site.yaml:18", "net: none # 20-site.yaml:19", "cwd: / # base",
		"f: {type: path, under: ['/srv/a b', /srv/in], access: write, kind: file} # 20-site.yaml:21",
		"n: 'int(-3..9)' # 20-site.yaml:22", "d: {type: re, re: '-?x', dash: true} # 20-site.yaml:23",
		"# 20-site.yaml:26\nput <f> <n> [<d>]", "# 20-site.yaml:28\nname <x:hostname>", "# 20-site.yaml:30\n()",
		"netns: {type: netns, required: true} # 20-site.yaml:31",
		"LANG: 'C' # 20-site.yaml:32", "'ON': 'yes' # 20-site.yaml:32", "Z: '' # 20-site.yaml:32", "TAG: 're([a-z]+)' # 20-site.yaml:32",
		"cwd: {under: [/srv/a, /srv/b], owner: [caller, 7, root]} # 20-site.yaml:33", "stdin: {max: 8KiB, utf8: true, lines: 'it''s #[0-9]+', max_lines: 9} # 20-site.yaml:34", "- USR1 # 20-site.yaml:35",
	} {
		if !strings.Contains(flat(text), strings.ReplaceAll(want, "'C'", "C")) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	text = New(rules[1]).Text()
	for _, want := range []string{
		"# Profiles: base. Tests: 1 allow, 0 deny.", "callers: [] # 20-site.yaml:41", "cwd: /tmp # 20-site.yaml:42",
		"argv: '' # 20-site.yaml:40", "stdin: none # base", "- HUP # base",
	} {
		if !strings.Contains(flat(text), want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// flat takes out what only aligns.
func flat(text string) string {
	var out []string
	for l := range strings.Lines(text) {
		out = append(out, strings.Join(strings.Fields(l), " "))
	}
	return strings.Join(out, "\n")
}

// TestTextLoads holds that the text of a rule is a policy with the same rule.
func TestTextLoads(t *testing.T) {
	rules := load(t, twoFiles()...)
	names, err := filepath.Glob("../examples/*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		rules = append(rules, load(t, policy.File{Name: name, Data: data})...)
	}
	for _, r := range rules {
		if len(r.Chain) > 0 {
			continue // it does not load without the rules that it chains
		}
		text := New(r).Text()
		again := load(t, policy.File{Name: "again.yaml", Data: []byte(text)})[0]
		if got, want := again.Effect.Key(), r.Effect.Key(); got != want {
			t.Errorf("effect %s, want %s of\n%s", got, want, text)
		}
		if got, want := request(again), request(r); got != want {
			t.Errorf("request %s, want %s of\n%s", got, want, text)
		}
		if !slices.EqualFunc(again.Lines, r.Lines, func(a, b policy.Line) bool { return a.Text == b.Text || a.Text == "()" && b.Text == "" }) {
			t.Errorf("lines %v, want %v", again.Lines, r.Lines)
		}
		if !slices.Equal(again.Callers, r.Callers) || again.ID != r.ID || again.Why != r.Why || len(again.Programs) != len(r.Programs) {
			t.Errorf("rule %+v, want %+v", again, r)
		}
		if got, want := types(again), types(r); got != want {
			t.Errorf("types %s, want %s", got, want)
		}
	}
}

// request is what a request may choose.
func request(r *policy.Rule) string {
	w := writer{rule: r}
	w.request()
	var b strings.Builder
	for _, p := range w.view.Parts {
		b.WriteString(p.Path + "=" + p.Value + "\n")
	}
	return b.String()
}

func types(r *policy.Rule) string {
	var out []string
	for _, t := range r.Types {
		out = append(out, t.Name+"="+typeText(t.Type))
	}
	return strings.Join(out, " ")
}

// TestTypes holds that a type is written so that it loads as what it is.
func TestTypes(t *testing.T) {
	for _, text := range []string{
		"int(1..9)", "{type: int, min: -1, max: 9, except: [3, 5]}", "size(1KiB..4MiB)", "{type: size, min: 1KiB, max: 10MiB, except: [2KiB]}",
		"decimal(0..1.5)", "duration(1s..90s)", "{type: duration, min: 500ms, max: 1m, except: [2s]}",
		"{type: path, under: [/srv], access: write, kind: dir, depth: 2, owner: [root, '0'], create: true}",
		"{type: path, under: [/srv], bind: fd}", "{type: ifname, kind: veth, exists: true, except: [lo]}",
		"{type: pid, exe: [/usr/sbin/dnsmasq], unit: ['a-*.service']}", "{type: user, in_group: ops, uid_min: 1000}", "{type: user, allow_root: true}",
		"{type: enum-list, items: [a, b]}", "{type: csv, of: {type: int, min: 1, max: 3, except: [2]}}", "{type: bundle, letters: abc}",
		"{type: ip4, under: [10.0.0.0/8], except: [10.0.0.1]}", "uuid", "{re: '-?[a-z]', dash: true}",
	} {
		src := func(text string) policy.File {
			return policy.File{Name: "t.yaml", Data: []byte("version: 1\ncallers: []\nrules:\n  - id: r\n    exec: /bin/a\n    args: {x: " +
				text + "}\n    argv: |\n      a <x>\n")}
		}
		want := load(t, src(text))[0].Types[0].Type
		shown := typeText(want)
		got := load(t, src(shown))[0].Types[0].Type
		if got.String() != want.String() || !reflect.DeepEqual(flatten(got), flatten(want)) {
			t.Errorf("%s is shown as %s, which is %v %+v, want %v %+v", text, shown, got, got.Params(), want, want.Params())
		}
	}
}

// flatten returns the constraints of a type and of its items.
func flatten(t *argv.Type) []argv.Params {
	p := t.Params()
	if p.Of == nil {
		return []argv.Params{p}
	}
	inner := flatten(p.Of)
	p.Of = nil
	return append(inner, p)
}

func TestScalar(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"word", "word"},
		{"/a/b.c-d", "/a/b.c-d"},
		{"", "''"},
		{"5", "'5'"},
		{"no", "'no'"},
		{"NULL", "'NULL'"},
		{"it's", "'it''s'"},
		{"a: b", "'a: b'"},
		{"-x", "'-x'"},
		{"a\nb\"\\", `"a\U0000000ab\"\\"`},
	} {
		if got := scalar(tt.in); got != tt.want {
			t.Errorf("scalar(%q) = %s, want %s", tt.in, got, tt.want)
		}
	}
}

func TestSize(t *testing.T) {
	for v, want := range map[int64]string{0: "0", 1: "1", 1023: "1023", 1024: "1KiB", 1025: "1025", 3 << 20: "3MiB", 1 << 40: "1024GiB"} {
		if got := size(v); got != want {
			t.Errorf("size(%d) = %s, want %s", v, got, want)
		}
	}
}

// A wrapper shows its chain, and no effect of its own: it has none.
func TestChain(t *testing.T) {
	const file = `version: 1
callers: [{user: alice}]
rules:
  - {id: b, exec: /bin/b, callers: [], argv: ''}
  - {id: a, exec: /bin/a, callers: [], argv: ''}
  - id: outer
    exec: /usr/bin/nice
    chain: [b, a]
    wrap: nice
    argv: |
      <inner:command>
`
	s, found := policy.Load(t.Context(), []policy.File{{Name: "p.yaml", Data: []byte(file)}}, policy.Options{})
	if s == nil {
		t.Fatal(found)
	}
	for _, r := range s.Rules() {
		text := New(r).Text()
		if r.ID != "outer" {
			if strings.Contains(text, "chain:") || strings.Contains(text, "wrap:") || !strings.Contains(text, "run:") {
				t.Errorf("got\n%s", text)
			}
			continue
		}
		if !strings.Contains(text, "    chain: [a, b]") || !strings.Contains(text, "    wrap: nice") || !strings.Contains(text, "# p.yaml:8") ||
			strings.Contains(text, "run:") || !strings.Contains(text, "<inner:command>") {
			t.Errorf("got\n%s", text)
		}
	}
}
