package policy

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/rootgate-project/rootgate/policy/argv"
)

// one is a policy with one rule for program; more are further fields.
func one(program, lines string, more ...string) string {
	s := head + "  - id: r\n    exec: " + program + "\n    argv: |\n"
	for l := range strings.SplitSeq(lines, "\n") {
		s += "      " + l + "\n"
	}
	for _, f := range more {
		s += "    " + f + "\n"
	}
	return s
}

func TestEscapes(t *testing.T) {
	for _, c := range []struct{ name, policy, want, witness string }{
		{"a word of a command line", one("/bin/ip", "vrf exec <v:ifname> <c:re([a-z]{1,9})>"), "p.yaml:7:7: E P-ESCAPE: r:1 accepts a known escape: exec via ip (runs a program in a VRF): [ip vrf exec j bash]", "ip vrf exec j bash"},
		{"the line is named", one("/bin/ip", "link show\nvrf exec <v:ifname> <c:re([a-z]{1,9})>"), "p.yaml:8:7: E P-ESCAPE: r:2 ", "ip vrf exec j bash"},
		{"a program that the rule spells out", one("/bin/ip", "vrf exec <v:ifname> ping -c 1 <h:ip4>"), "", ""},
		{"a sample that the rule spells out", one("/bin/ip", "vrf exec <v:ifname> sh /opt/x"), "", ""},
		{"and a value beside it", one("/bin/ip", "vrf exec <v:ifname> (sh|<c:re([a-z]{1,9})>)"), "exec via ip", "ip vrf exec j bash"},
		{"a value that is no program", one("/usr/bin/timeout", "<s:int(1..9)> ping <h:re([a-z]{1,9})>"), "", ""},
		{"a program behind options", one("/usr/bin/timeout", "-k 5 -s KILL <s:int(1..9)> <h:re([a-z]{1,9})>"), "exec via timeout", "timeout -k 5 -s KILL 1 sh"},
		{"a root that holds secrets", one("/bin/cat", "<f:path(/etc)>"), "file-read via cat (prints a file): [cat /etc/shadow]", "cat /etc/shadow"},
		{"a root that does not", one("/bin/cat", "<f:path(/etc/network)>"), "", ""},
		{"a secret that the rule spells out", one("/bin/cat", "/etc/shadow"), "", ""},
		{"a root that is the file", one("/bin/cat", "<f:path(/etc/shadow)>"), "", ""},
		{"another secret beside it", one("/bin/cat", "/etc/shadow\n<f:path(/etc)>"), "file-read via cat", "cat /etc/gshadow"},
		{"inside a token", one("/bin/dd", "if=/dev/zero of=<f:path(/etc)>"), "file-write via dd", "dd if=/dev/zero of=/etc/cron.d/x"},
		{"commands of standard input", one("/bin/ip", "-batch -", "stdin: {max: 1KiB}"), `batch via ip (runs the commands of standard input, "vrf exec" among them)`, "ip -batch -"},
		{"and none", one("/bin/ip", "-batch -"), "", ""},
		{"another name of the program", one("/bin/zcat", "<f:path(/etc)>"), "file-read via zcat", "zcat /etc/shadow"},
		{"a program that is not known", one("/opt/frobnicate", "[<x:str>]..."), "", ""},
		{"programs of one rule", strings.Replace(one("x", "<f:path(/etc)>"), "exec: x", "exec: [/bin/cat, /bin/head]", 1), "file-read via cat", "cat /etc/shadow"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, found := Load(t.Context(), []File{{"p.yaml", []byte(c.policy)}}, options())
			found = findingsOf(found, "P-ESCAPE")
			if c.want == "" {
				if len(found) > 0 || s == nil {
					t.Error(found)
				}
				return
			}
			if s != nil || len(found) == 0 || !strings.Contains(found[0].String(), c.want) || strings.Join(found[0].Witness, " ") != c.witness {
				t.Errorf("got %v %q", found, found)
			}
		})
	}
}

