package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/rootgate-project/rootgate/client"
)

// print writes to standard output. A failure to do so is rootgate's own trouble.
func (a *app) print(format string, args ...any) error {
	return wrote(fmt.Fprintf(a.stdout, format, args...))
}

func wrote(_ int, err error) error {
	if err != nil {
		return &exit{status: statusTrouble, err: err}
	}
	return nil
}

// printJSON writes v as one indented object.
func (a *app) printJSON(v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return &exit{status: statusTrouble, err: err}
	}
	return wrote(a.stdout.Write(b.Bytes()))
}

// message is a message of the protocol as JSON, with the names of its fields as
// they stand in the protocol.
func message(m proto.Message) (json.RawMessage, error) {
	text, err := protojson.MarshalOptions{UseProtoNames: true, EmitUnpopulated: true}.Marshal(m)
	return text, err // its random spaces go away when it is indented
}

// printMessage prints a message of the protocol as JSON.
func (a *app) printMessage(m proto.Message) error {
	raw, err := message(m)
	if err != nil {
		return &exit{status: statusTrouble, err: err}
	}
	return a.printJSON(raw)
}

// printMessages prints messages as {name: [...]}.
func printMessages[M proto.Message](a *app, name string, list []M) error {
	raw := make([]json.RawMessage, len(list))
	for i, m := range list {
		var err error
		if raw[i], err = message(m); err != nil {
			return &exit{status: statusTrouble, err: err}
		}
	}
	return a.printJSON(map[string]any{name: raw})
}

// report tells why the run failed: for a program on standard output, for a person
// on standard error.
func (a *app) report(status int, err error) {
	if a.json() {
		_ = a.printJSON(struct {
			ExitStatus int        `json:"exit_status"`
			Error      *jsonError `json:"error"`
		}{status, newJSONError(err)})
		return
	}
	var refused *client.Error
	errors.As(err, &refused)
	_, _ = io.WriteString(a.stderr, "rootgate: "+printable(err.Error())+"\n"+details(refused, nil))
}

// details are the lines below a refusal of argv.
func details(e *client.Error, argv []string) string {
	if e == nil {
		return ""
	}
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, "  "+format+"\n", args...) }
	// The policy's own sentences say where and what already.
	switch {
	case e.ArgvIndex < 0 || argv == nil || strings.Contains(e.Message, "argv["):
	case e.ArgvIndex < len(argv):
		line("at: argv[%d] %q", e.ArgvIndex, argv[e.ArgvIndex])
	default:
		line("at: the end of the arguments")
	}
	if e.Expected != "" && !strings.Contains(e.Message, "expected") {
		line("expected: %s", printable(e.Expected))
	}
	if e.DidYouMean != "" {
		line("did you mean: %s", printable(e.DidYouMean))
	}
	if e.KnownEscape != "" {
		line("known escape: %s", printable(e.KnownEscape))
	}
	for _, v := range e.Violations {
		if v.Description != e.Message {
			line("%s: %s", printable(v.Subject), printable(v.Description))
		}
	}
	if e.Rule != "" {
		line("rule: %s", place(e.Rule, e.Line))
	}
	if e.RetryAfter > 0 {
		line("try again in: %v", e.RetryAfter)
	}
	if e.ExecutionID != "" {
		line("execution: %s", printable(e.ExecutionID))
	}
	return b.String()
}

// place names a line of a rule.
func place(rule string, line int) string {
	if line == 0 {
		return printable(rule)
	}
	return printable(rule) + ":" + strconv.Itoa(line)
}

// printable makes text that others wrote safe for a terminal: what is no
// printable character appears as an escape.
func printable(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if strconv.IsPrint(r) && (r != utf8.RuneError || size > 1) {
			b.WriteString(s[i : i+size])
		} else {
			quoted := strconv.Quote(s[i : i+size])
			b.WriteString(quoted[1 : len(quoted)-1])
		}
		i += size
	}
	return b.String()
}

// printableLines is printable for text of several lines.
func printableLines(s string) string {
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	for i := range lines {
		lines[i] = printable(lines[i])
	}
	return strings.Join(lines, "\n") + "\n"
}

// words shows an argument vector so that its arguments can be told apart.
func words(argv []string) string {
	shown := make([]string, len(argv))
	for i, arg := range argv {
		shown[i] = arg
		if arg == "" || printable(arg) != arg || strings.ContainsAny(arg, " \"'\\") {
			shown[i] = strconv.Quote(arg)
		}
	}
	return strings.Join(shown, " ")
}
