package schema

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"
)

// update writes the malformed policies that the schema does not refuse.
var update = flag.Bool("update", false, "write testdata/beyond.txt")

func compile(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(JSON))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("policy.v1.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("policy.v1.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// decode reads YAML as an editor does. ok is false for what is no YAML.
func decode(data []byte) (v any, ok bool) {
	err := yaml.Unmarshal(data, &v)
	return v, err == nil
}

// everything uses every key of the language.
const everything = `version: 1
about: x
callers: [{user: alice}, {uid: 5, group: ops}, {group: 7}, {user: root, unit: [a@*.service, b.service]}, {unit: a.service}]
use: [10-base.yaml#profiles, 10-base.yaml#types.n]
vars: {state-dir: /srv}
types:
  a: int(1..9)
  b: <netns>
  c: {type: size, min: 1KiB, max: 4MiB, except: [2KiB]}
  d: {re: '-x', dash: true}
  e: {type: path, under: [<state-dir>, /a], depth: 1, access: write, kind: file, owner: [root, 0], create: true, bind: fd}
  f: {type: pid, exe: /bin/a, unit: a.service, owner: caller}
  g: {type: user, in_group: ops, uid_min: 1000, allow_root: false}
  h: {type: enum-list, items: [a, 1]}
  i: {type: csv, of: {type: ip4, under: 10.0.0.0/8}}
  j: {type: bundle, letters: abc}
  k: {type: ifname, kind: veth, exists: true}
  l: {type: int, min: 1, max: 2}
profiles:
  base+net: {extends: base, why: x, run: {fs: host}}
rules:
  - id: r.1
    why: x
    accept: [A-NOTEST]
    exec: [/bin/a, {path: /bin/b, sha256: DIGEST}]
    profile: base+net
    overrides: [r.2]
    run:
      user: root
      group: 5
      groups: [+ops]
      caps: [+net_admin]
      seccomp: ['@default', open]
      fs: {read: [/a], write: [+<state-dir>/x], exec: /b}
      net: none
      limits: {wall: 1m30s, cpu: 500ms, mem: 1GiB, nofile: 5, procs: 5, stdout: 1024, stderr: 1KiB}
      umask: '022'
      nice: -5
      cwd: /
    args: {x: str, y: {type: str}}
    argv: |
      a
    callers: []
    netns: {type: b, required: true}
    env: {set: {A: ''}, pass: {B: str, C: {re: a}}}
    cwd: {under: /srv}
    stdin: {max: 1KiB, utf8: true, lines: '[a-z]*', max_lines: 5}
    signals: [USR1]
    tests:
      allow: [a b, [a, ''], {argv: [a], netns: n, env: {B: x}, cwd: /, stdin: x, caller: alice}, {argv: a, caller: {user: alice, unit: a.service}}]
      deny: []
  - {id: r.2, exec: {path: /bin/c}, argv: '', netns: netns, cwd: /tmp, stdin: none}
never:
  - {id: n.1, why: x, exec: [/bin/sh, /usr/bin/python3*], argv: x}
  - {id: n.2, when: {fs.read: /a, fs.write: /etc/**, fs.exec: [/b], caps: any, seccomp: ['@x'], user: root, net: host}}
`

// TestAccepts holds that the schema takes what the loader takes.
func TestAccepts(t *testing.T) {
	s := compile(t)
	files := map[string][]byte{"everything": []byte(strings.ReplaceAll(everything, "DIGEST", strings.Repeat("a", 64)))}
	names, err := filepath.Glob("../examples/*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, name := range names {
		if files[name], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	for name, data := range files {
		v, ok := decode(data)
		if !ok {
			t.Fatalf("%s is no YAML", name)
		}
		if err := s.Validate(v); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestRefuses holds the schema to the malformed policies of the loader's tests:
// it refuses them all but those that testdata/beyond.txt names, which are beyond
// what a schema can say.
func TestRefuses(t *testing.T) {
	s := compile(t)
	archive, err := txtar.ParseFile("../testdata/malformed.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var accepted []string
	refused := 0
	for _, f := range archive.Files {
		v, ok := decode(f.Data)
		if !ok || strings.HasSuffix(f.Name, " quoted") {
			continue
		}
		if s.Validate(v) == nil {
			accepted = append(accepted, f.Name)
		} else {
			refused++
		}
	}
	if *update {
		if err := os.WriteFile("testdata/beyond.txt", []byte(strings.Join(accepted, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	data, err := os.ReadFile("testdata/beyond.txt")
	if err != nil {
		t.Fatal(err)
	}
	known := strings.Fields(string(data))
	for _, name := range accepted {
		if !slices.Contains(known, name) {
			t.Errorf("the schema accepts %s", name)
		}
	}
	for _, name := range known {
		if !slices.Contains(accepted, name) {
			t.Errorf("the schema refuses %s, which testdata/beyond.txt names", name)
		}
	}
	if refused < 200 {
		t.Errorf("%d malformed policies were refused, want at least 200", refused)
	}
}
