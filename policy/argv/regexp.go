package argv

import (
	"errors"
	"fmt"
	"regexp/syntax"
	"slices"
	"strings"
)

// maxRegexp is the length of an expression in bytes.
const maxRegexp = 512

// regexpExpr reads an RE2 expression that is to match a whole string. What
// depends on the place in a text or on a mode is refused, not ignored: in
// other matchers "$" holds before a final newline, and that was a hole.
func regexpExpr(src string) (expr, error) {
	if len(src) > maxRegexp {
		return expr{}, fmt.Errorf("expression longer than %d bytes", maxRegexp)
	}
	if err := plainGroups(src); err != nil {
		return expr{}, err
	}
	re, err := syntax.Parse(src, syntax.Perl)
	if err != nil {
		return expr{}, err
	}
	return fromSyntax(re)
}

// plainGroups refuses every (? but (?: and every \Q. It reads just enough of
// the syntax not to mistake a class or an escape for a group.
func plainGroups(src string) error {
	inClass := -1 // where the class began
	for i := 0; i < len(src); i++ {
		switch {
		case src[i] == '\\':
			if strings.HasPrefix(src[i:], `\Q`) {
				return errors.New(`\Q...\E is not allowed`)
			}
			i++
		case inClass >= 0:
			switch {
			case strings.HasPrefix(src[i:], "[:") && strings.Contains(src[i:], ":]"):
				i += strings.Index(src[i:], ":]") + 1
			case src[i] == ']' && i > inClass+1 && src[inClass+1:i] != "^":
				inClass = -1
			}
		case src[i] == '[':
			inClass = i
		case strings.HasPrefix(src[i:], "(?") && !strings.HasPrefix(src[i:], "(?:"):
			return fmt.Errorf("`%s`: flags, names and lookaround are not allowed, only `(?:` is", firstRunes(src[i:], 4))
		}
	}
	return nil
}

// firstRunes returns the first n runes of s.
func firstRunes(s string, n int) string {
	for i := range s {
		if n--; n < 0 {
			return s[:i]
		}
	}
	return s
}

// fromSyntax converts a parsed expression.
func fromSyntax(re *syntax.Regexp) (expr, error) {
	var subs []expr
	for _, s := range re.Sub {
		e, err := fromSyntax(s)
		if err != nil {
			return expr{}, err
		}
		subs = append(subs, e)
	}
	switch re.Op {
	case syntax.OpNoMatch:
		return eAlt(), nil
	case syntax.OpEmptyMatch:
		return expr{}, nil
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			subs = append(subs, eSet(span(r, r)))
		}
		return eCat(subs...), nil
	case syntax.OpCharClass:
		return eSet(norm(slices.Clone(re.Rune))), nil
	case syntax.OpAnyCharNotNL, syntax.OpAnyChar:
		return eSet(printable()), nil
	case syntax.OpCapture, syntax.OpConcat:
		return eCat(subs...), nil
	case syntax.OpAlternate:
		return eAlt(subs...), nil
	case syntax.OpStar:
		return eRep(subs[0], 0, -1), nil
	case syntax.OpPlus:
		return eRep(subs[0], 1, -1), nil
	case syntax.OpQuest:
		return eRep(subs[0], 0, 1), nil
	case syntax.OpRepeat:
		return eRep(subs[0], re.Min, re.Max), nil
	case syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText:
		return expr{}, errors.New("anchors are not allowed: the whole value must match anyway")
	case syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return expr{}, errors.New(`\b and \B are not allowed`)
	}
	return expr{}, fmt.Errorf("%v is not allowed", re.Op)
}
