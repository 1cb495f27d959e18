package argv

// maxDistance is what words that do not resemble each other are apart.
const maxDistance = 1 << 10

// maxSpellings is how many strings of a keyword are compared.
const maxSpellings = 64

// nearest returns the spelling of a keyword that is nearest to tok, and how
// far it is.
func (w *word) nearest(tok string) (string, int) {
	best, dist := "", maxDistance
	if !w.keyword {
		return best, dist
	}
	for _, s := range spellings(w.units, maxSpellings) {
		if d := distance(s, tok); d < dist {
			best, dist = s, d
		}
	}
	return best, dist
}

// distance returns how many insertions, deletions, changes and swaps of
// neighbours lead from a to b. Long strings do not resemble each other: it
// bounds the work for each keyword.
func distance(a, b string) int {
	const long = 64
	x, y := []rune(firstRunes(a, long+1)), []rune(firstRunes(b, long+1))
	if len(x) > long || len(y) > long {
		return maxDistance
	}
	var two, one, row [long + 1]int
	for j := range len(y) + 1 {
		one[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		for j := 1; j <= len(y); j++ {
			change := one[j-1]
			if x[i-1] != y[j-1] {
				change++
			}
			row[j] = min(one[j]+1, row[j-1]+1, change)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], two[j-2]+1)
			}
		}
		two, one = one, row
	}
	return one[len(y)]
}
