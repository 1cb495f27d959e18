package main

import (
	"fmt"
	"strings"
)

// unusedLine is a line that no request of the log used.
type unusedLine struct {
	Rule     string `json:"rule"`
	Line     int    `json:"line"`
	File     string `json:"file"`
	FileLine int    `json:"file_line"`
	Usage    string `json:"usage"`
}

func (r *replay) unused() []unusedLine {
	out := []unusedLine{}
	for _, rule := range r.snapshot.Rules() {
		for _, l := range rule.Lines {
			if !r.used[place(string(rule.ID), l.Number)] {
				out = append(out, unusedLine{string(rule.ID), l.Number, l.Pos.File, l.Pos.Line, l.Text})
			}
		}
	}
	return out
}

func (r *replay) print(a *app) error {
	if a.json() {
		changes := r.changes
		if changes == nil {
			changes = []*replayed{}
		}
		return a.printJSON(struct {
			Same         int          `json:"same"`
			NewlyAllowed int          `json:"newly_allowed"`
			NewlyDenied  int          `json:"newly_denied"`
			OtherEffect  int          `json:"other_effect"`
			NotJudged    int          `json:"not_judged"`
			Changes      []*replayed  `json:"changes"`
			Hidden       int          `json:"hidden"` // decisions that are not among changes
			Unused       []unusedLine `json:"unused"`
		}{
			r.counts[replaySame], r.counts[replayAllowed], r.counts[replayDenied], r.counts[replayEffect],
			r.counts[replayUnknown], changes, r.hidden, r.unused(),
		})
	}
	var b strings.Builder
	line := func(format string, args ...any) { b.WriteString(printable(fmt.Sprintf(format, args...)) + "\n") }
	for _, c := range r.changes {
		where := ""
		if c.Netns != "" {
			where = " in " + c.Netns
		}
		text := fmt.Sprintf("%-13s  %dx  uid %d  %s%s  was %s, now %s", c.Outcome, c.Times, c.UID, words(c.Argv), where, c.Was, c.Now)
		if c.Effect != "" {
			text += ": " + c.Effect
		}
		line("%s  (record %d)", text, c.Record)
	}
	if r.hidden > 0 {
		line("and %d more decisions", r.hidden)
	}
	for _, u := range r.unused() {
		line("unused         %s  %s:%d  %s", place(u.Rule, u.Line), u.File, u.FileLine, u.Usage)
	}
	total := 0
	for _, n := range r.counts {
		total += n
	}
	line("%d decisions: %d the same, %d newly allowed, %d newly denied, %d with another effect, %d not judged", total,
		r.counts[replaySame], r.counts[replayAllowed], r.counts[replayDenied], r.counts[replayEffect], r.counts[replayUnknown])
	return a.print("%s", b.String())
}
