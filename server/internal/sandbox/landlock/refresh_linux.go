package landlock

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/rootgate-project/rootgate/server/internal/sandbox/beneath"
)

// opened is a rule with what stood at its path. file is nil while nothing does.
type opened struct {
	rule      PathRule
	file      *os.File
	dev, ino  uint64
	directory bool
	shared    bool // other views may have it too: nobody closes it
}

// open opens the path anew. Nothing at the path of an optional rule is no error.
// A link that somebody other than root could have put there is one: it would let
// its owner choose what the rule gives.
func (o *opened) open() error {
	file, err := beneath.Reach(o.rule.Path)
	if err != nil {
		if o.rule.Optional && absent(err) {
			return nil
		}
		return err
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(file.Fd()), &st); err != nil {
		_ = file.Close()
		return os.NewSyscallError("fstat", err)
	}
	o.file = file
	o.dev, o.ino = st.Dev, st.Ino
	o.directory = st.Mode&unix.S_IFMT == unix.S_IFDIR
	return nil
}

// stale reports whether something else stands at the path now. Device and inode
// tell: the open descriptor keeps the inode's number from being given again.
// What vanished keeps its rule, for it may be on its way back (unlink, rename).
func (o *opened) stale() (bool, error) {
	if o.rule.fixed && o.file != nil {
		return false, nil
	}
	var st unix.Stat_t
	for {
		err := unix.Stat(o.rule.Path, &st)
		switch {
		case err == nil:
			return o.file == nil || st.Dev != o.dev || st.Ino != o.ino, nil
		case errors.Is(err, unix.EINTR):
			continue
		case absent(err):
			return false, nil
		}
		return false, &os.PathError{Op: "stat", Path: o.rule.Path, Err: err}
	}
}

func (o *opened) close() error {
	if o.file == nil || o.shared {
		return nil
	}
	return o.file.Close()
}

func absent(err error) bool {
	return errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR)
}

// Refresh looks at the paths that may be given another file, one stat each, and
// opens anew what was replaced and what has appeared. It is called before each
// launch. On error the view is as it was, except for the paths already opened
// anew.
func (v *View) Refresh() error {
	stale, err := v.anyStale()
	if err != nil || !stale {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	for i := range v.rules {
		stale, err := v.rules[i].stale()
		if err != nil {
			return fmt.Errorf("refresh landlock view: %w", err)
		}
		if !stale {
			continue
		}
		next, err := v.files.open(v.rules[i].rule)
		if err != nil {
			return fmt.Errorf("refresh landlock view: %w", err)
		}
		if next.file == nil {
			continue // gone again
		}
		old := v.rules[i]
		v.rules[i] = next
		if err := errors.Join(old.close(), v.drop()); err != nil {
			return fmt.Errorf("refresh landlock view: %w", err)
		}
	}
	return nil
}

func (v *View) anyStale() (bool, error) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	for i := range v.rules {
		if stale, err := v.rules[i].stale(); stale || err != nil {
			return stale, err
		}
	}
	return false, nil
}
