package policy

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// loadUnproved loads a policy without the proofs over all requests, for tests of
// what stands behind them.
func loadUnproved(t testing.TB, text string) *Snapshot {
	t.Helper()
	o := options()
	o.unproved = true
	s, found := Load(t.Context(), []File{{Name: "p.yaml", Data: []byte(text)}}, o)
	if err := found.Err(); err != nil || s == nil {
		t.Fatalf("Load: %v\n%s", err, text)
	}
	return s
}

// rules returns a file with the rules a, b, c and so on for /bin/x.
func rules(bodies ...string) string {
	s := head
	for i, b := range bodies {
		s += "  - id: " + string(rune('a'+i)) + "\n    exec: /bin/x\n    argv: |\n      " + b + "\n"
	}
	return s
}

func TestOverlap(t *testing.T) {
	digest := "{path: /bin/x, sha256: [" + strings.Repeat("ab", 32) + "]}"
	for _, c := range []struct {
		name, text string
		want       string // of the first finding; empty: loads
		witness    string
	}{
		{"disjoint", rules("go <n:int(1..5)>", "go <m:int(6..9)>\n    run: {nice: 1}"), "", ""},
		{"one effect", rules("go <n:int(1..5)>", "go <m:int(3..9)>"), "", ""},
		{"two effects", rules("go <n:int(1..5)>", "go <m:int(3..9)>\n    run: {nice: 1}"), "p.yaml:11:7: E A-OVERLAP: rules a:1 and b:1 both accept [x go 3] with different effects (nice 0 and 1)", "x go 3"},
		{"capabilities", rules("stop\n      go", "go\n    run: {caps: [kill]}"), "rules a:2 and b:1 both accept [x go] with different effects (caps [] and [kill])", "x go"},
		{"three rules", rules("a", "(a|b)\n    run: {nice: 1}", "b"), "rules a:1 and b:1 both accept [x a]", "x a"},
		{"environment", rules("go", "go\n    env: {set: {A: b}}"), "different effects (env)", "x go"},
		{"stdin", rules("go", "go\n    stdin: {max: 1}"), "different effects (stdin", "x go"},
		{"one grammar of lines", rules("go\n    stdin: {max: 1, lines: a}", "go\n    stdin: {max: 1, lines: a}"), "", ""},
		{"grammars of lines", rules("go\n    stdin: {max: 1, lines: a}", "go\n    stdin: {max: 1, lines: b, max_lines: 3}"), `(stdin {max: 1B, lines: "a", max_lines: 10000} and {max: 1B, lines: "b", max_lines: 3})`, "x go"},
		{"a namespace does not choose", rules("go\n    netns: {type: 're(a)', required: true}", "go\n    netns: {type: 're(b)', required: true}"), "different effects (netns re(a) required and re(b) required)", "x go"},
		{"other callers", rules("go\n    callers: [{user: alice}]", "go\n    callers: [{user: bob}]\n    run: {nice: 1}"), "", ""},
		{"nobody", rules("go\n    callers: []", "go\n    run: {nice: 1}"), "", ""},
		{"an unknown user is nobody", rules("go\n    callers: [{user: carol}]", "go\n    callers: [{user: carol}]\n    run: {nice: 1}"), "", ""},
		{"a group may hold the user", rules("go\n    callers: [{group: ops}]", "go\n    callers: [{user: bob}]\n    run: {nice: 1}"), "A-OVERLAP", "x go"},
		{"two groups may share a member", rules("go\n    callers: [{group: ops}]", "go\n    callers: [{group: log}]\n    run: {nice: 1}"), "A-OVERLAP", "x go"},
		{"one of two specs is shared", rules("go\n    callers: [{user: alice}, {user: bob}]", "go\n    callers: [{uid: 1001}]\n    run: {nice: 1}"), "A-OVERLAP", "x go"},
		{"a path and a word", rules("<f:path(/a)>", "<g:re(/a/[b-z])>"), "different paths opened to the program", "x /a/b"},
		{"a path and a word of one rule", rules("<f:path(/a)>\n      <g:re(/a/[b-z])>"), "rules a:1 and a:2 both accept [x /a/b] with different checks", "x /a/b"},
		{"reading and writing", rules("<f:path(/a)>", "<f>\n    args: {f: {type: path, under: [/a], access: write}}"), "different paths opened", "x /a/a"},
		{"one path", rules("<f:path(/a)>", "<g:path(/a)>"), "", ""},
		{"digests", head + "  - {id: a, exec: /bin/x, argv: ''}\n  - {id: b, exec: " + digest + ", argv: ''}\n", "different effects (sha256)", "x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, found := Load(t.Context(), []File{{"p.yaml", []byte(c.text)}}, options())
			var errs Findings
			for _, f := range found {
				if f.Severity == SeverityError {
					errs = append(errs, f)
				}
			}
			if c.want == "" {
				if s == nil || len(errs) > 0 {
					t.Fatal(errs)
				}
				return
			}
			if s != nil || len(errs) == 0 || !strings.Contains(errs[0].String(), c.want) || strings.Join(errs[0].Witness, " ") != c.witness {
				t.Fatalf("got %v, %q\nwant %q, %q", errs, errs, c.want, c.witness)
			}
			// The second line says the same of the witness.
			d := loadUnproved(t, c.text).decide(Request{Argv: errs[0].Witness}, func(*Rule) bool { return true })
			if d.Denial.Reason != ReasonAmbiguous {
				t.Errorf("when it is made, the request is %q", d.Denial.Reason)
			}
		})
	}
}

