package audit

import (
	"cmp"
	"crypto/sha256"
	"slices"
)

// state is what a log's files say about how it goes on.
type state struct {
	number uint64 // of the last segment; 0: there is none
	size   int64  // of the last segment, torn tail left out
	seq    uint64
	head   [sha256.Size]byte
	open   []header // INTENTs without an end, oldest first

	torn     uint64 // bytes that were cut off and have no RECOVERED record yet
	tornFile string
}

// load reads the end of the log, cuts off a torn tail and returns where to go on.
// It verifies the last segment that holds records, and that it continues the one
// before; Verify is for the rest.
func (d *directory) load() (state, error) {
	numbers, names, err := d.names()
	if err != nil || len(numbers) == 0 {
		return state{}, err
	}
	st := state{number: numbers[len(numbers)-1]}
	track := make(map[string]header)
	// Backwards to the last record START: a server that starts settles what the
	// one before left open, so nothing older can be.
	for i, started := len(numbers)-1, false; i >= 0 && !started; i-- {
		var s scan
		tail := st.seq == 0
		if s, err = d.scan(numbers[i], tail); err != nil {
			return state{}, err
		}
		started = s.started
		for id, h := range s.intents {
			if _, ended := track[id]; !ended {
				track[id] = h
			}
		}
		for id := range s.ends {
			if _, known := track[id]; !known {
				track[id] = header{}
			}
		}
		if !tail {
			continue
		}
		if numbers[i] == st.number {
			st.size = s.size
		}
		st.seq, st.head = s.last.Seq, s.last.hash
		if err := d.settleTail(&st, numbers[i], s, names); err != nil {
			return state{}, err
		}
	}
	for _, h := range track {
		if h.Seq != 0 {
			st.open = append(st.open, h)
		}
	}
	slices.SortFunc(st.open, func(a, b header) int { return cmp.Compare(a.Seq, b.Seq) })
	return st, nil
}
