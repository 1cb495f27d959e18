package policy

// closest returns the candidate that resembles word most, or "" when none does
// well enough to be what was meant. Ties go to the earlier candidate.
func closest(word string, candidates []string) string {
	if len(word) > 64 {
		return ""
	}
	best, bestAt := "", 1+min(2, len(word)/2)
	for _, c := range candidates {
		if d := distance(word, c); d < bestAt {
			best, bestAt = c, d
		}
	}
	return best
}

// didYouMean returns the end of a message that suggests a candidate, or "".
func didYouMean[T ~string](word T, candidates []T) string {
	words := make([]string, len(candidates))
	for i, c := range candidates {
		words[i] = string(c)
	}
	if c := closest(string(word), words); c != "" {
		return "; did you mean " + c + "?"
	}
	return ""
}

// distance is the number of bytes to insert, delete or replace, or of
// neighbours to swap, between a and b.
func distance(a, b string) int {
	if len(b) > 64 {
		return len(b)
	}
	before, last, now := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		now[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			now[j] = min(last[j]+1, now[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				now[j] = min(now[j], before[j-2]+1)
			}
		}
		before, last, now = last, now, before
	}
	return last[len(b)]
}
