package argv

import (
	"fmt"
	"math/big"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// spell6 writes an address of IPv6 in one of its forms.
func spell6(t *rapid.T, a netip.Addr) string {
	b := a.As16()
	groups := 8
	tail := ""
	if rapid.Bool().Draw(t, "v4 tail") {
		groups, tail = 6, netip.AddrFrom4([4]byte(b[12:])).String()
	}
	var parts []string
	for i := range groups {
		v := int(b[2*i])<<8 | int(b[2*i+1])
		format := rapid.SampledFrom([]string{"%x", "%X", "%02x", "%04x", "%04X"}).Draw(t, "format")
		parts = append(parts, fmt.Sprintf(format, v))
	}
	if tail != "" {
		parts = append(parts, tail)
	}
	// A run of zero groups may be "::".
	from := rapid.IntRange(0, groups).Draw(t, "from")
	to := from
	for to < groups && b[2*to] == 0 && b[2*to+1] == 0 {
		to++
	}
	if to > from && rapid.Bool().Draw(t, "compress") {
		to = rapid.IntRange(from+1, to).Draw(t, "to")
		return strings.Join(parts[:from], ":") + "::" + strings.Join(parts[to:], ":")
	}
	return strings.Join(parts, ":")
}

func drawAddr(t *rapid.T, near netip.Prefix) netip.Addr {
	if near.Addr().Is4() {
		b := near.Addr().As4()
		flip(t, b[:], near.Bits())
		return netip.AddrFrom4(b)
	}
	b := near.Addr().As16()
	flip(t, b[:], near.Bits())
	return netip.AddrFrom16(b)
}

// flip changes bits behind a prefix, and sometimes one in it.
func flip(t *rapid.T, b []byte, bits int) {
	all := 8 * len(b)
	for range rapid.IntRange(0, 6).Draw(t, "flips") {
		at := rapid.IntRange(min(bits, all-1), all-1).Draw(t, "bit")
		b[at/8] ^= 0x80 >> (at % 8)
	}
	if bits > 0 && rapid.Bool().Draw(t, "leave") {
		at := rapid.IntRange(max(0, bits-9), bits-1).Draw(t, "bit")
		b[at/8] ^= 0x80 >> (at % 8)
	}
}

func drawPrefix(t *rapid.T) netip.Prefix {
	var a netip.Addr
	if rapid.Bool().Draw(t, "v4") {
		a = netip.AddrFrom4([4]byte(rapid.SliceOfN(rapid.SampledFrom([]byte{0, 10, 127, 172, 255}), 4, 4).Draw(t, "a")))
	} else {
		a = netip.AddrFrom16([16]byte(rapid.SliceOfN(rapid.SampledFrom([]byte{0, 0, 0, 0, 0xfd, 0xff, 1}), 16, 16).Draw(t, "a")))
		if rapid.IntRange(0, 4).Draw(t, "mapped") == 0 {
			a = netip.AddrFrom16(netip.AddrFrom4([4]byte{10, 0, 0, 1}).As16())
		}
	}
	return netip.PrefixFrom(a, rapid.IntRange(0, a.BitLen()).Draw(t, "bits")).Masked()
}

// TestUnder compares addresses and networks below networks with net/netip, in
// every spelling of IPv6.
func TestUnder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPrefix(t)
		a := drawAddr(t, p)
		text := a.String()
		if a.Is6() {
			text = spell6(t, a)
		}
		if back, err := netip.ParseAddr(text); err != nil || back != a {
			t.Fatalf("the test writes %v as %s", a, text)
		}
		types := []string{"ip"}
		if a.Is4() == p.Addr().Is4() {
			types = append(types, map[bool]string{true: "ip4", false: "ip6"}[a.Is4()])
		}
		for _, name := range types {
			typ := mustTypeRapid(t, name+"("+p.String()+")")
			if got, want := typ.Accepts(text), p.Contains(a); got != want {
				t.Fatalf("%v accepts %s: got %v, want %v", typ, text, got, want)
			}
		}
		length := rapid.IntRange(max(0, p.Bits()-3), a.BitLen()).Draw(t, "length")
		typ := mustTypeRapid(t, "cidr("+p.String()+")")
		inside := p.Contains(a) && length >= p.Bits()
		if got := typ.Accepts(text + "/" + strconv.Itoa(length)); got != inside {
			t.Fatalf("%v accepts %s/%d: got %v, want %v", typ, text, length, got, inside)
		}
	})
}

