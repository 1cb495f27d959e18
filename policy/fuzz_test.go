package policy

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// FuzzLoad holds that no bytes make Load panic, and that there is a snapshot
// exactly when nothing was found wrong.
func FuzzLoad(f *testing.F) {
	router, err := os.ReadFile("examples/router.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		nestedPolicy,
		string(router), full, language, requests, rule(), "", "version: 1", "- a\n- b", "a: &x [*x]", "<<: 1",
		"version: 1\nprofiles: {a: {extends: b}, b: {extends: a}}", "? {a: b}\n: c", "%YAML 1.1\n---\na", "\t",
		rule("run: {limits: {wall: 1s, mem: 1MiB}}"), rule("tests: {allow: [{argv: 'true', stdin: x}]}"),
		rule("env: {set: {A: b}, pass: {B: 're([a-z]+)'}}", "netns: {type: netns, required: true}"),
		rule("args: {x: {type: path, under: [/a]}}"), "version: 1\nrules: [{id: r, exec: /a, argv: |\n x}]",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, found := Load(t.Context(), []File{{"f.yaml", data}}, options())
		if (s == nil) != found.HasErrors() || (s == nil) != (found.Err() != nil) {
			t.Fatalf("snapshot %v, findings %v", s != nil, found)
		}
		for _, x := range found {
			if strings.ContainsAny(x.String(), "\n\x1b\x00") || x.ID == "" || x.Message == "" {
				t.Errorf("finding %q", x)
			}
		}
		for _, r := range s.Rules() {
			if len(r.Lines) == 0 || len(r.Programs) == 0 || r.Effect.UID == noID {
				t.Errorf("rule %+v", r)
			}
		}
	})
}

// FuzzDecide holds that no request makes Decide panic, and what an allowed one
// may contain.
func FuzzDecide(f *testing.F) {
	s := load(f, language+strings.SplitN(requests, "rules:\n", 2)[1])
	for _, seed := range []string{
		"ip\x1flink\x1fset\x1feth0\x1fup", "blockdev\x1f--flushbufs\x1f/dev/sda", "", "\x1f", "sleep\x1f5",
		"words\x1fin-abc.conf\x1ftwo words\x1f", "lvs\x1f--noheadings", "all", "any", "plain", "/bin/all\x1fx",
	} {
		f.Add(seed, "TAG", "abc", "/srv/a", "ns", true)
		f.Add(seed, "LVM_SYSTEM_DIR", "/etc/cinder/x", "", "", false)
	}
	f.Fuzz(func(t *testing.T, args, name, value, cwd, netns string, stdin bool) {
		r := Request{Argv: strings.Split(args, "\x1f"), Cwd: cwd, Netns: netns, Stdin: stdin}
		if name != "" {
			r.Env = map[string]string{name: value}
		}
		d := s.Decide(alice, r)
		text := d.Explain(r)
		if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\n' || r >= 0x7f && r < 0xa0 }) {
			t.Errorf("the explanation has control characters: %q", text)
		}
		if s.Decide(mallet, r).Allowed() {
			t.Error("everybody may")
		}
		if !d.Allowed() {
			if d.Denial.Reason == "" || d.Denial.Message == "" || d.Argv != nil || d.Env != nil || d.Program != "" {
				t.Errorf("denial %+v", d)
			}
			if d.Denial.ArgvIndex < -1 || d.Denial.ArgvIndex > len(r.Argv) {
				t.Errorf("index %d of %d", d.Denial.ArgvIndex, len(r.Argv))
			}
			return
		}
		if !slices.Equal(d.Argv[1:], r.Argv[1:]) || strings.Contains(d.Argv[0], "/") || !isCanonicalPath(d.Cwd) {
			t.Errorf("decision %+v", d)
		}
		if strings.ContainsAny(strings.Join(append(d.Argv, d.Env...), ""), "\x00\n\x1b\x7f") {
			t.Errorf("control characters pass: %q %q", d.Argv, d.Env)
		}
		for _, c := range d.Captures {
			if d.Argv[c.Arg+1][c.Start:c.End] != c.Value || !c.Type.Accepts(c.Value) {
				t.Errorf("capture %+v", c)
			}
		}
	})
}
