package argv

import (
	"cmp"
	"errors"
	"fmt"
	"sync"
)

// Rule is the alternatives of one rule for one program.
type Rule struct {
	Lines []*Line
	// Union gives the lines the plain semantics of a union: a keyword does not
	// take a token away from a placeholder. It is for the patterns of an
	// analysis, which must not miss a request: a <name!> may have any value in
	// them. Explain and Captures do not know it.
	Union bool
	// Abbreviated is set for a program that accepts abbreviated keywords. It is
	// not changed, and not read after Compile.
	Abbreviated *Keywords
}

// LineRef names a line: the index of its rule as it was given to Compile, and
// the line's number in the rule, from 1. The zero value names no line.
type LineRef struct {
	Rule, Line int
}

// compareRefs orders by rule, then by line.
func compareRefs(a, b LineRef) int {
	return cmp.Or(cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Line, b.Line))
}

// Limits bound what Compile may build. A zero field stands for its default;
// the defaults are the language's own bounds.
type Limits struct {
	LinesPerRule int // alternatives a rule, default 16,384
	LexerStates  int // states of the lexer DFA, default 200,000
	TokenStates  int // states of the token DFA, default 50,000
	Work         int // elementary steps of each construction, default 2^27
}

// The bounds that are not for a caller to choose: they keep memory to a few
// hundred megabytes in the worst case.
const (
	maxRuleLines    = 1 << 14 // a block has fewer; nested commands make more
	maxLexerNodes   = 1 << 18 // states of the NFA of all words
	maxLexerCells   = 1 << 24 // entries of the lexer's table, 4 bytes each
	maxLexerEntries = 1 << 23 // entries of all subsets
	maxWordNodes    = 1 << 18 // states of the NFA over tokens
	maxWordSteps    = 1 << 22 // steps of the DFA over tokens
	maxWordEntries  = 1 << 23
)

// LimitError is a rule set that passes a bound. Rule and Line are those with
// the largest part in it, as in LineRef; Line is 0 when it is the rule as a
// whole.
type LimitError struct {
	Rule, Line int
	What       string // "lexer states", "token states", ...
	Limit      int
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("rule %d line %d: more than %d %s", e.Rule, e.Line, e.Limit, e.What)
}

// Matcher decides which lines of a program's rules accept a token sequence.
type Matcher struct {
	lex   *lexer
	nfa   *wordNFA
	dfa   *wordDFA
	rules int

	equal      map[LineRef]bool // lines with a <name!>; nil without any
	vocabulary vocabulary
	walkers    sync.Pool // of *walker
}

// Compiler builds matchers of several programs and keeps what they share, up to
// a bound. The zero value is ready; it is not for concurrent use.
type Compiler struct {
	lexers map[string]*dfa // of the words that are not literals, by their keys
	cells  int             // entries of their tables
}

// Compile is Compiler.Compile for one program by itself.
func Compile(rules []Rule, lim Limits) (*Matcher, error) { return new(Compiler).Compile(rules, lim) }

// Compile builds the matcher of one program from all its rules. The error is a
// *LimitError when a bound is passed; lines that Parse did not make are refused
// too, and lines with a nested command that was not filled in. Time and memory
// are bounded for any input.
func (c *Compiler) Compile(rules []Rule, lim Limits) (*Matcher, error) {
	if c.lexers == nil {
		c.lexers = make(map[string]*dfa)
	}
	lim.LinesPerRule = cmp.Or(lim.LinesPerRule, maxRuleLines)
	lim.LexerStates = cmp.Or(lim.LexerStates, 200_000)
	lim.TokenStates = cmp.Or(lim.TokenStates, 50_000)
	lim.Work = cmp.Or(lim.Work, 1<<27)
	for r, rule := range rules {
		if len(rule.Lines) > lim.LinesPerRule {
			return nil, &LimitError{r, 0, "lines", lim.LinesPerRule}
		}
		for l, line := range rule.Lines {
			if line == nil || !line.parsed {
				return nil, fmt.Errorf("rule %d line %d was not made by Parse", r, l+1)
			}
			if line.command != "" {
				return nil, fmt.Errorf("rule %d line %d has a nested command that stands for nothing", r, l+1)
			}
		}
	}
	nfa, err := newWordNFA(rules, maxWordNodes)
	if err != nil {
		return nil, &LimitError{nfa.ref.Rule, nfa.ref.Line, "positions (sets and repetitions written out)", maxWordNodes}
	}
	lex, ref, err := c.newLexer(nfa.preds.preds, &bounds{
		states: lim.LexerStates, cells: maxLexerCells, entries: maxLexerEntries, work: lim.Work,
	})
	if err != nil {
		return nil, overBound(ref, err, "lexer", lim.LexerStates, lim.Work)
	}
	dfa, ref, err := newWordDFA(nfa, lex, &wordBounds{
		states: lim.TokenStates, steps: maxWordSteps, entries: maxWordEntries, work: lim.Work,
	})
	if err != nil {
		return nil, overBound(ref, err, "token", lim.TokenStates, lim.Work)
	}
	m := &Matcher{lex: lex, nfa: nfa, dfa: dfa, rules: len(rules)}
	m.newVocabulary()
	m.equal = equalities(rules)
	return m, nil
}

