package importer

import (
	"errors"
	"fmt"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
)

// maxPattern is the length of a pattern in bytes.
const maxPattern = 512

// slot is one argument of a rule.
type slot struct {
	text    string // in the argument grammar
	sample  string // a value that it accepts
	literal bool   // it accepts the sample alone
	exact   bool   // it accepts all that the source does, control characters aside
	loose   bool   // text of any form
	root    string // of a path: the directory below which it lies
	note    string // what the source accepts besides
}

// lookaheads are those that a type of the policy honours anyway: a path has no
// ".." component. The pattern without them is then translated.
var lookaheads = []string{`(?!\.\.)`, `(?!.*/\.\.)`, `(?!.*\.\..*|.*\/.*)`}

// errNoType is a pattern that no type of the policy can stand for.
var errNoType = errors.New("no type of the policy is as narrow as this pattern and says what it means")

// translatePattern turns a pattern, which is to match a whole argument, into a
// slot whose values the pattern all accepts. home is the directory below which
// configurations of the caller stand, for patterns of all of /etc.
func translatePattern(pattern, name, home string) (slot, error) {
	if len(pattern) > maxPattern {
		return slot{}, fmt.Errorf("the pattern has %d bytes, the limit is %d", len(pattern), maxPattern)
	}
	held := false
	for _, l := range lookaheads {
		if rest := strings.Replace(pattern, l, "", 1); rest != pattern {
			pattern, held = rest, true
			break
		}
	}
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		if bad, ok := errors.AsType[*syntax.Error](err); ok {
			return slot{}, fmt.Errorf("the pattern %s: %s", visible(clip(bad.Expr)), bad.Code)
		}
		return slot{}, err
	}
	if re = withoutAnchors(re); hasAnchor(re) {
		return slot{}, errors.New("an anchor inside of the pattern")
	}
	if words := finite(re, 16); words != nil {
		return wordsSlot(words), nil
	}
	t := &translation{name: name}
	t.flatten(re)
	s, err := t.slot(held, home)
	if err == nil && held {
		s.exact = false
	}
	return s, err
}

// isAnchor reports whether re is a place in a text.
func isAnchor(re *syntax.Regexp) bool {
	return re.Op == syntax.OpBeginText || re.Op == syntax.OpBeginLine || re.Op == syntax.OpEndText || re.Op == syntax.OpEndLine
}

// withoutAnchors takes "^" off the front and "$" off the end, which say nothing:
// the whole argument has to match anyway.
func withoutAnchors(re *syntax.Regexp) *syntax.Regexp {
	parts := []*syntax.Regexp{re}
	if re.Op == syntax.OpConcat {
		parts = slices.Clone(re.Sub)
	}
	for len(parts) > 0 && (parts[0].Op == syntax.OpBeginText || parts[0].Op == syntax.OpBeginLine) {
		parts = parts[1:]
	}
	for n := len(parts); n > 0 && (parts[n-1].Op == syntax.OpEndText || parts[n-1].Op == syntax.OpEndLine); n-- {
		parts = parts[:n-1]
	}
	return &syntax.Regexp{Op: syntax.OpConcat, Sub: parts}
}

func hasAnchor(re *syntax.Regexp) bool {
	return isAnchor(re) || slices.ContainsFunc(re.Sub, hasAnchor)
}

// translation is a pattern cut into pieces.
type translation struct {
	name   string
	pieces []piece
	err    error
}

// piece is a part of a pattern: finitely many words, or a run of characters.
type piece struct {
	words    []string // nil: a run
	set      []rune   // the characters of a run, ASCII, sorted
	all      bool     // any character
	min, max int      // length of a run; max < 0: no bound
}

