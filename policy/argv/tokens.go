package argv

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// The transport limits of the language. They hold for every request before
// any rule is looked at.
const (
	MaxTokens     = 64       // tokens, argv[0] included
	MaxTokenBytes = 4 << 10  // bytes of one token
	MaxTotalBytes = 32 << 10 // bytes of all tokens together
)

// TokenError is a token that no policy can admit.
type TokenError struct {
	// Index is the token's place in argv, or -1 for argv as a whole.
	Index int
	Msg   string
}

func (e *TokenError) Error() string {
	if e.Index < 0 {
		return "argv: " + e.Msg
	}
	return fmt.Sprintf("argv[%d]: %s", e.Index, e.Msg)
}

// CheckTokens holds argv, argv[0] included, to the transport limits: at least
// one token and at most MaxTokens, the first not empty, sizes, valid UTF-8,
// and neither C0 controls nor DEL. The error is a *TokenError.
func CheckTokens(argv []string) error {
	switch {
	case len(argv) == 0: // an empty argv made pkexec read past it, CVE-2021-4034
		return &TokenError{-1, "is empty"}
	case len(argv) > MaxTokens:
		return &TokenError{-1, fmt.Sprintf("has %d tokens, at most %d are allowed", len(argv), MaxTokens)}
	case argv[0] == "":
		return &TokenError{0, "is empty"}
	}
	total := 0
	for i, tok := range argv {
		if len(tok) > MaxTokenBytes {
			return &TokenError{i, fmt.Sprintf("has %d bytes, at most %d are allowed", len(tok), MaxTokenBytes)}
		}
		if total += len(tok); total > MaxTotalBytes {
			return &TokenError{i, fmt.Sprintf("goes over %d bytes of all tokens together", MaxTotalBytes)}
		}
		for at := range len(tok) {
			if c := tok[at]; c < 0x20 || c == 0x7f {
				return &TokenError{i, fmt.Sprintf("has the control character %U at byte %d", c, at)}
			}
		}
		if !utf8.ValidString(tok) {
			return &TokenError{i, "is not valid UTF-8"}
		}
	}
	return nil
}

// SplitTest splits a test string at spaces. '...' quotes, two quotes inside
// are one, and two quotes alone are the empty token. There is no backslash.
func SplitTest(s string) ([]string, error) {
	var out []string
	var tok strings.Builder
	inTok, inQuote := false, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case inQuote && c == '\'' && i+1 < len(s) && s[i+1] == '\'':
			tok.WriteByte(c)
			i++
		case c == '\'':
			inTok, inQuote = true, !inQuote
		case c == ' ' && !inQuote:
			if inTok {
				out = append(out, tok.String())
				tok.Reset()
			}
			inTok = false
		default:
			inTok = true
			tok.WriteByte(c)
		}
	}
	if inQuote {
		return nil, errors.New("a quote that does not end")
	}
	if inTok {
		out = append(out, tok.String())
	}
	return out, nil
}
