package sandbox

import (
	"os"
	"strings"
	"testing"
)

const statTail = " S 1 2 3 0 -1 4194624 9 9 9 9 9 9 9 9 20 0 1 0 7654321 1 1"

func TestParseStat(t *testing.T) {
	for _, tt := range []struct {
		name, line string
		want       procStat
		fails      bool
	}{
		{name: "plain", line: "12 (cat)" + statTail, want: procStat{'S', 4194624, 7654321}},
		{name: "a name like the rest", line: "12 (a) Z 1 2 3 0 -1 0 (b)" + statTail, want: procStat{'S', 4194624, 7654321}},
		{name: "a name with a newline", line: "12 (a\nb)" + statTail, want: procStat{'S', 4194624, 7654321}},
		{name: "empty", fails: true},
		{name: "cut short", line: "12 (cat) S 1 2", fails: true},
		{name: "no number", line: strings.Replace("12 (cat)"+statTail, "4194624", "x", 1), fails: true},
		{name: "no start", line: strings.Replace("12 (cat)"+statTail, "7654321", "-1", 1), fails: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseStat([]byte(tt.line))
			if got != tt.want || (err != nil) != tt.fails {
				t.Errorf("parseStat(%q) = %+v, %v; want %+v", tt.line, got, err, tt.want)
			}
		})
	}
	st, err := readStat(os.Getpid())
	if err != nil || st.neverExecuted() || st.start == 0 {
		t.Errorf("own stat is %+v, %v", st, err)
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add([]byte("12 (cat)" + statTail))
	f.Add([]byte(")"))
	f.Fuzz(func(t *testing.T, line []byte) {
		if st, err := parseStat(line); err != nil && st != (procStat{}) {
			t.Errorf("parseStat(%q) gives %+v with an error", line, st)
		}
	})
}
