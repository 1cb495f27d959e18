package importer_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/rootgate-project/rootgate/policy"
	"github.com/rootgate-project/rootgate/policy/importer"
)

// rootwrap imports one file of filters and checks what holds of every import: it
// loads, its tests pass, and each line is accounted for.
func rootwrap(t *testing.T, text string, o importer.Options) *importer.Result {
	t.Helper()
	if o.Caller == "" {
		o.Caller = "neutron"
	}
	r, err := importer.Rootwrap(t.Context(), []importer.Source{{Name: "l3.filters", Data: []byte("[Filters]\n" + text)}}, o)
	if err != nil {
		t.Fatal(err)
	}
	if o.IncludeUnsafe {
		return r
	}
	s, findings := policy.Load(t.Context(), r.Files, policy.Options{})
	if err := findings.Err(); err != nil {
		t.Fatalf("the policy does not load: %v\n%s", err, r.Files[0].Data)
	}
	for _, f := range findings {
		if f.ID == "A-NOTEST" {
			t.Errorf("%v", f)
		}
	}
	live := 0
	for _, l := range r.Report.Lines {
		live += len(l.Rules)
		if (l.Status >= importer.Narrowed) != (len(l.Rules) > 0) {
			t.Errorf("%s is %v and has the rules %v", l.Source, l.Status, l.Rules)
		}
		if l.Status != importer.Exact && l.Reason == "" {
			t.Errorf("%s is %v without a reason", l.Source, l.Status)
		}
		if !strings.Contains(string(r.Files[0].Data), "#   ") {
			t.Error("the source is not kept")
		}
	}
	if live != len(s.Rules()) {
		t.Errorf("%d rules are reported, %d are loaded", live, len(s.Rules()))
	}
	return r
}

