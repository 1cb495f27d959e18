package importer

import (
	"reflect"
	"strings"
	"testing"
)

func TestParseFilters(t *testing.T) {
	type want struct {
		name, class string
		args        []string
		line        int
	}
	for _, tt := range []struct {
		name, text string
		want       []want
		void       int
		wantErr    string
	}{
		{"one", "[Filters]\nip: IpFilter, ip, root\n", []want{{"ip", "IpFilter", []string{"ip", "root"}, 2}}, 0, ""},
		{"equals sign", "[Filters]\nip = IpFilter, ip, root", []want{{"ip", "IpFilter", []string{"ip", "root"}, 2}}, 0, ""},
		{"first delimiter counts", "[Filters]\na=B:c", []want{{"a", "B:c", nil, 2}}, 0, ""},
		{"names are lower case", "[Filters]\nAbC: X", []want{{"abc", "X", nil, 2}}, 0, ""},
		{
			"continued, with a comment inside", "[Filters]\np: PathFilter, x, root,\n --a, /etc,\n# no\n\n --b, /\n",
			[]want{{"p", "PathFilter", []string{"x", "root", "--a", "/etc", "--b", "/"}, 2}},
			0, "",
		},
		{"last of a name wins, in the first's place", "[Filters]\na: X\nb: Y\nA: Z", []want{{"a", "Z", nil, 4}, {"b", "Y", nil, 3}}, 1, ""},
		{"comments", "; x\n[Filters]\n# a: X\n; b: Y\n  ; c: Z\nd: W", []want{{"d", "W", nil, 6}}, 0, ""},
		{"no quoting, nor comments behind a value", `[Filters]` + "\na: X, \"b, c\" # d", []want{{"a", "X", []string{`"b`, `c" # d`}, 2}}, 0, ""},
		{"comma at the end", "[Filters]\na: X, b,", []want{{"a", "X", []string{"b", ""}, 2}}, 0, ""},
		{"defaults stand first", "[Filters]\na: X\n[DEFAULT]\nb: Y\na: Z", []want{{"b", "Y", nil, 4}, {"a", "X", nil, 2}}, 0, ""},
		{"a section twice", "[Filters]\na: X\n[o]\nc: D\n[Filters]\nb: Y", []want{{"a", "X", nil, 2}, {"b", "Y", nil, 6}}, 0, ""},
		{"line ends of other systems", "[Filters]\r\na: X\r\n", []want{{"a", "X", nil, 2}}, 0, ""},
		{"empty section", "[Filters]\n", nil, 0, ""},
		{"no section", "[filters]\na: X", nil, 0, "no [Filters] section"},
		{"nothing", "", nil, 0, "no [Filters] section"},
		{"before a section", "a: X\n[Filters]", nil, 0, `f:1: "a: X" stands before the first section`},
		{"no option", "[Filters]\nhello", nil, 0, `f:2: "hello" is no option`},
		{"no name", "[Filters]\n: X", nil, 0, `f:2: ": X" is no option`},
		{"too long", "[Filters]\n" + strings.Repeat("#", maxSourceBytes), nil, 0, "the limit is"},
		{"too many lines", "[Filters]\n" + strings.Repeat("\n", maxSourceLines), nil, 0, "lines"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			list, void, err := parseFilters(Source{"f", []byte(tt.text)})
			if tt.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), tt.wantErr) {
					t.Fatalf("got error %v, want %q", err, tt.wantErr)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []want
			for _, f := range list {
				if len(f.args) == 0 {
					f.args = nil
				}
				got = append(got, want{f.name, f.class, f.args, f.pos.Line})
			}
			if !reflect.DeepEqual(got, tt.want) || len(void) != tt.void {
				t.Errorf("got %+v and %d void, want %+v and %d", got, len(void), tt.want, tt.void)
			}
		})
	}
}

func TestParseConf(t *testing.T) {
	c, err := ParseConf(Source{"c", []byte("[DEFAULT]\nfilters_path=/etc/a,/usr/b\nexec_dirs=/sbin,/bin\nuse_syslog=False\n")})
	want := Conf{FiltersPath: []string{"/etc/a", "/usr/b"}, ExecDirs: []string{"/sbin", "/bin"}}
	if err != nil || !reflect.DeepEqual(c, want) {
		t.Errorf("got %+v, %v, want %+v", c, err, want)
	}
	for _, bad := range []string{"", "[DEFAULT]\nexec_dirs=/bin", "x"} {
		if c, err := ParseConf(Source{"c", []byte(bad)}); err == nil {
			t.Errorf("%q gives %+v, want an error", bad, c)
		}
	}
}

// No file makes the parser panic, and what it reads can be said in one line.
func FuzzParseFilters(f *testing.F) {
	for _, seed := range []string{
		"[Filters]\nip: IpFilter, ip, root\n", "[Filters]\np: PathFilter,\n a,\n\n b", "[DEFAULT]\na=b\n[Filters]\nA:c",
		"[Filters]\n\x00: \xff", "[]\n[", "[Filters]\r\na = b\rc=d",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		list, _, err := parseFilters(Source{"f", data})
		if err != nil && list != nil {
			t.Error("a list beside an error")
		}
		for _, x := range list {
			if x.pos.Line < 1 || x.name != strings.ToLower(x.name) || strings.TrimSpace(x.class) != x.class {
				t.Errorf("got %+v", x)
			}
		}
	})
}
