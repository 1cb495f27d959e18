package policy

import (
	"fmt"
	"unicode/utf8"
)

// The reasons of Stdin.Check.
const (
	ReasonStdinTooLarge Reason = "STDIN_TOO_LARGE"
	ReasonStdinNotText  Reason = "STDIN_NOT_TEXT"
)

// Check holds the whole of a standard input to the rule. It returns an empty
// reason when the bytes may pass, and otherwise a sentence for people too.
func (s Stdin) Check(data []byte) (Reason, string) {
	switch {
	case s.Max <= 0:
		return ReasonStdinNotAllowed, "the rule takes no standard input"
	case int64(len(data)) > s.Max:
		return ReasonStdinTooLarge, fmt.Sprintf("standard input is longer than %s", formatSize(s.Max))
	case s.UTF8 && !isText(data):
		return ReasonStdinNotText, "standard input is not UTF-8 text, or has control characters"
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
