package audit

import (
	"math"
	"unicode"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// plain holds the ASCII bytes that stand for themselves in a JSON string.
var plain = func() (t [utf8.RuneSelf]bool) {
	for c := 0x20; c < 0x7f; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}()

// AppendQuoted appends s as a JSON string that is safe to print on a terminal.
//
// Everything that Unicode does not call printable is written as a \u escape:
// control characters, DEL, C1, line and paragraph separators, all format
// characters (bidirectional controls, zero width, byte order mark) and spaces
// other than U+0020. A JSON decoder gives s back. The one exception are bytes that
// are not UTF-8: each becomes the escape \ufffd, while a U+FFFD of s itself is
// written raw; argv_sha256 holds the truth for arguments.
func AppendQuoted(b []byte, s string) []byte {
	b, _ = appendQuoted(b, s, math.MaxInt)
	return b
}

// appendQuoted writes at most limit bytes between the quotes and returns how many
// bytes of s that took. It never cuts within a character or an escape.
func appendQuoted(b []byte, s string, limit int) (out []byte, taken int) {
	b = append(b, '"')
	end := len(b) + min(limit, math.MaxInt-len(b))
	for taken < len(s) {
		run := taken
		for run < len(s) && s[run] < utf8.RuneSelf && plain[s[run]] {
			run++
		}
		if run > taken {
			run = min(run, taken+end-len(b))
			b = append(b, s[taken:run]...)
			if run == taken {
				break
			}
			taken = run
			continue
		}
		var esc [12]byte
		e, size := appendSpecial(esc[:0], s[taken:])
		if len(b)+len(e) > end {
			break
		}
		b = append(b, e...)
		taken += size
	}
	return append(b, '"'), taken
}

// appendSpecial writes the first character of s, which is not plain, and returns
// its size in s.
func appendSpecial(b []byte, s string) ([]byte, int) {
	switch c := s[0]; c {
	case '"', '\\':
		return append(b, '\\', c), 1
	case '\n':
		return append(b, '\\', 'n'), 1
	case '\r':
		return append(b, '\\', 'r'), 1
	case '\t':
		return append(b, '\\', 't'), 1
	}
	r, size := utf8.DecodeRuneInString(s)
	switch {
	case r == utf8.RuneError && size == 1:
		return append(b, `\ufffd`...), 1
	case unicode.IsPrint(r):
		return append(b, s[:size]...), size
	case r > 0xffff:
		// RFC 8259 section 7: two escapes, a UTF-16 surrogate pair.
		r -= 0x10000
		return appendEscape(appendEscape(b, 0xd800+r>>10), 0xdc00+r&0x3ff), size
	default:
		return appendEscape(b, r), size
	}
}

func appendEscape(b []byte, r rune) []byte {
	return append(b, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}