// TestExceptAddresses: an excluded address is excluded in every spelling, that
// of the other protocol included, and nothing else is.
func TestExceptAddresses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPrefix(t)
		out := p.Addr()
		a := drawAddr(t, netip.PrefixFrom(out, out.BitLen()))
		if a.Is4() && rapid.Bool().Draw(t, "mapped") {
			a = mapped(a)
		}
		text := a.String()
		if a.Is6() {
			text = spell6(t, a)
		}
		for _, name := range []string{"ip", "host"} {
			typ, err := Refine(name, nil, Params{Except: []string{out.String()}})
			if err != nil {
				t.Fatal(err)
			}
			if got, want := typ.Accepts(text), a.Unmap() != out.Unmap(); got != want {
				t.Fatalf("%v accepts %s: got %v, want %v", typ, text, got, want)
			}
		}
	})
}

// TestExceptNetworks: a network is excluded whatever its address and protocol
// are, an address with a length only as itself.
func TestExceptNetworks(t *testing.T) {
	for _, tt := range []struct{ except, allow, deny string }{
		{"10.0.0.0/8", "10.0.0.0/9 11.0.0.0/8 10.0.0.1/32 ::ffff:10.0.0.0/103", "10.0.0.0/8 10.9.8.7/8 ::ffff:10.0.0.0/104 ::FFFF:0a01:0/104"},
		{"0.0.0.0/0", "::/0 0.0.0.0/1 ::ffff:0:0/95", "0.0.0.0/0 1.2.3.4/0 ::ffff:1.2.3.4/96"},
		{"::/0", "0.0.0.0/0 ::/1", "::/0 fd00::/0 ::ffff:1.2.3.4/0"},
		{"10.0.0.5/24", "10.0.0.0/24 10.0.0.6/24 10.0.0.5/25", "10.0.0.5/24 ::ffff:10.0.0.5/120"},
		{"::ffff:10.0.0.0/104", "10.0.0.0/9", "10.0.0.0/8 10.1.0.0/8 ::ffff:10.0.0.0/104"},
		{"::ffff:0:0/90", "0.0.0.0/0 ::/91", "::ffff:0:0/90 ::FFFF:0:0/90"},
		{"fd00::/8", "fd00::/9 fe00::/8", "fd00::/8 fd12::3/8"},
	} {
		typ, err := Refine("cidr", nil, Params{Except: []string{tt.except}})
		if err != nil {
			t.Fatal(err)
		}
		for s := range strings.FieldsSeq(tt.allow) {
			if !typ.Accepts(s) {
				t.Errorf("%v refuses %s", typ, s)
			}
		}
		for s := range strings.FieldsSeq(tt.deny) {
			if typ.Accepts(s) {
				t.Errorf("%v accepts %s", typ, s)
			}
		}
	}
}

