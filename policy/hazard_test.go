package policy

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// vetted returns the findings of a policy that is loaded with all checks.
func vetted(t *testing.T, text string) Findings {
	t.Helper()
	o := options()
	o.Vet = true
	_, found := Load(t.Context(), []File{{"p.yaml", []byte(text)}}, o)
	return found
}

func TestHazards(t *testing.T) {
	for _, c := range []struct{ name, line, want, witness string }{
		{"a device by expression", "--flush <d:re(/dev/.*)>", `E T-TRAVERSE: a:1 accepts /dev/.., which has a ".." component`, "x --flush /dev/.."},
		{"and its path", "--flush <d:re(/dev/.*)>", `E T-PATHRE: <d> of re(/dev/.*) accepts the path /dev/,`, "x --flush /dev/"},
		{"a configuration file", "--config-file <f:re(/etc/.*)>", "E T-PATHRE", "x --config-file /etc/"},
		{"part of a word", "if=<f:re([a-z/]{1,20})> of=x", "E T-PATHRE", "x if=/ of=x"},
		{"a plain path of an expression", "<f:re(/dev/sd[a-z])>", "E T-PATHRE", "x /dev/sda"},
		{"below a literal", "/srv/<f:re([a-z.]{1,9})>/x", "E T-TRAVERSE", "x /srv/../x"},
		{"built of two values", "/srv/.<a:re([.a])>/x", "E T-TRAVERSE", "x /srv/../x"},
		{"a name that is a directory", "<f:re([a-z.]{1,9})>", "W T-TRAVERSE", "x .."},
		{"text", "say <f:str>", "W T-TRAVERSE", "x say ../"},
		{"text that is a path", "say <f:str>", "W T-PATHRE", "x say /"},
		{"text before a path", "<f:str> <g:re(/[a-z]{0,9})>", "E T-PATHRE: <g>", "x a /"},
		{"text before a way out", "<f:str> /srv/<g:re([a-z.]{1,9})>", "E T-TRAVERSE", "x a /srv/.."},
		{"an option", "<o:opt>", "W T-DASH: <o> of re(-[a-z]) accepts -a,", "x -a"},
		{"a negative number", "nice <n:int(-20..19)>", "", ""},
		{"everything", "<v:any>", "E T-DASH: <v> of any accepts --,", "x --"},
		{"everything in a word", "v=<v:any>", "W T-PATHRE", "x v=/"},
		{"options on purpose", "<f:bundle(alh)>", "", ""},
		{"a negative uid", "<uid:int(-1..5)>", "E T-NEGID: <uid> of int(-1..5) accepts -1,", "x -1"},
		{"the process group", "kill-<the-pid:int(0..9)>", "E T-NEGID: <the-pid> of int(0..9) accepts 0,", "x kill-0"},
		{"minus one in 32 bits", "<gid:re([1-9][0-9]{0,9})>", "E T-NEGID: <gid> of re([1-9][0-9]{0,9}) accepts 4294967295,", "x 4294967295"},
		{"a range of processes", "<pid:int(2..4194304)>", "", ""},
		{"not an id", "<liquid:int(0..5)> <id:int(0..5)>", "", ""},
		{"types of the language", "<uid:uid> <a:gid> <b:pid> <u:user> <g:group> <d:decimal(-1..1)> <s:size> <t:duration> <k:uuid> <h:host> <f:fqdn> <e:enum-list(a)> <c:csv(ip)>", "", ""},
		{"a list of anything", "<c:csv(re([/a]{1,3}))>", "E T-PATHRE: <c> of csv(re([/a]{1,3})) accepts the path /", "x /"},
		{"no bound", "<w:re([a-z]+)>", "W T-UNBOUNDED: <w> of re([a-z]+) has no bound of its length", ""},
		{"no maximum", "a...", "W T-UNBOUNDED: a:1 has a repetition without a maximum", ""},
		{"a path has none either", "<p:path(/srv)>", "", ""},
		{"tight", "/srv/<f:re([a-z]{1,9})>.<n:int(1..9)> <i:ip> <d:ifname> <n:netns>", "", ""},
		{"two names", "(<a:ip>|<b:re([0-9.]{7})>)", "W A-AMBIG: a:1 reads [x 0.0.0.0] in two ways, and such a request is refused", "x 0.0.0.0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			found := vetted(t, "version: 1\ncallers: [{user: alice}]\ntypes: {opt: {re: '-[a-z]', dash: true}}\n"+strings.TrimPrefix(rules(c.line), "version: 1\ncallers: [{user: alice}]\n"))
			found = slices.DeleteFunc(found, func(f Finding) bool { return f.ID == "A-NOTEST" })
			if c.want == "" {
				if len(found) > 0 {
					t.Fatal(found)
				}
				return
			}
			for _, f := range found {
				if strings.Contains(f.String(), c.want) && strings.Join(f.Witness, " ") == c.witness {
					return
				}
			}
			for _, f := range found {
				t.Errorf("got %s %q", f, f.Witness)
			}
			t.Errorf("want %s %q", c.want, c.witness)
		})
	}
}

