package policy

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// library is a file whose names others use.
const library = `version: 1
vars: {state-dir: /var/lib/agent, name: spool}
types:
  n: int(1..9)
  tree: {type: path, under: [<state-dir>/in, /srv/<name>]}
profiles:
  net: {run: {caps: [net_admin]}}
  net+raw: {extends: net, run: {caps: [+net_raw], fs: {read: [<state-dir>], write: ['<state-dir>/<name>.d']}}}
`

// useRule is a rule that needs names of library.
const useRule = `rules:
  - id: r
    exec: /bin/r
    callers: [{user: alice}]
    profile: net+raw
    argv: |
      <a:n> <f:tree>
`

func files(texts ...string) []File {
	var out []File
	for i, text := range texts {
		out = append(out, File{Name: fmt.Sprintf("/p/%d.yaml", i), Data: []byte(text)})
	}
	return out
}

func TestUse(t *testing.T) {
	for _, tt := range []struct {
		name, uses string
	}{
		{"sections", "[1.yaml#profiles, 1.yaml#types]"},
		{"names", "[1.yaml#profiles.net+raw, 1.yaml#types.n, 1.yaml#types.tree]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			user := "version: 1\nuse: " + tt.uses + "\n" + useRule
			s, found := Load(t.Context(), files(user, library), options())
			if err := found.Err(); err != nil {
				t.Fatal(err)
			}
			e := s.Rules()[0].Effect
			if got, want := fmt.Sprint(e.Caps, e.FS.Read, e.FS.Write),
				"[net_admin net_raw] [/var/lib/agent] [/var/lib/agent/spool.d]"; got != want {
				t.Errorf("effect %s, want %s", got, want)
			}
			for request, want := range map[string]Verdict{
				"r 9 /var/lib/agent/in/x": Allow, "r 9 /srv/spool/x": Allow, "r 10 /srv/spool/x": Deny,
				"r 9 /srv/name/x": Deny, "r 9 /var/lib/agent/x": Deny,
			} {
				if got := s.Decide(alice, Request{Argv: strings.Fields(request)}); got.Verdict != want {
					t.Errorf("%s: %x, want %x: %v", request, got.Verdict, want, got.Denial)
				}
			}
		})
	}
}

// TestUseOrder gives the files in every order, under names that sort in every
// order: what they say must be the same.
func TestUseOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4)) //nolint:gosec // a repeatable sequence is the point
	want := ""
	for range 20 {
		n := r.Perm(3)
		all := []File{
			{Name: fmt.Sprintf("%d-base.yaml", n[0]), Data: []byte(library)},
			{Name: fmt.Sprintf("%d-mid.yaml", n[1]), Data: []byte(fmt.Sprintf(
				"version: 1\nuse: [%d-base.yaml#types, %d-base.yaml#profiles.net+raw, %d-base.yaml#vars]\ntypes: {m: tree}\n"+
					"profiles: {q: {extends: net+raw, run: {nice: 3, fs: {exec: [<state-dir>]}}}}\n", n[0], n[0], n[0]))},
			{Name: fmt.Sprintf("%d-user.yaml", n[2]), Data: []byte(fmt.Sprintf(
				"version: 1\nuse: [%d-mid.yaml#types, %d-mid.yaml#profiles]\n", n[1], n[1]) +
				strings.NewReplacer("net+raw", "q", "<a:n>", "x", "tree", "m").Replace(useRule))},
		}
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		s, found := Load(t.Context(), all, options())
		if err := found.Err(); err != nil {
			t.Fatal(err)
		}
		got := s.Rules()[0].Effect.Key() + fmt.Sprint(s.Decide(alice, Request{Argv: []string{"r", "x", "/srv/spool/x"}}).Verdict)
		if want == "" {
			want = got
		}
		if got != want || !strings.Contains(got, "nice=3") {
			t.Errorf("effect %s, want %s", got, want)
		}
	}
}

