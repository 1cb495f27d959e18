package policy

import (
	"strings"
	"testing"
)

// TestEscapeNotes: a refusal says what the request is known for, to a caller of
// the program, and looks at the request alone.
func TestEscapeNotes(t *testing.T) {
	s := load(t, head+
		strings.TrimPrefix(one("/sbin/ip", "link show"), head)+
		strings.Replace(strings.TrimPrefix(one("/bin/cat", "/etc/motd"), head), "id: r", "id: c", 1)+
		strings.Replace(strings.TrimPrefix(one("/bin/bash", "/opt/x"), head), "id: r", "id: b", 1)+
		strings.Replace(strings.TrimPrefix(one("/opt/thing", "a"), head), "id: r", "id: d", 1))
	for _, c := range []struct {
		argv, want string
		stdin      bool
		caller     Caller
	}{
		{"ip vrf exec default id", "ip: runs a program in a VRF", false, alice},
		{"/sbin/ip vrf exec default /opt/anything", "ip: runs a program in a VRF", false, alice},
		{"ip vrf exec default id", "", false, mallet},
		{"ip link set", "", false, alice},
		{"ip -b -", `ip: runs the commands of standard input, "vrf exec" among them`, true, alice},
		{"ip -b -", "", false, alice},
		{"cat /etc/shadow", "cat: prints a file", false, alice},
		{"cat /etc/hosts", "", false, alice},
		{"thing vrf exec default id", "", false, alice},
		{"perl -e system(1)", "", false, alice},
	} {
		d := s.Decide(c.caller, Request{Argv: strings.Fields(c.argv), Stdin: c.stdin})
		if d.Allowed() || d.Denial.Escape != c.want {
			t.Errorf("%s: got %q, want %q", c.argv, d.Denial.Escape, c.want)
		}
		note := "  note      known escape (" + c.want + ")\n"
		if got := d.Explain(Request{Argv: strings.Fields(c.argv)}); strings.Contains(got, "known escape") != (c.want != "") || c.want != "" && !strings.HasSuffix(got, note) {
			t.Errorf("%s: got %s", c.argv, got)
		}
	}
}

// TestAllNotes: every program's notes compile.
func TestAllNotes(t *testing.T) {
	k, err := known()
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range k.all {
		if n, err := b.notes(); err != nil || len(n.each) != len(b.escapes) {
			t.Errorf("%s: %v", b.name, err)
		}
	}
}

func BenchmarkEscapeNote(b *testing.B) {
	r := Request{Argv: strings.Fields("ip -4 vrf exec default id")}
	for b.Loop() {
		if escapeNote("/sbin/ip", r) == "" {
			b.Fatal("no note")
		}
	}
}