// flatten appends the pieces of re.
func (t *translation) flatten(re *syntax.Regexp) {
	switch re.Op {
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			t.flatten(sub)
		}
		return
	case syntax.OpCapture:
		t.flatten(re.Sub[0])
		return
	case syntax.OpStar, syntax.OpPlus, syntax.OpRepeat, syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		if p, ok := runOf(re); ok {
			t.pieces = append(t.pieces, p)
			return
		}
	default:
	}
	if words := finite(re, 64); words != nil {
		t.pieces = append(t.pieces, piece{words: words})
		return
	}
	t.err = errNoType
}

// runOf returns the run of characters that re is.
func runOf(re *syntax.Regexp) (piece, bool) {
	p := piece{min: 1, max: 1}
	class := re
	switch re.Op {
	case syntax.OpStar:
		p.min, p.max, class = 0, -1, re.Sub[0]
	case syntax.OpPlus:
		p.max, class = -1, re.Sub[0]
	case syntax.OpRepeat:
		p.min, p.max, class = re.Min, re.Max, re.Sub[0]
	default:
	}
	for class.Op == syntax.OpCapture {
		class = class.Sub[0]
	}
	in := func(rune) bool { return true }
	switch class.Op {
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		p.all = true
	case syntax.OpCharClass:
		in = func(r rune) bool {
			for i := 0; i+1 < len(class.Rune); i += 2 {
				if class.Rune[i] <= r && r <= class.Rune[i+1] {
					return true
				}
			}
			return false
		}
	case syntax.OpLiteral:
		if len(class.Rune) != 1 || re == class {
			return p, false
		}
		in = func(r rune) bool { return r == class.Rune[0] }
	default:
		return p, false
	}
	for r := rune('!'); r <= '~'; r++ {
		if in(r) {
			p.set = append(p.set, r)
		}
	}
	return p, len(p.set) > 0
}

// finite returns the words of re, sorted, or nil when they are more than limit
// or endless.
func finite(re *syntax.Regexp, limit int) []string {
	var out []string
	switch re.Op {
	case syntax.OpEmptyMatch:
		return []string{""}
	case syntax.OpLiteral:
		if re.Flags&syntax.FoldCase != 0 {
			out = []string{strings.ToLower(string(re.Rune))}
		} else {
			out = []string{string(re.Rune)}
		}
	case syntax.OpCharClass:
		for i := 0; i+1 < len(re.Rune); i += 2 {
			for r := re.Rune[i]; r <= re.Rune[i+1]; r++ {
				if out = append(out, string(r)); len(out) > limit {
					return nil
				}
			}
		}
	case syntax.OpCapture:
		return finite(re.Sub[0], limit)
	case syntax.OpQuest:
		sub := finite(re.Sub[0], limit)
		if sub == nil {
			return nil
		}
		out = append(sub, "")
	case syntax.OpAlternate:
		for _, s := range re.Sub {
			sub := finite(s, limit)
			if sub == nil {
				return nil
			}
			out = append(out, sub...)
		}
	case syntax.OpConcat:
		out = []string{""}
		for _, s := range re.Sub {
			sub := finite(s, limit)
			if sub == nil || len(out)*len(sub) > limit {
				return nil
			}
			var next []string
			for _, head := range out {
				for _, tail := range sub {
					next = append(next, head+tail)
				}
			}
			out = next
		}
	default:
		return nil
	}
	slices.Sort(out)
	if out = slices.Compact(out); len(out) > limit || slices.ContainsFunc(out, func(s string) bool { return s != "" && !isPlain(s) }) {
		return nil
	}
	return out
}

// slot makes the slot of the pieces.
func (t *translation) slot(held bool, home string) (slot, error) {
	if t.err != nil {
		return slot{}, t.err
	}
	dots := t.plainDots()
	t.join()
	s, err := t.joined(held, home)
	if dots && err == nil {
		s.exact, s.note = false, strings.TrimPrefix(s.note+"; other characters where the pattern has a bare dot", "; ")
	}
	return s, err
}

