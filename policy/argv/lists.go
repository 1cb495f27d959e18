package argv

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Bounds of lists inside one value.
const (
	maxListed       = 16 // elements of a value
	maxLetters      = 12 // of a bundle: its automaton has a state for each subset
	maxAlternatives = 64 // elements, roots, networks, exceptions that a type names
)

// elements reads a list of elements of the notation.
func elements(args string) ([]string, error) {
	out := strings.Split(args, ",")
	for _, s := range out {
		for _, c := range s {
			if !isParam(c) {
				return nil, fmt.Errorf("%q in %q; say it in args", c, firstRunes(s, 64))
			}
		}
	}
	return out, nil
}

// isParam reports whether c may stand in a parameter of the notation.
func isParam(c rune) bool {
	return strings.ContainsRune("-+_./:*@%", c) || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z' && c < 0x80
}

// enumExpr is a comma list of the items, at most as many as there are.
func enumExpr(name string, items []string) (expr, error) {
	if len(items) == 0 || len(items) > maxAlternatives {
		return expr{}, typeErrorf("G-PARSE", name, "has %d elements, expected 1 to %d, as in enum-list(a,b)", len(items), maxAlternatives)
	}
	var alts []expr
	for _, s := range items {
		dots := path.IsAbs(s) || slices.Contains(strings.Split(s, "/"), "..")
		if s == "" || s[0] == '-' || dots || len(s) > 255 || strings.ContainsFunc(s, func(r rune) bool { return !isParam(r) }) {
			return expr{}, typeErrorf("G-PARSE", name, "%q is no element: letters, digits and -+_./:*@%%, not an option and not a path", firstRunes(s, 64))
		}
		alts = append(alts, eLit(s))
	}
	return listExpr(eAlt(alts...), min(len(items), maxListed)), nil
}

// listExpr is one to so many items with commas between them.
func listExpr(item expr, most int) expr {
	return eCat(item, eRep(eCat(eLit(","), item), 0, most-1))
}

// csvNFA adds a comma list of values of the type t behind from.
func csvNFA(n *nfa, from int32, t *Type) (int32, error) {
	end, err := n.node()
	if err != nil {
		return 0, err
	}
	for i := range maxListed {
		if i > 0 {
			if from, err = n.expr(from, eLit(",")); err != nil {
				return 0, err
			}
		}
		if from, err = n.dfa(from, t.dfa); err != nil {
			return 0, err
		}
		n.link(from, end)
	}
	return end, nil
}

// checkItem refuses types that cannot be the items of a csv.
func checkItem(name string, t *Type) error {
	switch {
	case t == nil:
		return typeErrorf("G-PARSE", name, "has no type of its items, expected csv(TYPE), or of")
	case t.Guard() != "":
		return typeErrorf("G-PARSE", name, "items of %s have to be looked at by themselves; the values of a list are not", t)
	}
	for _, s := range t.dfa.sets {
		if s.has(',') {
			return typeErrorf("T-REGEX", name, "a value of %s may hold a comma itself", t)
		}
	}
	return nil
}

// bundleNFA adds "-" and a non-empty subset of the letters behind from, each
// letter once, in any order.
func bundleNFA(n *nfa, from int32, letters string) (int32, error) {
	end, err := n.node()
	if err != nil {
		return 0, err
	}
	at := make([]int32, 1<<len(letters)) // of each subset
	for subset := range at {
		if at[subset], err = n.node(); err != nil {
			return 0, err
		}
		if subset > 0 {
			n.link(at[subset], end)
		}
	}
	dash := n.setID(span('-', '-'))
	n.nodes[from].edges = append(n.nodes[from].edges, nfaEdge{dash, at[0]})
	for i, c := range letters {
		set := n.setID(span(c, c))
		for subset, q := range at {
			if subset&(1<<i) == 0 {
				n.nodes[q].edges = append(n.nodes[q].edges, nfaEdge{set, at[subset|1<<i]})
			}
		}
	}
	return end, nil
}

// checkLetters holds the letters of a bundle to its bounds.
func checkLetters(name, letters string) error {
	if letters == "" || len(letters) > maxLetters {
		return typeErrorf("G-PARSE", name, "has %d letters, expected 1 to %d, as in bundle(alh)", len(letters), maxLetters)
	}
	for i, c := range letters {
		if !isParam(c) || strings.ContainsRune("-+_./:*@%", c) {
			return typeErrorf("G-PARSE", name, "%q is not a letter or digit", c)
		}
		if strings.ContainsRune(letters[:i], c) {
			return typeErrorf("G-PARSE", name, "%q stands twice", c)
		}
	}
	return nil
}
