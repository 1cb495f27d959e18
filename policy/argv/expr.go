package argv

import "strings"

// exprOp is the operator of an expr.
type exprOp uint8

const (
	exprCat exprOp = iota // subs one after the other; without subs the empty string
	exprSet               // one rune of set
	exprAlt               // one of subs; without subs nothing at all
	exprRep               // subs[0], min to max times; max < 0 is without end
)

// expr is a regular expression over runes. The zero value is the empty string.
type expr struct {
	op       exprOp
	set      runeSet
	subs     []expr
	min, max int
}

func eCat(subs ...expr) expr { return expr{op: exprCat, subs: subs} }
func eAlt(subs ...expr) expr { return expr{op: exprAlt, subs: subs} }
func eSet(s runeSet) expr    { return expr{op: exprSet, set: s} }

func eRep(e expr, lo, hi int) expr {
	return expr{op: exprRep, subs: []expr{e}, min: lo, max: hi}
}

// eLit is the string s itself.
func eLit(s string) expr {
	var subs []expr
	for _, r := range s {
		subs = append(subs, eSet(span(r, r)))
	}
	return eCat(subs...)
}

// eChars is one of the runes of s, in which a-z is a range.
func eChars(s string) expr {
	rs := []rune(s)
	var pairs []rune
	for i := 0; i < len(rs); i++ {
		if i+2 < len(rs) && rs[i+1] == '-' {
			pairs = append(pairs, rs[i], rs[i+2])
			i += 2
			continue
		}
		pairs = append(pairs, rs[i], rs[i])
	}
	return eSet(norm(pairs))
}

// eDigits is the decimal numbers from a to b, which have the same number of
// digits.
func eDigits(a, b string) expr {
	n := len(a)
	if n == 0 {
		return expr{}
	}
	if strings.Trim(a, "0") == "" && strings.Trim(b, "9") == "" {
		return eRep(eChars("0-9"), n, n)
	}
	if a[0] == b[0] {
		return eCat(eLit(a[:1]), eDigits(a[1:], b[1:]))
	}
	alts := []expr{
		eCat(eLit(a[:1]), eDigits(a[1:], strings.Repeat("9", n-1))),
		eCat(eLit(b[:1]), eDigits(strings.Repeat("0", n-1), b[1:])),
	}
	if a[0]+1 < b[0] {
		mid := eSet(span(rune(a[0]+1), rune(b[0]-1)))
		alts = append(alts, eCat(mid, eRep(eChars("0-9"), n-1, n-1)))
	}
	return eAlt(alts...)
}
