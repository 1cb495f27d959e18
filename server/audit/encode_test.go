package audit

import (
	"encoding/json"
	"go/build"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"pgregory.net/rapid"

	rootgatev1 "github.com/rootgate-project/rootgate/proto/rootgate/v1"
)

// hostile holds one of each kind of character that must not reach a terminal.
const hostile = "a\x00\x1b[31m\n\r\t\"\\\x7f\u0085\u009b\u00a0\u00ad\u061c\u200b\u200e\u2028\u2029\u202e\u2066\ufeff\U000e0041\U0010ffff é 世 \ufffd"

func TestAppendQuoted(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"empty", "", `""`},
		{"plain", "ip link <set> & 'x'", `"ip link <set> & 'x'"`},
		{"json", `a"b\c`, `"a\"b\\c"`},
		{"short escapes", "\n\r\t", `"\n\r\t"`},
		{"control", "\x00\x1b\x7f\u009b", `"\u0000\u001b\u007f\u009b"`},
		{"separators", "\u2028\u2029\u00a0\u3000", `"\u2028\u2029\u00a0\u3000"`},
		{"bidi", "\u202a\u202e\u2066\u2069\u200f\u061c", `"\u202a\u202e\u2066\u2069\u200f\u061c"`},
		{"beyond 16 bits", "\U000e0041\U0001f600", `"\udb40\udc41😀"`},
		{"printable", "é世�", `"é世�"`},
		{"not UTF-8", "a\xff\xc3(\xed\xa0\x80", `"a\ufffd\ufffd(\ufffd\ufffd\ufffd"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := string(AppendQuoted(nil, tt.in)); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestAppendQuotedLimit(t *testing.T) {
	whole := AppendQuoted(nil, hostile)
	for limit := range len(whole) + 1 {
		b, taken := appendQuoted([]byte("x"), hostile, limit)
		if len(b) > limit+3 || (limit >= len(whole)-2) != (taken == len(hostile)) {
			t.Fatalf("limit %d: %d bytes, %d taken", limit, len(b)-3, taken)
		}
		var got string
		if err := json.Unmarshal(b[1:], &got); err != nil || got != hostile[:taken] {
			t.Fatalf("limit %d: %q, %v, want %q", limit, got, err, hostile[:taken])
		}
	}
}

// full is a record in which every field is set, with what str returns.
func full(typ Type, str func() string, num func() uint64) *Record {
	strs := func() []string { return []string{str(), str()} }
	small := func() uint32 { return uint32(num()) }
	return &Record{
		Seq: num(), Type: typ, Wall: time.Unix(1_900_000_000, 120).UTC(), MonoNS: num(), BootID: str(), ExecutionID: str(),
		Caller:  &Caller{UID: small(), GID: small(), PID: int32(small()), Groups: []uint32{small(), 0}, Unit: str()},
		Request: &Request{Argv: strs(), ArgvSHA256: str(), ArgvCut: true, Env: strs(), Cwd: str(), Netns: str(), TimeoutMS: num(), ArgvIndex: int32(small())},
		Rule:    str(), Line: int32(small()), Chain: []Link{{str(), int32(small())}, {str(), int32(small())}}, PolicyGeneration: num(), PolicySHA256: str(),
		Launch:  &Launch{Program: str(), Dev: num(), Ino: num(), UID: small(), GID: small(), Caps: strs(), Seccomp: strs(), Argv0: str(), ArgvSHA256: str(), TimeoutMS: num()},
		Outcome: &Outcome{Code: int32(small()), Signal: int32(small()), SeccompKilled: true, EndedBy: str(), LaunchError: str(), WallNS: num(), CPUNS: num(), StdoutBytes: num(), StderrBytes: num(), StdinBytes: num(), PID: int32(small())},
		Reason:  str(), Message: str(), Count: num(), Version: str(),
	}
}

func plainText() string { return "text" }

// Every record is one that a program with the schema reads, and reads as written.
func TestRecordsFollowSchema(t *testing.T) {
	text := rapid.StringN(0, 10, -1) // all escaped: 120 bytes, below each limit
	rapid.Check(t, func(t *rapid.T) {
		r := full(Type(rapid.IntRange(1, int(typeCount)-1).Draw(t, "type")),
			func() string { return text.Draw(t, "text") },
			func() uint64 { return rapid.Uint64().Draw(t, "number") })
		r.Request.ArgvSHA256 = "given" // an empty one is computed
		for _, drop := range []func(){
			func() { r.Caller = nil }, func() { r.Request = nil }, func() { r.Launch = nil }, func() { r.Outcome = nil },
		} {
			if rapid.Bool().Draw(t, "drop") {
				drop()
			}
		}
		line := r.AppendJSON(nil)
		checkLine(t, line)

		var back Record
		if err := json.Unmarshal(line, &back); err != nil {
			t.Fatalf("decode %s: %v", line, err)
		}
		if !reflect.DeepEqual(&back, r) {
			t.Fatalf("decode(encode(x)):\n%+v\nwant\n%+v", back, *r)
		}
		var msg, again rootgatev1.AuditRecord
		if err := protojson.Unmarshal(line, &msg); err != nil {
			t.Fatalf("protojson of %s: %v", line, err)
		}
		// From the message to the record and back: no field changed its meaning.
		canonical, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(&msg)
		if err != nil {
			t.Fatal(err)
		}
		if err := protojson.Unmarshal(back.AppendJSON(nil), &again); err != nil || !proto.Equal(&msg, &again) {
			t.Fatalf("%s, %v, want %s", &again, err, canonical)
		}
	})
}

func TestEachTypeFollowsSchema(t *testing.T) {
	for typ := TypeStart; typ < typeCount; typ++ {
		t.Run(typ.String(), func(t *testing.T) {
			line := full(typ, plainText, func() uint64 { return 1 }).AppendJSON(nil)
			var msg rootgatev1.AuditRecord
			if err := protojson.Unmarshal(line, &msg); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			if got, want := msg.GetType().String(), "TYPE_"+typ.String(); got != want || int32(msg.GetType()) != int32(typ) {
				t.Errorf("type %s %d, want %s %d", got, msg.GetType(), want, typ)
			}
			allSet(t, msg.ProtoReflect())
		})
	}
	if n := rootgatev1.AuditRecord_TYPE_UNSPECIFIED.Descriptor().Values().Len(); n != int(typeCount) {
		t.Errorf("the schema has %d types, the package %d", n, typeCount)
	}
}

// allSet reports fields of the schema that a full record leaves unset.
func allSet(t *testing.T, m protoreflect.Message) {
	t.Helper()
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		if !m.Has(f) {
			t.Errorf("%s is not written", f.FullName())
		} else if f.Message() != nil && !f.IsList() {
			allSet(t, m.Get(f).Message())
		}
	}
}

func TestZeroValues(t *testing.T) {
	r := Record{Type: TypeEnd, Caller: &Caller{}, Request: &Request{}, Launch: &Launch{}, Outcome: &Outcome{}}
	const want = `{"type":"TYPE_END","caller":{},"request":{"argv_index":0},"launch":{},"outcome":{"code":0}}`
	if got := string(r.AppendJSON(nil)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

type fataler interface{ Fatalf(string, ...any) }

func checkLine(t fataler, line []byte) {
	for i, c := range line {
		if c < 0x20 || c == 0x7f {
			t.Fatalf("control byte %#x at %d of %q", c, i, line)
		}
	}
	if !utf8.Valid(line) {
		t.Fatalf("not UTF-8: %q", line)
	}
	if i := strings.IndexFunc(string(line), func(r rune) bool {
		return r >= 0x80 && r <= 0x9f || r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069
	}); i >= 0 {
		t.Fatalf("control character at %d of %q", i, line)
	}
}

// The limits of all fields together stay below MaxRecordBytes, whatever they hold.
func TestRecordCap(t *testing.T) {
	for name, s := range map[string]string{
		"plain": strings.Repeat("x", 1<<17), "escaped": strings.Repeat("\x01", 1<<17),
		"surrogates": strings.Repeat("\U000e0041", 1<<15), "wide": strings.Repeat("世", 1<<16),
		"quotes": strings.Repeat(`"`, 1<<17), "not UTF-8": strings.Repeat("\x80", 1<<17),
	} {
		r := full(TypeDeny, func() string { return s }, func() uint64 { return math.MaxUint64 })
		for _, list := range []*[]string{&r.Request.Argv, &r.Request.Env, &r.Launch.Caps, &r.Launch.Seccomp} {
			*list = (*list)[:0]
			for range 20 {
				*list = append(*list, s)
			}
		}
		r.Caller.Groups = make([]uint32, 1000)
		for i := range r.Caller.Groups {
			r.Caller.Groups[i] = math.MaxUint32
		}
		r.Caller.Unit = s
		r.Request.ArgvCut, r.Request.ArgvSHA256 = false, ""
		b, _ := appendHash(appendRecord(make([]byte, 32), r), 32)
		if len(b)-32 > MaxRecordBytes {
			t.Errorf("%s: %d bytes, want at most %d", name, len(b)-32, MaxRecordBytes)
		}
		var back Record
		if err := json.Unmarshal(b[32:], &back); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		q := back.Request
		if !q.ArgvCut || q.ArgvSHA256 != ArgvSHA256(r.Request.Argv) || len(back.Caller.Groups) != 64 {
			t.Errorf("%s: cut %v, hash %s, %d groups", name, q.ArgvCut, q.ArgvSHA256, len(back.Caller.Groups))
		}
		if !strings.HasSuffix(back.Message, "…") || q.Env[len(q.Env)-1] != "…" {
			t.Errorf("%s: what was cut does not say so: %.20q", name, q.Env)
		}
	}
}

