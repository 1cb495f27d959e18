package main

import (
	"strings"
	"testing"
)

func TestReport(t *testing.T) {
	const pass = `{"Action":"start","Package":"p"}
{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"chatter\n"}
{"Action":"pass","Package":"p","Test":"TestA","Elapsed":0.1}
`
	const end = `{"Action":"pass","Package":"p","Elapsed":1.25}
`
	tests := []struct {
		name   string
		in     string
		good   bool
		strict bool
		want   []string
		absent string
	}{
		{
			name: "all pass", in: pass + end, good: true, strict: true,
			want: []string{"ok    p  1.2 s, 1 tests\n", "\n1 passed, 0 failed, 0 skipped\n"}, absent: "chatter",
		},
		{
			name: "a failing test shows its output",
			in: pass + `{"Action":"output","Package":"p","Test":"TestB","Output":"got 1, want 2\n"}
{"Action":"fail","Package":"p","Test":"TestB"}
{"Action":"output","Package":"p","Output":"FAIL p\n"}
{"Action":"fail","Package":"p"}
`,
			want: []string{"got 1, want 2\n", "1 passed, 1 failed, 0 skipped\n"}, absent: "chatter",
		},
		{
			name: "a skip is good only where it is allowed",
			in: pass + `{"Action":"output","Package":"p","Test":"TestB","Output":"=== RUN   TestB\n"}
{"Action":"output","Package":"p","Test":"TestB","Output":"    b_test.go:9: no cgroup2\n"}
{"Action":"output","Package":"p","Test":"TestB","Output":"--- SKIP: TestB (0.00s)\n"}
{"Action":"skip","Package":"p","Test":"TestB"}
` + end, good: true,
			want: []string{"SKIP  p TestB: b_test.go:9: no cgroup2\n", "1 passed, 0 failed, 1 skipped\n"},
		},
		{
			name: "a package without test files is no skip", good: true, strict: true,
			in: pass + end + `{"Action":"skip","Package":"q"}` + "\n", want: []string{"1 passed, 0 failed, 0 skipped"},
		},
		{
			name: "a package that does not build",
			in: pass + end + `{"ImportPath":"q [q.test]","Action":"build-output","Output":"q.go:1: undefined: x\n"}
{"ImportPath":"q [q.test]","Action":"build-fail"}
{"Action":"start","Package":"q"}
{"Action":"fail","Package":"q","FailedBuild":"q [q.test]"}
`,
			want: []string{"q.go:1: undefined: x\n", "FAIL  q\n", "1 passed, 1 failed, 0 skipped"},
		},
		{name: "a package that never ends", in: pass, want: []string{"FAIL  p: did not end\n"}},
		{name: "nothing ran", in: "", want: []string{"0 passed, 0 failed, 0 skipped\n"}},
		{name: "plain lines pass through", in: "go: no such tool\n" + pass + end, good: true, strict: true, want: []string{"go: no such tool\n"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out strings.Builder
			r, err := read(strings.NewReader(tt.in), &out)
			if err != nil {
				t.Fatal(err)
			}
			r.print(&out)
			if got := r.good(false); got != tt.good {
				t.Errorf("good = %v, want %v", got, tt.good)
			}
			if got := r.good(true); got != tt.strict {
				t.Errorf("good under CI = %v, want %v", got, tt.strict)
			}
			for _, want := range tt.want {
				if !strings.Contains("\n"+out.String(), want) {
					t.Errorf("got %q, want it to contain %q", out.String(), want)
				}
			}
			if tt.absent != "" && strings.Contains(out.String(), tt.absent) {
				t.Errorf("got %q, want it without %q", out.String(), tt.absent)
			}
		})
	}
}

func TestShorten(t *testing.T) {
	if got := shorten("short\n"); got != "short\n" {
		t.Errorf("got %q, want it whole", got)
	}
	long := "first" + strings.Repeat("x", 4*shown) + "last"
	got := shorten(long)
	if !strings.HasPrefix(got, "first") || !strings.HasSuffix(got, "last") || !strings.Contains(got, "[32777 bytes left out]") {
		t.Errorf("got %q … %q, want both ends and how much is missing", got[:8], got[len(got)-8:])
	}
}
