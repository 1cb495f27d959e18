package main

import (
	"errors"
	"unicode/utf8"

	"github.com/rootgate-project/rootgate/client"
)

// result is what exec --output json prints. The help of exec documents it.
type result struct {
	ExitStatus      int         `json:"exit_status"`
	ExecutionID     string      `json:"execution_id,omitempty"`
	Rule            string      `json:"rule,omitempty"`
	Line            int         `json:"line,omitempty"`
	Code            *int        `json:"code,omitempty"`
	Signal          int         `json:"signal,omitempty"`
	SeccompKilled   bool        `json:"seccomp_killed,omitempty"`
	Stdout          *string     `json:"stdout,omitempty"`
	StdoutBase64    []byte      `json:"stdout_base64,omitempty"`
	Stderr          *string     `json:"stderr,omitempty"`
	StderrBase64    []byte      `json:"stderr_base64,omitempty"`
	StdoutTruncated bool        `json:"stdout_truncated"`
	StderrTruncated bool        `json:"stderr_truncated"`
	Usage           *jsonUsage  `json:"usage,omitempty"`
	Enforcement     []jsonLayer `json:"enforcement,omitempty"`
	Error           *jsonError  `json:"error,omitempty"`
}

type jsonUsage struct {
	WallNS      int64  `json:"wall_ns"`
	CPUNS       int64  `json:"cpu_ns"`
	MaxRSSBytes uint64 `json:"max_rss_bytes"`
}

type jsonLayer struct {
	Name     string `json:"name"`
	Enforced bool   `json:"enforced"`
	Detail   string `json:"detail,omitempty"`
}

// newResult describes the end of a command. p is nil when it did not start.
func newResult(status int, p *client.ProcessState, err error, stdout, stderr []byte) result {
	r := result{ExitStatus: status}
	var ended *client.ExitError
	if err != nil && !errors.As(err, &ended) {
		r.Error = newJSONError(err)
	}
	if p == nil {
		return r
	}
	r.ExecutionID, r.Rule, r.Line = p.ExecutionID(), p.Decision().Rule, p.Decision().Line
	r.Stdout, r.StdoutBase64 = textOrBytes(stdout)
	r.Stderr, r.StderrBase64 = textOrBytes(stderr)
	r.StdoutTruncated, r.StderrTruncated = p.StdoutTruncated(), p.StderrTruncated()
	if !p.Exited() && p.Signal() == 0 {
		return r // its end is not known
	}
	if p.Exited() {
		code := p.ExitCode()
		r.Code = &code
	}
	r.Signal, r.SeccompKilled = int(p.Signal()), p.SeccompKilled()
	u := p.Usage()
	r.Usage = &jsonUsage{WallNS: u.Wall.Nanoseconds(), CPUNS: u.CPU.Nanoseconds(), MaxRSSBytes: u.MaxRSS}
	for _, l := range p.Enforcement() {
		r.Enforcement = append(r.Enforcement, jsonLayer(l))
	}
	return r
}

// textOrBytes returns output as text where it is some.
func textOrBytes(p []byte) (*string, []byte) {
	if !utf8.Valid(p) {
		return nil, p
	}
	s := string(p)
	return &s, nil
}
