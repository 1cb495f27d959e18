package argv

import (
	"net/netip"
	"strings"
)

// exceptions returns every spelling of the values that p excludes, each of
// which d, the type without exceptions, has to accept.
func exceptions(name string, p *Params, d *dfa) ([]expr, error) {
	if len(p.Except) > maxAlternatives {
		return nil, typeErrorf("G-PARSE", name, "more than %d exceptions", maxAlternatives)
	}
	var out []expr
	for _, s := range p.Except {
		if d.accept[d.run(s)] == 0 {
			return nil, typeErrorf("T-REGEX", name, "the exception %q is not a value of the type", firstRunes(s, 64))
		}
		out = append(out, sameValue(name, s))
	}
	return out, nil
}

// sameValue is every way to write s, a value of the type name.
func sameValue(name, s string) expr {
	switch name {
	case "decimal":
		if n, err := parseDecimal(s); err == nil {
			return decimalExpr(n, n)
		}
	case "size":
		return sizeSpellings(s)
	case "duration":
		if n, err := parseDuration(s); err == nil {
			return durationExpr(n, n)
		}
	case "ip", "ip4", "ip6", "host", "fqdn":
		if a, err := netip.ParseAddr(s); err == nil {
			return sameAddress(a)
		}
		return foldExpr(s)
	case "cidr":
		if p, err := netip.ParsePrefix(s); err == nil {
			return sameNetwork(p)
		}
	case "mac", "uuid":
		return foldExpr(s)
	case "path":
		return eCat(eLit(strings.TrimSuffix(s, "/")), eRep(eLit("/"), 0, 1))
	}
	return eLit(s)
}

// sizeSpellings is every size that somebody reads as s, in one of the ways in
// which s itself may be read.
func sizeSpellings(s string) expr {
	m := sizeForm.FindStringSubmatch(s)
	alts := []expr{eLit(s)}
	for _, u := range sizeUnits {
		for _, unit := range u.names {
			if unit != m[2] {
				continue
			}
			for _, factor := range []int64{u.small, u.big} {
				if n, ok := product(m[1], factor); ok {
					alts = append(alts, sizesOf(n))
				}
			}
		}
	}
	return eAlt(alts...)
}
