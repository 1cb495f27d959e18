package policy

import (
	"path"
	"slices"
	"strings"
)

// keywords notes which values placeholders lose: to keywords of the rule, and to
// what abbreviates a keyword of the program.
func (p *proofs) keywords(prog *program) {
	for _, w := range prog.matcher.Reserved() {
		if prog.rules[w.Ref.Rule].nest == nil {
			p.lineFinding(SeverityNote, prog, w.Ref, "T-KEYWORD", nil,
				"%s: %s is a keyword here and cannot be a value", w.Word, someTokens(w.Tokens))
		}
	}
	for _, w := range prog.matcher.Withheld() {
		if prog.rules[w.Ref.Rule].nest == nil {
			p.lineFinding(SeverityNote, prog, w.Ref, "T-ABBREV", nil,
				"%s accepts abbreviated keywords: %s refuses %s here; a keyword of its own in front admits them",
				path.Base(prog.path), w.Word, someTokens(w.Tokens))
		}
	}
}

// someTokens shows the first of tokens.
func someTokens(tokens []string) string {
	const most = 6
	tokens = slices.DeleteFunc(slices.Clone(tokens), func(s string) bool { return s == "" })
	if len(tokens) > most {
		return clip(strings.Join(tokens[:most], ", ")) + ", …"
	}
	return clip(strings.Join(tokens, ", "))
}
