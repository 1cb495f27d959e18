package policy

import (
	"errors"
	"fmt"
	"strings"
)

// Severity says what a finding means for its policy. The zero value refuses it.
type Severity uint8

// The severities.
const (
	SeverityError   Severity = iota // E: there is no snapshot
	SeverityWarning                 // W: loaded, but somebody should look
	SeverityNote                    // N: worth knowing
)

// String returns the severity's letter.
func (s Severity) String() string {
	switch s {
	case SeverityWarning:
		return "W"
	case SeverityNote:
		return "N"
	case SeverityError:
	}
	return "E"
}

// Position is a place in a policy file. Line and Column count from 1, Column
// in runes; zero means that the finding is about the whole file.
type Position struct {
	File         string
	Line, Column int
}

// String returns the position as file:line.
func (p Position) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d", p.File, p.Line)
}

// Finding is one thing that a check has to say about a policy.
type Finding struct {
	ID           string // the check, as in "F-UNKNOWN"
	Severity     Severity
	File         string
	Line, Column int      // from 1; zero: the file as a whole
	Rule         RuleID   // empty outside rules
	Message      string   // what was read and what was expected
	Witness      []string // an argv that shows it, or nil
	Excerpt      string   // the source line, and a caret line below it; may be empty
}

// String returns the finding as "file:line:col: E F-UNKNOWN: message".
func (f Finding) String() string {
	var b strings.Builder
	if f.File != "" {
		b.WriteString(f.File)
		if f.Line > 0 {
			fmt.Fprintf(&b, ":%d:%d", f.Line, f.Column)
		}
		b.WriteString(": ")
	}
	fmt.Fprintf(&b, "%s %s: %s", f.Severity, f.ID, f.Message)
	return b.String()
}

// repeats reports whether f says what o does; the request that shows it may differ.
func (f Finding) repeats(o Finding) bool {
	return f.ID == o.ID && f.Severity == o.Severity && f.File == o.File && f.Line == o.Line &&
		f.Column == o.Column && f.Rule == o.Rule && f.Message == o.Message
}

// Findings are ordered by file, line, column and check.
type Findings []Finding

// HasErrors reports whether a finding has SeverityError.
func (fs Findings) HasErrors() bool {
	for _, f := range fs {
		if f.Severity == SeverityError {
			return true
		}
	}
	return false
}

// Err returns nil when no finding refuses the policy, and otherwise an error
// with one line for each finding that does.
func (fs Findings) Err() error {
	var lines []string
	for _, f := range fs {
		if f.Severity == SeverityError {
			lines = append(lines, f.String())
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return errors.New(strings.Join(lines, "\n"))
}
