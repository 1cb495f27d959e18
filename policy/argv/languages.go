package argv

import "strconv"

// rangeExpr is the canonical decimal numbers from lo to hi.
func rangeExpr(lo, hi uint64) expr {
	var alts []expr
	for {
		a := strconv.FormatUint(lo, 10)
		// The last number with as many digits as lo, unless hi comes first.
		// An int64 has 19 digits, and 19 nines are a uint64.
		end := uint64(9)
		for range len(a) - 1 {
			end = end*10 + 9
		}
		end = min(end, hi)
		alts = append(alts, eDigits(a, strconv.FormatUint(end, 10)))
		if end == hi {
			return eAlt(alts...)
		}
		lo = end + 1
	}
}

// signedExpr is the canonical decimal numbers from lo to hi. There is no "-0".
func signedExpr(lo, hi int64) expr {
	var alts []expr
	if lo < 0 {
		// Magnitudes in uint64: -lo overflows for the smallest int64.
		small := uint64(1)
		if hi < 0 {
			small = -uint64(hi)
		}
		alts = append(alts, eCat(eLit("-"), rangeExpr(small, -uint64(lo))))
	}
	if hi >= 0 {
		alts = append(alts, rangeExpr(uint64(max(lo, 0)), uint64(hi)))
	}
	return eAlt(alts...)
}

// macExpr is six pairs of hexadecimal digits.
func macExpr() expr {
	pair := eRep(eChars("0-9a-fA-F"), 2, 2)
	return eCat(pair, eRep(eCat(eLit(":"), pair), 5, 5))
}

// ifnameExpr is a name of at most 15 bytes: IFNAMSIZ is 16 with its NUL. The
// kernel forbids only "/", ":" in some places, and white space
// (dev_valid_name); option-like and path-like names are ours to forbid.
func ifnameExpr() expr {
	return eCat(eChars("A-Za-z0-9_"), eRep(eChars("A-Za-z0-9_.@:-"), 0, 14))
}

// netnsExpr is one path component that is neither hidden nor "." nor "..", of
// at most NAME_MAX bytes.
func netnsExpr() expr {
	return eCat(eChars("A-Za-z0-9_"), eRep(eChars("A-Za-z0-9_.@:+-"), 0, 254))
}

// componentExpr is one component of a path: anything printable but "." and
// "..".
func componentExpr() expr {
	char := printable().minus(span('/', '/'))
	other := eSet(char.minus(span('.', '.')))
	dot, rest := eLit("."), eRep(eSet(char), 0, -1)
	return eAlt(
		eCat(other, rest),
		eCat(dot, other, rest),
		eCat(dot, dot, eSet(char), rest),
	)
}