// TestDecimalRanges compares decimals with math/big.
func TestDecimalRanges(t *testing.T) {
	form := regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]{1,6})?$`)
	micros := func(n int64) *big.Rat { return big.NewRat(n, million) }
	rapid.Check(t, func(t *rapid.T) {
		lo := rapid.Int64Range(-3*million, 3*million).Draw(t, "lo")
		hi := rapid.Int64Range(lo, 3*million).Draw(t, "hi")
		if rapid.Bool().Draw(t, "round") {
			lo, hi = lo/100_000*100_000, hi/100_000*100_000
			lo = min(lo, hi)
		}
		typ := mustTypeRapid(t, "decimal("+FormatBound("decimal", lo)+".."+FormatBound("decimal", hi)+")")
		for _, n := range []int64{lo - 1, lo, lo + 1, hi - 1, hi, hi + 1, 0, rapid.Int64Range(-4*million, 4*million).Draw(t, "n")} {
			s := micros(n).FloatString(6)
			for _, text := range []string{s, strings.TrimRight(s, "0"), strings.TrimSuffix(strings.TrimRight(s, "0"), "."), s[:len(s)-3], "0" + s, s + "0"} {
				v, ok := new(big.Rat).SetString(text)
				want := ok && form.MatchString(text) && v.Cmp(micros(lo)) >= 0 && v.Cmp(micros(hi)) <= 0 &&
					(v.Sign() != 0 || text[0] != '-')
				if got := typ.Accepts(text); got != want {
					t.Fatalf("%v accepts %q: got %v, want %v", typ, text, got, want)
				}
			}
		}
	})
}

// TestSizeRanges compares sizes with math/big, K in both readings.
func TestSizeRanges(t *testing.T) {
	units := map[string][2]int64{
		"": {1, 1}, "B": {1, 1}, "KiB": {1 << 10, 1 << 10}, "MiB": {1 << 20, 1 << 20}, "GiB": {1 << 30, 1 << 30},
		"K": {1000, 1 << 10}, "k": {1000, 1 << 10}, "M": {1_000_000, 1 << 20}, "g": {1_000_000_000, 1 << 30}, "t": {1e12, 1 << 40}, "TiB": {1 << 40, 1 << 40},
	}
	bound := rapid.OneOf(rapid.Int64Range(0, 1<<12), rapid.Int64Range(0, 1<<40), rapid.Just(int64(1<<63-1)), rapid.Just(int64(1<<20)))
	rapid.Check(t, func(t *rapid.T) {
		lo, hi := bound.Draw(t, "lo"), bound.Draw(t, "hi")
		lo, hi = min(lo, hi), max(lo, hi)
		typ := mustTypeRapid(t, fmt.Sprintf("size(%d..%d)", lo, hi))
		for unit, f := range units {
			for _, n := range []int64{0, 1, lo / f[0], lo/f[0] + 1, hi / f[1], hi/f[1] + 1, hi / f[0]} {
				if n < 0 {
					continue // overflow
				}
				small, big := times(n, f[0]), times(n, f[1])
				want := small.Cmp(bigInt(lo)) >= 0 && big.Cmp(bigInt(hi)) <= 0
				if got := typ.Accepts(strconv.FormatInt(n, 10) + unit); got != want {
					t.Fatalf("%v accepts %d%s: got %v, want %v", typ, n, unit, got, want)
				}
			}
		}
	})
}

func bigInt(n int64) *big.Int { return big.NewInt(n) }

func times(a, b int64) *big.Int { return new(big.Int).Mul(bigInt(a), bigInt(b)) }

// TestDurationRanges compares durations with time.ParseDuration, among those in
// which a smaller unit does not reach the one before it.
func TestDurationRanges(t *testing.T) {
	form := regexp.MustCompile(`^(0|[1-9][0-9]*h)?((0|[1-9][0-9]*)m)?((0|[1-9][0-9]*)s)?((0|[1-9][0-9]*)ms)?$`)
	rapid.Check(t, func(t *rapid.T) {
		lo := rapid.Int64Range(0, 8_000_000).Draw(t, "lo")
		hi := rapid.Int64Range(lo, 9_000_000).Draw(t, "hi")
		typ := mustTypeRapid(t, "duration("+FormatBound("duration", lo)+".."+FormatBound("duration", hi)+")")
		var b strings.Builder
		lead, radix := true, []int{3, 200, 9000, 90_000}
		plain := true
		for i, unit := range []string{"h", "m", "s", "ms"} {
			if rapid.Bool().Draw(t, unit) {
				n := rapid.IntRange(0, radix[i]).Draw(t, "n")
				if !lead {
					n = rapid.IntRange(0, int(timeUnits[i].radix)+1).Draw(t, "n")
					plain = plain && n < int(timeUnits[i].radix)
				}
				fmt.Fprintf(&b, "%d%s", n, unit)
				lead = false
			}
		}
		texts := []string{b.String(), FormatBound("duration", lo), FormatBound("duration", hi), fmt.Sprintf("%dms", lo), fmt.Sprintf("%dms", hi+1), fmt.Sprintf("%ds", hi/1000)}
		for i, text := range texts {
			d, err := time.ParseDuration(text)
			ms := d.Milliseconds()
			want := err == nil && text != "0" && ms >= lo && ms <= hi && (i > 0 || plain && form.MatchString(text))
			if i == 0 && err == nil && strings.HasPrefix(text, "0h") {
				want = ms >= lo && ms <= hi && plain
			}
			if got := typ.Accepts(text); got != want {
				t.Fatalf("%v accepts %q: got %v, want %v", typ, text, got, want)
			}
		}
	})
}

// TestNames compares the names of hosts with a reading of their parts.
func TestNames253(t *testing.T) {
	host, fqdn, uuid, user := mustType(t, "host"), mustType(t, "fqdn"), mustType(t, "uuid"), mustType(t, "user")
	label := regexp.MustCompile(`^[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?$`)
	hex := regexp.MustCompile(`^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$`)
	account := regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9._-]{0,31}$`)
	part := rapid.SampledFrom([]string{"a", "9", "-", ".", "..", "_", "A1", "xn--", "0x1", "com", strings.Repeat("b", 62), strings.Repeat("c", 120), "10.0.0.1", ":", "0abcdef1", "1234-", "root", "4294967295"})
	rapid.Check(t, func(t *rapid.T) {
		s := strings.Join(rapid.SliceOfN(part, 0, 6).Draw(t, "parts"), "")
		labels := strings.Split(s, ".")
		name := len(s) <= 253
		for _, l := range labels {
			name = name && label.MatchString(l)
		}
		last := labels[len(labels)-1]
		name = name && last != "" && (last[0]|0x20) >= 'a' && (last[0]|0x20) <= 'z'
		_, err := netip.ParseAddr(s)
		id, bad := strconv.ParseUint(s, 10, 32)
		number := bad == nil && strconv.FormatUint(id, 10) == s && id > 0 && id < 1<<32-1
		for _, c := range []struct {
			typ  *Type
			want bool
		}{
			{host, name || err == nil},
			{fqdn, name && len(labels) > 1},
			{uuid, hex.MatchString(s)},
			{user, account.MatchString(s) && s != "root" || number},
		} {
			if got := c.typ.Accepts(s); got != c.want {
				t.Fatalf("%v accepts %q: got %v, want %v", c.typ, s, got, c.want)
			}
		}
	})
}

