package main

import (
	"bytes"
	"strconv"
	"unicode/utf16"
)

// loneSurrogate reports whether JSON text escapes half of a surrogate pair.
// encoding/json replaces it by another character, without an error.
func loneSurrogate(text []byte) bool {
	for {
		at := bytes.IndexByte(text, '\\')
		if at < 0 || at+1 == len(text) {
			return false
		}
		text = text[at:]
		r, ok := unicodeEscape(text)
		switch {
		case !ok:
			text = text[2:]
			continue
		case !utf16.IsSurrogate(r):
		default:
			low, ok := unicodeEscape(text[6:])
			if !ok || utf16.DecodeRune(r, low) == '�' {
				return true
			}
			text = text[6:]
		}
		text = text[6:]
	}
}

// unicodeEscape returns the value of the escape that text begins with.
func unicodeEscape(text []byte) (rune, bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	return rune(n), err == nil
}
