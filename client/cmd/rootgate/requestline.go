package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"
)

// jsonRequest is a line of the input of policy decide.
type jsonRequest struct {
	Argv   []string
	Env    map[string]string
	Cwd    string
	Netns  string
	Stdin  bool
	Caller string
}

// maxKeys bounds the fields of an object: no policy takes as many variables.
const maxKeys = 256

// requestReader reads the JSON text of one request. It is stricter than
// encoding/json, and several times as fast: a field is known by its exact name
// and stands once, and no byte is replaced by another.
type requestReader struct {
	text []byte
	at   int
}

// parseRequest reads one request: an object of known fields, and nothing else.
func parseRequest(text []byte) (r jsonRequest, err error) {
	if !utf8.Valid(text) {
		return r, errors.New("not a request: not valid UTF-8")
	}
	x := requestReader{text: text}
	if err = x.object(func(key string) error { return x.field(&r, key) }); err == nil && x.peek() != 0 {
		err = x.expected("the end of the line")
	}
	if err == nil && r.Argv == nil {
		err = errors.New("no argv")
	}
	if err != nil {
		return jsonRequest{}, fmt.Errorf("not a request: %w", err)
	}
	return r, nil
}

// field reads the value of a field, behind its colon.
func (x *requestReader) field(r *jsonRequest, key string) (err error) {
	switch key {
	case "argv":
		r.Argv = []string{}
		return x.array(func() error {
			s, err := x.string()
			r.Argv = append(r.Argv, s)
			return err
		})
	case "env":
		r.Env = map[string]string{}
		return x.object(func(name string) (err error) {
			r.Env[name], err = x.string()
			return err
		})
	case "cwd":
		r.Cwd, err = x.string()
	case "netns":
		r.Netns, err = x.string()
	case "caller":
		r.Caller, err = x.string()
	case "stdin":
		r.Stdin, err = x.boolean()
	default:
		return fmt.Errorf("unknown field %q", key)
	}
	return err
}

// peek returns the next byte that is no white space, or 0 at the end.
func (x *requestReader) peek() byte {
	for ; x.at < len(x.text); x.at++ {
		switch c := x.text[x.at]; c {
		case ' ', '\t', '\r', '\n':
		case 0:
			return 1 // no JSON text holds either
		default:
			return c
		}
	}
	return 0
}

func (x *requestReader) expected(what string) error {
	return fmt.Errorf("expected %s at byte %d", what, x.at+1)
}

// take reads the byte c.
func (x *requestReader) take(c byte) error {
	if x.peek() != c {
		return x.expected(string(rune(c)))
	}
	x.at++
	return nil
}

// more reports whether another element follows the comma, after the first, or
// reads what ends the list.
func (x *requestReader) more(end byte, first *bool) (bool, error) {
	if x.peek() == end {
		x.at++
		return false, nil
	}
	if *first {
		*first = false
		return true, nil
	}
	return true, x.take(',')
}

func (x *requestReader) array(value func() error) error {
	if err := x.take('['); err != nil {
		return err
	}
	for first := true; ; {
		if more, err := x.more(']', &first); err != nil || !more {
			return err
		}
		if err := value(); err != nil {
			return err
		}
	}
}

func (x *requestReader) object(value func(key string) error) error {
	if err := x.take('{'); err != nil {
		return err
	}
	var keys []string
	for first := true; ; {
		if more, err := x.more('}', &first); err != nil || !more {
			return err
		}
		key, err := x.string()
		if err != nil {
			return err
		}
		if len(keys) == maxKeys {
			return fmt.Errorf("more than %d fields", maxKeys)
		}
		if slices.Contains(keys, key) {
			return fmt.Errorf("the field %q stands twice", key)
		}
		keys = append(keys, key)
		if err := x.take(':'); err != nil {
			return err
		}
		if err := value(key); err != nil {
			return err
		}
	}
}

func (x *requestReader) boolean() (bool, error) {
	x.peek()
	for _, word := range []string{"true", "false"} {
		if bytes.HasPrefix(x.text[x.at:], []byte(word)) {
			x.at += len(word)
			return word == "true", nil
		}
	}
	return false, x.expected("true or false")
}

// string reads a string. One with escapes is left to encoding/json.
func (x *requestReader) string() (string, error) {
	if err := x.take('"'); err != nil {
		return "", x.expected("a string")
	}
	first := x.at
	for escaped := false; x.at < len(x.text); x.at++ {
		switch c := x.text[x.at]; {
		case c == '\\':
			escaped = true
			x.at++ // whatever stands behind it ends no string
		case c == '"' && !escaped:
			x.at++
			return string(x.text[first : x.at-1]), nil
		case c == '"':
			x.at++
			literal := x.text[first-1 : x.at]
			if loneSurrogate(literal) {
				return "", errors.New("half of a surrogate pair is no character")
			}
			var s string
			if err := json.Unmarshal(literal, &s); err != nil {
				return "", err
			}
			return s, nil
		case c < 0x20:
			return "", x.expected("a printable character")
		}
	}
	return "", x.expected("the end of a string")
}
