package policy

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rootgate-project/rootgate/policy/argv"
)

// Explain returns the decision on req as text for a terminal, lines ending in
// newlines: the request with a caret where it stopped matching, what was
// expected there, the nearest line and the code. It shows lexical facts only,
// and no control character of the request.
func (d Decision) Explain(req Request) string {
	var b strings.Builder
	if d.Allowed() {
		fmt.Fprintf(&b, "allowed: %s\n", quoteAll(req.Argv))
		explainLine(&b, "rule", d.Rule, d.Line)
		e := d.Rule.Effect
		fmt.Fprintf(&b, "  program   %s\n", d.Program)
		fmt.Fprintf(&b, "  runs as   %s (uid %d, gid %d), capabilities: %s\n", e.User, e.UID, e.GID, orNone(e.Caps))
		fmt.Fprintf(&b, "  seccomp   %s\n", strings.Join(e.Seccomp, " "))
		return b.String()
	}
	n := d.Denial
	fmt.Fprintf(&b, "denied: %s\n", quoteAll(req.Argv))
	if n.ArgvIndex >= 0 && n.ArgvIndex <= len(req.Argv) {
		at := len("denied: ") + utf8.RuneCountInString(quoteAll(req.Argv[:n.ArgvIndex]))
		width := 1
		if n.ArgvIndex > 0 {
			at++
		}
		if n.ArgvIndex < len(req.Argv) {
			width = utf8.RuneCountInString(quote(req.Argv[n.ArgvIndex]))
		}
		fmt.Fprintf(&b, "%s%s\n", strings.Repeat(" ", at), strings.Repeat("^", width))
	}
	if n.Message != "" {
		fmt.Fprintf(&b, "  %s\n", n.Message)
	}
	for _, near := range n.Nearest {
		explainLine(&b, "nearest", near.Rule, near.Line)
	}
	fmt.Fprintf(&b, "  code      %s\n", n.Reason)
	if n.DidYouMean != "" {
		fmt.Fprintf(&b, "  hint      did you mean %s?\n", quote(n.DidYouMean))
	}
	return b.String()
}

func explainLine(b *strings.Builder, label string, r *Rule, line int) {
	l := r.Lines[line-1]
	fmt.Fprintf(b, "  %-9s %s:%d   %s   %s\n", label, r.ID, line, l.Pos, l.Text)
}

func orNone(s []string) string {
	if len(s) == 0 {
		return "none"
	}
	return strings.Join(s, " ")
}

// argvMessage says in one sentence where and why arguments stopped matching.
// given is the index of the earlier one of a duplicate option.
func argvMessage(args []string, d Denial, given int) string {
	where := "the end of the arguments"
	if d.ArgvIndex < len(args) {
		where = fmt.Sprintf("argv[%d] %s", d.ArgvIndex, quote(args[d.ArgvIndex]))
	}
	s := where + ": expected " + expectations(d.Expected)
	if d.Reason == ReasonDuplicateOption {
		s += fmt.Sprintf(" (it was already given at argv[%d])", given)
	}
	return s
}

// maxExpected bounds the expectations of a message; a Denial has them all.
const maxExpected = 12

func expectations(all []argv.Expect) string {
	var words []string
	for _, e := range all {
		switch e.Kind {
		case argv.ExpectEnd:
			words = append(words, "the end")
		case argv.ExpectType:
			if e.Params == "" || strings.Contains(e.Text, e.Params) {
				words = append(words, e.Text)
			} else {
				words = append(words, e.Text+" "+e.Params)
			}
		case argv.ExpectLiteral:
			words = append(words, e.Text)
		}
	}
	switch n := len(words); {
	case n == 0:
		return "nothing"
	case n == 1:
		return words[0]
	case n > maxExpected:
		return fmt.Sprintf("one of %s and %d more", strings.Join(words[:maxExpected], ", "), n-maxExpected)
	default:
		return strings.Join(words[:n-1], ", ") + " or " + words[n-1]
	}
}

// quote returns a token as a person can read it: as it is where it is plain,
// and in Go's quotes where it is not.
func quote(s string) string {
	const limit = 80
	plain := s != "" && strings.IndexFunc(s, func(r rune) bool {
		return r == utf8.RuneError || r == '"' || r == ' ' || !unicode.IsPrint(r)
	}) < 0
	if runes := []rune(s); len(runes) > limit {
		s, plain = string(runes[:limit])+"…", false
	}
	if plain {
		return s
	}
	return strconv.Quote(s)
}

func quoteAll(args []string) string {
	words := make([]string, len(args))
	for i, a := range args {
		words[i] = quote(a)
	}
	return strings.Join(words, " ")
}
