package argv

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// TestMoreTypeRows holds the types of numbers with units, names, accounts and
// lists to values they must take, near misses and hostile ones.
func TestMoreTypeRows(t *testing.T) {
	label := strings.Repeat("a", 60)
	longest := strings.Repeat(label+".", 4) + "abcdefghi" // 253 bytes
	tests := []struct {
		notation    string
		allow, deny []string
	}{
		{
			"decimal(0..60000)",
			[]string{"0", "0.0", "50.0", "0.000001", "59999.999999", "60000", "60000.000000", "12.5"},
			[]string{"", ".5", "5.", "-0", "-0.0", "-1", "+1", "01", "00.5", "60000.000001", "60001", "1e3", "1.2345678", "1,5", "1.5\n", "NaN", "0x1", "1.5.5"},
		},
		{
			"decimal(-1.5..0.25)",
			[]string{"-1.5", "-1.500000", "-0.000001", "0", "0.25", "-1", "0.1"},
			[]string{"-0", "-0.000000", "-1.500001", "-2", "0.250001", "0.26", "1", "--1", "-"},
		},
		{"decimal(2.000001..2.000002)", []string{"2.000001", "2.000002"}, []string{"2", "2.0", "2.000003", "2.00000", "2.1", "3"}},
		{
			"size",
			[]string{"0", "1048576", "0B", "10MiB", "10M", "10m", "1g", "8191PiB"[:4] + "TiB", "9223372036854775807"},
			[]string{"", "-1", "+1", "01", "1.5G", "10MB", "10 M", "1mib", "1Ki", "9223372036854775808", "9007199254740992K", "8388608TiB", "1KiBB", "B", "KiB", "0x10"},
		},
		{
			"size(1MiB..10MiB)",
			[]string{"1048576", "10485760B", "1MiB", "10MiB", "1024KiB", "2M", "10M", "2000k", "10240K"},
			[]string{"1048575", "10485761", "0", "1M", "11M", "11MiB", "10241KiB", "1023KiB", "1G", "1KiB", "1048k", "10241k"},
		},
		{
			"duration",
			[]string{"0s", "30s", "500ms", "1m30s", "90s", "1h", "1h30s", "1h0m0s", "86400s", "1h59m59s999ms", "100h"},
			[]string{"", "30", "s", "-1s", "+1s", "1.5s", "01s", "1m60s", "1h60m", "1s1000ms", "30s1m", "1d", "1us", "1s1s", "1m 30s", "9223372036855ms", "2562048h"},
		},
		{
			"duration(1s..1m30s)",
			[]string{"1s", "1000ms", "1s500ms", "90s", "1m30s", "90000ms", "1m30s0ms", "0m1s", "0h1m"},
			[]string{"0s", "999ms", "1m31s", "91s", "90001ms", "1m30s1ms", "2m", "1h", "0h0m0s", "0m", "0m999ms"},
		},
		{
			"uuid",
			[]string{"6b5f1cbe-6f2b-4a0c-9e50-0ce7a3e2f1aa", "00000000-0000-0000-0000-000000000000", "6B5F1CBE-6F2B-4A0C-9E50-0CE7A3E2F1AA"},
			[]string{"", "6b5f1cbe6f2b4a0c9e500ce7a3e2f1aa", "6b5f1cbe-6f2b-4a0c-9e50-0ce7a3e2f1a", "6b5f1cbe-6f2b-4a0c-9e50-0ce7a3e2f1aaa", "gb5f1cbe-6f2b-4a0c-9e50-0ce7a3e2f1aa", "{6b5f1cbe-6f2b-4a0c-9e50-0ce7a3e2f1aa}", "-b5f1cbe-6f2b-4a0c-9e50-0ce7a3e2f1aa"},
		},
		{
			"host",
			[]string{"openstacklocal", "a", "a.b", "3com.com", "xn--bcher-kva.example", "a-b.c-d", "10.0.0.1", "fe80::1", "::ffff:1.2.3.4", "A.B", longest},
			[]string{"", ".", "a.", ".a", "a..b", "-a", "a-", "a-.b", "a.-b", "2130706433", "127.1", "0x7f.1", "1.2.3.0x4", "a_b", "a b", "a\n", "é", "[::1]", "fe80::1%eth0", "10.0.0.256", "a/b", "@a", longest + "a", "a.3"},
		},
		{"fqdn", []string{"a.b", "www.example.org"}, []string{"a", "localhost", "10.0.0.1", "::1", "a.", "a.b.", ".a.b", "a.1", "-a.b", longest + "a"}},
		{
			"user",
			[]string{"neutron", "_apt", "systemd-network", "a.b", "A", "1", "1000", "4294967294", "toor", "rootx"},
			[]string{"", "0", "root", "-1", "4294967295", "4294967296", "01", "+1", "-u", "a:b", "a b", "a/b", "../x", "a\n", "é", strings.Repeat("a", 33), "#0", "1a"},
		},
		{"group", []string{"adm", "4"}, []string{"0", "root", "-1", "4294967295", "%wheel"}},
		{"uid", []string{"1", "1000", "4294967294"}, []string{"0", "-1", "4294967295", "18446744073709551615", "root", "01", ""}},
		{"gid", []string{"1"}, []string{"0", "-1", "4294967295", "adm"}},
		{"pid", []string{"2", "4711", "4194304"}, []string{"0", "1", "-1", "-2", "4194305", "01", "self", ""}},
		{
			"enum-list(vg_name,name,size)",
			[]string{"name", "name,size", "vg_name,name,size", "size,size"},
			[]string{"", ",", "name,", ",name", "names", "name,,size", "name size", "name,size,name,size", "Name", "-name"},
		},
		{
			"csv(int(1..9))",
			[]string{"1", "1,9", "1,1,1", strings.Repeat("1,", 15) + "1"},
			[]string{"", "1,", ",1", "10", "1,0", "1, 2", strings.Repeat("1,", 16) + "1", "1;2"},
		},
		{"csv(ip4)", []string{"1.2.3.4,5.6.7.8"}, []string{"1.2.3.4,5.6.7", "1.2.3.4 5.6.7.8"}},
		{
			"bundle(alh)",
			[]string{"-a", "-l", "-alh", "-hla", "-ha"},
			[]string{"", "-", "a", "--a", "-aa", "-alha", "-x", "-ax", "-a-l", "-a ", "-A"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.notation, func(t *testing.T) {
			typ := mustType(t, tt.notation)
			for _, s := range tt.allow {
				if !typ.Accepts(s) {
					t.Errorf("%q is refused", s)
				}
			}
			for _, s := range tt.deny {
				if typ.Accepts(s) {
					t.Errorf("%q is accepted", s)
				}
			}
			again := mustType(t, typ.String())
			if again.String() != typ.String() || !again.same(typ) {
				t.Errorf("notation %q reads back as %q", typ, again)
			}
		})
	}
}

func TestBounds(t *testing.T) {
	tests := []struct {
		name, text string
		want       int64
		shown      string // when it is not text
	}{
		{"int", "-5", -5, ""},
		{"decimal", "12.5", 12_500_000, ""},
		{"decimal", "-0.000001", -1, ""},
		{"decimal", "3.100", 3_100_000, "3.1"},
		{"decimal", "0", 0, ""},
		{"decimal", "100", 100_000_000, ""},
		{"decimal", "9223372036854.775807", 1<<63 - 1, ""},
		{"size", "0", 0, "0B"},
		{"size", "10MiB", 10 << 20, ""},
		{"size", "1536", 1536, "1536B"},
		{"size", "1024KiB", 1 << 20, "1MiB"},
		{"size", "3TiB", 3 << 40, ""},
		{"duration", "1m30s", 90_000, ""},
		{"duration", "90s", 90_000, "1m30s"},
		{"duration", "0h", 0, "0s"},
		{"duration", "1h5ms", 3_600_005, ""},
	}
	for _, tt := range tests {
		got, err := ParseBound(tt.name, tt.text)
		shown := tt.shown
		if shown == "" {
			shown = tt.text
		}
		if err != nil || got != tt.want || FormatBound(tt.name, got) != shown {
			t.Errorf("%s %s: got %d as %s, %v, want %d as %s", tt.name, tt.text, got, FormatBound(tt.name, got), err, tt.want, shown)
		}
	}
	for _, bad := range [][2]string{
		{"int", "1.5"},
		{"int", "01"},
		{"decimal", "-0"},
		{"decimal", "1."},
		{"decimal", "9223372036854.775808"},
		{"decimal", "1e3"},
		{"decimal", "18446744073709551616"},
		{"decimal", "9999999999999999999"},
		{"size", "1K"},
		{"size", "-1"},
		{"size", "8388608TiB"},
		{"size", "1PiB"},
		{"size", ""},
		{"duration", ""},
		{"duration", "30"},
		{"duration", "1m60s"},
		{"duration", "9999999999h"},
		{"duration", "2562047h48m"},
	} {
		if n, err := ParseBound(bad[0], bad[1]); err == nil {
			t.Errorf("%s %q reads as %d", bad[0], bad[1], n)
		}
	}
}

// TestConstraints: what a type takes beside its notation, and what it refuses.
func TestConstraints(t *testing.T) {
	n := func(v int64) *int64 { return &v }
	tests := []struct {
		notation    string
		params      Params
		allow, deny string // values, separated by spaces
		want        string // its text, or a part of the error
	}{
		{"int(1..9)", Params{Except: []string{"5"}}, "1 4 6 9", "5 0 10", "int(1..9) {except: [5]}"},
		{"int(1..9)", Params{Except: []string{"0"}}, "", "", `the exception "0" is not a value`},
		{"int(1..1)", Params{Except: []string{"1"}}, "", "", "except takes all of them"},
		{"int(1..9)", Params{Max: n(3)}, "", "", "states max twice"},
		{"decimal(0..9)", Params{Except: []string{"1.5"}}, "1.4 1.51 5", "1.5 1.50 1.500000", "decimal(0..9) {except: [1.5]}"},
		{"size", Params{Max: n(1 << 30), Except: []string{"1MiB"}}, "1MB1 1048577 2MiB 1025K"[5:], "1MiB 1048576 1048576B 1024KiB 1024K 1M 1m", "size(0B..1GiB) {except: [1MiB]}"},
		{"size", Params{Except: []string{"1M"}}, "2M 999K", "1M 1m 1MiB 1000000 1000K 1024K", "size {except: [1M]}"},
		{"duration", Params{Min: n(1000), Except: []string{"90s"}}, "89s 1m31s", "90s 1m30s 90000ms 0h1m30s", "duration(1s..2562047h47m16s854ms) {except: [90s]}"},
		{"duration", Params{Max: n(-1)}, "", "", "a bound is not from 0s to"},
		{"size", Params{Min: n(5), Max: n(4)}, "", "", "5B is greater than 4B"},
		{"ifname", Params{Except: []string{"lo", "eth0"}}, "eth1 lo0 l LO", "lo eth0", "ifname {except: [eth0, lo]}"},
		{"mac", Params{Except: []string{"ff:ff:ff:ff:ff:ff"}}, "ff:ff:ff:ff:ff:fe", "ff:ff:ff:ff:ff:ff FF:ff:fF:ff:ff:ff", "mac {except: [ff:ff:ff:ff:ff:ff]}"},
		{"uuid", Params{Except: []string{"00000000-0000-0000-0000-00000000000a"}}, "00000000-0000-0000-0000-00000000000b", "00000000-0000-0000-0000-00000000000A", "uuid {except: [00000000-0000-0000-0000-00000000000a]}"},
		{"host", Params{Except: []string{"localhost", "127.0.0.1"}}, "local 127.0.0.2 ::1", "localhost LOCALHOST 127.0.0.1 ::ffff:127.0.0.1 ::ffff:7f00:1", "host {except: [127.0.0.1, localhost]}"},
		{"str", Params{Except: []string{"a"}}, "b A aa", "a", "str {except: [a]}"},
		{"any", Params{Except: []string{"a"}}, "", "", "has no except; it takes no constraints"},
		{"user", Params{Except: []string{"bob"}}, "", "", "has no except; it takes in_group, min, max, allow_root"},
		{"user", Params{AllowRoot: true}, "root 0 bob", "-1 4294967295", "user {allow_root: true}"},
		{"user", Params{Min: n(1000), InGroup: "students"}, "1000 bob", "999 0 root", "user {min: 1000, in_group: students}"},
		{"user", Params{Min: n(0)}, "", "", "a bound is not from 1 to 4294967294"},
		{"uid", Params{Min: n(0), AllowRoot: true, Max: n(5)}, "0 5", "6", "uid {min: 0, max: 5, allow_root: true}"},
		{"uid", Params{InGroup: "-x"}, "", "", "neither the name of a group nor a number"},
		{"uid", Params{InGroup: "4294967295"}, "", "", "neither the name of a group nor a number"},
		{"uid", Params{InGroup: "007"}, "", "", "neither the name of a group nor a number"},
		{"uid", Params{InGroup: "1a"}, "", "", "neither the name of a group nor a number"},
		{"gid", Params{InGroup: "adm"}, "", "", "has no in_group; it takes min, max, allow_root, except"},
		{"pid", Params{Exe: []string{"/usr/sbin/dnsmasq"}, Unit: []string{"neutron-*.service"}, Owner: []string{"root"}}, "4711", "1", "pid {owner: [root], exe: [/usr/sbin/dnsmasq], unit: [neutron-*.service]}"},
		{"pid", Params{Exe: []string{"dnsmasq"}}, "", "", "not an absolute canonical path"},
		{"pid", Params{Unit: []string{"a b"}}, "", "", "not the name of a unit"},
		{"pid", Params{Unit: make([]string, 65)}, "", "", "not the name of a unit"},
		{"pid", Params{Owner: []string{"a:b"}}, "", "", "neither the name of an account nor a number"},
		{"ifname", Params{Exists: true, LinkKind: "veth"}, "eth0", "", "ifname {exists: true, kind: veth}"},
		{"ifname", Params{LinkKind: "Veth"}, "", "", "not a kind of network interface"},
		{"ifname", Params{FileKind: KindFile}, "", "", "not a kind of network interface"},
		{"path(/srv)", Params{Depth: 2}, "/srv/a /srv/a/b", "/srv /srv/a/b/c", "path(/srv) {depth: 2}"},
		{"path(/srv,/srv/x)", Params{Depth: 1}, "/srv/a /srv/x /srv/x/y", "/srv/y/x /srv/x/y/z", "path(/srv,/srv/x) {depth: 1}"},
		{"path(/srv)", Params{Depth: 65}, "", "", "depth is 65, expected 1 to 64"},
		{"path(/srv)", Params{FileKind: KindDir, Except: []string{"/srv/a"}}, "/srv/b/ /srv/a/b", "/srv/a /srv/a/", "path(/srv) {except: [/srv/a]}"},
		{"path(/srv)", Params{Owner: []string{"root", "caller"}, Create: true, Access: AccessWrite, BindFD: true}, "/srv/a", "", "path(/srv) {owner: [caller, root], create: true, bind: fd}"},
		{"path(/srv)", Params{Create: true}, "", "", "create needs access: write"},
		{"path(/srv)", Params{LinkKind: "veth"}, "", "", `has no kind "veth"`},
		{"path(/srv)", Params{Owner: []string{""}}, "", "", "neither the name of an account"},
		{"path(/srv)", Params{Exists: true}, "", "", "has no exists; it takes under, access, kind"},
		{"enum-list", Params{Items: []string{"b", "a"}}, "a a,b", "c", "enum-list(a,b)"},
		{"enum-list", Params{Items: []string{"-a"}}, "", "", "is no element"},
		{"enum-list", Params{Items: []string{"a/../b"}}, "", "", "is no element"},
		{"enum-list", Params{Items: []string{"/etc"}}, "", "", "is no element"},
		{"enum-list", Params{Items: []string{"a,b"}}, "", "", "is no element"},
		{"enum-list", Params{}, "", "", "has 0 elements"},
		{"csv", Params{}, "", "", "has no type of its items"},
		{"csv(uuid)", Params{Except: []string{"a"}}, "", "", "has no except; it takes of"},
		{"bundle", Params{Letters: "ab"}, "-ab", "-c", "bundle(ab)"},
		{"bundle", Params{}, "", "", "has 0 letters"},
		{"bundle", Params{Letters: "aba"}, "", "", "stands twice"},
		{"bundle", Params{Letters: "a-"}, "", "", "not a letter or digit"},
		{"bundle", Params{Letters: "abcdefghijklm"}, "", "", "has 13 letters"},
	}
	for _, tt := range tests {
		t.Run(tt.notation+" "+tt.want, func(t *testing.T) {
			typ, err := Refine(tt.notation, nil, tt.params)
			if tt.allow == "" {
				var te *TypeError
				if !errors.As(err, &te) || typ != nil || !strings.Contains(err.Error(), tt.want) {
					t.Fatalf("got %v, %v, want an error with %q", typ, err, tt.want)
				}
				return
			}
			if err != nil || typ.String() != tt.want {
				t.Fatalf("got  %v, %v\nwant %s", typ, err, tt.want)
			}
			for s := range strings.FieldsSeq(tt.allow) {
				if !typ.Accepts(s) {
					t.Errorf("%q is refused", s)
				}
			}
			for s := range strings.FieldsSeq(tt.deny) {
				if typ.Accepts(s) {
					t.Errorf("%q is accepted", s)
				}
			}
		})
	}
}

func TestListErrors(t *testing.T) {
	for notation, want := range map[string]string{
		"csv(path(/srv))":     "have to be looked at by themselves",
		"csv(user)":           "have to be looked at by themselves",
		"csv(str)":            "may hold a comma itself",
		"csv(enum-list(a,b))": "may hold a comma itself",
		"csv(csv(ip4))":       "a list has no lists in it",
		"csv(ip4":             `no ")"`,
		"csv(foo)":            "unknown type",
		"csv(re(a{900}b{900}c{900}d{900}e{900}))": "more than 65536 positions",
		"csv(re([a-z]{0,700}))":                   "too large",
		"enum-list(a b)":                          "say it in args",
		"enum-list()":                             "is no element",
		"ip4(10.0.0.1/8)":                         "expected 10.0.0.0/8",
		"ip4(10.0.0.0)":                           "not a network in its canonical form",
		"ip4(10.0.0.0/08)":                        "not a network in its canonical form",
		"ip4(fd00::/8)":                           "holds no value of this type",
		"ip6(10.0.0.0/8)":                         "holds no value of this type",
		"ip6(FD00::/8)":                           "not a network in its canonical form",
		"cidr(10.0.0.0/8,10.1.0.0/33)":            "not a network in its canonical form",
		"decimal":                                 "has no range",
		"decimal(0.1234567..1)":                   "at most 6 digits",
		"decimal(1..0)":                           "1 is greater than 0",
		"size(1M..2M)":                            "not a size",
		"duration(1..2)":                          "not a duration",
		"duration(1s)":                            "expected lo..hi",
		"int(1..2..3)":                            "not a decimal integer",
		"ip4(" + strings.Repeat("10.0.0.0/8,", 64) + "10.0.0.0/8)": "",
	} {
		typ, err := ParseType(notation, nil)
		if want == "" {
			if err != nil {
				t.Errorf("%s: %v", firstRunes(notation, 40), err)
			}
			continue
		}
		if err == nil || typ != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, %v, want an error with %q", notation, typ, err, want)
		}
	}
	if _, err := Refine("ip4", nil, Params{Under: manyNets(65)}); err == nil || !strings.Contains(err.Error(), "more than 64 networks") {
		t.Errorf("65 networks: %v", err)
	}
	if _, err := Refine("path", nil, Params{Under: manyNets(65)}); err == nil || !strings.Contains(err.Error(), "more than 64 roots") {
		t.Errorf("65 roots: %v", err)
	}
	if typ, err := Refine("csv", nil, Params{Of: mustType(t, "uuid")}); err != nil || typ.String() != "csv(uuid)" {
		t.Errorf("the items by themselves: %v, %v", typ, err)
	}
	for name, p := range map[string]Params{
		"exceptions": {Except: numbers(65)}, "owners": {Owner: numbers(65)}, "programs or units": {Exe: numbers(65)},
	} {
		if _, err := Refine("pid", nil, p); err == nil || !strings.Contains(err.Error(), "more than 64 "+name) {
			t.Errorf("65 %s: %v", name, err)
		}
	}
}

