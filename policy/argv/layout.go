package argv

import "strings"

// continued is by how much a continuation is indented.
const continued = "    "

// Layout writes an argv block in one way: one space between words, lines at the
// left, continuations and the comments between them indented by four. What
// stands in quotes and in placeholders stays as it is, as do blank lines. It
// looks at spaces alone, not at what the words mean. The error is a
// *SyntaxError for what is not even lines.
func Layout(src string) (string, error) {
	if strings.TrimSpace(src) == "" {
		return src, nil
	}
	if _, err := splitLines(src); err != nil {
		return "", err
	}
	base := -1
	rows := strings.Split(src, "\n")
	for i, raw := range rows {
		body := strings.TrimLeft(raw, " ")
		indent := len(raw) - len(body)
		body = strings.TrimRight(body, " ")
		switch {
		case body == "":
		case body[0] == '#':
			if base >= 0 && indent > base {
				body = continued + body
			}
		default:
			if base < 0 {
				base = indent
			}
			if body = oneSpace(body); indent > base {
				body = continued + body
			}
		}
		rows[i] = body
	}
	return strings.Join(rows, "\n"), nil
}

// Texts returns the lines of a block, continuations joined, with one space
// between words: two blocks with the same texts say the same.
func Texts(src string) ([]string, error) {
	if strings.TrimSpace(src) == "" {
		return []string{""}, nil
	}
	lines, err := splitLines(src)
	if err != nil {
		return nil, err
	}
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = oneSpace(string(l.runes))
	}
	return out, nil
}

// oneSpace joins spaces outside of quotes and placeholders.
func oneSpace(s string) string {
	var b strings.Builder
	closer := rune(0) // of the quote or placeholder that is open
	last := rune(0)
	for _, r := range s {
		switch {
		case closer != 0:
			if r == closer {
				closer = 0
			}
		case r == '\'':
			closer = '\''
		case r == '<':
			closer = '>'
		case r == ' ' && last == ' ':
			continue
		}
		b.WriteRune(r)
		last = r
	}
	return b.String()
}