// TestSharedNames: two programs of one name are a warning, because a request by
// path is clear.
func TestSharedNames(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"two rules", head + "  - {id: a, exec: /bin/x, argv: ''}\n  - {id: b, exec: /usr/bin/x, argv: ''}\n", "p.yaml:5:37: W A-OVERLAP: rules a:1 and b:1 both accept [x] for different programs (/bin/x and /usr/bin/x)"},
		{"two callers", head + "  - {id: a, exec: /bin/x, argv: ''}\n  - {id: b, exec: /usr/bin/x, argv: '', callers: [{user: bob}]}\n", ""},
		{"other arguments", head + "  - {id: a, exec: /bin/x, argv: ''}\n  - id: b\n    exec: /usr/bin/x\n    argv: |\n      go\n", ""},
		{"one rule", head + "  - {id: a, exec: [/bin/x, /usr/bin/x], argv: ''}\n", "rules a:1 and a:1 both accept [x] for different programs"},
		{"other names", head + "  - {id: a, exec: [/bin/x, /usr/bin/y], argv: ''}\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got string
			for _, f := range vetted(t, c.text) {
				if f.ID == "A-OVERLAP" {
					got += f.String()
				}
			}
			if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestAmbiguousLine(t *testing.T) {
	for _, c := range []struct{ line, want, witness string }{
		{"<a:path(/a)>[-<b:re([b-y-]+)>]", "p.yaml:7:7: E A-AMBIG: a:1 reads [x /a/a-b] in two ways", "x /a/a-b"},
		{"(<a:path(/a)>|<b:re(/a/x)>)", "A-AMBIG", "x /a/x"},
		{"(<a:path(/a)>|<b:path(/a,/b)>)", "A-AMBIG", "x /a/a"},
		{"<a:path(/a)>[:<b:re([0-9]+)>]", "A-AMBIG", "x /a/a:0"},
		{"[<a:int(1..5)>] [<b:int(4..9)>]", "", ""},
		{"<a:path(/a)> [<b:path(/b)>]", "", ""},
		{"<a:path(/a)>... <b:path(/a)>", "", ""},
	} {
		t.Run(c.line, func(t *testing.T) {
			_, found := Load(t.Context(), []File{{"p.yaml", []byte(rules(c.line))}}, options())
			i := slices.IndexFunc(found, func(f Finding) bool { return f.ID == "A-AMBIG" })
			if c.want == "" {
				if i >= 0 {
					t.Fatal(found[i])
				}
				return
			}
			if i < 0 || !strings.Contains(found[i].String(), c.want) || strings.Join(found[i].Witness, " ") != c.witness {
				t.Fatalf("got %v, want %q, %q", found, c.want, c.witness)
			}
		})
	}
}

func TestUnreachable(t *testing.T) {
	text := rules(strings.Repeat("a ", 64) + "\n      b")
	_, found := Load(t.Context(), []File{{"p.yaml", []byte(text)}}, options())
	if err := found.Err(); err == nil || !strings.Contains(err.Error(), "p.yaml:7:7: E A-UNREACH: a:1 accepts no request") {
		t.Errorf("got %v", err)
	}
	shadowed := rules("(<v:re(on|off)> x)\n      on\n      off")
	_, found = Load(t.Context(), []File{{"p.yaml", []byte(shadowed)}}, options())
	if err := found.Err(); err == nil || !strings.Contains(err.Error(), "a:1 accepts no request") {
		t.Errorf("got %v", err)
	}
}

// TestProofs: a policy that loads has no request that is ambiguous by its
// effects, and the witness of one that does not load is such a request.
func TestProofs(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4)) //nolint:gosec // a repeatable sequence is the point
	words := strings.Fields("x y z 1 2 3 4 a /d/f /d -x")
	proved, refused := 0, 0
	for range 60 {
		files := some(r).shuffled(r)
		o := options()
		o.unproved = true
		second, _ := Load(t.Context(), files, o)
		s, found := Load(t.Context(), files, options())
		if s == nil {
			refused++
			for _, f := range found {
				if f.Severity != SeverityError {
					continue
				}
				if f.ID == "A-OVERRIDE" {
					continue
				}
				req := Request{Argv: f.Witness}
				if f.ID != "A-OVERLAP" || second.Decide(alice, req).Denial.Reason != ReasonAmbiguous &&
					second.Decide(bob, req).Denial.Reason != ReasonAmbiguous {
					t.Fatalf("%s\n%q is not ambiguous", f, f.Witness)
				}
			}
			continue
		}
		proved++
		for range 100 {
			// By path: a name may stand for two programs.
			req := Request{Argv: []string{[]string{"/bin/a", "/usr/bin/a", "/bin/b"}[r.IntN(3)]}}
			for range r.IntN(4) {
				req.Argv = append(req.Argv, words[r.IntN(len(words))])
			}
			for _, c := range []Caller{alice, bob} {
				if d := s.Decide(c, req); d.Denial.Reason == ReasonAmbiguous {
					t.Fatalf("%q: %s", req.Argv, d.Denial.Message)
				}
			}
		}
	}
	if proved < 10 || refused < 10 {
		t.Errorf("%d policies load, %d do not: the generator is of no use", proved, refused)
	}
}