// TestHazardsOfLoad: what is an error refuses the policy without vet as well,
// and what is a warning of vet costs a plain load nothing.
func TestHazardsOfLoad(t *testing.T) {
	if s, found := Load(t.Context(), []File{{"p.yaml", []byte(rules("<f:re(/dev/.*)>"))}}, options()); s != nil || found.Err() == nil {
		t.Error("an expression for paths loads")
	}
	if s, _ := Load(t.Context(), []File{{"p.yaml", []byte(rules("<f:str> <g:re(/.*)>"))}}, options()); s != nil {
		t.Error("a warning stands for an error")
	}
	s, found := Load(t.Context(), []File{{"p.yaml", []byte(rules("<f:str>...\n      <f:str>"))}}, options())
	if s == nil || slices.ContainsFunc(found, func(f Finding) bool { return f.ID != "A-NOTEST" }) {
		t.Error(found)
	}
}

func TestSubsumed(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"another rule", rules("go <n:int(1..5)>", "go <n:int(1..9)>"), "p.yaml:7:7: W A-SUBSUMED: a:1 accepts nothing that b:1 does not"},
		{"another line", rules("go [fast]\n      go"), "p.yaml:8:7: W A-SUBSUMED: a:2 accepts nothing that a:1"},
		{"the same", rules("go", "go"), "p.yaml:11:7: W A-SUBSUMED: b:1 accepts nothing that a:1"},
		{"the same, before", rules("go", "go [x]"), "p.yaml:7:7: W A-SUBSUMED: a:1 accepts nothing that b:1"},
		{"not for one of its callers", rules("go\n    callers: [{user: alice}, {user: bob}]", "go [x]"), ""},
		{"for a chain alone", rules("go <n:int(1..5)>\n    callers: []", "go <n:int(1..9)>"), ""},
		{"overlap only", rules("go <n:int(1..5)>", "go <n:int(3..9)>"), ""},
		{"a path with less access", rules("<a:path(/a/b)>", "<a:path(/a)>\n    args: {}"), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, f := range vetted(t, c.text) {
				if f.ID == "A-SUBSUMED" {
					got = append(got, f.String())
				}
			}
			if c.want == "" && len(got) > 0 || c.want != "" && (len(got) != 1 || !strings.HasPrefix(got[0], c.want)) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestWaivers(t *testing.T) {
	for _, c := range []struct{ fields, want string }{
		{"why: x\naccept: [A-NOTEST]", "[]"},
		{"why: x\naccept: [A-NOTEST, T-DASH]", "[p.yaml:8:24: N F-ACCEPT: r has no warning T-DASH to accept]"},
		{"accept: [A-NOTEST]", "accept needs a why:"},
		{"why: x\naccept: [A-NOTEST, A-NOTEST]", "A-NOTEST stands twice"},
		{"why: x\naccept: [A-NOTEXT]", `"A-NOTEXT" is no check with warnings to accept; did you mean A-NOTEST?`},
		{"why: x\naccept: [A-UNREACH]", "is no check with warnings to accept"},
		{"why: x\naccept: A-NOTEST", "expected a list"},
		{"why: x\naccept: [A-NOTEST]\ntests: {deny: ['true']}", "test failed"},
	} {
		if got := fmt.Sprint(vetted(t, rule(c.fields))); !strings.Contains(got, c.want) {
			t.Errorf("%s: got %s, want %s", c.fields, got, c.want)
		}
	}
}