func TestRootwrapLines(t *testing.T) {
	for _, tt := range []struct {
		name, line string
		status     importer.Status
		usage      string // of the rule, or of the comment
		reason     string
		witness    string
	}{
		{"literals", `a: RegExpFilter, tc, root, tc, qdisc, show`, importer.Exact, "qdisc show", "", ""},
		{"a choice", `a: RegExpFilter, /sbin/blockdev, root, blockdev, (--getsize64|--flushbufs)`, importer.Exact, "(--flushbufs|--getsize64)", "", ""},
		{"a choice without brackets", `a: RegExpFilter, x, root, x, start|stop`, importer.Exact, "(start|stop)", "", ""},
		{"a number", `a: RegExpFilter, sleep, root, sleep, \d+`, importer.Narrowed, "<arg1:int(0..4294967295)>", "leading zeros", ""},
		{"below a directory", `a: RegExpFilter, blockdev, root, blockdev, --getsz, /dev/.*`, importer.Narrowed, "--getsz <getsz:path(/dev)>", "canonical", ""},
		{"lookahead", `a: RegExpFilter, x, root, x, /etc/(?!\.\.).*`, importer.Narrowed, "<arg1:path(/etc/neutron)>", "outside of /etc/neutron", ""},
		{"anchors", `a: RegExpFilter, x, root, x, ^a.*M$`, importer.Narrowed, "a<arg1:re([%+,.0-:=@-Z_a-z~-]+)>M", "", ""},
		{"an anchor inside", `a: RegExpFilter, x, root, x, a$b`, importer.Refused, "", "anchor inside", ""},
		{"other lookahead", `a: RegExpFilter, x, root, x, (?!a)b`, importer.Refused, "", "invalid or unsupported Perl syntax", ""},
		{"a name within", `a: RegExpFilter, x, root, x, /run/a[^/]+/b`, importer.Narrowed, "/run/a<arg1:re([%+,.0-:=@-Z_a-z~-]+)>/b", "slashes", ""},
		{"directories of letters", `a: RegExpFilter, x, root, x, /[a-z/]+`, importer.Narrowed, "/<arg1:re([a-z]+(/[a-z]+)*)>", "slashes", ""},
		{"free text", `a: RegExpFilter, tc, root, tc, show, dev, .+`, importer.Narrowed, "show dev <dev:str>", "a leading dash", ""},
		{"a bare dot", `a: RegExpFilter, x, root, x, a.b`, importer.Narrowed, "a.b", "bare dot", ""},
		{"an address", `a: RegExpFilter, ping, root, ping, -c, \d+, [0-9\.]+`, importer.Narrowed, "-c <arg2:int(0..4294967295)> <arg3:ip4>", "no address", ""},
		{"free text that chooses", `a: RegExpFilter, haproxy, root, haproxy, -f, .*`, importer.Unsafe, "-f <arg:any>", "argument 2 is free", "haproxy -f /tmp/x"},
		{"another name", `a: RegExpFilter, x, root, y, a`, importer.Refused, "", "is not its name", ""},
		{"any program", `a: RegExpFilter, x, root, .*, a`, importer.Refused, "", "is not its name", ""},
		{"no pattern", `a: RegExpFilter, x, root`, importer.Refused, "", "matches nothing", ""},
		{"bad pattern", `a: RegExpFilter, x, root, x, (`, importer.Refused, "", "missing closing", ""},
		{"any arguments", `a: CommandFilter, tee, root`, importer.Unsafe, "[<arg:any>]...", "a known escape is file-write via tee", "tee /etc/cron.d/x"},
		{"any arguments, harmless", `a: CommandFilter, sync, root`, importer.Narrowed, "[<arg:str>]...8", "leading dash", ""},
		{"ip", `a: IpFilter, ip, root`, importer.Unsafe, "[<arg:any>]...", "everything else", "ip -b /tmp/x"},
		{"paths", `a: PathFilter, /bin/chown, root, nova, /var/lib/images`, importer.Narrowed, "nova <nova:path(/var/lib/images)>", "beside it", ""},
		{"a path and anything", `a: PathFilter, x, root, pass, /srv/`, importer.Narrowed, "<arg1:str> <arg2:path(/srv)>", "links", ""},
		{"pattern for a path", `a: PathFilter, x, root, /etc/(?!\.\.).*`, importer.Refused, "", "matches nothing that was meant", ""},
		{"path filter of nothing", `a: PathFilter, x, root`, importer.Refused, "", "no constraint", ""},
		{"a known escape", `a: PathFilter, chown, root, pass, /srv`, importer.Unsafe, "<arg1:str> <arg2:path(/srv)>", "P-ESCAPE", "chown /etc/shadow /srv/a"},
		{"a file", `a: ReadFileFilter, /etc/iscsi/initiatorname.iscsi`, importer.Exact, "/etc/iscsi/initiatorname.iscsi", "", ""},
		{"a file that is no path", `a: ReadFileFilter, /etc/../x`, importer.Refused, "", "cannot be written", ""},
		{"kill an interpreter", `a: KillFilter, root, /usr/bin/python3.11, -9`, importer.Unsafe, "", "every program", "kill -9 4242"},
		{"unknown class", `a: Foo, x, root`, importer.Refused, "", "unknown class Foo", ""},
		{"arity", `a: CommandFilter, x`, importer.Refused, "", "does not start", ""},
		{"no program", `a: CommandFilter, , root`, importer.Refused, "", "no program", ""},
		{"no account", `a: CommandFilter, tee, 0day`, importer.Refused, "", "not the name of an account", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := rootwrap(t, tt.line, importer.Options{})
			l := r.Report.Lines[0]
			if l.Status != tt.status || !strings.Contains(l.Reason, tt.reason) {
				t.Errorf("got %v: %q, want %v: %q", l.Status, l.Reason, tt.status, tt.reason)
			}
			if got := strings.Join(l.Witness, " "); got != tt.witness {
				t.Errorf("witness %q, want %q", got, tt.witness)
			}
			text := string(r.Files[0].Data)
			if tt.usage != "" && !strings.Contains(text, "argv: |\n  "+map[bool]string{true: "#     ", false: "    "}[tt.status == importer.Unsafe]) {
				t.Errorf("no usage line in\n%s", text)
			}
			if tt.usage != "" && !strings.Contains(text, "   "+tt.usage+"\n") {
				t.Errorf("no %q in\n%s", tt.usage, text)
			}
		})
	}
}

