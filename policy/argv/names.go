package argv

// uuidExpr is 8-4-4-4-12 hexadecimal digits (RFC 9562, section 4).
func uuidExpr() expr {
	hex := eChars("0-9a-fA-F")
	four := eCat(eLit("-"), eRep(hex, 4, 4))
	return eCat(eRep(hex, 8, 8), eRep(four, 3, 3), eLit("-"), eRep(hex, 12, 12))
}

// nameExpr is the names of hosts (RFC 1123, section 2.1) with at least so many
// labels of letters, digits and inner hyphens. The last begins with a letter:
// inet_aton(3) reads 2130706433, 127.1 and 0x7f.1 as addresses. That a label
// has at most 63 bytes is not held to: such a name leads nowhere, and a counter
// beside that of the whole length multiplies the automaton.
func nameExpr(labels int) expr {
	rest := eRep(eCat(eRep(eLit("-"), 0, -1), eChars("a-zA-Z0-9")), 0, -1)
	label := eCat(eChars("a-zA-Z0-9"), rest)
	return eCat(eRep(eCat(label, eLit(".")), labels-1, -1), eChars("a-zA-Z"), rest)
}

// nameLength is any text as long as the name of a host may be.
func nameLength() expr { return eRep(eSet(span('!', '~')), 1, 253) }

// foldExpr is s in any case of its ASCII letters.
func foldExpr(s string) expr {
	var subs []expr
	for _, r := range s {
		pairs := []rune{r, r}
		if lower := r | 0x20; 'a' <= lower && lower <= 'z' {
			pairs = []rune{lower, lower, lower ^ 0x20, lower ^ 0x20}
		}
		subs = append(subs, eSet(norm(pairs)))
	}
	return eCat(subs...)
}

// accountExpr is a portable name (POSIX.1-2024, 3.426) that is no number and
// no option: useradd(8) and groupadd(8) make no others.
func accountExpr() expr {
	return eCat(eChars("A-Za-z_"), eRep(eChars("A-Za-z0-9._-"), 0, 31))
}

// maxAccount is the largest id: 4294967295 is "unchanged" to setresuid(2) and
// chown(2) (CVE-2019-14287).
const maxAccount = 1<<32 - 2

// isAccount reports whether the values of the type name are accounts.
func isAccount(name string) bool {
	return name == "user" || name == "group" || name == "uid" || name == "gid"
}

// isAccountName reports whether s may name an account in a constraint: a
// portable name, or a number of at most 10 digits.
func isAccountName(s string) bool {
	if s == "" || len(s) > 32 {
		return false
	}
	digits := true
	for i := range len(s) {
		c := s[i]
		digit := '0' <= c && c <= '9'
		letter := 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_'
		if !digit && !letter && (i == 0 || c != '.' && c != '-') {
			return false
		}
		digits = digits && digit
	}
	if !digits {
		return s[0] < '0' || s[0] > '9'
	}
	return len(s) <= 10 && (s == "0" || s[0] != '0') && (len(s) < 10 || s <= "4294967294")
}
