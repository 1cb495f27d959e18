package importer

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// quoteLiteral writes s as one literal of the argument grammar. ok is false for
// text that the grammar cannot say.
func quoteLiteral(s string) (_ string, ok bool) {
	if !isPlain(s) {
		return "", false
	}
	plain := s != "" && !strings.Contains(s, "...") && !strings.ContainsAny(s, " '\"<>()[]{}|#!") &&
		!strings.Contains(s, "/--") && !strings.HasSuffix(s, `\`)
	if plain {
		return s, true
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'", true
}

// isPlain reports whether s is text without control and format characters.
func isPlain(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}

// quoteTest writes s as one token of a test.
func quoteTest(s string) string {
	if s != "" && !strings.ContainsAny(s, " '") {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}

// visible replaces what would break a line or turn its text around.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
}

// quoteYAML writes s as a single-quoted scalar where it needs to be one.
func quoteYAML(s string) string {
	s = visible(s)
	if s != "" && isYAMLPlain(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}

// isYAMLPlain reports whether s is a plain scalar in block and flow context.
func isYAMLPlain(s string) bool {
	for i, r := range s {
		letter := r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r))
		if letter || i > 0 && strings.ContainsRune("-_./=+%,;~ ", r) {
			if r == ',' {
				return false
			}
			continue
		}
		if i == 0 && r == '/' {
			continue
		}
		return false
	}
	switch strings.ToLower(s) {
	case "true", "false", "yes", "no", "on", "off", "null", "y", "n":
		return false
	}
	return unicode.IsLetter(rune(s[0])) || s[0] == '/'
}

// testItem writes argv as one item of a list of tests.
func testItem(argv []string) string {
	for _, a := range argv {
		// A list of tokens says every character; text is split at spaces.
		if strings.ContainsAny(a, "'\"") || a == "" || strings.Contains(a, "  ") || !isPlain(a) {
			items := make([]string, len(argv))
			for i, a := range argv {
				items[i] = quoteToken(a)
			}
			return "[" + strings.Join(items, ", ") + "]"
		}
	}
	return quoteYAML(quoteArgv(argv))
}

// quoteToken writes s as a scalar that is text to YAML, control characters
// included.
func quoteToken(s string) string {
	if isPlain(s) {
		if s != "" && isYAMLPlain(s) && !strings.ContainsAny(s, " ") {
			return s
		}
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteRune('\\')
			b.WriteRune(r)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, `\U%08X`, r)
		}
	}
	return b.String() + `"`
}
