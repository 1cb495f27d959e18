package argv

import (
	"fmt"
	"math"
	"math/bits"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// ParseBound reads a bound of the type name, as min, max and the ranges of the
// notation state it, and returns it in the unit of Params: the number itself,
// of a decimal millionths, of a size bytes, of a duration milliseconds.
func ParseBound(name, text string) (int64, error) {
	switch name {
	case "decimal":
		return parseDecimal(text)
	case "size":
		return parseSize(text)
	case "duration":
		return parseDuration(text)
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != text {
		return 0, fmt.Errorf("%q is not a decimal integer of 64 bits", firstRunes(text, 64))
	}
	return n, nil
}

// FormatBound is the inverse of ParseBound.
func FormatBound(name string, n int64) string {
	switch name {
	case "decimal":
		sign, m := "", magnitude(n)
		if n < 0 {
			sign = "-"
		}
		return strings.TrimRight(strings.TrimRight(fmt.Sprintf("%s%d.%06d", sign, m/million, m%million), "0"), ".")
	case "size":
		for _, u := range slices.Backward(sizeUnits) {
			if u.exact && n >= u.big && n%u.big == 0 {
				return strconv.FormatInt(n/u.big, 10) + u.names[0]
			}
		}
		return "0B"
	case "duration":
		s := ""
		for _, u := range timeUnits {
			if n >= u.ms {
				s += strconv.FormatInt(n/u.ms, 10) + u.name
				n %= u.ms
			}
		}
		if s == "" {
			s = "0s"
		}
		return s
	}
	return strconv.FormatInt(n, 10)
}

// magnitude is n without its sign; the smallest int64 has none of its kind.
func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

// parseRangeOf reads lo..hi of the type name.
func parseRangeOf(name, args string) (Params, error) {
	lo, hi, ok := strings.Cut(args, "..")
	if !ok {
		return Params{}, fmt.Errorf("%q is not a range, expected lo..hi", firstRunes(args, 64))
	}
	a, err := ParseBound(name, lo)
	if err != nil {
		return Params{}, err
	}
	b, err := ParseBound(name, hi)
	if err != nil {
		return Params{}, err
	}
	return Params{Min: &a, Max: &b}, nil
}

// ordered returns the bounds of p, least and most where it states none.
func (p Params) ordered(name string, least, most int64) (lo, hi int64, err error) {
	lo, hi = least, most
	if p.Min != nil {
		lo = *p.Min
	}
	if p.Max != nil {
		hi = *p.Max
	}
	switch {
	case min(lo, hi) < least || max(lo, hi) > most:
		return 0, 0, typeErrorf("T-REGEX", name, "a bound is not from %s to %s", FormatBound(name, least), FormatBound(name, most))
	case lo > hi:
		return 0, 0, typeErrorf("T-REGEX", name, "no value at all matches: %s is greater than %s", FormatBound(name, lo), FormatBound(name, hi))
	}
	return lo, hi, nil
}

// million is the unit of the bounds of a decimal: six digits behind the point.
const million = 1_000_000

var decimalForm = regexp.MustCompile(`^(-?)(0|[1-9][0-9]{0,18})(?:\.([0-9]{1,6}))?$`)

func parseDecimal(text string) (int64, error) {
	m := decimalForm.FindStringSubmatch(text)
	if m == nil {
		return 0, fmt.Errorf("%q is not a decimal number with at most 6 digits behind the point", firstRunes(text, 64))
	}
	// The form admits digits only, so that neither can fail.
	whole, _ := strconv.ParseUint(m[2], 10, 64)
	frac, _ := strconv.ParseUint((m[3] + "000000")[:6], 10, 64)
	hi, n := bits.Mul64(whole, million)
	n, carry := bits.Add64(n, frac, 0)
	switch {
	case hi+carry > 0 || n > math.MaxInt64:
		return 0, fmt.Errorf("%q is out of range: at most %s", text, FormatBound("decimal", math.MaxInt64))
	case m[1] == "":
		return int64(n), nil
	case n == 0:
		return 0, fmt.Errorf("%q is written without its sign", text)
	}
	return -int64(n), nil
}

// decimalExpr is the numbers from lo to hi millionths: no leading zero, no
// exponent, no "-0", one to six digits behind a point or no point.
func decimalExpr(lo, hi int64) expr {
	var alts []expr
	if lo < 0 {
		small := uint64(1)
		if hi < 0 {
			small = magnitude(hi)
		}
		alts = append(alts, eCat(eLit("-"), pointExpr(small, magnitude(lo))))
	}
	if hi >= 0 {
		alts = append(alts, pointExpr(uint64(max(lo, 0)), uint64(hi)))
	}
	return eAlt(alts...)
}

// pointExpr is decimalExpr for numbers without a sign.
func pointExpr(lo, hi uint64) expr {
	a, b := lo/million, hi/million
	if a == b {
		return eCat(rangeExpr(a, a), fractionExpr(lo%million, hi%million))
	}
	alts := []expr{
		eCat(rangeExpr(a, a), fractionExpr(lo%million, million-1)),
		eCat(rangeExpr(b, b), fractionExpr(0, hi%million)),
	}
	if a+1 < b {
		alts = append(alts, eCat(rangeExpr(a+1, b-1), fractionExpr(0, million-1)))
	}
	return eAlt(alts...)
}

// fractionExpr is what may stand behind a whole number for lo to hi millionths
// more.
func fractionExpr(lo, hi uint64) expr {
	var alts []expr
	unit := uint64(million)
	for digits := range 7 {
		// The fractions with so many digits are the multiples of unit.
		a, b := (lo+unit-1)/unit, hi/unit
		switch {
		case a > b:
		case digits == 0:
			alts = append(alts, expr{})
		default:
			alts = append(alts, eCat(eLit("."), eDigits(fmt.Sprintf("%0*d", digits, a), fmt.Sprintf("%0*d", digits, b))))
		}
		unit /= 10
	}
	return eAlt(alts...)
}

// sizeUnit is a unit of a size. Programs do not agree on what K is: lvm(8)
// reads 1000 where dd(1) reads 1024. A bound holds for both, so small and big
// differ there; exact units are those that bounds may be written in.
type sizeUnit struct {
	names      []string
	small, big int64
	exact      bool
}

var sizeUnits = []sizeUnit{
	{[]string{"B", ""}, 1, 1, true},
	{[]string{"KiB"}, 1 << 10, 1 << 10, true},
	{[]string{"K", "k"}, 1e3, 1 << 10, false},
	{[]string{"MiB"}, 1 << 20, 1 << 20, true},
	{[]string{"M", "m"}, 1e6, 1 << 20, false},
	{[]string{"GiB"}, 1 << 30, 1 << 30, true},
	{[]string{"G", "g"}, 1e9, 1 << 30, false},
	{[]string{"TiB"}, 1 << 40, 1 << 40, true},
	{[]string{"T", "t"}, 1e12, 1 << 40, false},
}

var sizeForm = regexp.MustCompile(`^(0|[1-9][0-9]*)([A-Za-z]*)$`)

func parseSize(text string) (int64, error) {
	if m := sizeForm.FindStringSubmatch(text); m != nil {
		for _, u := range sizeUnits {
			if u.exact && slices.Contains(u.names, m[2]) {
				if n, ok := product(m[1], u.big); ok {
					return n, nil
				}
			}
		}
	}
	return 0, fmt.Errorf("%q is not a size below 8 EiB in bytes, B, KiB, MiB, GiB or TiB", firstRunes(text, 64))
}

// product is the number in digits times factor.
func product(digits string, factor int64) (int64, bool) {
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n > math.MaxInt64/factor {
		return 0, false
	}
	return n * factor, true
}

// sizeExpr is the sizes from lo to hi bytes, in every unit.
func sizeExpr(lo, hi int64) expr {
	var alts []expr
	for _, u := range sizeUnits {
		least := lo / u.small
		if lo%u.small != 0 {
			least++
		}
		if most := hi / u.big; least <= most {
			for _, name := range u.names {
				alts = append(alts, eCat(rangeExpr(uint64(least), uint64(most)), eLit(name)))
			}
		}
	}
	return eAlt(alts...)
}

// sizesOf is every spelling of a size that somebody reads as n bytes.
func sizesOf(n int64) expr {
	var alts []expr
	for _, u := range sizeUnits {
		for _, factor := range []int64{u.small, u.big} {
			for _, name := range u.names {
				if n%factor == 0 {
					alts = append(alts, eLit(strconv.FormatInt(n/factor, 10)+name))
				}
			}
		}
	}
	return eAlt(alts...)
}

// timeUnits are the units of a duration, in the order in which they stand.
// Behind a greater unit, there are less than radix of each.
var timeUnits = [...]struct {
	name      string
	ms, radix int64
}{{"h", 3_600_000, 0}, {"m", 60_000, 60}, {"s", 1000, 60}, {"ms", 1, 1000}}

// maxDuration is the longest duration in milliseconds: what nanoseconds in 64
// bits hold.
const maxDuration = math.MaxInt64 / 1_000_000

var durationForm = regexp.MustCompile(`^(?:(0|[1-9][0-9]*)h)?(?:(0|[1-9][0-9]*)m)?(?:(0|[1-9][0-9]*)s)?(?:(0|[1-9][0-9]*)ms)?$`)

func parseDuration(text string) (int64, error) {
	m := durationForm.FindStringSubmatch(text)
	ok, total, lead := m != nil && text != "", int64(0), true
	for i, u := range timeUnits {
		if !ok || m[i+1] == "" {
			continue
		}
		n, err := strconv.ParseInt(m[i+1], 10, 64)
		ok = err == nil && n <= (maxDuration-total)/u.ms && (lead || n < u.radix)
		total, lead = total+n*u.ms, false
	}
	if !ok {
		return 0, fmt.Errorf("%q is not a duration like 30s, 500ms or 1m30s", firstRunes(text, 64))
	}
	return total, nil
}

// durationExpr is the durations from lo to hi milliseconds: any number of the
// first unit, and smaller units in their order behind it.
func durationExpr(lo, hi int64) expr {
	var alts []expr
	for i := range timeUnits {
		alts = append(alts, timeExpr(i, lo, hi, math.MaxInt64))
	}
	return eAlt(alts...)
}

// timeExpr is the durations from lo to hi that begin with the unit i, of which
// there are less than below.
func timeExpr(i int, lo, hi, below int64) expr {
	u := timeUnits[i]
	part := func(a, b, lo, hi int64) expr {
		return eCat(rangeExpr(uint64(a), uint64(b)), eLit(u.name), timeTail(i+1, lo, hi))
	}
	a, b := lo/u.ms, min(hi/u.ms, below-1)
	if a > b {
		return eAlt()
	}
	if b < hi/u.ms { // all that is left of the unit fits
		hi = b*u.ms + u.ms - 1
	}
	if a == b {
		return part(a, a, lo%u.ms, hi%u.ms)
	}
	alts := []expr{part(a, a, lo%u.ms, u.ms-1), part(b, b, 0, hi%u.ms)}
	if a+1 < b {
		alts = append(alts, part(a+1, b-1, 0, u.ms-1))
	}
	return eAlt(alts...)
}

// timeTail is what may stand behind a greater unit for lo to hi more.
func timeTail(i int, lo, hi int64) expr {
	var alts []expr
	if lo <= 0 {
		alts = append(alts, expr{})
	}
	for ; i < len(timeUnits); i++ {
		alts = append(alts, timeExpr(i, lo, hi, timeUnits[i].radix))
	}
	return eAlt(alts...)
}
