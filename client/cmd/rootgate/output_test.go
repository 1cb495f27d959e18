package main

import (
	"context"
	"errors"
	"io/fs"
	"testing"

	"github.com/rootgate-project/rootgate/client"
)

func TestPrintable(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"plain", `ip link "a b" \ é 漢`, `ip link "a b" \ é 漢`},
		{"escape sequence", "a\x1b[2Jb", `a\x1b[2Jb`},
		{"line", "a\nb\tc\r", `a\nb\tc\r`},
		{"C1 control", "\u009b", `\u009b`},
		{"bidirectional", "a\u202eb", `a\u202eb`},
		{"zero width", "a\u200bb", `a\u200bb`},
		{"not UTF-8", "a\xffb", `a\xffb`},
		{"replacement character", "\ufffd", "\ufffd"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := printable(tt.in); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestWords(t *testing.T) {
	got := words([]string{"ip", "a b", "", `q"q`, "it's", `b\s`, "n\n", "é"})
	want := `ip "a b" "" "q\"q" "it's" "b\\s" "n\n" é`
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestStatusAndKind(t *testing.T) {
	for _, tt := range []struct {
		err    error
		status int
		kind   string
	}{
		{&client.Error{Kind: client.ErrInvalid}, 126, "invalid"},
		{&client.Error{Kind: client.ErrDenied}, 126, "denied"},
		{&client.Error{Kind: client.ErrPrecondition}, 126, "precondition"},
		{&client.Error{Kind: client.ErrExhausted}, 126, "exhausted"},
		{&client.Error{Kind: client.ErrTimeout}, 124, "timeout"},
		{&client.Error{Kind: client.ErrUnavailable}, 125, "unavailable"},
		{&client.Error{Kind: client.ErrAborted}, 125, "aborted"},
		{&client.Error{Kind: client.ErrNotFound}, 125, "not_found"},
		{&client.Error{Kind: client.ErrInternal}, 125, "internal"},
		{&client.Error{Kind: errors.ErrUnsupported}, 125, "unsupported"},
		{&client.Error{Kind: context.Canceled}, 125, "canceled"},
		{&client.DialError{Err: fs.ErrNotExist}, 125, "unavailable"},
		{client.ErrWaitDelay, 125, "rootgate"},
	} {
		if got := statusOf(tt.err); got != tt.status {
			t.Errorf("%v: got status %d, want %d", tt.err, got, tt.status)
		}
		if got := kindName(tt.err); got != tt.kind {
			t.Errorf("%v: got kind %q, want %q", tt.err, got, tt.kind)
		}
	}
}

// TestKnownEscape: what a refused command is known for is a line of its own, and
// a field for programs.
func TestKnownEscape(t *testing.T) {
	e := &client.Error{Kind: client.ErrDenied, ArgvIndex: -1, KnownEscape: "ip: runs\a"}
	if got := details(e, nil); got != "  known escape: ip: runs\\a\n" {
		t.Errorf("got %q", got)
	}
	if got := newJSONError(e).KnownEscape; got != e.KnownEscape {
		t.Errorf("got %q", got)
	}
}
