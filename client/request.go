package client

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/durationpb"

	rootgatev1 "github.com/rootgate-project/rootgate/proto/rootgate/v1"
)

// request checks what the wire cannot carry; every other limit is the server's.
func (c *Cmd) request() (*rootgatev1.ExecuteRequest, error) {
	for i, arg := range c.Args {
		if !utf8.ValidString(arg) {
			return nil, invalid("INVALID_ARGV", i, "argument %d is not valid UTF-8: %q", i, arg)
		}
	}
	env, err := environment(c.Env)
	if err != nil {
		return nil, err
	}
	if !utf8.ValidString(c.Dir) {
		return nil, invalid("INVALID_CWD", -1, "the directory is not valid UTF-8: %q", c.Dir)
	}
	if !utf8.ValidString(c.Netns) {
		return nil, invalid("INVALID_NETNS", -1, "the network namespace is not valid UTF-8: %q", c.Netns)
	}
	req := &rootgatev1.ExecuteRequest{Argv: c.Args, Env: env, Cwd: c.Dir, Netns: c.Netns}
	if c.Timeout < 0 {
		return nil, invalid("INVALID_TIMEOUT", -1, "the timeout is negative: %v", c.Timeout)
	}
	if c.Timeout > 0 {
		req.Timeout = durationpb.New(c.Timeout)
	}
	return req, nil
}

// environment turns "K=V" entries into a map. A name that comes twice is refused:
// which of the two a program sees differs between programs.
func environment(entries []string) (map[string]string, error) {
	if len(entries) == 0 {
		return nil, nil
	}
	env := make(map[string]string, len(entries))
	for _, entry := range entries {
		name, value, ok := strings.Cut(entry, "=")
		switch {
		case !ok || name == "":
			return nil, invalid("INVALID_ENV", -1, "environment entry %q is not NAME=VALUE", entry)
		case !utf8.ValidString(entry):
			return nil, invalid("INVALID_ENV", -1, "environment entry %q is not valid UTF-8", entry)
		}
		if _, twice := env[name]; twice {
			return nil, invalid("INVALID_ENV", -1, "environment variable %q is given twice", name)
		}
		env[name] = value
	}
	return env, nil
}

// peek returns the beginning of input that is in memory, without reading it: a
// refused request may be made again with the same Reader.
func peek(r io.Reader) []byte {
	var at io.ReaderAt
	var read, left int64
	switch r := r.(type) {
	case *bytes.Buffer:
		return bytes.Clone(r.Bytes()[:min(r.Len(), chunk)])
	case *bytes.Reader:
		at, read, left = r, r.Size()-int64(r.Len()), int64(r.Len())
	case *strings.Reader:
		at, read, left = r, r.Size()-int64(r.Len()), int64(r.Len())
	default:
		return nil
	}
	p := make([]byte, min(left, chunk))
	n, _ := at.ReadAt(p, read) // in memory: there is no error but the end
	return p[:n]
}

// skip reads what peek returned.
func skip(r io.Reader, n int) {
	if n > 0 {
		_, _ = io.CopyN(io.Discard, r, int64(n)) // in memory, as above
	}
}

func invalid(reason string, argvIndex int, format string, args ...any) *Error {
	return &Error{Kind: ErrInvalid, Reason: reason, ArgvIndex: argvIndex, Message: fmt.Sprintf(format, args...)}
}
