package argv

import (
	"strings"
	"testing"
)

// TestNeverAgain is requests that allow-lists of this kind have let through,
// each with the rule that says what its author meant.
func TestNeverAgain(t *testing.T) {
	tests := []struct {
		name  string
		rule  string
		allow string
		deny  []string
	}{
		{
			"a program that runs programs", ipLines, "link show",
			[]string{
				"vrf exec default id", "netns add netns", "-n netns netns exec netns id", "-netns x link show", "-b FILE", "-batch FILE", "-ba FILE",
				"-force -batch FILE", "-all netns exec id", "-o -b FILE", "link set dev lo vrf exec",
			},
		},
		{"a pattern over a path", "--getsize64 <d:path(/dev)>", "--getsize64 /dev/sda", []string{"--getsize64 /dev/../etc/shadow", "--getsize64 /dev/sda/../../etc/shadow"}},
		{"alternatives without brackets", "(start|stop)", "stop", []string{"start --evil", "start --evil stop", "'start --evil'", "'start|stop'", "restart", "startstop"}},
		{"an end before the newline", "<n:int(0..9)>", "5", []string{"'5\n'", "'5\r'", "'5\x00'", "5junk", "'5\n6'"}},
		{"a lookahead against dots", "--config-file <c:path(/etc)>", "--config-file /etc/x", []string{"--config-file /etc/x/../../tmp/evil.conf", "--config-file /etc/..", "--config-file /etc/./x"}},
		{"a prefix of characters", "nova <p:path(/var/lib/images)>", "nova /var/lib/images/x", []string{"nova /var/lib/images-evil/x", "nova /var/lib/imagesx", "nova /var/lib/images/../images-evil/x"}},
		{"arguments after the command", "-f <c:path(/etc/haproxy)>", "-f /etc/haproxy/x", []string{"-C /tmp -f /etc/haproxy/x", "-f /etc/haproxy/x -C /tmp", "-f /etc/haproxy/x -f /tmp/y"}},
		{"fields that were ignored", "--query_guid", "--query_guid", []string{"--anything", "--query_guid --anything", "--query_gui", ""}},
		{"an option in place of a path", "<p:path(/var/lib/mnt)> -maxdepth <n:int(1..9)>", "/var/lib/mnt/x -maxdepth 1", []string{"-delete -maxdepth 1", "/var/lib/mnt/x -delete", "/var/lib/mnt/x -maxdepth 1 -delete"}},
		{"a shell string", "-f <p:path(/run/x)>", "-f /run/x/a", []string{"-f '/run/x; id'", "-c 'rm -f /x; id; echo /*.conf'", "-f '/run/x/../../x; id'"}},
		{"a number that is a sign", "-9 <p:int(2..4194304)>", "-9 12", []string{"-9 -1", "-9 1", "-9 0", "-9 4294967295", "-9 +2", "-9 ' 2'", "-9 0x10", "-9 1e3", "-9 ٣", "-9 -0"}},
		{"abbreviated options", "--wait <n:int(1..9)>", "--wait 5", []string{"--wa 5", "--wait=5", "-w 5", "-w5"}},
		{"an option inside a value", "-o <x:str>", "-o a", []string{"-o -oProxyCommand=id", "-o --rsh=id", "-o", "-oa"}},
		{"the empty token", "-t [<x:str>]", "-t", []string{"-t ''", "'' -t", "-t a ''"}},
		{"a keyword as a value", "link set [dev] <d:ifname> up", "link set dev dev up", []string{"link set dev up", "link set up"}},
		{"characters that reorder text", "<x:str>", "a", []string{"a\u202eb", "\u2066", "\ufeffa", "a\u2028b", "a\u0085b", "a\u200b"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := corpusProgram{scope: netScope, rules: []string{tt.rule}}
			m, _ := p.compile(t)
			if args := mustSplit(t, tt.allow); len(m.Match(args, nil)) == 0 {
				t.Errorf("%q is refused", args)
			}
			for _, s := range tt.deny {
				args := mustSplit(t, s)
				if refs := m.Match(args, nil); len(refs) > 0 {
					t.Errorf("%q is accepted", args)
				}
			}
		})
	}
}

// TestEverySingleByte: no byte that is not printable gets into a value,
// wherever it stands.
func TestEverySingleByte(t *testing.T) {
	for _, notation := range []string{"str", "re(.+)", "path(/a)", "ifname", "netns", "re([^/\\pC]+)"} {
		typ := mustType(t, notation)
		base := "ab"
		if typ.Name() == "path" {
			base = "/a/b"
		}
		if !typ.Accepts(base) {
			t.Fatalf("%v refuses %q", typ, base)
		}
		for b := range 256 {
			for at := range len(base) + 1 {
				s := base[:at] + string([]byte{byte(b)}) + base[at:]
				if typ.Accepts(s) && (b < 0x20 || b >= 0x7f) {
					t.Errorf("%v accepts %q", typ, s)
				}
			}
		}
	}
}

// TestNoBacktracking: expressions on which a backtracking matcher would not come
// to an end while the test waits.
func TestNoBacktracking(t *testing.T) {
	for _, re := range []string{"(a+)+", "(a|a)*b", "(a|b|ab)*c", `/*([^/\pC]+(/+)?)*`, "([a-z]+)*!"} {
		m, _ := (&corpusProgram{rules: []string{"<x:re(" + re + ")>..."}}).compile(t)
		arg := strings.Repeat("a", MaxTokenBytes-1) + "\x00"
		for range 100 {
			if m.Match([]string{arg}, nil) != nil {
				t.Fatalf("%s accepts a NUL", re)
			}
		}
	}
}

// TestMatchDoesNotAllocate holds Match to its contract.
func TestMatchDoesNotAllocate(t *testing.T) {
	m, _ := corpus[0].compile(t)
	args := mustSplit(t, "-4 route replace default via 10.0.0.1 dev qg-12 table 16")
	dst := make([]LineRef, 0, 4)
	if n := testing.AllocsPerRun(100, func() { dst = m.Match(args, dst[:0]) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if len(dst) != 1 {
		t.Errorf("got %v", dst)
	}
}

func BenchmarkMatch(b *testing.B) {
	m, _ := corpus[0].compile(b)
	for _, s := range []string{"link set dev qr-1234 up", "-4 route replace default via 10.0.0.1 dev qg-12 table 16", "vrf exec default sh", "-6 addr add fe80::1/64 scope link dev qr-1"} {
		args := mustSplit(b, s)
		dst := make([]LineRef, 0, 4)
		b.Run(s, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				dst = m.Match(args, dst[:0])
			}
		})
	}
}

func BenchmarkCaptures(b *testing.B) {
	m, _ := corpus[0].compile(b)
	args := mustSplit(b, "-4 route replace default via 10.0.0.1 dev qg-12 table 16")
	ref := m.Match(args, nil)[0]
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.Captures(ref, args); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkExplain(b *testing.B) {
	m, _ := corpus[0].compile(b)
	args := mustSplit(b, "link set dev qr-1 mtu 99999")
	b.ReportAllocs()
	for b.Loop() {
		m.Explain(args, nil)
	}
}

func BenchmarkCompile(b *testing.B) {
	scope := Scope{}
	for name, notation := range netScope {
		scope[name] = mustType(b, notation)
	}
	for b.Loop() {
		block := mustParse(b, ipLines, scope)
		if _, err := Compile([]Rule{{Lines: block.Lines}}, Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}
