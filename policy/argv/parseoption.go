package argv

import (
	"errors"
	"slices"
	"strings"
)

// An option in both its spellings is sugar: -v/--verbose is (-v|--verbose), and
// -w/--wait:V is (-w V|--wait V|--wait=V) for a word V. What makes it an option
// is that the word begins, outside of quotes, with "-", one letter or digit, and
// "/--". Every other word means itself: /srv/-x, a/b, -w/-x and '-v/--verbose'
// hold a slash like any other character.

// written is a word that is an option in both spellings: where it stands in the
// source, and where its value does.
type written struct {
	from, to int // the option
	short    string
	long     string
	value    int // where its value begins; to when there is none
}

// isOption reports whether the word at the parser is an option.
func (p *parser) isOption() bool {
	return p.peek() == '-' && isAlnum(p.ahead(1)) && p.ahead(2) == '/' && p.ahead(3) == '-' && p.ahead(4) == '-'
}

// isAlnum reports whether r is an ASCII letter or digit.
func isAlnum(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}

// option reads an option in both spellings.
func (p *parser) option() (*node, error) {
	w := written{from: p.i, short: string(p.src[p.i : p.i+2])}
	if p.valued {
		return nil, p.errorf(p.i, "G-PARSE", "", "an option inside the value of an option")
	}
	// What stands for it is a bracket, and counts as one.
	if p.depth >= maxDepth {
		return nil, p.errorf(p.i, "G-PARSE", "", "more than %d brackets inside each other", maxDepth)
	}
	at := p.i + 3
	for p.i = at + 2; isAlnum(p.peek()) || p.peek() == '-' && p.i > at+2 || p.peek() == '_'; {
		p.i++
	}
	w.long = string(p.src[at:p.i])
	if w.long == "--" {
		return nil, p.errorf(p.i, "G-PARSE", "a name of letters, digits, - and _", "the long spelling of %s has no name", w.short)
	}
	w.value, w.to = p.i, p.i
	if p.peek() != ':' {
		if p.touches() {
			return nil, p.errorf(p.i, "G-PARSE", `":" in front of a value; "(-x|/--y)", or quotes, for a word that means itself`,
				"%s behind %s/%s", p.found(), w.short, w.long)
		}
		p.written = append(p.written, w)
		return &node{op: opGroup, alts: []seq{{literalWord(w.short)}, {literalWord(w.long)}}}, nil
	}
	p.i++
	w.value = p.i
	p.depth++
	n, units, err := p.optionValue()
	if err != nil {
		return nil, err
	}
	p.depth--
	w.to = p.i
	p.written = append(p.written, w)
	joined := mergeLiterals(append([]unit{{op: unitLit, text: w.long + "="}}, units...))
	text := w.long + "=" + string(p.src[w.value:w.to])
	return &node{op: opGroup, spaced: true, alts: []seq{
		{literalWord(w.short), n},
		{literalWord(w.long), n},
		{{op: opWord, most: 1, word: newWord(joined, text)}},
	}}, nil
}

// literalWord is a word of one literal.
func literalWord(text string) *node {
	return &node{op: opWord, most: 1, word: newWord([]unit{{op: unitLit, text: text}}, text)}
}

// optionValue reads the value of an option, which must be one word: as an item
// of its own, and as units of a word.
func (p *parser) optionValue() (*node, []unit, error) {
	start := p.i
	if !p.touches() || p.peek() == '[' {
		return nil, nil, p.errorf(start, "G-PARSE", "a value, as in -w/--wait:<n>", "the value of an option is one word that must be there")
	}
	p.valued = true
	n, err := p.body()
	if err != nil {
		return nil, nil, err
	}
	p.valued = false
	n.at, n.most = start, 1
	if n.op == opWord {
		return n, n.word.units, nil
	}
	units, err := p.inWord(n)
	return n, units, err
}

// Expand writes out the options of an argv block that stand in both spellings:
// -v/--verbose becomes (-v|--verbose), and -w/--wait:<n> becomes
// (-w <n>|--wait <n>|--wait=<n>). Everything else, comments and white space
// included, stays as it is, so that Expand of what it returns changes nothing.
// It knows no types: <n:foo> stays what it is. The errors are those of Parse,
// for the block as it stands and for what would become of it.
func Expand(src string) (string, error) {
	if strings.TrimSpace(src) == "" {
		return src, nil
	}
	texts, err := splitLines(src)
	if err != nil {
		return "", err
	}
	rows := strings.Split(src, "\n")
	var errs []error
	for _, text := range texts {
		p := &parser{src: text.runes, pos: text.pos}
		if _, err := p.line(); err != nil {
			if errs = append(errs, err); len(errs) == maxErrors {
				break
			}
			continue
		}
		// The last first: what stands before it keeps its place. An option ends
		// on the row where it begins.
		for _, w := range slices.Backward(p.written) {
			at := text.pos[w.from]
			row := []rune(rows[at.row-1])
			value := string(text.runes[w.value:w.to])
			out := "(" + w.short + "|" + w.long + ")"
			if value != "" {
				out = "(" + w.short + " " + value + "|" + w.long + " " + value + "|" + w.long + "=" + value + ")"
			}
			rows[at.row-1] = string(row[:at.col-1]) + out + string(row[at.col-1+w.to-w.from:])
		}
	}
	if len(errs) > 0 {
		return "", errors.Join(errs...)
	}
	out := strings.Join(rows, "\n")
	if _, err := splitLines(out); err != nil {
		return "", err
	}
	return out, nil
}