// overBound returns the *LimitError for err.
func overBound(ref LineRef, err error, part string, states, work int) error {
	switch {
	case errors.Is(err, errPositions):
		return &LimitError{ref.Rule, ref.Line, "positions (types written out)", maxLexerNodes}
	case errors.Is(err, errStates):
		return &LimitError{ref.Rule, ref.Line, part + " states", states}
	}
	return &LimitError{ref.Rule, ref.Line, "steps or entries to build the " + part + " automaton", work}
}

// Match appends to dst every line that accepts args, ordered by rule and line,
// and returns it. args stand without argv[0]. It takes one step a byte and one
// a token, and allocates only when dst is too small. What CheckTokens refuses
// is accepted by no line. A line with a <name!> accepts args that it reads in
// one way, with equal values; only such lines take the time of Captures as well.
func (m *Matcher) Match(args []string, dst []LineRef) []LineRef {
	if m == nil || m.dfa == nil || len(args) >= MaxTokens {
		return dst
	}
	s, total := int32(1), 0
	for _, arg := range args {
		if total += len(arg); total > MaxTotalBytes {
			return dst
		}
		c := m.lex.class(arg)
		if c == 0 {
			return dst
		}
		if s = m.dfa.step(s, c); s == 0 {
			return dst
		}
	}
	if m.equal == nil {
		return append(dst, m.dfa.accepts[s]...)
	}
	for _, ref := range m.dfa.accepts[s] {
		if !m.equal[ref] || m.holds(ref, args) {
			dst = append(dst, ref)
		}
	}
	return dst
}

// Capture is the value of one placeholder.
type Capture struct {
	Name  string
	Type  *Type
	Same  bool // of a <name!>, which has the value of the first <name>
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
// more than one answer, or when it would take too long to say.
func (m *Matcher) Captures(ref LineRef, args []string) ([]Capture, error) {
	caps, err := m.captures(ref, args)
	if err == nil && m.equal[ref] && unequal(caps) >= 0 {
		return nil, ErrNoMatch
	}
	return caps, err
}

// captures is Captures for values that may be unequal.
func (m *Matcher) captures(ref LineRef, args []string) ([]Capture, error) {
	if m == nil || m.dfa == nil || ref.Rule < 0 || ref.Rule >= m.rules || len(args) >= MaxTokens {
		return nil, ErrNoMatch
	}
	layers := m.readings(ref, args)
	if layers == nil {
		return nil, ErrNoMatch
	}
	var out []Capture
	work := maxItems
	for i, words := range layers {
		var found []Capture
		for j, w := range words {
			caps, err := w.captures(args[i], &work)
			if err != nil {
				return nil, err
			}
			for k := range caps {
				caps[k].Arg = i
			}
			if j > 0 && !sameCaptures(caps, found) {
				return nil, ErrAmbiguous
			}
			found = caps
		}
		out = append(out, found...)
	}
	return out, nil
}

// sameCaptures reports whether a guard would do the same for a and b.
func sameCaptures(a, b []Capture) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !a[i].same(b[i]) {
			return false
		}
	}
	return true
}
