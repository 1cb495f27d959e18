package main

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rootgate-project/rootgate/server/audit"
)

// writeRecords is the script command
//
//	auditrecords FILE DIR
//
// which writes a log of the records in a file, one JSON object a line.
func writeRecords(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: auditrecords FILE DIR")
	}
	w, err := audit.Open(ts.MkAbs(args[1]), audit.Options{
		Now:     func() time.Time { return time.Unix(1_700_000_000, 0) },
		MinFree: 1,
	})
	ts.Check(err)
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		var r audit.Record
		ts.Check(json.Unmarshal([]byte(line), &r))
		_, err := w.Append(&r)
		ts.Check(err)
	}
	ts.Check(w.Close())
}
