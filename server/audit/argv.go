package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"unicode/utf8"
)

// ArgvSHA256 returns the SHA-256 over argv, each token followed by a NUL byte, as
// 64 hexadecimal digits.
func ArgvSHA256(argv []string) string {
	h := sha256.New()
	for _, t := range argv {
		h.Write([]byte(t))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil))
}

// argv writes as much of argv as the limits admit and reports whether that is
// less than all.
func (e *encoder) argv(argv []string) (cut bool) {
	e.key("argv")
	e.b = append(e.b, '[')
	bytes, end := maxArgv, len(e.b)+maxArgvJSON
	for _, t := range argv {
		s := prefix(t, min(maxToken, bytes))
		room := end - len(e.b) - len(`,""`)
		if room < 0 || (s == "" && t != "") {
			cut = true
			break
		}
		var taken int
		e.comma()
		e.b, taken = appendQuoted(e.b, s, room)
		bytes -= taken
		cut = cut || taken < len(t)
	}
	e.b = append(e.b, ']')
	return cut
}

// prefix returns at most n bytes of s, cut between characters when s is UTF-8.
func prefix(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for i := n; i > 0 && i > n-utf8.UTFMax; i-- {
		if utf8.RuneStart(s[i]) {
			return s[:i]
		}
	}
	return s[:n]
}

// hash is ArgvSHA256 without allocation.
func (e *encoder) hash(argv []string) {
	e.scratch = e.scratch[:0]
	for _, t := range argv {
		e.scratch = append(append(e.scratch, t...), 0)
	}
	sum := sha256.Sum256(e.scratch)
	e.b = append(e.b, '"')
	e.b = hex.AppendEncode(e.b, sum[:])
	e.b = append(e.b, '"')
	if cap(e.scratch) > MaxRecordBytes {
		e.scratch = nil
	}
}
