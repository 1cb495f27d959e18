package argv

// State is a state of a Matcher's token automaton. The zero value is dead: it
// accepts nothing and leads nowhere else.
type State int32

// Class is a class of tokens that no rule of a Matcher tells apart. The zero
// value is the tokens that no word accepts.
type Class int32

// Start returns the state in front of the first argument.
func (m *Matcher) Start() State {
	if m == nil || m.dfa == nil {
		return 0
	}
	return 1
}

// States returns the number of states, those from 0 to States()-1.
func (m *Matcher) States() int {
	if m.Start() == 0 {
		return 1
	}
	return m.dfa.states()
}

// Classes returns the number of classes, those from 0 to Classes()-1.
func (m *Matcher) Classes() int {
	if m.Start() == 0 {
		return 1
	}
	return len(m.lex.masks)
}

// ClassOf returns the class of tok.
func (m *Matcher) ClassOf(tok string) Class {
	if m.Start() == 0 {
		return 0
	}
	return Class(m.lex.class(tok))
}

// Witness returns a shortest token of class c, and false for class 0 and for
// what is no class.
func (m *Matcher) Witness(c Class) (string, bool) {
	if c <= 0 || int(c) >= m.Classes() || m.lex.first[c] == 0 {
		return "", false
	}
	return m.lex.dfa.witness(m.lex.first[c]), true
}

// Steps calls yield for every step from s, in the order of classes, until it
// returns false.
func (m *Matcher) Steps(s State, yield func(Class, State) bool) {
	if s <= 0 || int(s) >= m.States() {
		return
	}
	for i := m.dfa.begin[s]; i < m.dfa.begin[s+1]; i++ {
		if !yield(Class(m.dfa.class[i]), State(m.dfa.to[i])) {
			return
		}
	}
}

// Accepting returns the lines that end in s, ordered by rule and line. The
// caller must not change it.
func (m *Matcher) Accepting(s State) []LineRef {
	if s <= 0 || int(s) >= m.States() {
		return nil
	}
	return m.dfa.accepts[s]
}
