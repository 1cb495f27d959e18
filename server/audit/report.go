package audit

import (
	"fmt"
	"strings"
)

// BreakKind says in which way a log is broken. Its text is stable.
type BreakKind string

// The kinds of breaks.
const (
	BreakLine    BreakKind = "line"    // the line is no record
	BreakSeq     BreakKind = "seq"     // the sequence number is not the next one
	BreakHash    BreakKind = "hash"    // the hash does not follow from the bytes
	BreakTail    BreakKind = "tail"    // the last line of a file has no end
	BreakSegment BreakKind = "segment" // a file is missing
	BreakHead    BreakKind = "head"    // the log does not hold the record of the head
)

// Break is a place where the log is not what the server wrote.
type Break struct {
	Kind         BreakKind `json:"kind"`
	File         string    `json:"file,omitempty"`          // base name
	Line         int       `json:"line,omitempty"`          // from 1; 0: the file as a whole
	Seq          uint64    `json:"seq,omitempty"`           // as found; as expected where none was found
	ExpectedSeq  uint64    `json:"expected_seq,omitempty"`  // 0: not known
	ExpectedHash string    `json:"expected_hash,omitempty"` // 64 hexadecimal digits, or empty
	FoundHash    string    `json:"found_hash,omitempty"`
	Detail       string    `json:"detail,omitempty"` // a phrase for a person
}

// String returns one line without control characters.
func (b Break) String() string {
	var s strings.Builder
	if b.File != "" {
		fmt.Fprintf(&s, "%s:", b.File)
	}
	if b.Line != 0 {
		fmt.Fprintf(&s, "%d:", b.Line)
	}
	if s.Len() > 0 {
		s.WriteByte(' ')
	}
	switch b.Kind {
	case BreakSeq:
		fmt.Fprintf(&s, "record %d stands where record %d belongs", b.Seq, b.ExpectedSeq)
	case BreakHash:
		fmt.Fprintf(&s, "record %d was changed, or the one before it: hash %s, expected %s", b.Seq, b.FoundHash, b.ExpectedHash)
	case BreakHead:
		fmt.Fprintf(&s, "the end is missing: %s", b.Detail)
	case BreakSegment:
		s.WriteString("file is missing")
	case BreakTail:
		fmt.Fprintf(&s, "record %d has no end", b.Seq)
	default:
		fmt.Fprintf(&s, "not a record (expected record %d): %s", b.Seq, b.Detail)
	}
	return s.String()
}

// OpenIntent is a command whose end the log does not hold: it runs, or the server
// died and has not been started again.
type OpenIntent struct {
	ExecutionID string `json:"execution_id"`
	Seq         uint64 `json:"seq"`
	File        string `json:"file"`
	Line        int    `json:"line"`
}

// Report is what Verify found.
type Report struct {
	Files    int    `json:"files"`
	Records  uint64 `json:"records"` // lines that are records, in good order or not
	FirstSeq uint64 `json:"first_seq"`
	LastSeq  uint64 `json:"last_seq"`
	Head     string `json:"head"` // hash of the last record as found

	// First is the first break, nil when the log is intact; Breaks counts them all.
	First  *Break `json:"first,omitempty"`
	Breaks int    `json:"breaks"`

	// HeadFound says that the head asked for is in the log: nothing before it is
	// missing. AfterHead counts the records behind it, which no head vouches for.
	HeadFound bool   `json:"head_found"`
	AfterHead uint64 `json:"after_head"`
	// Unanchored says that a single file was given that is not the first: its first
	// record had to be believed.
	Unanchored bool `json:"unanchored"`

	// Open lists the INTENTs without an end, oldest first, at most 65536. That is
	// no break.
	Open []OpenIntent `json:"open,omitempty"`
}

// Intact reports whether no break was found.
func (r Report) Intact() bool { return r.Breaks == 0 }

// String returns the report as lines for a person, and says what was not proved.
func (r Report) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, "%d records (%d to %d) in %d files: ", r.Records, r.FirstSeq, r.LastSeq, r.Files)
	if r.Intact() {
		s.WriteString("intact")
	} else {
		fmt.Fprintf(&s, "BROKEN in %d places", r.Breaks)
	}
	if r.First != nil {
		fmt.Fprintf(&s, "\nfirst break: %s", r.First)
	}
	if r.Head != "" {
		fmt.Fprintf(&s, "\nhead: %d %s", r.LastSeq, r.Head)
	}
	switch {
	case !r.HeadFound:
		s.WriteString("\nwithout a head that was kept elsewhere, a truncated tail cannot be excluded")
	case r.AfterHead > 0:
		fmt.Fprintf(&s, "\n%d records follow the head that was given", r.AfterHead)
	}
	if r.Unanchored {
		s.WriteString("\none file only: what came before it was not checked")
	}
	for _, o := range r.Open {
		fmt.Fprintf(&s, "\nopen: %s:%d: record %d: execution %q has no end", o.File, o.Line, o.Seq, o.ExecutionID)
	}
	return s.String()
}