func TestBadUse(t *testing.T) {
	with := func(use string) string { return "version: 1\nuse: " + use + "\ntypes: {own: int(1..2)}\n" }
	for _, tt := range []struct {
		name  string
		files []string
		want  string // "file:line:col: ID"
		msg   string
	}{
		{"no list", []string{with("1.yaml#types"), library}, "/p/0.yaml:2:6: F-YAMLTYPE", "expected a list"},
		{"number", []string{with("[1]"), library}, "/p/0.yaml:2:7: F-YAMLTYPE", "expected text"},
		{"no section", []string{with("[1.yaml]"), library}, "/p/0.yaml:2:7: F-USE", "FILE#SECTION"},
		{"directory", []string{with("[/p/1.yaml#types]"), library}, "/p/0.yaml:2:7: F-USE", "name alone"},
		{"section", []string{with("[1.yaml#type]"), library}, "/p/0.yaml:2:7: F-USE", "did you mean types?"},
		{"rules", []string{with("[1.yaml#rules]"), library}, "/p/0.yaml:2:7: F-USE", "no section to use"},
		{"empty name", []string{with("[1.yaml#types.]"), library}, "/p/0.yaml:2:7: F-USE", "no section to use"},
		{"file", []string{with("['2.yaml#types']"), library}, "/p/0.yaml:2:7: F-USE", "did you mean 0.yaml?"},
		{"no globbing", []string{with("['*.yaml#types']"), library}, "/p/0.yaml:2:7: F-USE", "no file"},
		{"name", []string{with("[1.yaml#profiles.ned]"), library}, "/p/0.yaml:2:7: F-USE", "did you mean net?"},
		{"itself", []string{with("[0.yaml#types]")}, "/p/0.yaml:2:7: F-USE", "is this file"},
		{"nothing there", []string{with("[1.yaml#vars]"), "version: 1\n"}, "/p/0.yaml:2:7: F-USE", "defines no vars"},
		{"not handed on", []string{with("[1.yaml#vars]"), "version: 1\nuse: [2.yaml#vars]\n", library}, "/p/0.yaml:2:7: F-USE", "defines no vars"},
		{"twice", []string{with("[1.yaml#types, 1.yaml#types.n]"), library}, "/p/0.yaml:2:21: F-USE", "used already"},
		{"own name", []string{with("[1.yaml#types]"), "version: 1\ntypes: {own: str}\n"}, "/p/0.yaml:2:7: F-USE", "in this file as well, on line 3"},
		{"two files' name", []string{with("[1.yaml#types, 2.yaml#types.n]"), library, library}, "/p/0.yaml:2:21: F-USE", "comes from 1.yaml already"},
		{"cycle", []string{with("[1.yaml#types]"), "version: 1\nuse: [0.yaml#types]\ntypes: {b: str}\n"}, "/p/0.yaml:2:7: F-USE", "in turn"},
		{"long cycle", []string{
			with("[1.yaml#types]"), "version: 1\nuse: [2.yaml#types]\ntypes: {b: str}\n",
			"version: 1\nuse: [1.yaml#types]\ntypes: {c: str}\n",
		}, "/p/2.yaml:2:7: F-USE", "in turn"},
		{"too many", []string{with("[" + strings.Repeat("1.yaml#types, ", 65) + "]"), library}, "/p/0.yaml:2:6: F-LIMIT", "limit is 64"},
		{
			"arg of a used name",
			[]string{"version: 1\nuse: [1.yaml#types, 1.yaml#profiles]\n" + strings.Replace(useRule, "    argv:", "    args: {n: str}\n    argv:", 1), library},
			"/p/0.yaml:8:12: F-VALUE", "already",
		},
		{"profile over there", []string{
			"version: 1\nuse: [1.yaml#profiles]\nrules: []\n",
			"version: 1\nprofiles:\n  a:\n    run: {nice: 99}\n",
		}, "/p/1.yaml:4:17: F-VALUE", "from -20"},
		{"chain over files", []string{
			"version: 1\nuse: [1.yaml#profiles]\nprofiles: {c: {extends: b3}, d: {extends: c}}\n",
			"version: 1\nprofiles: {b: {}, b2: {extends: b}, b3: {extends: b2}}\n",
		}, "/p/0.yaml:3:30: F-LIMIT", "more than 3 others"},
		{
			"variable",
			[]string{"version: 1\nuse: [1.yaml#vars]\nprofiles: {a: {run: {fs: {read: [<state-di>/x]}}}}\n", library},
			"/p/0.yaml:3:34: F-VALUE", "did you mean state-dir?",
		},
		{
			"variable of nobody",
			[]string{"version: 1\nprofiles: {a: {run: {fs: {read: [<state-dir>/x]}}}}\n", library},
			"/p/0.yaml:2:34: F-VALUE", "no variable <state-dir>",
		},
		{"variable climbs", []string{"version: 1\nvars: {a: /x/..}\nprofiles: {a: {run: {fs: {read: [<a>]}}}}\n"}, "/p/0.yaml:3:34: F-VALUE", "without //, . and .."},
		{"nested variable", []string{"version: 1\nvars: {a: /x, b: <a>/y}\n"}, "/p/0.yaml:2:18: F-VALUE", "plain text"},
		{"variable's name", []string{"version: 1\nvars: {A: /x}\n"}, "/p/0.yaml:2:8: F-VALUE", "not a name"},
		{"variable's number", []string{"version: 1\nvars: {a: 1}\n"}, "/p/0.yaml:2:11: F-YAMLTYPE", "expected text"},
		{"long variable", []string{"version: 1\nvars: {a: /" + strings.Repeat("x", 1024) + "}\n"}, "/p/0.yaml:2:11: F-LIMIT", "1024"},
		{"other file is broken", []string{with("[1.yaml#types]"), "version: 1\ntypes: [\n"}, "/p/1.yaml:3:1: F-SYNTAX", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, found := Load(t.Context(), files(tt.files...), options())
			if s != nil {
				t.Error("Load returned a snapshot")
			}
			var got []string
			for _, f := range found {
				got = append(got, f.String())
			}
			if !slices.ContainsFunc(got, func(s string) bool {
				return strings.HasPrefix(s, strings.Replace(tt.want, ": ", ": E ", 1)) && strings.Contains(s, tt.msg)
			}) {
				t.Errorf("findings %q, want %q with %q", got, tt.want, tt.msg)
			}
			if want := 1; len(got) != want && tt.name != "cycle" && tt.name != "long cycle" && tt.name != "chain over files" {
				t.Errorf("%d findings, want %d: %q", len(got), want, got)
			}
		})
	}
}

