package policy

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"github.com/rootgate-project/rootgate/policy/argv"
)

// Stdin says what standard input a rule takes. The zero value takes none: the
// command reads /dev/null.
type Stdin struct {
	Max  int64 // bytes; zero: none
	UTF8 bool  // the bytes must be valid UTF-8 without control characters but tab and newline
	// Lines is what each line must be, as a whole and without its newline; nil
	// asks nothing. A last line may lack its newline, and no input is no line. A
	// line has at most MaxStdinLine bytes then, and the input must be as with UTF8.
	Lines *argv.Type
	// MaxLines is how many lines there may be; zero: any number.
	MaxLines int
}

// MaxStdinLine is how long a line of standard input may be for a rule that says
// what lines are, in bytes without the newline.
const MaxStdinLine = 4 << 10

// The reasons of Stdin.Check.
const (
	ReasonStdinTooLarge Reason = "STDIN_TOO_LARGE"
	ReasonStdinNotText  Reason = "STDIN_NOT_TEXT"
	ReasonStdinLine     Reason = "STDIN_LINE_NOT_ALLOWED"
)

// Whole reports whether the input has to be there to its end before the command
// may have any of it.
func (s Stdin) Whole() bool { return s.UTF8 || s.Lines != nil || s.MaxLines > 0 }

// Equal reports whether s and o take the same input.
func (s Stdin) Equal(o Stdin) bool { return s.String() == o.String() }

// String returns s in the notation of policies.
func (s Stdin) String() string {
	if s.Max <= 0 {
		return "none"
	}
	out := "{max: " + formatSize(s.Max)
	if s.UTF8 {
		out += ", utf8: true"
	}
	if s.Lines != nil {
		out += fmt.Sprintf(", lines: %q", s.Lines.Params().Re)
	}
	if s.MaxLines > 0 {
		out += fmt.Sprintf(", max_lines: %d", s.MaxLines)
	}
	return out + "}"
}

// Check holds the whole of a standard input to the rule. It returns an empty
// reason when the bytes may pass, and otherwise a sentence for people too, in
// which nothing of the input stands.
func (s Stdin) Check(data []byte) (Reason, string) {
	switch {
	case s.Max <= 0:
		return ReasonStdinNotAllowed, "the rule takes no standard input"
	case int64(len(data)) > s.Max:
		return ReasonStdinTooLarge, fmt.Sprintf("standard input is longer than %s", formatSize(s.Max))
	case (s.UTF8 || s.Lines != nil) && !isText(data):
		return ReasonStdinNotText, "standard input is not UTF-8 text, or has control characters"
	}
	return s.checkLines(data)
}

func (s Stdin) checkLines(data []byte) (Reason, string) {
	if s.Lines == nil && s.MaxLines == 0 {
		return "", ""
	}
	number := 0
	for line := range bytes.Lines(data) {
		number++
		line = bytes.TrimSuffix(line, []byte("\n"))
		switch {
		case s.MaxLines > 0 && number > s.MaxLines:
			return ReasonStdinTooLarge, fmt.Sprintf("standard input has more than %d lines", s.MaxLines)
		case s.Lines == nil:
		case len(line) > MaxStdinLine:
			return ReasonStdinLine, fmt.Sprintf("line %d of standard input is longer than %d bytes", number, MaxStdinLine)
		case !s.Lines.Accepts(string(line)):
			return ReasonStdinLine, fmt.Sprintf("line %d of standard input is not what the rule takes: %s", number, s.Lines)
		}
	}
	return "", ""
}

// isText reports whether data is valid UTF-8 whose only control characters are
// tab and newline: what a terminal shows is what the program reads.
func isText(data []byte) bool {
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return false
		}
		if (r < ' ' && r != '\t' && r != '\n') || (r >= 0x7f && r < 0xa0) {
			return false
		}
		i += size
	}
	return true
}
