package argv

import (
	"cmp"
	"slices"
	"unicode"
	"unicode/utf8"
)

// alphabet maps runes to classes: two runes share a class when no set of the
// automaton tells them apart. Class 0 holds the runes that are in no set; no
// state has a step on it.
type alphabet struct {
	ascii [utf8.RuneSelf]uint16
	los   []rune   // los[i] begins a run of runes ...
	cls   []uint16 // ... of class cls[i]
	n     int
	rep   []rune // of each class, the rune a person would pick
}

// classOf returns the class of r.
func (a *alphabet) classOf(r rune) uint16 {
	if r < utf8.RuneSelf {
		return a.ascii[r]
	}
	i, found := slices.BinarySearch(a.los, r)
	if !found {
		i--
	}
	return a.cls[i]
}

// newAlphabet returns the coarsest alphabet for sets, and the classes of which
// each set consists. It takes one step for a set and a run of runes, and
// reports errBudget when they are more than work.
func newAlphabet(sets []runeSet, work *int) (*alphabet, [][]uint16, error) {
	bounds := []rune{0}
	for _, s := range sets {
		for i := 0; i < len(s); i += 2 {
			bounds = append(bounds, s[i], s[i+1]+1)
		}
	}
	slices.Sort(bounds)
	bounds = slices.Compact(bounds)
	if *work -= len(sets) * len(bounds); *work < 0 {
		return nil, nil, errBudget
	}
	// Refine the partition of the runs by one set after the other.
	class := make([]int, len(bounds))
	count := 1
	for _, s := range sets {
		moved := map[int]int{}
		for i := 0; i < len(s); i += 2 {
			at, _ := slices.BinarySearch(bounds, s[i])
			for ; at < len(bounds) && bounds[at] <= s[i+1]; at++ {
				to, ok := moved[class[at]]
				if !ok {
					to = count
					moved[class[at]] = to
					count++
				}
				class[at] = to
			}
		}
	}
	return number(bounds, class, sets)
}

// number gives the parts of a partition their final numbers: 0 for the runes
// in no set, then by the rune that stands for the class, so that the shortest
// witness found first is also the one that reads best.
func number(bounds []rune, class []int, sets []runeSet) (*alphabet, [][]uint16, error) {
	reps := map[int]rune{}
	for i, lo := range bounds {
		hi := rune(0x10ffff)
		if i+1 < len(bounds) {
			hi = bounds[i+1] - 1
		}
		r := nicest(lo, hi)
		if old, ok := reps[class[i]]; !ok || compareNice(r, old) < 0 {
			reps[class[i]] = r
		}
	}
	var parts []int
	for part, r := range reps {
		if slices.ContainsFunc(sets, func(s runeSet) bool { return s.has(r) }) {
			parts = append(parts, part)
		}
	}
	if len(parts) > 1<<15 {
		return nil, nil, errBudget
	}
	slices.SortFunc(parts, func(a, b int) int { return compareNice(reps[a], reps[b]) })
	a := &alphabet{los: bounds, cls: make([]uint16, len(bounds)), n: len(parts) + 1, rep: []rune{0}}
	final := map[int]uint16{}
	for i, part := range parts {
		final[part] = uint16(i + 1)
		a.rep = append(a.rep, reps[part])
	}
	for i, part := range class {
		a.cls[i] = final[part]
	}
	at := 0
	for r := range rune(utf8.RuneSelf) {
		for at+1 < len(bounds) && bounds[at+1] <= r {
			at++
		}
		a.ascii[r] = a.cls[at]
	}
	of := make([][]uint16, len(sets))
	for i, s := range sets {
		for c := 1; c < a.n; c++ {
			if s.has(a.rep[c]) {
				of[i] = append(of[i], uint16(c))
			}
		}
	}
	return a, of, nil
}

// classes returns the runes of each class but 0.
func (a *alphabet) classes() []runeSet {
	out := make([]runeSet, a.n)
	for i, lo := range a.los {
		hi := rune(unicode.MaxRune)
		if i+1 < len(a.los) {
			hi = a.los[i+1] - 1
		}
		out[a.cls[i]] = append(out[a.cls[i]], lo, hi)
	}
	return out[1:]
}

// niceSpans are the runes that a witness should be made of, the best first.
var niceSpans = []runeSet{span('a', 'z'), span('0', '9'), span('A', 'Z'), span('!', '~'), span(' ', ' ')}

// nicest returns the best rune from lo to hi.
func nicest(lo, hi rune) rune {
	for _, s := range niceSpans {
		if l := max(lo, s[0]); l <= min(hi, s[1]) {
			return l
		}
	}
	return lo
}

// compareNice orders runes by how well they read.
func compareNice(a, b rune) int {
	rank := func(r rune) int {
		for i, s := range niceSpans {
			if s.has(r) {
				return i
			}
		}
		return len(niceSpans)
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b))
}
