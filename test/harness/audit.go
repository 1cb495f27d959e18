package harness

import (
	"errors"
	"io"
	"slices"

	rootgatev1 "github.com/rootgate-project/rootgate/proto/rootgate/v1"
	"github.com/rootgate-project/rootgate/server/audit"
)

// Records returns what the audit log holds.
func (s *Server) Records() []audit.Record {
	s.t.Helper()
	r, err := audit.OpenReader(s.Audit())
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	var out []audit.Record
	for {
		e, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			s.t.Fatal(err)
		}
		out = append(out, e.Record)
	}
}

// Find returns the records of a type, oldest first.
func (s *Server) Find(kind audit.Type) []audit.Record {
	s.t.Helper()
	return slices.DeleteFunc(s.Records(), func(r audit.Record) bool { return r.Type != kind })
}

// Status returns what the server says of itself to root.
func (s *Server) Status() *rootgatev1.GetStatusResponse {
	s.t.Helper()
	c, err := s.Dial(Root)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	st, err := c.Status(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return st
}

// checkAudit holds a finished log to what must be true of every one: it
// verifies, and each command has its INTENT before its one END.
func (s *Server) checkAudit() {
	s.t.Helper()
	report, err := audit.Verify(s.Audit(), audit.VerifyOptions{})
	if err != nil || !report.Intact() || len(report.Open) > 0 {
		s.t.Errorf("audit log: got %v, %v, want it intact and nothing open", report, err)
	}
	begun := map[string]bool{}
	for _, r := range s.Records() {
		switch r.Type {
		case audit.TypeIntent:
			if begun[r.ExecutionID] {
				s.t.Errorf("execution %s: got a second INTENT, want one", r.ExecutionID)
			}
			begun[r.ExecutionID] = true
		case audit.TypeEnd:
			if !begun[r.ExecutionID] {
				s.t.Errorf("execution %s: got END, want INTENT before it and no other END", r.ExecutionID)
			}
			begun[r.ExecutionID] = false
		default:
		}
	}
}
