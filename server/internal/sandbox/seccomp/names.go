package seccomp

import (
	"errors"
	"slices"
	"strings"
)

// maxNameLength is above the longest name there is (25 bytes).
const maxNameLength = 64

// wellFormed reports whether a name is written like that of a set or of a call.
func wellFormed(name string) bool {
	bare := strings.TrimPrefix(name, "@")
	if bare == "" || len(name) > maxNameLength {
		return false
	}
	for i := range len(bare) {
		c := bare[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return true
}

// collect resolves the names of a request to the calls they grant.
func (t target) collect(names []string) (map[string]grant, error) {
	if len(names) == 0 || len(names) > MaxNames {
		return nil, &NameError{Reason: TooMany}
	}
	grants := make(map[string]grant)
	if err := t.addSet(grants, always()); err != nil {
		return nil, err
	}
	for _, name := range names {
		if !wellFormed(name) {
			return nil, &NameError{Name: name, Reason: Malformed}
		}
		var err error
		if strings.HasPrefix(name, "@") {
			err = t.addNamedSet(grants, name)
		} else {
			err = t.addSyscall(grants, name)
		}
		if err != nil {
			return nil, err
		}
	}
	return grants, nil
}

// addNamedSet adds a set and what it extends. The table has no cycle; a test
// holds that.
func (t target) addNamedSet(grants map[string]grant, name string) error {
	i := slices.IndexFunc(sets(), func(s set) bool { return s.name == name })
	if i < 0 {
		var known []string
		for _, s := range sets() {
			known = append(known, s.name)
		}
		return &NameError{Name: name, Reason: UnknownSet, Hint: closest(name, known)}
	}
	s := sets()[i]
	for _, parent := range s.extends {
		if err := t.addNamedSet(grants, parent); err != nil {
			return err
		}
	}
	return t.addSet(grants, s.calls)
}

// addSet adds the calls of one of our own sets. Those that the architecture
// does not have are left out: arm64 has no open, fork or access.
func (t target) addSet(grants map[string]grant, calls []call) error {
	for _, c := range calls {
		if _, err := t.number(c.name); err != nil {
			if other := (*NameError)(nil); errors.As(err, &other) && other.Reason == OtherArch {
				continue
			}
			return err
		}
		when := c.when
		if when == nil {
			when = ceiling(c.name)
		}
		grants[c.name] = grants[c.name].or(when)
	}
	return nil
}

// addSyscall adds one call that a policy names, within its ceiling.
func (t target) addSyscall(grants map[string]grant, name string) error {
	if why, ok := forbidden()[name]; ok {
		return &NameError{Name: name, Reason: Forbidden, Why: why}
	}
	if _, err := t.number(name); err != nil {
		return err
	}
	grants[name] = grants[name].or(ceiling(name))
	return nil
}

// similar finds the known call that a misspelt name most likely means.
func (t target) similar(name string) string { return closest(name, t.names()) }

// closest returns the candidate with the smallest edit distance to name, the
// first in the alphabet among equals, or "" when none is near.
func closest(name string, candidates []string) string {
	slices.Sort(candidates)
	best, limit := "", max(1, len(name)/3)+1
	for _, candidate := range candidates {
		if d := distance(name, candidate); d < limit {
			best, limit = candidate, d
		}
	}
	return best
}

// distance counts insertions, deletions, substitutions and swaps of neighbours
// (optimal string alignment), the slips of a typist.
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
