package vet

import (
	"fmt"
	"strings"

	"github.com/rootgate-project/rootgate/policy"
)

// Text returns the changes for a person, and a last line that judges them.
func (d Diff) Text() string {
	var b strings.Builder
	for _, c := range d.Changes {
		c.text(&b)
	}
	if d.Hidden > 0 {
		fmt.Fprintf(&b, "and %d more changes\n", d.Hidden)
	}
	b.WriteString(d.verdict() + "\n")
	return b.String()
}

func (d Diff) verdict() string {
	if len(d.Changes) == 0 {
		return "no behavioural change"
	}
	counts := map[Kind]int{}
	for _, c := range d.Changes {
		counts[c.Kind]++
	}
	verdict := "narrows"
	if d.Widens() {
		verdict = "widens"
	}
	return fmt.Sprintf("%d newly allowed, %d no longer allowed, %d with another effect: %s",
		counts[Added], counts[Removed], counts[Changed], verdict)
}

func (c Change) text(b *strings.Builder) {
	head := fmt.Sprintf("%c %s", c.Kind, visible(c.place()))
	for _, w := range c.Witnesses {
		fmt.Fprintf(b, "%s  %s\n", head, requestText(w))
		head = strings.Repeat(" ", len([]rune(head)))
	}
	if len(c.Witnesses) == 0 {
		fmt.Fprintf(b, "%s  %s\n", head, visible(c.Program))
	}
	for _, l := range c.details() {
		fmt.Fprintf(b, "      %s\n", visible(l))
	}
}

// place names the lines of the change: all of a rule's are a star.
func (c Change) place() string {
	if len(c.Lines) > 1 && len(c.Lines) == len(c.Rule.Lines) {
		return string(c.Rule.ID) + ":*"
	}
	return string(c.Rule.ID) + ":" + strings.Trim(strings.ReplaceAll(fmt.Sprint(c.Lines), " ", ","), "[]")
}

// requestText shows a request as it is typed.
func requestText(r policy.Request) string {
	text := words(short(r))
	if r.Netns != "" {
		text += " in " + words([]string{r.Netns})
	}
	return text
}

// details are what there is to say below the witnesses, a line each.
func (c Change) details() []string {
	var out []string
	if c.More {
		out = append(out, "and more of the kind")
	}
	if c.Kind == Changed {
		for _, f := range c.Fields {
			out = append(out, f.String())
		}
		out = append(out, "for "+strings.Join(c.Callers, ", "))
	} else {
		what := "newly allowed"
		if c.Kind == Removed {
			what = "no longer allowed"
		}
		out = append(out, fmt.Sprintf("%s for %s, %s", what, strings.Join(c.Callers, ", "), EffectText(c.Rule)))
	}
	if c.Ambiguous {
		out = append(out, "the other policy refuses it because rules of it disagree")
	}
	if len(c.Guards) > 0 && c.Widens() {
		out = append(out, "a guard of the server may still stop it: "+strings.Join(c.Guards, ", "))
	}
	return append(out, "at "+c.pos().String())
}

// pos is where the rule says what changed.
func (c Change) pos() policy.Position {
	for _, l := range c.Rule.Lines {
		if len(c.Lines) == 1 && l.Number == c.Lines[0] {
			return l.Pos
		}
	}
	return c.Rule.Pos
}

// String returns the field as "caps: none -> net_admin (wider)".
func (f Field) String() string {
	return fmt.Sprintf("%s: %s -> %s (%s)", f.Name, f.Old, f.New, f.Direction)
}

// EffectText sums up what a rule gives its commands, in a few words.
func EffectText(r *policy.Rule) string {
	e := r.Effect
	out := []string{"as " + e.User, "caps " + orNone(e.Caps)}
	if e.FS.Host {
		out = append(out, "all files of the host")
	}
	for _, l := range []struct {
		name  string
		trees []string
	}{{"read", e.FS.Read}, {"write", e.FS.Write}, {"exec", e.FS.Exec}} {
		if len(l.trees) > 0 {
			out = append(out, l.name+" "+strings.Join(l.trees, " "))
		}
	}
	if e.Net != policy.NetHost {
		out = append(out, "no network")
	}
	return strings.Join(out, ", ")
}

