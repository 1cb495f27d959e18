package audit

import (
	"errors"
	"fmt"
)

var (
	// ErrLocked says that another process writes this log.
	ErrLocked = errors.New("audit log is in use by another server")
	// ErrUnavailable says that records cannot be written now. It wraps the cause.
	ErrUnavailable = errors.New("audit log cannot be written")
	// ErrLowSpace is the cause when fewer than Options.MinFree bytes are free.
	ErrLowSpace = errors.New("too little free space")
	// ErrClosed says that the Writer was closed.
	ErrClosed = errors.New("audit log is closed")
	// ErrNoLog says that a path holds no audit log.
	ErrNoLog = errors.New("no audit log")

	// ErrLineTooLong is the cause of a LineError for a line over MaxLineBytes.
	ErrLineTooLong = errors.New("line is too long")
	// ErrPartialLine is the cause of a LineError for a last line without its end.
	ErrPartialLine = errors.New("line has no end")
	// ErrNotRecord is the cause of a LineError for a line that is no record.
	ErrNotRecord = errors.New("not an audit record")

	errSegmentChanged = errors.New("segment was changed, moved or removed by another")
)

// LineError is a line that a Reader could not make a record of.
type LineError struct {
	File string // base name
	Line int    // from 1
	Err  error
}

// Error names the file and the line.
func (e *LineError) Error() string { return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err) }

// Unwrap returns the cause.
func (e *LineError) Unwrap() error { return e.Err }

// BrokenError is returned by Open for a log whose last segment does not verify:
// going on would bury the break under good records.
type BrokenError struct{ Break Break }

// Error says where the log is broken.
func (e *BrokenError) Error() string { return "audit log is broken: " + e.Break.String() }
