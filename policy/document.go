package policy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

// The bounds of one file.
const (
	maxFileBytes = 1 << 20
	maxDepth     = 32
)

// document is one policy file while it is read.
type document struct {
	*loading
	src  *source
	rule RuleID            // of the rule that is being read, for findings
	vars map[string]string // of the file, by name
}

// report adds a finding at a place of the file.
func (d *document) report(sev Severity, line, column int, id, format string, args ...any) {
	// A finding that will not be shown is counted and costs nothing: an excerpt
	// of a line of a megabyte, once a key, would take minutes.
	if d.out.full(sev) {
		if !d.out.waive(d.rule, sev, id) {
			d.out.counts[sev]++
		}
		return
	}
	d.out.add(d.finding(sev, line, column, id, format, args...))
}

func (d *document) finding(sev Severity, line, column int, id, format string, args ...any) Finding {
	return Finding{
		ID: id, Severity: sev, File: d.src.name, Line: line, Column: column, Rule: d.rule,
		Message: fmt.Sprintf(format, args...), Excerpt: d.src.excerpt(line, column),
	}
}

// reportAt adds a finding at a place that may be of another file: what a rule
// has by a profile that its file uses is written there.
func (d *document) reportAt(sev Severity, pos Position, id, format string, args ...any) {
	there := *d
	if src := d.sources[pos.File]; src != nil {
		there.src = src
	}
	there.report(sev, pos.Line, pos.Column, id, format, args...)
}

// fail adds an error at a node.
func (d *document) fail(n *yaml.Node, id, format string, args ...any) {
	d.report(SeverityError, n.Line, n.Column, id, format, args...)
}

func (d *document) pos(n *yaml.Node) Position {
	return Position{File: d.src.name, Line: n.Line, Column: n.Column}
}

// parse reads the one YAML document of a file and refuses everything that could
// make a person and the program read it differently. It returns nil after a
// finding.
func (d *document) parse(data []byte) *yaml.Node {
	switch {
	case len(data) > maxFileBytes:
		d.report(SeverityError, 0, 0, "F-LIMIT", "the file has %d bytes, the limit is %d", len(data), maxFileBytes)
		return nil
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		d.report(SeverityError, 1, 1, "F-SYNTAX", "the file begins with a byte order mark; remove it")
		return nil
	}
	if line, column, what := deceptive(data); what != "" {
		d.report(SeverityError, line, column, "F-SYNTAX", "%s is not allowed in a policy", what)
		return nil
	}
	root, err := decodeYAML(data)
	if err != nil {
		line, column, msg := yamlError(err)
		d.report(SeverityError, line, column, "F-SYNTAX", "%s", msg)
		return nil
	}
	before := d.out.counts[SeverityError]
	d.strict(root, 0)
	if d.out.counts[SeverityError] > before {
		return nil
	}
	return root
}

// deceptive finds the first place that editors, terminals and YAML readers show
// or count in different ways: bytes that are not UTF-8, control characters, line
// ends other than a newline, and characters that turn the direction of text
// around (CVE-2021-42574).
func deceptive(data []byte) (line, column int, what string) {
	line, column = 1, 1
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		i += size
		switch {
		case r == utf8.RuneError && size == 1:
			return line, column, "a byte that is not UTF-8"
		case r == '\n':
			line, column = line+1, 0
		case r == '\r' && i < len(data) && data[i] == '\n':
		case r < ' ' && r != '\t', r >= 0x7f && r < 0xa0, r == 0x2028, r == 0x2029,
			r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
			return line, column, fmt.Sprintf("the character %U", r)
		}
		column++
	}
	return 0, 0, ""
}

// errSecondDocument refuses what a reader would have to scroll for.
var errSecondDocument = errors.New("a second YAML document; a policy file holds one")

// decodeYAML returns the root node of the only document. The decoder is foreign
// code on untrusted bytes: a panic of it is an error of the file.
func decodeYAML(data []byte) (root *yaml.Node, err error) {
	defer func() {
		if p := recover(); p != nil {
			root, err = nil, fmt.Errorf("the YAML decoder gave up: %v", p)
		}
	}()
	loader, err := yaml.NewLoader(bytes.NewReader(data),
		yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(maxDepth))))
	if err != nil {
		return nil, err
	}
	var doc, second yaml.Node
	switch err := loader.Load(&doc); {
	case errors.Is(err, io.EOF):
		return nil, errors.New("the file is empty; expected \"version: 1\"")
	case err != nil:
		return nil, err
	case len(doc.Content) != 1:
		return nil, errors.New("expected one YAML document")
	}
	switch err := loader.Load(&second); {
	case errors.Is(err, io.EOF):
		return doc.Content[0], nil
	case err != nil:
		return nil, err
	}
	return nil, &documentError{line: second.Line, err: errSecondDocument}
}

// documentError is an error of our own with a place.
type documentError struct {
	line int
	err  error
}

func (e *documentError) Error() string { return e.err.Error() }

// yamlError returns the place and the words of a decoder's error.
func yamlError(err error) (line, column int, msg string) {
	if e, ok := errors.AsType[*documentError](err); ok {
		return e.line, 1, e.Error()
	}
	if e, ok := errors.AsType[*yaml.LoadError](err); ok {
		msg = e.Message
		if e.ContextMsg != "" && e.ContextMark.Line > 0 && e.ContextMark != e.Mark {
			msg += fmt.Sprintf(", %s that begins at %d:%d", e.ContextMsg, e.ContextMark.Line, e.ContextMark.Column)
		}
		return e.Mark.Line, e.Mark.Column, msg
	}
	return 0, 0, err.Error()
}
