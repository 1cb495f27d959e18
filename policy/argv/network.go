package argv

import (
	"fmt"
	"net/netip"
)

// networks reads the under of an address type.
func networks(name string, under []string) ([]netip.Prefix, error) {
	if len(under) > maxAlternatives {
		return nil, typeErrorf("G-PARSE", name, "more than %d networks", maxAlternatives)
	}
	out := make([]netip.Prefix, 0, len(under))
	for _, s := range under {
		p, err := netip.ParsePrefix(s)
		switch {
		case err != nil || p.String() != s:
			return nil, typeErrorf("G-PARSE", name, "%q is not a network in its canonical form, like 10.0.0.0/8 or fd00::/8", firstRunes(s, 64))
		case p != p.Masked():
			return nil, typeErrorf("G-PARSE", name, "%s has bits behind its length, expected %s", s, p.Masked())
		case name == "ip4" && !p.Addr().Is4() || name == "ip6" && !p.Addr().Is6():
			return nil, typeErrorf("G-PARSE", name, "%s holds no value of this type", s)
		}
		out = append(out, p)
	}
	return out, nil
}

// netExpr is the addresses in p, in every spelling. As in package netip, a network of IPv4 does not hold the addresses of
// IPv6 that stand for IPv4.
func netExpr(p netip.Prefix) expr {
	if p.Addr().Is4() {
		a := p.Addr().As4()
		return octetsExpr(a[:], p.Bits())
	}
	return groupsExpr(p.Addr().As16(), p.Bits())
}

// cidrNetExpr is an address in p, a slash and a prefix length of at least that
// of p: networks that lie in p. Bits behind the prefix may be set: "ip addr add
// 10.0.0.5/24" needs them.
func cidrNetExpr(p netip.Prefix) expr {
	return eCat(netExpr(p), eLit("/"), rangeExpr(uint64(p.Bits()), uint64(p.Addr().BitLen())))
}

// octetsExpr is four octets in canonical decimal, of which the first bits are
// those of a. inet_aton would also take 0x7f.1 and 010.0.0.1, which is how two
// parsers come to disagree.
func octetsExpr(a []byte, length int) expr {
	var subs []expr
	for i, octet := range a {
		if i > 0 {
			subs = append(subs, eLit("."))
		}
		free := 8 - min(8, max(0, length-8*i))
		lo := uint64(octet) >> free << free
		subs = append(subs, rangeExpr(lo, lo|(1<<free-1)))
	}
	return eCat(subs...)
}

// groupsExpr is the text forms (RFC 4291, section 2.2), without zones, of the
// addresses of which the first bits are those of a: eight groups, of which one run of zeros may be written "::" and
// the last two as IPv4.
func groupsExpr(a [16]byte, length int) expr {
	var group [8]expr
	var zero [8]bool // whether the group may be 0
	for i := range group {
		value := uint(a[2*i])<<8 | uint(a[2*i+1])
		free := 16 - min(16, max(0, length-16*i))
		group[i] = hexExpr(value>>free<<free, free)
		zero[i] = value>>free == 0
	}
	list := func(from, to int) []expr { // groups with ":" between them
		var subs []expr
		for i := from; i < to; i++ {
			if i > from {
				subs = append(subs, eLit(":"))
			}
			subs = append(subs, group[i])
		}
		return subs
	}
	ip4 := octetsExpr(a[12:], max(0, length-96))
	alts := []expr{
		eCat(list(0, 8)...),
		eCat(eCat(list(0, 6)...), eLit(":"), ip4),
	}
	for left := 0; left <= 7; left++ {
		var tails []expr
		// "::" stands for at least one group, and all of them may be 0.
		for right := left + 1; right <= 8 && zero[right-1]; right++ {
			tails = append(tails, eCat(list(right, 8)...))
			switch {
			case right < 6:
				tails = append(tails, eCat(eCat(list(right, 6)...), eLit(":"), ip4))
			case right == 6:
				tails = append(tails, ip4)
			}
		}
		alts = append(alts, eCat(eCat(list(0, left)...), eLit("::"), eAlt(tails...)))
	}
	return eAlt(alts...)
}

// hexExpr is the hexadecimal numbers of one to four digits, either case, from
// value to value with its last free bits set, which are 0 in it.
func hexExpr(value uint, free int) expr {
	var digits [4]expr
	var zero [4]bool
	for i := range digits {
		shift := 12 - 4*i
		loose := min(4, max(0, free-shift))
		lo := value >> shift & 15
		digits[i] = nibbleExpr(lo, lo|(1<<loose-1))
		zero[i] = lo == 0
	}
	alts := []expr{eCat(digits[:]...)}
	for i := 1; i < 4 && zero[i-1]; i++ {
		alts = append(alts, eCat(digits[i:]...))
	}
	return eAlt(alts...)
}

// nibbleExpr is one hexadecimal digit from lo to hi.
func nibbleExpr(lo, hi uint) expr {
	var pairs []rune
	for n := lo; n <= hi; n++ {
		for _, digits := range []string{"0123456789abcdef", "0123456789ABCDEF"} {
			pairs = append(pairs, rune(digits[n]), rune(digits[n]))
		}
	}
	return eSet(norm(pairs))
}

// sameAddress is every spelling of a: an address of IPv4 and the one of IPv6
// that stands for it lead to the same host.
func sameAddress(a netip.Addr) expr {
	if a.Unmap().Is4() {
		return eAlt(netExpr(netip.PrefixFrom(a.Unmap(), 32)), netExpr(netip.PrefixFrom(mapped(a.Unmap()), 128)))
	}
	return netExpr(netip.PrefixFrom(a, 128))
}

// mapped is the address of IPv6 that stands for a, of IPv4.
func mapped(a netip.Addr) netip.Addr { return netip.AddrFrom16(a.As16()) }

// sameNetwork is every spelling of p. Without bits behind its length it is the
// network, whatever its address: 10.0.0.5/8 is 10.0.0.0/8 to a route.
func sameNetwork(p netip.Prefix) expr {
	a, length := p.Addr(), p.Bits()
	if a.Is4In6() && length >= 96 {
		a, length = a.Unmap(), length-96
	}
	one := func(a netip.Addr, length int) expr {
		p := netip.PrefixFrom(a, length)
		if p != p.Masked() {
			p = netip.PrefixFrom(a, a.BitLen())
		}
		return eCat(netExpr(p), eLit(fmt.Sprintf("/%d", length)))
	}
	if a.Is4() {
		return eAlt(one(a, length), one(mapped(a), length+96))
	}
	return one(a, length)
}

// addressNets are the networks of an address type: its under, or all there is.
func addressNets(name string, p *Params) ([]netip.Prefix, error) {
	if p.Under == nil {
		nets := map[string][]string{"ip4": {"0.0.0.0/0"}, "ip6": {"::/0"}}[name]
		if nets == nil {
			nets = []string{"0.0.0.0/0", "::/0"}
		}
		return networks(name, nets)
	}
	return networks(name, p.Under)
}
