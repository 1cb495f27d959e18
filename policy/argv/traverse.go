package argv

import "slices"

// The states of a monitor that reads a token beside the lexer and looks for a
// ".." component. slashed is added once a "/" was read.
const (
	monStart  = 0 // a component begins
	monDot    = 1 // "." so far
	monDotDot = 2 // ".." so far
	monOther  = 3 // no ".." any more
	slashed   = 4
	monFound  = 8 // a ".." component beside a slash
	monitors  = 9
)

func monitor(s int, r rune) int {
	if s == monFound {
		return s
	}
	at, flag := s&3, s&slashed
	switch {
	case r == '/' && at == monDotDot:
		return monFound
	case r == '/':
		return monStart | slashed
	case r == '=' && flag == 0: // as in if=FILE; behind a slash it is part of a name
		return monStart
	case r == '.' && at < monDotDot:
		return at + 1 | flag
	}
	return monOther | flag
}

// traverse finds for each predicate of want a shortest token with a ".."
// component, one with a slash where there is one, which it then reports.
func (x *lexer) traverse(want map[int32]bool, found map[int32]string, work int) (map[int32]bool, error) {
	slash := map[int32]bool{}
	if len(want) == 0 {
		return slash, nil
	}
	d := x.dfa
	from := make([]int32, d.states()*monitors)
	by := make([]rune, d.states()*monitors)
	// The lexer need not tell the runes apart that the monitor does.
	runes := append(slices.Clone(d.abc.rep[1:]), '.', '/', '=')
	start := int32(1*monitors + monStart)
	queue := []int32{start}
	from[start] = -1
	token := func(at int32) string {
		var rs []rune
		for ; at != start; at = from[at] {
			rs = append(rs, by[at])
		}
		return reversed(rs)
	}
	for i := 0; i < len(queue) && len(slash) < len(want); i++ {
		at := queue[i]
		s, mon := int(at)/monitors, int(at)%monitors
		beside := mon == monFound || mon == monDotDot|slashed
		if beside || mon == monDotDot {
			for _, p := range d.accepts[d.accept[s]] {
				_, known := found[p]
				if want[p] && (!known || beside && !slash[p]) {
					found[p] = token(at)
					if beside {
						slash[p] = true
					}
				}
			}
		}
		if work -= len(runes); work < 0 {
			return nil, ErrUnproved
		}
		for _, r := range runes {
			to := d.step(uint32(s), r)
			if to == 0 {
				continue
			}
			next := int32(to)*monitors + int32(monitor(mon, r))
			if from[next] == 0 {
				from[next], by[next] = at, r
				queue = append(queue, next)
			}
		}
	}
	return slash, nil
}