func TestArgvCut(t *testing.T) {
	long := strings.Repeat("x", 4096)
	many := func(n int, s string) []string { return strings.Split(strings.Repeat(s+"\n", n-1)+s, "\n") }
	for _, tt := range []struct {
		name string
		argv []string
		want []string
		cut  bool
	}{
		{"whole", []string{"ip", "", "é"}, []string{"ip", "", "é"}, false},
		{"token at the limit", []string{long}, []string{long}, false},
		{"token over it", []string{long + "y", "z"}, []string{long, "z"}, true},
		{"within a character", []string{long[1:] + "é"}, []string{long[1:]}, true},
		{"all at the limit", many(8, long), many(8, long), false},
		{"all over it", append(many(8, long), "y"), many(8, long), true},
		{"empty ones behind it", append(many(8, long), ""), append(many(8, long), ""), false},
		{"many", many(20000, "a"), many(10240, "a"), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var back Record
			r := Record{Type: TypeDeny, Request: &Request{Argv: tt.argv}}
			if err := json.Unmarshal(r.AppendJSON(nil), &back); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(back.Request.Argv, tt.want) || back.Request.ArgvCut != tt.cut {
				t.Errorf("%d tokens, cut %v, want %d, %v", len(back.Request.Argv), back.Request.ArgvCut, len(tt.want), tt.cut)
			}
			if got := back.Request.ArgvSHA256; got != ArgvSHA256(tt.argv) {
				t.Errorf("hash %s is not of the whole", got)
			}
		})
	}
}

func TestArgvSHA256(t *testing.T) {
	// printf 'ip\0link\0' | sha256sum
	const want = "420b74e646a96b09c0ddaebc217bfe733895ef2d609490092b39208a4c6b1a24"
	if got := ArgvSHA256([]string{"ip", "link"}); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestTypeNames(t *testing.T) {
	for _, bad := range []string{"", "INTENT", "TYPE_UNSPECIFIED", "TYPE_NEW", "type_intent"} {
		var typ Type
		if err := typ.UnmarshalText([]byte(bad)); err == nil || typ != TypeUnspecified {
			t.Errorf("UnmarshalText(%q) = %v, %v, want an error", bad, typ, err)
		}
	}
	if got := Type(200).String(); got != "Type(200)" {
		t.Errorf("String of an unknown type: %q", got)
	}
}

// The command line reads logs with this package: it stays small.
func TestImports(t *testing.T) {
	p, err := build.ImportDir(".", 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, imp := range p.Imports {
		if strings.Contains(imp, ".") || imp == "unsafe" || imp == "os/exec" || imp == "os/user" {
			t.Errorf("imports %s, want the standard library only", imp)
		}
	}
}
