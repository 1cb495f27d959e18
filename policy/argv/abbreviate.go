package argv

import (
	"cmp"
	"slices"
	"strings"
)

// Keywords are the keywords of a program that accepts abbreviations of them: it
// reads "a" as "address" where it would read "address". A rule for it must not
// give such a token to a placeholder, for the program would read it as
// something else. So in a rule with Keywords a placeholder does not accept
//
//   - a token that abbreviates a keyword of the rule which may stand there, nor
//   - a token that abbreviates, or is, any one of Words,
//
// except directly behind a keyword of the rule that is one of Valued, in each of
// its spellings: there the program reads a value whatever it is. "link set dev a
// up" names a, and "link set a up" does not. To abbreviate a word is to begin
// it; no characters at all do not. A keyword of the rule is accepted only as it
// is written.
type Keywords struct {
	// Words are all keywords that the program knows, wherever it does.
	Words []string
	// Valued are the keywords behind which it reads one value.
	Valued []string
}

// shortening is the Keywords of a rule in a wordNFA.
type shortening struct {
	keywords *Keywords
	words    int32 // the predicate of what abbreviates a word
}

// shortening returns what rule says of abbreviations.
func (n *wordNFA) shortening(rule Rule) *shortening {
	if rule.Abbreviated == nil || rule.Union {
		return nil
	}
	u := unit{op: unitGroup}
	for _, w := range rule.Abbreviated.Words {
		u.alts = append(u.alts, []unit{{op: unitLit, text: w}})
	}
	return &shortening{
		keywords: rule.Abbreviated,
		words:    n.preds.id(newWord([]unit{u}, ""), true, n.ref),
	}
}

// keyword returns what stands behind w in the rule that is built now, and the
// predicate of what abbreviates it.
func (n *wordNFA) keyword(w *word) (behind wordOp, prefix int32) {
	s := n.short[n.ref.Rule]
	if s == nil || !w.keyword {
		return stEmpty, -1
	}
	behind = stValue
	all := spellings(w.units, maxSpellings)
	if len(all) == maxSpellings || slices.ContainsFunc(all, func(t string) bool { return !slices.Contains(s.keywords.Valued, t) }) {
		behind = stEmpty
	}
	return behind, n.preds.id(w, true, n.ref)
}

// free reports whether set, which is states of one rule, stands behind a keyword
// with a value.
func (s *shortening) free(nodes []wordNode, set []int32) bool {
	return slices.ContainsFunc(set, func(q int32) bool { return nodes[q].op == stValue })
}

// abbreviates reports whether the tokens of class c abbreviate a keyword of the
// front f of a rule.
func (m *Matcher) abbreviates(f front, c int32) bool {
	s := m.nfa.short[m.nfa.nodes[f[0]].ref.Rule]
	if s == nil || s.free(m.nfa.nodes, f) {
		return false
	}
	return m.lex.has(c, s.words) || slices.ContainsFunc(f, func(q int32) bool {
		node := &m.nfa.nodes[q]
		return node.op == stWord && node.word.keyword && m.lex.has(c, node.prefix)
	})
}

// Withheld is what the word of a line does not accept at one place at least,
// because it abbreviates a keyword there.
type Withheld struct {
	Ref LineRef
	// Word is the word as the line writes it, and Holes are its placeholders.
	Word  string
	Holes []Placeholder
	// Tokens are what it does not accept, sorted.
	Tokens []string
}

// Withheld returns what Keywords take from the words of the rules, ordered by
// rule and line, then by the text of the word. A word from which nothing is
// taken is left out.
func (m *Matcher) Withheld() []Withheld {
	if m.Start() == 0 {
		return nil
	}
	ofClass := make([]map[int32][]string, m.rules) // of each rule, what abbreviates, by class
	byWord := map[withheld][]string{}
	var words []withheld
	for key := range m.dfa.withheld {
		rule := key.ref.Rule
		if ofClass[rule] == nil {
			ofClass[rule] = map[int32][]string{}
			for _, tok := range m.abbreviations(rule) {
				c := m.lex.class(tok)
				ofClass[rule][c] = append(ofClass[rule][c], tok)
			}
		}
		if tokens := ofClass[rule][key.class]; len(tokens) > 0 {
			w := withheld{ref: key.ref, word: key.word}
			if byWord[w] == nil {
				words = append(words, w)
			}
			byWord[w] = append(byWord[w], tokens...)
		}
	}
	var out []Withheld
	for _, w := range words {
		slices.Sort(byWord[w])
		out = append(out, Withheld{w.ref, w.word.text, w.word.holes(), byWord[w]})
	}
	slices.SortFunc(out, func(a, b Withheld) int {
		return cmp.Or(compareRefs(a.Ref, b.Ref), cmp.Compare(a.Word, b.Word))
	})
	return out
}

// Reserved returns, as Withheld does, what keywords of the rules take from words
// with placeholders: of each set of tokens that stand for each other, one.
func (m *Matcher) Reserved() []Withheld {
	byWord := map[withheld][]string{}
	for key := range m.dfa.reserved {
		w := withheld{ref: key.ref, word: key.word}
		if tok, ok := m.Witness(Class(key.class)); ok {
			byWord[w] = append(byWord[w], tok)
		}
	}
	out := make([]Withheld, 0, len(byWord))
	for w, tokens := range byWord {
		slices.Sort(tokens)
		out = append(out, Withheld{w.ref, w.word.text, w.word.holes(), tokens})
	}
	slices.SortFunc(out, func(a, b Withheld) int {
		return cmp.Or(compareRefs(a.Ref, b.Ref), cmp.Compare(a.Word, b.Word))
	})
	return out
}

// abbreviations returns what abbreviates a keyword of a rule, sorted.
func (m *Matcher) abbreviations(rule int) []string {
	all := slices.Clone(m.nfa.short[rule].keywords.Words)
	for i := range m.nfa.nodes {
		if node := &m.nfa.nodes[i]; node.op == stWord && node.ref.Rule == rule && node.word.keyword {
			all = append(all, spellings(node.word.units, maxSpellings)...)
		}
	}
	var out []string
	for _, w := range all {
		for at := range w {
			out = append(out, w[:at])
		}
		out = append(out, w)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// abbreviated returns the keyword for which the program would read the failed
// argument, when that is why no placeholder takes it.
func (e *explainer) abbreviated() string {
	for f := e.front; len(f) > 0; {
		rule, end := e.m.nfa.nodes[f[0]].ref.Rule, 0
		for end < len(f) && e.m.nfa.nodes[f[end]].ref.Rule == rule {
			end++
		}
		of := f[:end]
		f = f[end:]
		class := e.class(e.at)
		if !e.m.abbreviates(of, class) || !slices.ContainsFunc(of, func(q int32) bool {
			node := &e.m.nfa.nodes[q]
			return node.op == stWord && e.m.lex.has(class, node.pred)
		}) {
			continue
		}
		all := slices.Clone(e.m.nfa.short[rule].keywords.Words)
		for _, q := range of {
			if node := &e.m.nfa.nodes[q]; node.op == stWord && node.word.keyword {
				all = append(all, spellings(node.word.units, maxSpellings)...)
			}
		}
		slices.Sort(all)
		for _, w := range all {
			if strings.HasPrefix(w, e.args[e.at]) {
				return w
			}
		}
	}
	return ""
}