// plainDots makes a dot of each piece that is any one character and not all of
// the pattern: that is what a bare dot between words was meant for.
func (t *translation) plainDots() bool {
	found := false
	for i, p := range t.pieces {
		if p.all && p.min == 1 && p.max == 1 && len(t.pieces) > 1 {
			t.pieces[i], found = piece{words: []string{"."}}, true
		}
	}
	return found
}

func (t *translation) joined(held bool, home string) (slot, error) {
	if len(t.pieces) == 0 {
		return slot{text: "''", literal: true, exact: true}, nil
	}
	if len(t.pieces) == 1 {
		if p := t.pieces[0]; p.words != nil {
			return wordsSlot(p.words), nil
		}
		return t.run(t.pieces[0], held)
	}
	if s, ok := t.path(home); ok {
		return s, nil
	}
	return t.mixed()
}

// join makes one piece of neighbours that are single words.
func (t *translation) join() {
	var out []piece
	for _, p := range t.pieces {
		if n := len(out); n > 0 && len(p.words) == 1 && len(out[n-1].words) == 1 {
			out[n-1].words = []string{out[n-1].words[0] + p.words[0]}
			continue
		}
		out = append(out, p)
	}
	t.pieces = out
}

// wordsSlot is a slot of finitely many words.
func wordsSlot(words []string) slot {
	if len(words) == 1 {
		text, _ := quoteLiteral(words[0])
		return slot{text: text, sample: words[0], literal: true, exact: true}
	}
	return slot{text: "(" + strings.Join(quoteAll(words), "|") + ")", sample: words[len(words)-1], exact: true}
}

func quoteAll(words []string) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i], _ = quoteLiteral(w)
	}
	return out
}

// run is an argument that is one run of characters.
func (t *translation) run(p piece, held bool) (slot, error) {
	has := func(s string) bool {
		return !strings.ContainsFunc(s, func(r rune) bool { return !slices.Contains(p.set, r) })
	}
	digits := has("0123456789")
	switch {
	case p.all && held:
		return t.hole("re([A-Za-z0-9_][A-Za-z0-9_@:-]{0,63})", "x0", "values with dots, slashes or a leading dash"), nil
	case p.all && p.min <= 1 && p.max < 0:
		s := t.hole("str", "x0", "a leading dash, the empty argument and more than 255 characters")
		s.loose = true
		return s, nil
	case digits && len(p.set) == 10 && p.min <= 1 && p.max < 0:
		return t.hole("int(0..4294967295)", "10", "leading zeros, digits of other scripts and numbers above 4294967295"), nil
	case digits && has(".") && len(p.set) == 11 && p.min <= 1 && p.max < 0:
		return t.hole("ip4", "10.0.0.1", "what is no address"), nil
	case p.all:
		return slot{}, errNoType
	}
	return t.mixed()
}

func (t *translation) hole(notation, sample, note string) slot {
	return slot{text: "<" + t.name + ":" + notation + ">", sample: sample, note: note}
}

// path is an absolute directory with anything below it.
func (t *translation) path(home string) (slot, bool) {
	head, tail := t.pieces[0], t.pieces[1]
	if len(t.pieces) != 2 || len(head.words) != 1 || !tail.all || tail.min > 1 || tail.max >= 0 {
		return slot{}, false
	}
	root := head.words[0]
	if !strings.HasPrefix(root, "/") || !strings.HasSuffix(root, "/") || len(root) < 3 || !isRoot(root[:len(root)-1]) {
		return slot{}, false
	}
	root = root[:len(root)-1]
	note := root + " itself, paths that are not canonical, and links that lead out of it"
	if root == "/etc" && home != "" {
		root = home
		note = "files of /etc outside of " + home + ", and links that lead out of it"
	}
	s := t.hole("path("+root+")", root+"/x0", note)
	s.root = root
	return s, true
}

