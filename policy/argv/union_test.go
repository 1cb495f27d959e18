package argv

import "testing"

// TestUnion holds that a pattern with Union misses no request that a rule with
// reserved keywords cannot read twice.
func TestUnion(t *testing.T) {
	lines := mustParse(t, "[<x:any>]... a b", nil).Lines
	for _, tt := range []struct {
		name  string
		union bool
		want  int
	}{
		{"reserved", false, 0},
		{"union", true, 1},
	} {
		m, err := Compile([]Rule{{Lines: lines, Union: tt.union}}, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if got := m.Match([]string{"a", "a", "b"}, nil); len(got) != tt.want {
			t.Errorf("%s: got %d lines, want %d", tt.name, len(got), tt.want)
		}
	}
}
