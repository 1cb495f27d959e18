package importer

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Status says what became of a line of the source. The zero value is a refusal.
type Status uint8

// The statuses.
const (
	Refused  Status = iota // there is no rule for it
	Unsafe                 // it allows what its author did not mean; the rule is a comment
	Narrowed               // the rule allows less than the line
	Exact                  // the rule allows what the line does, control characters aside
)

// String returns the name that reports use.
func (s Status) String() string {
	switch s {
	case Unsafe:
		return "unsafe"
	case Narrowed:
		return "narrowed"
	case Exact:
		return "exact"
	case Refused:
	}
	return "refused"
}

// MarshalText returns the name of the status, for JSON.
func (s Status) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Line is what became of one line of the source.
type Line struct {
	Pos    Position `json:"position"`
	Name   string   `json:"name"`
	Source string   `json:"source"`
	Status Status   `json:"status"`
	// Reason says why it is not exact; empty when it is.
	Reason string `json:"reason,omitempty"`
	// Witness is a command line that the source allows and should not.
	Witness []string `json:"witness,omitempty"`
	// Rules are the ids of the live rules that stand for it.
	Rules []string `json:"rules,omitempty"`
	// Differences are what the rule does otherwise than the source.
	Differences []string `json:"differences,omitempty"`
}

// Report says what became of the source, line by line.
type Report struct {
	Lines []Line `json:"lines"`
	// Notes are about the import as a whole.
	Notes []string `json:"notes,omitempty"`
	// Dropped are observed command lines for which no rule was written.
	Dropped []Dropped `json:"dropped,omitempty"`
}

// Dropped is an observed command line that no rule accepts.
type Dropped struct {
	Argv   []string `json:"argv"`
	Reason string   `json:"reason"`
}

// Count returns how many lines have a status.
func (r *Report) Count(s Status) int {
	n := 0
	for _, l := range r.Lines {
		if l.Status == s {
			n++
		}
	}
	return n
}

// String returns the report as text.
func (r *Report) String() string {
	var b strings.Builder
	for _, l := range r.Lines {
		fmt.Fprintf(&b, "%s: %s: %s\n", l.Pos, l.Status, l.Source)
		if l.Reason != "" {
			fmt.Fprintf(&b, "    %s\n", l.Reason)
		}
		if len(l.Witness) > 0 {
			fmt.Fprintf(&b, "    for example: %s\n", quoteArgv(l.Witness))
		}
		if len(l.Rules) > 0 {
			fmt.Fprintf(&b, "    rules: %s\n", strings.Join(l.Rules, " "))
		}
		for _, d := range l.Differences {
			fmt.Fprintf(&b, "    difference: %s\n", d)
		}
	}
	for _, n := range r.Notes {
		fmt.Fprintf(&b, "note: %s\n", n)
	}
	for _, d := range r.Dropped {
		fmt.Fprintf(&b, "not carried over: %s: %s\n", quoteArgv(d.Argv), d.Reason)
	}
	fmt.Fprintf(&b, "%s\n", r.Summary())
	return b.String()
}

// JSON returns the report as one indented object.
func (r *Report) JSON() ([]byte, error) {
	out, err := json.MarshalIndent(r, "", "  ")
	return append(out, '\n'), err
}

// Summary returns one line of counts.
func (r *Report) Summary() string {
	return fmt.Sprintf("%d lines: %d exact, %d narrowed, %d unsafe, %d refused",
		len(r.Lines), r.Count(Exact), r.Count(Narrowed), r.Count(Unsafe), r.Count(Refused))
}

// quoteArgv shows a command line as a policy's tests write it.
func quoteArgv(argv []string) string {
	out := make([]string, len(argv))
	for i, a := range argv {
		out[i] = visible(quoteTest(a))
	}
	return strings.Join(out, " ")
}
