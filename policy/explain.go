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
		d.explainAllowed(&b, req)
		return b.String()
	}
	n := d.Denial
	fmt.Fprintf(&b, "denied: %s\n", quoteAll(req.Argv))
	if n.ArgvIndex >= 0 && n.ArgvIndex <= min(len(req.Argv), argv.MaxTokens) {
		caret(&b, req.Argv, n.ArgvIndex)
	}
	label, rest := "because", n.Message
	if where, after, ok := strings.Cut(n.Message, "] "); ok && strings.HasPrefix(where, "argv[") {
		label, rest = where+"]", after
	}
	if rest != "" {
		fmt.Fprintf(&b, "  %-9s %s\n", label, rest)
	}
	for _, near := range n.Nearest {
		explainLine(&b, "nearest", near.Rule, near.Line, near.Usage)
	}
	fmt.Fprintf(&b, "  code      %s\n", n.Reason)
	if n.Escape != "" {
		fmt.Fprintf(&b, "  note      known escape (%s)\n", n.Escape)
	}
	if n.DidYouMean != "" {
		fmt.Fprintf(&b, "  hint      did you mean %s?\n", quote(n.DidYouMean))
	}
	return b.String()
}

func (d Decision) explainAllowed(b *strings.Builder, req Request) {
	e := d.Effect
	fmt.Fprintf(b, "allowed: %s\n", quoteAll(req.Argv))
	for _, l := range d.Chain {
		if l.Rule != d.Rule {
			explainLine(b, "through", l.Rule, l.Line, l.Rule.Lines[l.Line-1].Text)
		}
	}
	explainLine(b, "rule", d.Rule, d.Line, d.Rule.Lines[d.Line-1].Text)
	fmt.Fprintf(b, "  program   %s\n", d.Program)
	fmt.Fprintf(b, "  runs as   %s (uid %d, gid %d), capabilities: %s\n", e.User, e.UID, e.GID, orNone(e.Caps))
	files := "the base view"
	for _, l := range []struct {
		name  string
		paths []string
	}{{"read", e.FS.Read}, {"write", e.FS.Write}, {"exec", e.FS.Exec}} {
		if len(l.paths) > 0 {
			files += ", " + l.name + " " + strings.Join(l.paths, " ")
		}
	}
	if e.FS.Host {
		files = "all of the host's"
	}
	fmt.Fprintf(b, "  files     %s\n  seccomp   %s\n", files, strings.Join(e.Seccomp, " "))
}

// caret writes a line that underlines argument i in the line above it; i may
// be the end.
func caret(b *strings.Builder, args []string, i int) {
	at, width := len("denied: "), 1
	if i > 0 {
		at += utf8.RuneCountInString(quoteAll(args[:i])) + 1
	}
	if i < len(args) {
		width = utf8.RuneCountInString(quote(args[i]))
	}
	fmt.Fprintf(b, "%s%s\n", strings.Repeat(" ", at), strings.Repeat("^", width))
}

func explainLine(b *strings.Builder, label string, r *Rule, line int, usage string) {
	if usage == "" {
		usage = "()" // how a block writes a line without arguments
	}
	fmt.Fprintf(b, "  %-9s %s:%d   %s   %s\n", label, r.ID, line, r.Lines[line-1].Pos, usage)
}

func orNone(s []string) string {
	if len(s) == 0 {
		return "none"
	}
	return strings.Join(s, " ")
}

// argvMessage says in one sentence where and why arguments stopped matching.
// given is the index of the earlier one of a duplicate option, or of the value
// that another has to equal; 0 for none.
func argvMessage(args []string, d Denial, given int) string {
	where := fmt.Sprintf("argv[%d] is missing", d.ArgvIndex)
	if d.ArgvIndex < len(args) {
		where = fmt.Sprintf("argv[%d] %s", d.ArgvIndex, quote(args[d.ArgvIndex]))
	}
	s := where + ": expected " + expectations(d.Expected)
	switch d.Reason {
	case ReasonDuplicateOption:
		s += fmt.Sprintf(" (it was already given at argv[%d])", given)
	case ReasonValueMismatch:
		if given > 0 {
			s += fmt.Sprintf(" (the same value as in argv[%d])", given)
		} else {
			s += " (the same value as before, and there is none, or more than one)"
		}
	case ReasonPathNotCanonical:
		s += `; "..", ".", "//" and a slash at the end are never accepted in a path`
	}
	return s
}

// maxExpected bounds the expectations of a message; a Denial has them all.
const maxExpected = 12

func expectations(all []argv.Expect) string {
	var words []string
	for _, e := range all[:min(len(all), maxExpected)] {
		e.Text, e.Params = firstRunes(e.Text, maxShown), firstRunes(e.Params, maxShown)
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
	case len(all) > maxExpected:
		return fmt.Sprintf("one of %s and %d more", strings.Join(words, ", "), len(all)-maxExpected)
	case n == 1:
		return words[0]
	default:
		return strings.Join(words[:n-1], ", ") + " or " + words[n-1]
	}
}

// quote returns a token as a person can read it: as it is where it is plain,
// and in Go's quotes where it is not.
func quote(s string) string {
	short := firstRunes(s, maxShown)
	plain := s != "" && short == s && strings.IndexFunc(s, func(r rune) bool {
		return r == utf8.RuneError || r == '"' || r == ' ' || !unicode.IsPrint(r)
	}) < 0
	if plain {
		return s
	}
	return strconv.Quote(short)
}

// maxShown is how many characters of a token or a word a message shows.
const maxShown = 80

// firstRunes returns s, or its first n characters and an ellipsis. It does not
// look at the rest.
func firstRunes(s string, n int) string {
	for at := range s {
		if n--; n < 0 {
			return s[:at] + "…"
		}
	}
	return s
}

// quoteAll joins the tokens, as many as a request may have: a longer one is
// refused, and its explanation must not be longer than its refusal.
func quoteAll(args []string) string {
	words := make([]string, 0, min(len(args), argv.MaxTokens+1))
	for i, a := range args {
		if i == argv.MaxTokens {
			words = append(words, "…")
			break
		}
		words = append(words, quote(a))
	}
	return strings.Join(words, " ")
}