// TestProofsGiveUp: a policy that is too large to prove loads with a note, and
// what was not proved is refused when it is made.
func TestProofsGiveUp(t *testing.T) {
	text := head
	for i := range 12 {
		text += "  - id: r" + strings.Repeat("x", i) + "\n    exec: /bin/x\n    argv: |\n" +
			strings.Repeat("      <a:re([a-z]*)><b:re([a-z]*)><c:path(/a)>[<d:re([b-y]+)>]\n", 8)
	}
	for _, vet := range []bool{false, true} {
		o := options()
		o.Vet = vet
		s, found := Load(t.Context(), []File{{"p.yaml", []byte(text)}}, o)
		notes := 0
		for _, f := range found {
			if f.Severity == SeverityNote && strings.Contains(f.Message, "is refused when it is made") {
				notes++
			}
		}
		if s == nil && found.Err() == nil || notes == 0 {
			t.Errorf("vet %v: %d notes of %d findings: %v", vet, notes, len(found), found[:min(3, len(found))])
		}
	}
	// Of two roads through a line that the proofs did not reach, none is taken.
	d := loadUnproved(t, text).Decide(alice, Request{Argv: []string{"x", "ab/a/bc"}})
	if d.Denial.Reason != ReasonAmbiguous {
		t.Errorf("got %q", d.Denial.Reason)
	}
}
