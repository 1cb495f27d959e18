package argv

import (
	"errors"
	"fmt"
)

// Rule is the alternatives of one rule for one program.
type Rule struct {
	Lines []*Line
}

// LineRef names a line: the index of its rule as it was given to Compile, and
// the line's number in the rule, from 1. The zero value names no line.
type LineRef struct {
	Rule, Line int
}

// Limits bound what Compile may build. A zero field stands for its default;
// the defaults are the language's own bounds.
type Limits struct {
	LinesPerRule int // alternatives a rule, default 64
	LexerStates  int // states of the lexer DFA, default 200,000
	TokenStates  int // states of the token DFA, default 50,000
	Work         int // elementary steps of all constructions together
}

// LimitError is a rule set that passes a bound. Rule and Line are those which
// did it, as in LineRef; Line is 0 when it is the rule as a whole.
type LimitError struct {
	Rule, Line int
	What       string // "lexer states", "token states", ...
	Limit      int
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("rule %d line %d: more than %d %s", e.Rule, e.Line, e.Limit, e.What)
}

// Matcher decides which lines of a program's rules accept a token sequence.
type Matcher struct{}

// Compile builds the matcher of one program from all its rules. The error is a
// *LimitError when a bound is passed.
func Compile(rules []Rule, lim Limits) (*Matcher, error) {
	return nil, errors.New("not built")
}

// Match appends to dst every line that accepts args, ordered by rule and line,
// and returns it. args stand without argv[0]. It takes one step a byte and one
// a token, and allocates only when dst is too small. What CheckTokens refuses
// is accepted by no line.
func (m *Matcher) Match(args []string, dst []LineRef) []LineRef { return dst }

// Capture is the value of one placeholder.
type Capture struct {
	Name  string
	Type  *Type
	Value string
	// Arg is the index in args; the value is the bytes Start to End of it.
	Arg, Start, End int
}

// Errors of Captures.
var (
	// ErrNoMatch means that the line does not accept the arguments.
	ErrNoMatch = errors.New("the line does not accept the arguments")
	// ErrAmbiguous means that the line reads the arguments in two ways which
	// differ in a capture. A guard would not know which value to check.
	ErrAmbiguous = errors.New("the line reads the arguments in more than one way")
)

// Captures returns the values that the placeholders of the line ref have in
// args, in the order of the arguments. It returns ErrAmbiguous when there is
// more than one answer.
func (m *Matcher) Captures(ref LineRef, args []string) ([]Capture, error) {
	return nil, ErrNoMatch
}
