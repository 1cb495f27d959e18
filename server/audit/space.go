package audit

import (
	"fmt"
	"time"
)

// spaceCheck remembers for a second how much space is free: one statfs(2) a second,
// not one a record. What is written within it is far below any sensible limit, and
// a disk that is full before then fails the write.
type spaceCheck struct {
	at  time.Time
	err error
}

const spaceEvery = time.Second

func (s *spaceCheck) check(d disk, limit int64, now time.Time) error {
	if age := now.Sub(s.at); !s.at.IsZero() && age >= 0 && age < spaceEvery {
		return s.err
	}
	free, err := d.free()
	if err == nil && free < uint64(limit) {
		err = fmt.Errorf("%w: %d bytes, and %d must stay", ErrLowSpace, free, limit)
	}
	s.at, s.err = now, err
	return err
}