// TestEscapesOfTightRules: what a careful author writes for programs that can do
// much more is no escape.
func TestEscapesOfTightRules(t *testing.T) {
	for _, c := range []struct{ program, lines string }{
		{"/sbin/ip", "[-4|-6] addr (add|del) <a:cidr> dev <dev:ifname>\nlink set [dev] <dev:ifname> (up|down|mtu <m:int(68..9216)>|netns <n:netns>)\nnetns (add|del) <n:netns>"},
		{"/bin/tar", "-czf <out:path(/srv/backup)> -C /srv/data <name:re([a-z0-9_]{1,32})>"},
		{"/usr/bin/find", "<dir:path(/var/lib/images)> -maxdepth 1 -inum <n:int(1..4294967295)>"},
		{"/bin/dd", "if=/dev/zero of=<f:path(/srv/volumes)> bs=1M count=<n:int(1..1048576)>"},
		{"/bin/grep", "-c <word:str> /var/log/syslog"},
		{"/bin/sed", "-n <n:int(1..9999)>p <f:path(/var/log)>"},
		{"/usr/bin/env", "LC_ALL=C lvs --noheadings <vg:re([a-z]{1,32})>"},
		{"/usr/bin/nice", "-n 19 ionice -c 3 dd if=/dev/zero of=<f:path(/srv)>"},
		{"/bin/cat", "/var/log/messages[.<n:int(1..99)>]"},
		{"/bin/chown", "(nova|root):kvm <f:path(/var/lib/nova)>"},
		{"/usr/bin/install", "-m 0644 -T /dev/stdin /etc/(motd|issue|hosts)"},
	} {
		_, found := Load(t.Context(), []File{{"p.yaml", []byte(one(c.program, c.lines))}}, options())
		if got := findingsOf(found, "P-ESCAPE"); len(got) > 0 {
			t.Errorf("%s: %v", c.program, got)
		}
	}
}

// TestEscapesAreNotAccepted: there is no way to wave an escape through, and an
// unchecked load, for reports, does not look.
func TestEscapesAreNotAccepted(t *testing.T) {
	waved := strings.Replace(naive("/bin/ip", ""), "id: r", "id: r\n    why: x\n    accept: [P-ESCAPE]", 1)
	if s, found := Load(t.Context(), []File{{"p.yaml", []byte(waved)}}, options()); s != nil || !strings.Contains(found.Err().Error(), "P-ESCAPE\" is no check with warnings") {
		t.Error(found)
	}
	o := options()
	o.Unchecked = true
	if s, found := Load(t.Context(), []File{{"p.yaml", []byte(naive("/bin/ip", ""))}}, o); s == nil || slices.ContainsFunc(found, func(f Finding) bool { return f.ID == "P-ESCAPE" }) {
		t.Error(found)
	}
}

// TestEscapesOfBrokenKnowledge: data that cannot be compiled refuses the policy
// that asks for it, and notes nothing.
func TestEscapesOfBrokenKnowledge(t *testing.T) {
	s := load(t, one("/bin/cat", "/etc/motd"))
	prog := s.byName["/bin/cat"][0]
	broken := &knownProgram{name: "cat", escapes: []*escape{{kind: "exec", note: "x", block: "("}}}
	broken.types = func() (argv.Scope, error) { return argv.Scope{}, nil }
	broken.templates = func() (templates, error) { return broken.compile(firstSamples()) }
	if _, err := broken.templates(); err == nil {
		t.Error("templates of nonsense compile")
	}
	if _, err := broken.compileNotes(); err == nil {
		t.Error("notes of nonsense compile")
	}
	broken.types = func() (argv.Scope, error) { return nil, errNoLines }
	if _, err := broken.compile(firstSamples()); !errors.Is(err, errNoLines) {
		t.Errorf("got %v", err)
	}
	if _, err := broken.compileNotes(); !errors.Is(err, errNoLines) {
		t.Errorf("got %v", err)
	}
	if _, err := broken.which(firstSamples(), false, nil); !errors.Is(err, errNoLines) {
		t.Errorf("got %v", err)
	}
	p := &proofs{loading: &loading{out: &collector{}}}
	if found := p.meetFacts(prog, broken, broken.escapes); found != nil {
		t.Errorf("got %v", found)
	}
}

// TestSamplesBeside: a rule that spells out all samples of a sort is held to them
// all the same.
func TestSamplesBeside(t *testing.T) {
	all := allSamples()
	s := load(t, one("/bin/x", strings.Join(all.file, " ")+"\nsh "+all.read[0]))
	got := samplesBeside(s.byName["/bin/x"][0].usage)
	want := samples{nil, all.read[1:2], all.write[:1], all.dir[:1], all.file[:1]}
	want.cmd = []string{"/bin/sh", "bash", "id", "/usr/bin/id"} // /tmp/x is spelled out
	if !got.equal(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestEscapesOfChains: a launcher that is held to other rules is no escape.
func TestEscapesOfChains(t *testing.T) {
	text := two(one("/usr/bin/nice", "-n 19 <inner:command>", "chain: [w]"), "w", "/usr/bin/dd", "if=/dev/zero of=<f:path(/srv)>", "callers: []")
	if _, found := Load(t.Context(), []File{{"p.yaml", []byte(text)}}, options()); len(findingsOf(found, "P-ESCAPE")) > 0 {
		t.Error(found)
	}
	text = strings.Replace(text, "path(/srv)", "path(/etc)", 1)
	if _, found := Load(t.Context(), []File{{"p.yaml", []byte(text)}}, options()); len(findingsOf(found, "P-ESCAPE")) == 0 {
		t.Error(found)
	}
}
