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

// appendArgv writes as much of argv as the limits admit and reports whether that
// is less than all.
func appendArgv(b []byte, argv []string) (out []byte, cut bool) {
	b = append(appendKey(b, `"argv":`), '[')
	bytes, end := maxArgv, len(b)+maxArgvJSON
	for _, t := range argv {
		s := prefix(t, min(maxToken, bytes))
		room := end - len(b) - len(`,""`)
		if room < 0 || (s == "" && t != "") {
			cut = true
			break
		}
		var taken int
		b, taken = appendQuoted(comma(b), s, room)
		bytes -= taken
		cut = cut || taken < len(t)
	}
	return append(b, ']'), cut
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

// appendArgvHash is ArgvSHA256 without allocation: what is hashed stands behind b
// for a moment.
func appendArgvHash(b []byte, argv []string) []byte {
	end := len(b)
	for _, t := range argv {
		b = append(append(b, t...), 0)
	}
	sum := sha256.Sum256(b[end:])
	b = append(b[:end], '"')
	b = hex.AppendEncode(b, sum[:])
	return append(b, '"')
}
