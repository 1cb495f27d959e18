package importer_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rootgate-project/rootgate/policy"
	"github.com/rootgate-project/rootgate/policy/importer"
)

// sudoers imports a file and checks that what it becomes loads.
func sudoers(t *testing.T, text string) *importer.Result {
	t.Helper()
	r, err := importer.Sudoers(t.Context(), importer.Source{Name: "sudoers", Data: []byte(text)}, importer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, findings := policy.Load(t.Context(), r.Files, policy.Options{})
	if err := findings.Err(); err != nil {
		t.Fatalf("the policy does not load: %v\n%s", err, r.Files[0].Data)
	}
	live := 0
	for _, l := range r.Report.Lines {
		live += len(l.Rules)
	}
	if live != len(s.Rules()) {
		t.Errorf("%d rules are reported, %d are loaded", live, len(s.Rules()))
	}
	return r
}

func TestSudoersLines(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		status     importer.Status
		want       string // in the policy
		reason     string
	}{
		{"fixed arguments", "deploy ALL=(root) NOPASSWD: /bin/true restart nginx", importer.Exact, "\n      restart nginx\n", ""},
		{"no arguments", `deploy ALL = /bin/true ""`, importer.Exact, "\n      ()\n", ""},
		{"callers", "alice, %ops, #1001 ALL = /bin/true x", importer.Exact, "callers: [{user: alice}, {group: ops}, {uid: 1001}]", ""},
		{"aliases", "User_Alias U = alice, bob : V = U\nCmnd_Alias C = /bin/true a\nV ALL = C", importer.Exact, "callers: [{user: alice}, {user: bob}]", ""},
		{"an account", "a ALL = (nobody) /bin/true x", importer.Exact, "run: {user: nobody}", ""},
		{"continued", "a ALL = \\\n  /bin/true x", importer.Exact, "# sudoers:1\n", ""},
		{"escaped characters", `a ALL = /bin/true a\,b\:c\=d`, importer.Exact, "a,b:c=d", ""},
		{"digest", "a ALL = sha256:" + strings.Repeat("0", 64) + " /bin/true x", importer.Exact, "sha256: [" + strings.Repeat("0", 64) + "]", ""},
		{"other digest", "a ALL = sha512:00 /bin/true x", importer.Refused, "", "digest"},
		{"below a directory", "a ALL = /opt/tool /srv/*", importer.Narrowed, "<arg1:path(/srv)>", "several arguments of one"},
		{"a part of a name", "a ALL = /opt/tool /var/log/messages*", importer.Narrowed, "/var/log/messages<", "slashes"},
		{"one argument", "a ALL = /opt/tool * x", importer.Narrowed, "<arg1:str> x", "spaces"},
		{"expression", "a ALL = /opt/tool ^[a-zA-Z0-9_]+$", importer.Narrowed, "<arg1:re(", ""},
		{"expression of two", `a ALL = /opt/tool ^restart (a|b)$`, importer.Exact, "restart (a|b)", ""},
		{"expression of anything", `a ALL = /opt/tool ^.*$`, importer.Refused, "", "no type"},
		{"any at the end", "a ALL = /opt/tool -u nginx *", importer.Unsafe, "#     -u nginx [<arg:any>]...", "any arguments"},
		{"any arguments", "a ALL = /usr/bin/tar", importer.Unsafe, "#     [<arg:any>]...", "any arguments"},
		{"everything", "a ALL = ALL", importer.Unsafe, "# for example: sh", "every command"},
		{"everybody", "ALL ALL = /bin/true x", importer.Refused, "", "everybody"},
		{"but somebody", "a, !b ALL = /bin/true x", importer.Refused, "", "takes users away"},
		{"netgroup", "+a ALL = /bin/true x", importer.Refused, "", "no user or group"},
		{"a host", "a web1 = /bin/true x", importer.Refused, "", "some hosts"},
		{"accounts", "a ALL = (b, c) /bin/true x", importer.Refused, "", "one of several"},
		{"a group", "a ALL = (root:adm) /bin/true x", importer.Refused, "", "a group to run as"},
		{"edit", "a ALL = sudoedit /etc/motd", importer.Refused, "", "editing"},
		{"a directory", "a ALL = /usr/bin/", importer.Refused, "", "every program"},
		{"pattern of programs", "a ALL = /usr/bin/x*", importer.Refused, "", "pattern of programs"},
		{"class", "a ALL = /opt/tool [a-z]x", importer.Refused, "", "no type"},
		{"include", "@include /etc/sudoers.local", importer.Refused, "", "other files"},
		{"nonsense", "hello", importer.Refused, "", "beyond"},
		{"known escape", "a ALL = /usr/bin/tar -cf /srv/a *x", importer.Unsafe, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := sudoers(t, tt.text)
			if len(r.Report.Lines) != 1 {
				t.Fatalf("got %d lines, want 1", len(r.Report.Lines))
			}
			l := r.Report.Lines[0]
			if tt.name == "known escape" && l.Status == importer.Narrowed {
				return // the data may learn of one, or not
			}
			if l.Status != tt.status || !strings.Contains(l.Reason, tt.reason) {
				t.Errorf("got %v: %q, want %v: %q", l.Status, l.Reason, tt.status, tt.reason)
			}
			if text := string(r.Files[0].Data); !strings.Contains(text, tt.want) {
				t.Errorf("no %q in\n%s", tt.want, text)
			}
		})
	}
}