func manyNets(count int) []string {
	var out []string
	for i := range count {
		out = append(out, fmt.Sprintf("10.%d.0.0/16", i))
	}
	return out
}

func numbers(count int) []string {
	var out []string
	for i := range count {
		out = append(out, fmt.Sprint(i+2))
	}
	return out
}

// TestGuards: two types of one language are the same only with one guard, and a
// guard is there exactly when a value has to be looked up.
func TestGuards(t *testing.T) {
	one := int64(1)
	types := []struct {
		notation string
		p        Params
		guard    bool
	}{
		{"pid", Params{}, false},
		{"pid", Params{Exe: []string{"/bin/a"}}, true},
		{"pid", Params{Exe: []string{"/bin/b"}}, true},
		{"pid", Params{Unit: []string{"a.service"}}, true},
		{"pid", Params{Owner: []string{"root"}}, true},
		{"ifname", Params{}, false},
		{"ifname", Params{Exists: true}, true},
		{"ifname", Params{LinkKind: "veth"}, true},
		{"uid", Params{}, false},
		{"uid", Params{Min: &one}, false},
		{"uid", Params{InGroup: "a"}, true},
		{"uid", Params{InGroup: "b"}, true},
		{"user", Params{}, true},
		{"user", Params{InGroup: "a"}, true},
		{"user", Params{Min: &one}, true},
		{"user", Params{Max: new(int64(5))}, true},
		{"user", Params{AllowRoot: true}, true},
		{"group", Params{}, true},
		{"path(/a)", Params{}, true},
		{"path(/a)", Params{Access: AccessWrite}, true},
		{"path(/a)", Params{FileKind: KindFile}, true},
		{"path(/a)", Params{Owner: []string{"root"}}, true},
		{"path(/a)", Params{BindFD: true}, true},
		{"path(/a)", Params{Access: AccessWrite, Create: true}, true},
		{"path(/a)", Params{Depth: 2}, true},
		{"path(/a)", Params{Except: []string{"/a/b"}}, true},
	}
	for i, a := range types {
		x, err := Refine(a.notation, nil, a.p)
		if err != nil {
			t.Fatal(err)
		}
		if (x.Guard() != "") != a.guard {
			t.Errorf("%v: guard %q, want one: %v", x, x.Guard(), a.guard)
		}
		for j, b := range types {
			y, err := Refine(b.notation, nil, b.p)
			if err != nil {
				t.Fatal(err)
			}
			if x.same(y) != (i == j) {
				t.Errorf("%s and %s: same is %v", x.Key(), y.Key(), x.same(y))
			}
		}
	}
}

// TestRefineScope: a map may add to a type of the file.
func TestRefineScope(t *testing.T) {
	scope := Scope{"tap": mustType(t, "re(tap[0-9])"), "pid": mustType(t, "int(2..9)")}
	typ, err := Refine("tap", scope, Params{Except: []string{"tap0"}})
	if err != nil || typ.Accepts("tap0") || !typ.Accepts("tap1") {
		t.Errorf("got %v, %v", typ, err)
	}
	if typ, err = ParseType("csv(pid)", scope); err != nil || !typ.Accepts("2,9") || typ.Accepts("10") {
		t.Errorf("got %v, %v", typ, err)
	}
}