// jsonChange is a change for a program.
type jsonChange struct {
	Kind      string        `json:"kind"` // +, - or ~
	Widens    bool          `json:"widens"`
	Program   string        `json:"program"`
	Rule      string        `json:"rule"`
	Lines     []int         `json:"lines"`
	File      string        `json:"file"`
	FileLine  int           `json:"file_line"`
	OldRule   string        `json:"old_rule,omitempty"` // of ~
	Callers   []string      `json:"callers"`
	Effect    string        `json:"effect"`
	Fields    []jsonField   `json:"fields,omitempty"`
	Witnesses []jsonWitness `json:"witnesses"`
	More      bool          `json:"more"` // there are branches beyond the witnesses
	Guards    []string      `json:"guards,omitempty"`
	Ambiguous bool          `json:"ambiguous"` // the other policy's rules disagree
}

type jsonField struct {
	Name      string `json:"name"`
	Old       string `json:"old"`
	New       string `json:"new"`
	Direction string `json:"direction"` // wider, narrower or changed
}

type jsonWitness struct {
	Argv  []string `json:"argv"` // argv[0] is the program's path
	Netns string   `json:"netns,omitempty"`
}

// JSON returns {"widens": bool, "changes": [...], "hidden": n}, indented.
func (d Diff) JSON() ([]byte, error) {
	out := struct {
		Widens  bool         `json:"widens"`
		Changes []jsonChange `json:"changes"`
		Hidden  int          `json:"hidden"`
	}{d.Widens(), []jsonChange{}, d.Hidden}
	for _, c := range d.Changes {
		j := jsonChange{
			Kind: string(rune(c.Kind)), Widens: c.Widens(), Program: c.Program, Rule: string(c.Rule.ID), Lines: c.Lines,
			File: c.pos().File, FileLine: c.pos().Line, Callers: c.Callers, Effect: EffectText(c.Rule),
			Witnesses: []jsonWitness{}, More: c.More, Guards: c.Guards, Ambiguous: c.Ambiguous,
		}
		if c.Was != nil {
			j.OldRule = string(c.Was.ID)
		}
		for _, f := range c.Fields {
			j.Fields = append(j.Fields, jsonField{f.Name, f.Old, f.New, f.Direction.String()})
		}
		for _, w := range c.Witnesses {
			j.Witnesses = append(j.Witnesses, jsonWitness{w.Argv, w.Netns})
		}
		out.Changes = append(out.Changes, j)
	}
	return indented(out)
}

// GitHub returns workflow commands that annotate a change of the new policy:
// warnings for what widens it, notices for the rest. What the new policy has no
// place for has none.
func (d Diff) GitHub() string {
	var b strings.Builder
	for _, c := range d.Changes {
		level, title := "notice", "policy narrows"
		if c.Widens() {
			level, title = "warning", "policy widens"
		}
		var lines []string
		for _, w := range c.Witnesses {
			lines = append(lines, requestText(w))
		}
		lines = append(lines, c.details()...)
		b.WriteString("::" + level + " ")
		if pos, ok := d.annotated(c); ok {
			fmt.Fprintf(&b, "file=%s,line=%d,", githubProperty.Replace(pos.File), pos.Line)
		}
		text := fmt.Sprintf("%c %s  %s", c.Kind, c.place(), strings.Join(lines, "\n"))
		fmt.Fprintf(&b, "title=%s::%s\n", title, githubData.Replace(text))
	}
	return b.String()
}

// annotated returns the place of the change in the new policy.
func (d Diff) annotated(c Change) (policy.Position, bool) {
	if c.Kind != Removed {
		return c.pos(), true
	}
	r := d.newRules[c.Rule.ID]
	if r == nil {
		return policy.Position{}, false
	}
	return r.Pos, true
}
