package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/rootgate-project/rootgate/policy"
)

func BenchmarkDecideLine(b *testing.B) {
	s := router(b)
	for _, c := range []struct{ name, line string }{
		{"allowed", `{"argv": ["ip", "link", "set", "left0", "up"], "netns": "demo-left-0a1b2c"}`},
		{"denied", `{"argv": ["ip", "netns", "exec", "demo-left-0a1b2c", "sh"], "env": {"A": "b"}}`},
	} {
		b.Run(c.name, func(b *testing.B) {
			d := newDecider(s, nil)
			for b.Loop() {
				d.out.Reset()
				d.line(1, []byte(c.line))
			}
			b.ReportAllocs()
		})
	}
}

func TestParseRequest(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{`{"argv":["a","b c",""],"env":{"A":"1","B":""},"cwd":"/x","netns":"n","stdin":true,"caller":"u:g"}`, ""},
		{" {\t\"argv\" : [ \"\\u00e9\\n\\\"\\ud83d\\ude00\" ] , \"stdin\" : false } \r", ""},
		{`{"argv":[]}`, ""},
		{`{}`, "no argv"},
		{`{"env":{}}`, "no argv"},
		{`{"argv":["a"],"argv":["b"]}`, `"argv" stands twice`},
		{`{"argv":["a"],"env":{"A":"1","A":"2"}}`, `"A" stands twice`},
		{`{"ARGV":["a"]}`, `unknown field "ARGV"`},
		{`{"argv":null}`, "expected [ at byte 9"},
		{`{"argv":["a",]}`, "expected a string at byte 14"},
		{`{"argv":["a" "b"]}`, "expected , at byte 14"},
		{`{"argv":["a"],}`, "expected a string"},
		{`{"argv":["a"]} x`, "expected the end of the line"},
		{"{\"argv\":[\"a\"]}\x00", "expected the end of the line"},
		{`{"argv":["a"],"stdin":1}`, "expected true or false"},
		{`{"argv":["a"],"stdin":truex}`, "expected ,"},
		{`{"argv":[1]}`, "expected a string"},
		{`{"argv":["a]}`, "the end of a string"},
		{`{"argv":["a\`, "the end of a string"},
		{"{\"argv\":[\"a\tb\"]}", "a printable character"},
		{"{\"argv\":[\"\xff\"]}", "not valid UTF-8"},
		{`{"argv":["\ud800"]}`, "surrogate"},
		{`{"argv":["\ud800\u0041"]}`, "surrogate"},
		{`{"argv":["\udc00\ud800"]}`, "surrogate"},
		{`{"argv":["\\ud800"]}`, ""},
		{`{"argv":["\x"]}`, "invalid character"},
		{``, "expected {"},
		{`["a"]`, "expected {"},
	} {
		r, err := parseRequest([]byte(c.line))
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.line, err, c.want)
		}
		if err != nil && r.Argv != nil {
			t.Errorf("%s: a request beside an error", c.line)
		}
	}
	many := `{"argv":["a"],"env":{`
	for i := range maxKeys + 1 {
		many += fmt.Sprintf(`"A%d":"",`, i)
	}
	if _, err := parseRequest([]byte(many + `"B":""}}`)); err == nil || !strings.Contains(err.Error(), "more than 256 fields") {
		t.Error(err)
	}
}

// FuzzDecideRequest holds what is read to the JSON decoder of the library, which
// takes more.
func FuzzDecideRequest(f *testing.F) {
	for _, seed := range []string{
		`{"argv":["a","b c",""],"env":{"A":"1"},"cwd":"/x","netns":"n","stdin":true,"caller":"u:g"}`,
		`{"argv":["\u00e9\n\"\ud83d\ude00\\"]}`, `{"argv":["\ud800"]}`, `{"argv":[],"argv":[]}`, `{"Argv":["a"]}`, `{`, ``,
	} {
		f.Add([]byte(seed))
	}
	s := router(f)
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := parseRequest(line)
		if err == nil {
			var want jsonRequest
			if err := json.Unmarshal(line, &want); err != nil || !reflect.DeepEqual(r, want) {
				t.Errorf("%q: got %+v, want %+v (%v)", line, r, want, err)
			}
		}
		d := newDecider(s, nil)
		if got := d.line(7, line); bytes.Count(d.out.Bytes(), []byte("\n")) != 1 || !json.Valid(d.out.Bytes()) || !got && !bytes.Contains(d.out.Bytes(), []byte(`"input_line":7`)) {
			t.Errorf("%q: %q", line, d.out.Bytes())
		}
	})
}

// TestBulkKeepsOrder answers more lines than there are at once, each by its own
// number, with long and broken ones among them.
func TestBulkKeepsOrder(t *testing.T) {
	var in strings.Builder
	const lines = 30_000
	for i := 1; i <= lines; i++ {
		switch {
		case i == 4_000:
			in.WriteString(strings.Repeat("x", maxLine+1) + "\n")
		case i == 5_000:
			in.WriteString(`{"argv":["` + strings.Repeat("x", maxLine-13) + `"]}` + "\n")
		case i%1000 == 0:
			in.WriteString("\n")
		default:
			fmt.Fprintf(&in, `{"argv":["p%d"]}`+"\n", i)
		}
	}
	var out bytes.Buffer
	err := (&bulk{snapshot: router(t)}).run(iotest.HalfReader(strings.NewReader(strings.TrimSuffix(in.String(), "\n"))), &out)
	if !errors.Is(err, errUndecided) {
		t.Errorf("got %v", err)
	}
	n := 0
	for line := range strings.Lines(out.String()) {
		n++
		want := fmt.Sprintf(`no rule for p%d"`, n)
		switch {
		case n == 4_000:
			want = `{"error":"the line is longer than 1 MiB","input_line":4000}`
		case n == 5_000:
			want = `"INVALID_ARGV"`
		case n%1000 == 0:
			want = fmt.Sprintf(`"input_line":%d}`, n)
		}
		if !strings.Contains(line, want) {
			t.Fatalf("line %d: %.200s, want %s", n, line, want)
		}
	}
	if n != lines-1 { // the last one is empty, without a newline
		t.Errorf("%d answers", n)
	}
}

func TestBulkErrors(t *testing.T) {
	b := &bulk{snapshot: router(t)}
	broken := errors.New("broken")
	if err := b.run(iotest.ErrReader(broken), io.Discard); !errors.Is(err, broken) {
		t.Errorf("reader: %v", err)
	}
	in := strings.NewReader(strings.Repeat(`{"argv":["a"]}`+"\n", 50_000))
	if err := b.run(in, iotest.TruncateWriter(failing{broken}, 0)); err != nil {
		t.Errorf("a writer that takes all: %v", err)
	}
	if err := b.run(in, failing{broken}); err != nil {
		t.Errorf("no input is left: %v", err)
	}
	in.Reset(strings.Repeat(`{"argv":["a"]}`+"\n", 50_000))
	if err := b.run(in, failing{broken}); !errors.Is(err, broken) {
		t.Errorf("writer: %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func router(tb testing.TB) *policy.Snapshot {
	tb.Helper()
	data, err := os.ReadFile("../../../policy/examples/router.yaml")
	if err != nil {
		tb.Fatal(err)
	}
	s, found := policy.Load(tb.Context(), []policy.File{{Name: "router.yaml", Data: data}}, policy.Options{})
	if s == nil {
		tb.Fatal(found)
	}
	return s
}
