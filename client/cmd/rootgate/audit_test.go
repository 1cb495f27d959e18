package main

import (
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rootgate-project/rootgate/server/audit"
)

// writeAuditLog is the script command
//
//	auditlog DIR
//
// which writes a log of a few records and sets $HEAD.
func writeAuditLog(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: auditlog DIR")
	}
	w, err := audit.Open(ts.MkAbs(args[0]), audit.Options{
		Now:     func() time.Time { return time.Unix(1_700_000_000, 123e6) },
		MinFree: 1,
	})
	ts.Check(err)
	caller := &audit.Caller{UID: 1000, GID: 1000, PID: 4}
	for _, r := range []audit.Record{
		{Type: audit.TypeStart, Version: "1.2.3"},
		{Type: audit.TypeReload, PolicyGeneration: 1, Message: "3 rules"},
		{
			Type: audit.TypeDeny, Caller: caller, Rule: "net.ip", Line: 3, Reason: "NO_RULE", ExecutionID: "exec-0",
			Request: &audit.Request{Argv: []string{"ip", "\x1b[2J", "a b", ""}, Netns: "left", ArgvIndex: 1},
		},
		{
			Type: audit.TypeIntent, Caller: caller, Rule: "net.ip", Line: 1, ExecutionID: "exec-1",
			Request: &audit.Request{Argv: []string{"ip", "link"}, ArgvIndex: -1},
			Launch:  &audit.Launch{Program: "/usr/sbin/ip", UID: 65534, GID: 65534, Caps: []string{"net_admin"}},
		},
		{Type: audit.TypeEnd, ExecutionID: "exec-1", Outcome: &audit.Outcome{Code: 3, WallNS: 1_500_000, StdoutBytes: 7}},
		{Type: audit.TypeIntent, Caller: caller, Rule: "net.ip", Line: 1, ExecutionID: "exec-2"},
		{Type: audit.TypeEnd, ExecutionID: "exec-2", Outcome: &audit.Outcome{Code: -1, Signal: 9, EndedBy: "timeout"}},
		{Type: audit.TypeIntent, Caller: caller, ExecutionID: "exec-3"},
		{Type: audit.TypeEnd, ExecutionID: "exec-3", Outcome: &audit.Outcome{Code: -1, Signal: 31, SeccompKilled: true}},
		{Type: audit.TypeIntent, Caller: caller, ExecutionID: "exec-4"},
		{Type: audit.TypeEnd, ExecutionID: "exec-4", Outcome: &audit.Outcome{Code: -1, LaunchError: "execveat: no such file"}},
		{Type: audit.TypeSuppressed, Caller: caller, Count: 12},
		{Type: audit.TypeIntent, Caller: caller, ExecutionID: "exec-5"},
	} {
		_, err := w.Append(&r)
		ts.Check(err)
	}
	_, head := w.Head()
	ts.Setenv("HEAD", head)
	ts.Check(w.Close())
}
