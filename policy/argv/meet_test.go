package argv

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestMeet(t *testing.T) {
	for _, tt := range []struct{ name, rules, other, want string }{
		{"two lines of two", "go <n:int(1..9)>\nstop\ngo <n:int(10..19)>", "[<any>]... (5|17) [<any>]...", "1 $ go 5; 3 $ go 17"},
		{"disjoint", "a b", "a c", ""},
		{"a root that does not hold it", "<p:path(/srv)>", "[<any>]... /etc/shadow", ""},
		{"a root that does", "<p:path(/etc)>", "[<any>]... /etc/shadow", "1 $ /etc/shadow"},
		{"a keyword is reserved where the rule says so", "<w:re([a-z]{1,3})> x\ngo", "go x", ""},
		{"what is left reads well", "<w:re(.+)>", "<x:re([^a\\pC]+)> [<any>]...", "1 $ b"},
		{"no arguments", "()", "[a]", "1 $"},
		{"the empty argument", "<w:re(a*)>", "''", "1 $ "},
		{"as many arguments as there may be", strings.Repeat("a ", 63), "a...", "1 $" + strings.Repeat(" a", 63)},
		{"and one more", strings.Repeat("a ", 64), "a...", ""},
		{"beyond ASCII", "<w:re([é-ü]+)>", "<w:re([a-zü]+)>", "1 $ ü"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			work := 1 << 20
			found, err := compileRules(t, tt.rules).Meet(compileRules(t, tt.other), &work)
			var got []string
			for _, m := range found {
				got = append(got, string(rune('0'+m.Ref.Line))+" "+showArgs(m.Request))
			}
			if s := strings.Join(got, "; "); err != nil || s != tt.want {
				t.Errorf("got %q, %v, want %q", s, err, tt.want)
			}
		})
	}
}

// TestMeetBounds: with little work there is no answer, and none is invented.
func TestMeetBounds(t *testing.T) {
	a, b := compileRules(t, "a <x:str> b\nc"), compileRules(t, "[<any>]... (b|c) [<any>]...")
	late := false
	for work := range 2000 {
		left := work
		found, err := a.Meet(b, &left)
		if errors.Is(err, ErrUnproved) != (left < 0) || err == nil && len(found) != 2 {
			t.Fatalf("work %d: %v, %v, %d left", work, found, err, left)
		}
		late = late || err != nil && len(found) > 0
		if err == nil && !late {
			t.Error("a line that was found is not returned")
		}
		if err == nil {
			break
		}
	}
	work := 1
	for _, m := range []*Matcher{nil, {}} {
		if found, err := m.Meet(a, &work); found != nil || err != nil {
			t.Error("the zero matcher meets something")
		}
		if found, err := a.Meet(m, &work); found != nil || err != nil {
			t.Error("something meets the zero matcher")
		}
	}
}

// TestMeetAgainstOneMatcher holds Meet to what Requests answers for the rules
// of both in one Matcher.
func TestMeetAgainstOneMatcher(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var rules []Rule
		for range 2 {
			b, err := Parse(genSeq(t, 1)+"\n"+genSeq(t, 1), nil)
			if err != nil {
				b, _ = Parse("a", nil)
			}
			rules = append(rules, Rule{Lines: b.Lines})
		}
		rules[1].Union = true
		a, errA := Compile(rules[:1], Limits{})
		b, errB := Compile(rules[1:], Limits{})
		both, err := Compile(rules, Limits{})
		if errA != nil || errB != nil || err != nil {
			t.Skip("too large")
		}
		work := 1 << 24
		found, err := a.Meet(b, &work)
		if err != nil {
			t.Fatal(err)
		}
		requests := both.Requests()
		for line := range rules[0].Lines {
			ref := LineRef{0, line + 1}
			want := requests.Intersection([]LineRef{ref}, []LineRef{{1, 0}})
			i := slices.IndexFunc(found, func(m Meeting) bool { return m.Ref == ref })
			if i < 0 {
				if want != nil {
					t.Fatalf("line %d: missed %q", ref.Line, want)
				}
				continue
			}
			got := found[i].Request
			if len(got) != len(want) || !slices.Contains(a.Match(got, nil), ref) || len(b.Match(got, nil)) == 0 {
				t.Fatalf("line %d: got %q, want %q", ref.Line, got, want)
			}
		}
	})
}