// What one item takes away, no rule of another item gives.
func TestSudoersNegation(t *testing.T) {
	r := sudoers(t, "john ALL = /opt/passwd ^[a-zA-Z0-9_]+$, !/opt/passwd root, /opt/other x")
	var got []string
	for _, l := range r.Report.Lines {
		got = append(got, l.Status.String())
	}
	if want := []string{"unsafe", "refused", "exact"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if w := r.Report.Lines[0].Witness; !slices.Equal(w, []string{"passwd", "root"}) {
		t.Errorf("witness %q", w)
	}
}

// The text and what cvtsudoers makes of it become the same rules.
func TestSudoersJSON(t *testing.T) {
	read := func(name string) *importer.Result {
		data, err := os.ReadFile(filepath.Join("testdata/sudoers", name))
		if err != nil {
			t.Fatal(err)
		}
		return sudoers(t, string(data))
	}
	text, js := read("sudoers"), read("sudoers.json")
	if len(text.Report.Lines) != len(js.Report.Lines) || len(text.Report.Lines) < 12 {
		t.Fatalf("%d lines of the text, %d of the JSON", len(text.Report.Lines), len(js.Report.Lines))
	}
	for i, l := range text.Report.Lines {
		if o := js.Report.Lines[i]; l.Status != o.Status || l.Reason != o.Reason || !slices.Equal(l.Witness, o.Witness) {
			t.Errorf("%s is %v (%s), as JSON %v (%s)", l.Source, l.Status, l.Reason, o.Status, o.Reason)
		}
	}
	if r, err := importer.Sudoers(t.Context(), importer.Source{Name: "x", Data: []byte("{")}, importer.Options{}); err == nil {
		t.Errorf("got %v, want an error", r)
	}
}

func FuzzSudoers(f *testing.F) {
	for _, seed := range []string{
		"a ALL=(root) NOPASSWD: /bin/true x, !/bin/y", "User_Alias A = A, B\nA ALL = ALL", "{}", `{"User_Specs":[{"Cmnd_Specs":[{"Commands":[{"command":"/bin/x *"}]}]}]}`,
		"a ALL = /x ^a b$", "#include x\n\\\n\\", "a ALL = (", "Cmnd_Alias =\n = ",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 512 {
			return
		}
		r, err := importer.Sudoers(t.Context(), importer.Source{Name: "s", Data: data}, importer.Options{})
		if err != nil {
			return
		}
		if _, findings := policy.Load(t.Context(), r.Files, policy.Options{}); findings.HasErrors() {
			t.Errorf("%q becomes a policy that does not load: %v\n%s", data, findings.Err(), r.Files[0].Data)
		}
	})
}

func FuzzRootwrap(f *testing.F) {
	for _, seed := range [][2]string{
		{"RegExpFilter, x, root, x, /a[^/]+/b", "x /aa/b"},
		{"CommandFilter, ip, root", "ip a tap0"},
		{"KillFilter, root, /bin/x, -9", "kill -9 5"},
		{"PathFilter, x, root, pass, /srv", "x 1 /srv/a"},
		{"RegExpFilter, x, root, x, (a|b)?c*", "x ac"},
		{"ReadFileFilter, /etc/a", "cat /etc/a"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, line, seen string) {
		if len(line)+len(seen) > 256 {
			return
		}
		o := importer.Options{Caller: "nova", Observed: [][]string{strings.Fields(seen)}}
		r, err := importer.Rootwrap(t.Context(), []importer.Source{{Name: "f", Data: []byte("[Filters]\na: " + line)}}, o)
		if err != nil {
			return
		}
		if _, findings := policy.Load(t.Context(), r.Files, policy.Options{}); findings.HasErrors() {
			t.Errorf("%q becomes a policy that does not load: %v\n%s", line, findings.Err(), r.Files[0].Data)
		}
	})
}
