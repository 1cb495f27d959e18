package main

import (
	"bytes"
	"encoding/json"

	"github.com/rootgate-project/rootgate/policy"
	"github.com/rootgate-project/rootgate/policy/vet"
)

// jsonDecision is a line of its output.
type jsonDecision struct {
	Allowed    bool        `json:"allowed"`
	Rule       string      `json:"rule,omitempty"`
	Line       int         `json:"line,omitempty"`
	Reason     string      `json:"reason,omitempty"`
	ArgvIndex  int         `json:"argv_index"`
	Message    string      `json:"message,omitempty"`
	DidYouMean string      `json:"did_you_mean,omitempty"`
	Escape     string      `json:"known_escape,omitempty"`
	Guards     []jsonGuard `json:"guards"`
}

type jsonGuard struct {
	Name      string `json:"name"`
	Type      string `json:"type"`
	Value     string `json:"value"`
	ArgvIndex int    `json:"argv_index"`
	Check     string `json:"check"`
}

// jsonLineError is what a line gets that is no request.
type jsonLineError struct {
	Error     string `json:"error"`
	InputLine int    `json:"input_line"`
}

// decider decides lines. It is for one goroutine at a time.
type decider struct {
	snapshot *policy.Snapshot
	caller   *policy.Caller // nil: anybody
	out      bytes.Buffer
	enc      *json.Encoder
}

func newDecider(s *policy.Snapshot, caller *policy.Caller) *decider {
	d := &decider{snapshot: s, caller: caller}
	d.enc = json.NewEncoder(&d.out)
	d.enc.SetEscapeHTML(false)
	return d
}

// line appends what becomes of line n to the output. It reports whether that is
// a verdict.
func (d *decider) line(n int, text []byte) bool {
	verdict, err := d.verdict(text)
	if err == nil {
		err = d.enc.Encode(verdict)
	}
	if err != nil {
		// Strings and numbers have no error.
		_ = d.enc.Encode(jsonLineError{err.Error(), n})
	}
	return err == nil
}

func (d *decider) verdict(text []byte) (jsonDecision, error) {
	r, err := parseRequest(text)
	if err != nil {
		return jsonDecision{}, err
	}
	request := policy.Request{Argv: r.Argv, Env: r.Env, Cwd: r.Cwd, Netns: r.Netns, Stdin: r.Stdin}
	caller := d.caller
	if r.Caller != "" {
		c, err := parseCaller(r.Caller)
		if err != nil {
			return jsonDecision{}, err
		}
		caller = &c
	}
	var dec policy.Decision
	if caller != nil {
		dec = d.snapshot.Decide(*caller, request)
	} else {
		dec = d.snapshot.DecideForAnyone(request)
	}
	return newJSONDecision(dec), nil
}

func newJSONDecision(dec policy.Decision) jsonDecision {
	out := jsonDecision{
		Allowed: dec.Allowed(), Line: dec.Line, ArgvIndex: -1, Guards: []jsonGuard{},
		Reason: string(dec.Denial.Reason), Message: dec.Denial.Message, DidYouMean: dec.Denial.DidYouMean, Escape: dec.Denial.Escape,
	}
	if dec.Rule != nil {
		out.Rule = string(dec.Rule.ID)
	}
	if !dec.Allowed() {
		out.ArgvIndex = dec.Denial.ArgvIndex
		return out
	}
	for _, g := range vet.Guards(dec) {
		out.Guards = append(out.Guards, jsonGuard(g))
	}
	return out
}
