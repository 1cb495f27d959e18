package argv

import (
	"errors"
	"fmt"
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
func CheckTokens(argv []string) error { return errors.New("not built") }

// SplitTest splits a test string at spaces. '...' quotes, ” inside is one
// quote, and a lone ” is the empty token. There is no backslash.
func SplitTest(s string) ([]string, error) { return nil, errors.New("not built") }
