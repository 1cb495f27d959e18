package argv

import (
	"slices"
	"sync"
	"unicode"
)

// runeSet is a set of runes: pairs lo, hi, both inclusive, ascending, with a
// gap between one pair and the next. So equal sets are equal slices.
type runeSet []rune

// span returns the set of the runes from lo to hi.
func span(lo, hi rune) runeSet { return runeSet{lo, hi} }

// norm sorts pairs and joins those that touch. It owns its argument.
func norm(pairs []rune) runeSet {
	type pair struct{ lo, hi rune }
	ps := make([]pair, 0, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		ps = append(ps, pair{pairs[i], pairs[i+1]})
	}
	slices.SortFunc(ps, func(a, b pair) int { return int(a.lo) - int(b.lo) })
	out := pairs[:0]
	for _, p := range ps {
		if n := len(out); n > 0 && p.lo <= out[n-1]+1 {
			out[n-1] = max(out[n-1], p.hi)
			continue
		}
		out = append(out, p.lo, p.hi)
	}
	return runeSet(out)
}

// union returns the runes of all sets.
func union(sets ...runeSet) runeSet {
	var all []rune
	for _, s := range sets {
		all = append(all, s...)
	}
	return norm(all)
}

// minus returns the runes of s that are not in t.
func (s runeSet) minus(t runeSet) runeSet {
	var out runeSet
	j := 0
	for i := 0; i < len(s); i += 2 {
		lo, hi := s[i], s[i+1]
		for j < len(t) && t[j+1] < lo {
			j += 2
		}
		for k := j; k < len(t) && t[k] <= hi; k += 2 {
			if lo < t[k] {
				out = append(out, lo, t[k]-1)
			}
			lo = t[k+1] + 1
		}
		if lo <= hi {
			out = append(out, lo, hi)
		}
	}
	return out
}

// has reports whether r is in s.
func (s runeSet) has(r rune) bool {
	i, found := slices.BinarySearch(s, r)
	return found || i%2 == 1
}

// key returns a string that is equal for equal sets.
func (s runeSet) key() string {
	b := make([]byte, 0, 4*len(s))
	for _, r := range s {
		b = append(b, byte(r>>16), byte(r>>8), byte(r))
	}
	return string(b)
}

// tableSet returns the runes of Unicode tables.
func tableSet(tables ...*unicode.RangeTable) runeSet {
	var out []rune
	add := func(lo, hi, stride rune) {
		if stride == 1 {
			out = append(out, lo, hi)
			return
		}
		for r := lo; r <= hi; r += stride {
			out = append(out, r, r)
		}
	}
	for _, t := range tables {
		for _, r := range t.R16 {
			add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
		}
		for _, r := range t.R32 {
			add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
		}
	}
	return norm(out)
}

// printable is what unicode.IsPrint says: letters, marks, numbers,
// punctuation, symbols and the ASCII space. Controls are not in it, nor are
// format characters: U+202E, which turns a line around for its reader, and
// U+FEFF.
var printable = sync.OnceValue(func() runeSet {
	return union(tableSet(unicode.PrintRanges...), span(' ', ' '))
})

// controls are the runes that no type may accept: C0, DEL and C1.
var controls = runeSet{0, 0x1f, 0x7f, 0x9f}
