package argv

// maxDistance is what words that do not resemble each other are apart.
const maxDistance = 1 << 10

// maxSpellings is how many strings of a keyword are compared.
const maxSpellings = 64

// nearest returns the spelling of a keyword that is nearest to tok, and how
// far it is. It takes its steps from work; without any left, nothing is near.
func (w *word) nearest(tok string, work *int) (string, int) {
	best, dist := "", maxDistance
	if len(tok) > maxAnalysed || *work < 0 {
		return best, dist
	}
	all := []string{w.units[0].text}
	if len(w.units) > 1 || w.units[0].op != unitLit {
		if *work -= len(w.text); *work < 0 {
			return best, dist
		}
		if *work -= 8 * len(w.units) * countSpellings(w.units); *work < 0 {
			return best, dist
		}
		all = spellings(w.units, maxSpellings)
	}
	for _, s := range all {
		if *work -= 32 + len(s)*len(tok)/2; *work < 0 {
			break
		}
		if d := distance(s, tok); d < dist {
			best, dist = s, d
		}
	}
	return best, dist
}

// countSpellings returns how many spellings of units there are, or maxSpellings.
func countSpellings(units []unit) int {
	n := 1
	for _, u := range units {
		if u.op == unitLit {
			continue
		}
		sum := int(u.op - unitGroup) // one more for nothing
		for _, alt := range u.alts {
			sum += countSpellings(alt)
		}
		n = min(n*sum, maxSpellings)
	}
	return n
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
	var two, one, row [long + 1]uint8 // small, for they are copied
	for j := range len(y) + 1 {
		one[j] = uint8(j)
	}
	for i := 1; i <= len(x); i++ {
		row[0] = uint8(i)
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
	return int(one[len(y)])
}
