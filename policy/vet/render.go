package vet

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/rootgate-project/rootgate/policy"
)

// jsonFinding is a finding for a program. Every key is there, whatever its value.
type jsonFinding struct {
	ID       string   `json:"id"`
	Severity string   `json:"severity"` // E, W or N
	File     string   `json:"file"`
	Line     int      `json:"line"`   // 0: the file as a whole
	Column   int      `json:"column"` // in runes
	Rule     string   `json:"rule"`
	Message  string   `json:"message"`
	Witness  []string `json:"witness"` // argv; empty: none
}

// JSON returns {"findings": [...]}, indented.
func (r Report) JSON() ([]byte, error) {
	out := struct {
		Findings []jsonFinding `json:"findings"`
	}{[]jsonFinding{}}
	for _, f := range r.Findings {
		out.Findings = append(out.Findings, jsonFinding{
			ID: f.ID, Severity: f.Severity.String(), File: f.File, Line: f.Line, Column: f.Column,
			Rule: string(f.Rule), Message: f.Message, Witness: append([]string{}, f.Witness...),
		})
	}
	return indented(out)
}

func indented(v any) ([]byte, error) {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(v)
	return []byte(b.String()), err
}

// Text returns the findings for a person, with their place in the file, and a
// last line that counts.
func (r Report) Text() string {
	var b strings.Builder
	for _, f := range r.Findings {
		b.WriteString(visible(f.String()) + "\n")
		for line := range strings.Lines(f.Excerpt) {
			b.WriteString("    " + visible(strings.TrimSuffix(line, "\n")) + "\n")
		}
		if len(f.Witness) > 0 {
			b.WriteString("    for example: " + words(f.Witness) + "\n")
		}
	}
	rules, lines := r.Snapshot.Rules(), 0
	for _, rule := range rules {
		lines += len(rule.Lines)
	}
	counts := map[policy.Severity]int{}
	for _, f := range r.Findings {
		counts[f.Severity]++
	}
	if r.Snapshot == nil {
		fmt.Fprintf(&b, "%d files: refused", r.Files)
	} else {
		fmt.Fprintf(&b, "%d files, %d rules, %d lines", r.Files, len(rules), lines)
	}
	if len(r.Findings) == 0 {
		b.WriteString(": clean\n")
	} else {
		fmt.Fprintf(&b, ": %d errors, %d warnings, %d notes\n",
			counts[policy.SeverityError], counts[policy.SeverityWarning], counts[policy.SeverityNote])
	}
	return b.String()
}

// GitHub returns workflow commands that annotate a change. A message of a policy
// cannot become a command of its own: what would end it is escaped.
func (r Report) GitHub() string {
	var b strings.Builder
	for _, f := range r.Findings {
		b.WriteString("::" + githubLevel(f.Severity) + " ")
		if f.File != "" {
			b.WriteString("file=" + githubProperty.Replace(f.File) + ",")
			if f.Line > 0 {
				fmt.Fprintf(&b, "line=%d,col=%d,", f.Line, f.Column)
			}
		}
		b.WriteString("title=" + githubProperty.Replace(f.ID) + "::" + githubData.Replace(message(f)) + "\n")
	}
	return b.String()
}

var (
	githubData     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	githubProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

func githubLevel(s policy.Severity) string {
	switch s {
	case policy.SeverityWarning:
		return "warning"
	case policy.SeverityNote:
		return "notice"
	case policy.SeverityError:
	}
	return "error"
}

// message is a finding's message with its witness.
func message(f policy.Finding) string {
	if len(f.Witness) == 0 {
		return f.Message
	}
	return f.Message + "\nfor example: " + words(f.Witness)
}

// visible makes text safe for a terminal: what does not print is escaped.
func visible(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if strconv.IsPrint(r) && (r != utf8.RuneError || size > 1) {
			b.WriteString(s[i : i+size])
		} else {
			q := strconv.Quote(s[i : i+size])
			b.WriteString(q[1 : len(q)-1])
		}
		i += size
	}
	return b.String()
}

// words shows an argv so that its arguments can be told apart.
func words(argv []string) string {
	out := make([]string, len(argv))
	for i, arg := range argv {
		out[i] = arg
		if arg == "" || visible(arg) != arg || strings.ContainsAny(arg, ` "'\`) {
			out[i] = strconv.Quote(arg)
		}
	}
	return strings.Join(out, " ")
}