func TestRootwrapObserved(t *testing.T) {
	observed := [][]string{
		{"ip", "link", "set", "tap0", "up"},
		{"ip", "link", "set", "tap1", "down"},
		{"ip", "netns", "exec", "qrouter-1", "ip", "addr", "add", "10.0.0.1/24", "dev", "tap0"},
		{"env", "PROCESS_TAG=x", "haproxy", "-f", "/var/lib/neutron/x/a.conf"},
		{"ip", "link", "set", "../x", "up"},
	}
	r := rootwrap(t, "ip: IpFilter, ip, root\nhaproxy: RegExpFilter, haproxy, root, haproxy, -f, .*", importer.Options{Observed: observed})
	text := string(r.Files[0].Data)
	for _, want := range []string{
		"\n      addr add <add:cidr> dev <dev:ifname>\n", "\n      link set <set:ifname> (down|up)\n",
		"\n      -f <path:path(/var/lib/neutron/x)>\n", "- ip -b /tmp/x\n", "- haproxy -f /tmp/x\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if d := r.Report.Dropped; len(d) != 1 || !slices.Equal(d[0].Argv, observed[4]) {
		t.Errorf("dropped %v, want %v", d, observed[4])
	}
}

func TestRootwrapFiles(t *testing.T) {
	sources := []importer.Source{
		{Name: "a/l3.filters", Data: []byte("[Filters]\nx: RegExpFilter, tc, root, tc, a\nX: RegExpFilter, tc, root, tc, b")},
		{Name: "b/l3.filters", Data: []byte("[Filters]\ny: RegExpFilter, tc, root, tc, b\nz: RegExpFilter, tc, nova, tc, c")},
	}
	r, err := importer.Rootwrap(t.Context(), sources, importer.Options{Caller: "nova"})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Files) != 2 || r.Files[0].Name != "50-l3-2.yaml" || r.Files[1].Name != "50-l3.yaml" {
		t.Errorf("got the files %v", r.Files)
	}
	var got []string
	for _, l := range r.Report.Lines {
		got = append(got, l.Name+" "+l.Status.String()+" "+strings.Join(l.Rules, ","))
	}
	want := []string{"x refused ", "x exact l3.x", "y exact l3.x", "z exact l3.z"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if !strings.Contains(r.Report.String(), "4 lines: 3 exact, 0 narrowed, 0 unsafe, 1 refused") {
		t.Errorf("got %s", r.Report.String())
	}
	if js, err := r.Report.JSON(); err != nil || !strings.Contains(string(js), `"status": "exact"`) {
		t.Errorf("got %s, %v", js, err)
	}
}

func TestRootwrapErrors(t *testing.T) {
	good := importer.Source{Name: "f", Data: []byte("[Filters]\n")}
	for _, tt := range []struct {
		name    string
		sources []importer.Source
		o       importer.Options
	}{
		{"no caller", []importer.Source{good}, importer.Options{}},
		{"bad caller", []importer.Source{good}, importer.Options{Caller: "a b"}},
		{"no section", []importer.Source{{Name: "f"}}, importer.Options{Caller: "nova"}},
		{"too many files", make([]importer.Source, 257), importer.Options{Caller: "nova"}},
		{"too many requests", []importer.Source{good}, importer.Options{Caller: "nova", Observed: make([][]string, 1<<16+1)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if r, err := importer.Rootwrap(t.Context(), tt.sources, tt.o); err == nil || r != nil {
				t.Errorf("got %v, %v, want an error alone", r, err)
			}
		})
	}
}

func TestIncludeUnsafe(t *testing.T) {
	r := rootwrap(t, "a: CommandFilter, tee, root", importer.Options{IncludeUnsafe: true})
	s, findings := policy.Load(t.Context(), r.Files, policy.Options{Unchecked: true})
	if findings.HasErrors() {
		t.Fatal(findings.Err())
	}
	if len(s.Rules()) != 1 || s.Rules()[0].Lines[0].Text != "[<arg:any>]..." {
		t.Errorf("got %+v", s.Rules())
	}
}

func TestReadObserved(t *testing.T) {
	text := `{"argv": ["ip", "a"], "root": true}

{"type":"TYPE_EXEC","request":{"argv":["tc","b"]}}
{"type":"TYPE_DENY","request":{"argv":["sh"]}}
{"type":"TYPE_EXEC","request":{"argv":["tc"],"argv_cut":true}}
`
	got, err := importer.ReadObserved(importer.Source{Name: "a", Data: []byte(text)})
	if err != nil || len(got) != 2 || !slices.Equal(got[0], []string{"ip", "a"}) || !slices.Equal(got[1], []string{"tc", "b"}) {
		t.Errorf("got %q, %v", got, err)
	}
	if got, err := importer.ReadObserved(importer.Source{Name: "a", Data: []byte("{}\n[")}); err == nil || got != nil || !strings.HasPrefix(err.Error(), "a:2: ") {
		t.Errorf("got %q, %v, want an error of a:2", got, err)
	}
}
