package argv

import (
	"slices"
	"strings"
	"testing"
)

// TestPlainGroups: what looks like a group in a class is none, and a group
// behind a class is one, wherever the class ends.
func TestPlainGroups(t *testing.T) {
	for _, tt := range []struct {
		src string
		ok  bool
	}{
		{"(?:a)", true},
		{"(?i)a", false},
		{"[a(?i]", true},
		{"[](?i]", true},
		{"[^](?i]", true},
		{"[a](?i)b", false},
		{"[a](?:b)", true},
		{"[]](?i)b", false},
		{"[^]](?i)b", false},
		{"[^a](?i)b", false},
		{"[[:alpha:]](?i)b", false},
		{"[[:alpha:](?i]", true},
		{`\[(?i)b`, false},
		{`[\](?i]`, true},
		{`\Qa\E`, false},
	} {
		if err := plainGroups(tt.src); (err == nil) != tt.ok {
			t.Errorf("%s: got %v", tt.src, err)
		}
	}
}

// TestGuardBounds: as many programs and units as there may be, and as long a
// path, are taken, and one more is not.
func TestGuardBounds(t *testing.T) {
	exe, unit := slices.Repeat([]string{"/bin/a"}, maxAlternatives), slices.Repeat([]string{"a.service"}, maxAlternatives)
	path := "/" + strings.Repeat("a", MaxTokenBytes-1)
	for _, tt := range []struct {
		name string
		p    Params
		ok   bool
	}{
		{"all programs", Params{Exe: exe}, true},
		{"one program more", Params{Exe: append(exe, "/bin/a")}, false},
		{"all units", Params{Unit: unit}, true},
		{"one unit more", Params{Unit: append(unit, "a.service")}, false},
		{"a long path", Params{Exe: []string{path}}, true},
		{"a longer path", Params{Exe: []string{path + "a"}}, false},
		{"a path that is not absolute", Params{Exe: []string{"bin/a"}}, false},
		{"a path with a slash behind it", Params{Exe: []string{"/bin/"}}, false},
		{"a path with a control character", Params{Exe: []string{"/bin/a\n"}}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := checkGuards("pid", &tt.p); (err == nil) != tt.ok {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestTokenErrors: an error names the token, if it is one's.
func TestTokenErrors(t *testing.T) {
	for _, tt := range []struct {
		argv []string
		want string
	}{
		{nil, "argv: "},
		{[]string{"a\n"}, "argv[0]: "},
		{[]string{"a", "\xff"}, "argv[1]: "},
	} {
		if err := CheckTokens(tt.argv); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%q: got %v, want %s", tt.argv, err, tt.want)
		}
	}
}