// TestBundles compares bundles and lists with a count of their parts.
func TestBundles(t *testing.T) {
	bundle, enum := mustType(t, "bundle(abcd)"), mustType(t, "enum-list(a,b,ab)")
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOfN(rapid.RuneFrom([]rune("abcd-,e")), 0, 7, -1).Draw(t, "s")
		want := len(s) > 1 && s[0] == '-'
		for i := 1; i < len(s); i++ {
			want = want && strings.IndexByte("abcd", s[i]) >= 0 && strings.Count(s, s[i:i+1]) == 1
		}
		if got := bundle.Accepts(s); got != want {
			t.Fatalf("%v accepts %q: got %v, want %v", bundle, s, got, want)
		}
		items := strings.Split(s, ",")
		want = len(items) <= 3
		for _, item := range items {
			want = want && (item == "a" || item == "b" || item == "ab")
		}
		if got := enum.Accepts(s); got != want {
			t.Fatalf("%v accepts %q: got %v, want %v", enum, s, got, want)
		}
	})
}

// TestTypeSizes bounds the automata of types, which every lexer multiplies.
func TestTypeSizes(t *testing.T) {
	nets := func(format string) string {
		var out []string
		for i := range 64 {
			out = append(out, fmt.Sprintf(format, i*37%256, i))
		}
		return strings.Join(out, ",")
	}
	for notation, most := range map[string]int{
		"ip": 300, "ip6": 300, "cidr": 1600, "host": 1600, "fqdn": 1300, "user": 100, "uuid": 40, "size": 400, "duration": 200,
		"decimal(0..60000)": 40, "decimal(-1.234567..9876543.210987)": 200, "size(1MiB..10GiB)": 300,
		"duration(1s..1h1m1s1ms)": 200, "csv(ip4)": 600, "csv(uuid)": 700, "bundle(abcdefghijkl)": 4100, "enum-list(vg_name,name,size)": 60,
		"ip4(" + nets("10.%d.%d.0/24") + ")":          600,
		"cidr(" + nets("10.%d.%d.0/24") + ")":         1200,
		"ip6(" + nets("2001:db8:%x:1%02x::/64") + ")": 6000,
	} {
		typ, err := ParseType(notation, nil)
		if err != nil {
			t.Errorf("%s: %v", firstRunes(notation, 40), err)
			continue
		}
		if got := typ.dfa.states(); got > most {
			t.Errorf("%s: %d states, want at most %d", firstRunes(notation, 40), got, most)
		}
	}
}
