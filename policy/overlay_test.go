package policy

import (
	"fmt"
	"testing"
)

func TestOverlay(t *testing.T) {
	file := func(name, text string) File { return File{Name: name, Data: []byte(text)} }
	one := func(id string) string {
		return "version: 1\nrules: [{id: " + id + ", exec: /bin/r, callers: [], argv: ''}]\n"
	}
	all, notes := Overlay(
		[]File{file("/usr/a.yaml", one("a")), file("/usr/b.yaml", "never: broken"), file("/usr/c.yaml", one("c"))},
		nil,
		[]File{file("/run/b.yaml", one("b1"))},
		[]File{file("/etc/b.yaml", one("b2")), file("/etc/c.yaml", ""), file("/etc/d.yaml", one("d"))},
	)
	var got []string
	for _, f := range all {
		got = append(got, f.Name)
	}
	if want := "[/usr/a.yaml /etc/b.yaml /etc/d.yaml]"; fmt.Sprint(got) != want {
		t.Fatalf("files %v, want %s", got, want)
	}
	s, found := Load(t.Context(), all, options())
	if s == nil {
		t.Fatal(found)
	}
	got = nil
	for _, r := range s.Rules() {
		got = append(got, string(r.ID))
	}
	if fmt.Sprint(got) != "[a b2 d]" {
		t.Errorf("rules %v, want a, b2 and d", got)
	}
	if want := "[/etc/b.yaml: N F-MASK: this file is read instead of /run/b.yaml and all that it says, never: included " +
		"/etc/c.yaml: N F-MASK: this empty file takes away /usr/c.yaml and all that it says, never: included]"; fmt.Sprint(notes) != want {
		t.Errorf("findings %v, want %s", notes, want)
	}
	// One that stands for nothing is a file that was cut off.
	all, notes = Overlay([]File{file("/etc/c.yaml", "")})
	if s, found := Load(t.Context(), all, options()); s != nil || !found.HasErrors() || notes != nil {
		t.Errorf("an empty file loads: %v", notes)
	}
}
