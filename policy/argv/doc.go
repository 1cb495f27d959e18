// Package argv is the argument grammar of the policy language: usage lines
// over tokens, compiled to automata.
//
// It refuses to guess. A token sequence is accepted when a line of a rule
// spells it out, and in no other case: there is no prefix match, no option
// abbreviation, no joining of tokens into a string, and no backtracking. A
// placeholder never accepts a leading "-" unless its type says so, and a token
// that is a keyword at its position is never read as a value.
//
// The package knows nothing of YAML, of callers or of what a rule may do. It
// imports the standard library only and touches neither clock nor operating
// system. Every value it returns is immutable and safe for concurrent use.
//
// # Two levels
//
// The words of all lines of one program are predicates over strings. A lexer
// DFA over runes maps a token to its class: the set of predicates it
// satisfies. A second, small DFA runs over classes. One DFA over characters
// would be an order of magnitude larger, and would not know where a token ends.
//
// # Reserved keywords
//
// A word without placeholders is a keyword. Where a keyword of a rule accepts
// a token, only the keywords of that rule are followed, over all its lines:
// "ip link set dev up" cannot be an interface named dev to us and an interface
// named up to the program. The priority is counted for each rule alone, so a
// rule's language does not change when another rule is added.
package argv