// TestUseTwoFilesOneName uses a name that two directories have.
func TestUseTwoFilesOneName(t *testing.T) {
	_, found := Load(t.Context(), []File{
		{Name: "/a/x.yaml", Data: []byte(library)},
		{Name: "/b/x.yaml", Data: []byte(library)},
		{Name: "/c/y.yaml", Data: []byte("version: 1\nuse: [x.yaml#types]\n")},
	}, options())
	if got, want := fmt.Sprint(found), "[/c/y.yaml:2:7: E F-USE: use: two files are called x.yaml: /a/x.yaml and /b/x.yaml]"; got != want {
		t.Errorf("findings %s, want %s", got, want)
	}
}

func TestUnusedUse(t *testing.T) {
	o := options()
	o.Vet = true
	for _, tt := range []struct{ uses, want string }{
		{"[1.yaml#profiles, 1.yaml#types.n, 1.yaml#types.tree]", "[]"},
		{
			"[1.yaml#profiles, 1.yaml#types, 1.yaml#vars]",
			"[/p/0.yaml:2:38: N F-USE: use: nothing in this file names one of the vars of 1.yaml]",
		},
		{
			"[1.yaml#profiles.net, 1.yaml#profiles.net+raw, 1.yaml#types]",
			"[/p/0.yaml:2:7: N F-USE: use: nothing in this file names one of the profiles of 1.yaml]",
		},
	} {
		_, found := Load(t.Context(), files("version: 1\nuse: "+tt.uses+"\n"+useRule, library), o)
		found = slices.DeleteFunc(found, func(f Finding) bool { return f.ID != "F-USE" })
		if got := fmt.Sprint(found); got != tt.want {
			t.Errorf("%s: findings %s, want %s", tt.uses, got, tt.want)
		}
	}
}
