package argv

import (
	"fmt"
	"testing"
)

func TestTypeHazards(t *testing.T) {
	for _, tt := range []struct {
		notation, prefix, want string
		unbounded              bool
	}{
		{"re(/dev/.*)", "/", "/dev/", true},
		{"re([a-z]{3})", "/", "none", false},
		{"re([a-z/]+)", "/", "/", true},
		{"str", "/", "/", false},
		{"str", "-", "none", false},
		{"int(-20..19)", "-", "-1", false},
		{"int(-20..19)", "-a", "none", false},
		{"int(100..200)", "", "100", false},
		{"re(a|bc)", "", "a", false},
		{"path(/a)", "/a/b", "/a/b", true},
		{"re((ab)*c)", "", "c", true},
	} {
		typ := mustType(t, tt.notation)
		got, ok := typ.WithPrefix(tt.prefix)
		if !ok {
			got = "none"
		}
		if got != tt.want || typ.Unbounded() != tt.unbounded {
			t.Errorf("%s %q: got %q, %v, want %q, %v", tt.notation, tt.prefix, got, typ.Unbounded(), tt.want, tt.unbounded)
		}
	}
}

func TestLineHazards(t *testing.T) {
	for _, tt := range []struct {
		line      string
		leads     bool // the first placeholder
		unbounded bool
		fill      string
	}{
		{"x <a:re(.*)>", true, false, "[V]"},
		{"x...", false, true, "[]"},
		{"x...4 [<a:str>...]", true, true, "[V]"},
		{"--f=<a:str>", false, false, "[--f=V]"},
		{"[-]<a:str>", true, false, "[V]"},
		{"(q|-)<a:str>", false, false, "[qV]"},
		{"x(y|z<a:str>)[p]<b:int(10..20)>", false, false, "[xzV10]"},
		{"([<a:str>]|b)c", true, false, "[Vc]"},
	} {
		l := mustParse(t, tt.line, nil).Lines[0]
		var h Placeholder
		if hs := l.Placeholders(); len(hs) > 0 {
			h = hs[0]
		}
		fill := []string{}
		if h.Type != nil {
			fill = l.Fill(h, "V")
		}
		if l.Leads(h) != tt.leads || l.Unbounded() != tt.unbounded || fmt.Sprint(fill) != tt.fill {
			t.Errorf("%s: leads %v, unbounded %v, fill %v", tt.line, l.Leads(h), l.Unbounded(), fill)
		}
	}
}

func TestTraversals(t *testing.T) {
	for _, tt := range []struct{ line, want string }{
		{"<a:re(/dev/.*)>", "/dev/.. true"},
		{"<a:re([a-z.]+)>", ".. false"},
		{"x<a:re([a-z.]+)>", ""},
		{"if=<a:re([a-z.]+)>", "if=.. false"},
		{"/dev/<a:re([a-z.]+)>", "/dev/.. true"},
		{"/dev/.<a:re([a-z.])>", "/dev/.. true"},
		{"/dev/<a:re([.a])><b:re([.b])>/x", "/dev/../x true"},
		{"/dev/<a:re([a-z][a-z.]*)>", ""},
		{"<a:re(([.]{3}|a)/x)>", ""},
		{"<p:path(/a)>", ""},
		{"<p:str>", "../ true"},
		{"/a/../b", ""},
		{"x=<n:netns>", ""},
	} {
		m := compileRules(t, tt.line)
		found, err := m.Traversals(func([]Placeholder) bool { return true }, 1<<20)
		got := ""
		if len(found) == 1 {
			got = fmt.Sprint(found[0].Token, " ", found[0].Slash)
		}
		if err != nil || len(found) > 1 || got != tt.want {
			t.Errorf("%s: got %v, %v, want %q", tt.line, found, err, tt.want)
		}
		if got != "" && m.ClassOf(found[0].Token) == 0 {
			t.Errorf("%s: %q is no token of it", tt.line, found[0].Token)
		}
	}
	m := compileRules(t, "<a:re([a-z]{4,9})>")
	if _, err := m.Traversals(func([]Placeholder) bool { return true }, 10); err == nil {
		t.Error("too little work is a proof")
	}
}
