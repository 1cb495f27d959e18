package audit

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"syscall"
)

// settleTail moves a torn tail into a file beside the segment, whose name holds
// the number of the last good record: a crash between the cut and its RECOVERED
// record is seen by that name.
func (d *directory) settleTail(st *state, number uint64, s scan, names []string) error {
	name := fmt.Sprintf("%s.%d%s", segmentName(number), s.last.Seq, tornSuffix)
	if s.torn > 0 {
		if err := d.moveTail(segmentName(number), name, s.size); err != nil {
			return fmt.Errorf("cut torn tail: %w", err)
		}
		st.torn, st.tornFile = uint64(s.torn), name
		return nil
	}
	if !slices.Contains(names, name) {
		return nil
	}
	f, err := d.open(name, syscall.O_RDONLY)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	st.torn, st.tornFile = uint64(info.Size()), name
	return nil
}

// moveTail copies what stands in segment behind size to a file of its own, on the
// disk, before it cuts.
func (d *directory) moveTail(segment, to string, size int64) error {
	f, err := d.open(segment, syscall.O_RDWR)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	out, err := d.open(to, syscall.O_WRONLY|syscall.O_CREAT|syscall.O_TRUNC)
	if err != nil {
		return err
	}
	_, err = f.Seek(size, io.SeekStart)
	if err == nil {
		_, err = io.Copy(out.File, f.File)
	}
	if err = errors.Join(err, out.datasync(), out.Close(), d.sync()); err != nil {
		return err
	}
	return errors.Join(f.Truncate(size), f.datasync())
}