// isRoot reports whether a path can stand in path(...) as it is.
func isRoot(s string) bool {
	return strings.HasPrefix(s, "/") && !strings.Contains(s, "//") && !strings.Contains(s+"/", "/./") && !strings.Contains(s+"/", "/../") &&
		!strings.ContainsFunc(s, func(r rune) bool {
			return r >= unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-+_./:*@%", r)
		})
}

// mixed is a word of several pieces. Runs lose their slashes, and the dots and
// dashes that begin a component: a run is a name or a part of one.
func (t *translation) mixed() (slot, error) {
	var text, sample strings.Builder
	out := slot{exact: true}
	for i, p := range t.pieces {
		switch {
		case len(p.words) == 1:
			lit, _ := quoteLiteral(p.words[0])
			if lit != "''" {
				text.WriteString(lit)
			}
			sample.WriteString(p.words[0])
		case p.words != nil && p.words[0] == "":
			text.WriteString("[" + strings.Join(quoteAll(p.words[1:]), "|") + "]")
		case p.words != nil:
			text.WriteString("(" + strings.Join(quoteAll(p.words), "|") + ")")
			sample.WriteString(p.words[0])
		default:
			re, value, ok := p.class(sample.String())
			if !ok {
				return slot{}, errNoType
			}
			name := t.name
			if i > 1 {
				name = fmt.Sprintf("%s-%d", t.name, i)
			}
			text.WriteString("<" + name + ":re(" + re + ")>")
			sample.WriteString(value)
			out.exact, out.note = false, "slashes, spaces and other special characters, and dots or dashes that begin a value"
		}
	}
	out.text, out.sample = text.String(), sample.String()
	return out, nil
}

// class writes a run as a regular expression of the policy. before is what
// stands before it.
func (p piece) class(before string) (re, sample string, ok bool) {
	const longest = 128
	keep := func(special string) []rune {
		var out []rune
		for _, r := range p.set {
			if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(special, r) {
				out = append(out, r)
			}
		}
		return out
	}
	rest := keep("_.:@%+,=~-")
	first := rest
	if before == "" || strings.HasSuffix(before, "/") || strings.HasSuffix(before, "=") {
		first = keep("_:@%+,~")
	}
	most := min(p.max, longest)
	if len(first) == 0 || p.min > longest || most == 0 {
		return "", "", false
	}
	least := max(p.min, 1)
	// No value begins with "-", inside of an argument neither.
	at := slices.IndexFunc(first, func(r rune) bool { return r != '-' })
	if at < 0 {
		return "", "", false
	}
	letter := first[at]
	if at := slices.IndexFunc(first, unicode.IsLetter); at >= 0 {
		letter = first[at]
	}
	sample = strings.Repeat(string(letter), least)
	re = classText(first)
	switch {
	case most < 0 && least == 1 && len(first) == len(rest):
		re += "+"
	case most < 0 && least == 1:
		re += classText(rest) + "*"
	case most < 0:
		re += fmt.Sprintf("%s{%d,}", classText(rest), least-1)
	case most > 1:
		re += fmt.Sprintf("%s{%d,%d}", classText(rest), least-1, most-1)
	}
	if slices.Contains(p.set, '/') && !p.all {
		// Directories, each of which is such a name.
		re = fmt.Sprintf("%s(/%s)*", re, re)
	}
	return re, sample, true
}

// classText writes a set of characters, sorted, as a class.
func classText(set []rune) string {
	var b strings.Builder
	b.WriteByte('[')
	dash := false
	for i := 0; i < len(set); {
		j := i
		for j+1 < len(set) && set[j+1] == set[j]+1 && set[j+1] != '-' && set[i] != '-' {
			j++
		}
		switch {
		case set[i] == '-':
			dash = true
		case j-i >= 2:
			b.WriteString(string(set[i]) + "-" + string(set[j]))
		default:
			b.WriteString(string(set[i : j+1]))
		}
		i = j + 1
	}
	if dash {
		b.WriteByte('-')
	}
	b.WriteByte(']')
	return b.String()
}
