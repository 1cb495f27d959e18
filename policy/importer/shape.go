package importer

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// shape is one usage line learned from requests.
type shape struct {
	words []shapeWord
	seen  [][]string // requests, arguments only
}

// shapeWord is one argument of a shape.
type shapeWord struct {
	parts  []part     // text, or the kind of a value
	values [][]string // of each part that is a value, what was seen
	choice []string   // words of which one stands here; nil: parts
}

// key is equal for two words that differ in values only.
func (w shapeWord) key() string {
	var b strings.Builder
	for _, p := range w.parts {
		if p.kind == kindWord {
			fmt.Fprintf(&b, "%q", p.text)
		} else {
			b.WriteString("<" + string(p.kind) + ">")
		}
	}
	return b.String()
}

func (s shape) key() string {
	keys := make([]string, len(s.words))
	for i, w := range s.words {
		keys[i] = w.key()
	}
	return strings.Join(keys, " ")
}

// shapesOf groups requests by shape. The answer does not depend on the order of
// the requests.
func shapesOf(requests [][]string) []shape {
	requests = slices.Clone(requests)
	slices.SortFunc(requests, slices.Compare)
	requests = slices.CompactFunc(requests, slices.Equal)
	byKey := make(map[string]int)
	var out []shape
	for _, r := range requests {
		s := shape{seen: [][]string{r}}
		for _, tok := range r {
			w := shapeWord{parts: partsOf(tok)}
			w.values = make([][]string, len(w.parts))
			for i, p := range w.parts {
				if p.kind != kindWord {
					w.values[i] = []string{p.text}
				}
			}
			s.words = append(s.words, w)
		}
		key := s.key()
		at, ok := byKey[key]
		if !ok {
			byKey[key] = len(out)
			out = append(out, s)
			continue
		}
		out[at].merge(s)
	}
	out = joinChoices(out)
	slices.SortFunc(out, func(a, b shape) int { return slices.Compare(a.seen[0], b.seen[0]) })
	return out
}

// merge adds the values of o, which has the same key.
func (s *shape) merge(o shape) {
	s.seen = append(s.seen, o.seen...)
	for i := range s.words {
		for j := range s.words[i].values {
			s.words[i].values[j] = append(s.words[i].values[j], o.words[i].values[j]...)
		}
	}
}

// maxChoice bounds the words that may stand in one place.
const maxChoice = 16

// joinChoices joins shapes that differ in one word of text into one with a
// choice there. No request is allowed that was not seen but for its values.
func joinChoices(in []shape) []shape {
	longest := 0
	for _, s := range in {
		longest = max(longest, len(s.words))
	}
	// From the last word on: there the variants of one subcommand differ.
	for at := longest - 1; at >= 0; at-- {
		groups := make(map[string][]int)
		var order []string
		for i, s := range in {
			if at >= len(s.words) || !s.words[at].isText() {
				continue
			}
			keys := make([]string, len(s.words))
			for j, w := range s.words {
				if keys[j] = w.key() + fmt.Sprint(w.choice); j == at {
					keys[j] = "?"
				}
			}
			key := strings.Join(keys, " ")
			if groups[key] == nil {
				order = append(order, key)
			}
			groups[key] = append(groups[key], i)
		}
		gone := make([]bool, len(in))
		for _, key := range order {
			members := groups[key]
			if len(members) < 2 || len(members) > maxChoice {
				continue
			}
			first := &in[members[0]]
			var choice []string
			for _, m := range members {
				choice = append(choice, in[m].words[at].parts[0].text)
				if m != members[0] {
					gone[m] = true
					first.merge(in[m])
				}
			}
			slices.Sort(choice)
			first.words[at].choice = choice
		}
		kept := in[:0:0]
		for i, s := range in {
			if !gone[i] {
				kept = append(kept, s)
			}
		}
		in = kept
	}
	return in
}

// isText reports whether a word is text alone, of which another could be the
// alternative.
func (w shapeWord) isText() bool {
	return len(w.parts) == 1 && w.parts[0].kind == kindWord && w.choice == nil
}

// line writes a shape as a usage line. ok is false when the grammar cannot say
// it.
func (s shape) line() (string, bool) {
	out := make([]string, 0, len(s.words))
	used := make(map[string]int)
	before := ""
	for _, w := range s.words {
		text, ok := w.write(before, used)
		if !ok {
			return "", false
		}
		before = ""
		if w.isText() {
			before = w.parts[0].text
		}
		out = append(out, text)
	}
	if len(out) == 0 {
		return "()", true
	}
	return strings.Join(out, " "), true
}

func (w shapeWord) write(before string, used map[string]int) (string, bool) {
	if w.choice != nil {
		for _, c := range w.choice {
			if _, ok := quoteLiteral(c); !ok {
				return "", false
			}
		}
		return "(" + strings.Join(quoteAll(w.choice), "|") + ")", true
	}
	var b strings.Builder
	for i, p := range w.parts {
		if p.kind == kindWord {
			text, ok := quoteLiteral(p.text)
			if !ok {
				return "", false
			}
			b.WriteString(text)
			continue
		}
		notation := typeOf(p.kind, w.values[i])
		if notation == "" {
			return "", false
		}
		name := placeholderName(cmp.Or(strings.TrimSuffix(w.parts[0].text, "="), before), string(p.kind), i > 0, before)
		if used[name]++; used[name] > 1 {
			name = fmt.Sprintf("%s%d", name, used[name])
		}
		b.WriteString("<" + name + ":" + notation + ">")
	}
	return b.String(), true
}

// placeholderName names a value after the word before it.
func placeholderName(assigned, kind string, inWord bool, before string) string {
	from := before
	if inWord {
		from = assigned
	}
	from = strings.ToLower(strings.TrimLeft(from, "-"))
	var b strings.Builder
	for _, r := range from {
		switch {
		case r >= 'a' && r <= 'z', b.Len() > 0 && (r >= '0' && r <= '9' || r == '-' || r == '_'):
			b.WriteRune(r)
		case b.Len() > 0:
			b.WriteRune('-')
		}
	}
	name := strings.Trim(b.String(), "-")
	if len(name) < 2 || len(name) > 24 {
		return kind
	}
	return name
}
