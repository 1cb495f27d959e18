package argv

import (
	"path"
	"strings"
	"unicode"
)

// maxBelow is the largest depth of a path: what fits in a token.
const maxBelow = 64

// parseRoots reads a list of roots.
func parseRoots(args string) (Params, error) {
	roots, err := elements(args)
	return Params{Under: roots}, err
}

func pathLanguage(name string, p *Params) (language, error) {
	if err := checkPath(name, p); err != nil {
		return language{}, err
	}
	var alts []expr
	for _, r := range p.Under {
		// path.Clean knows the same canonical form: one slash between
		// components, no "." and "..", none at the end.
		if !strings.HasPrefix(r, "/") || path.Clean(r) != r || !isPrintable(r) || len(r) > MaxTokenBytes {
			return language{}, typeErrorf("T-PATHRE", name, "the root %q is not an absolute canonical path", firstRunes(r, 64))
		}
		alts = append(alts, eLit(strings.TrimSuffix(r, "/")))
	}
	most := -1
	if p.Depth > 0 {
		most = p.Depth
	}
	e := eCat(eAlt(alts...), eRep(eCat(eLit("/"), componentExpr()), 1, most))
	if p.FileKind == KindDir {
		e = eCat(e, eRep(eLit("/"), 0, 1))
	}
	return language{short: name + "(" + strings.Join(p.Under, ",") + ")", all: []expr{e}}, nil
}

// checkPath holds the constraints of a path to their bounds.
func checkPath(name string, p *Params) error {
	switch {
	case len(p.Under) == 0:
		return typeErrorf("G-PARSE", name, "has no root, expected path(/dir,...), or under")
	case len(p.Under) > maxAlternatives:
		return typeErrorf("G-PARSE", name, "more than %d roots", maxAlternatives)
	case int(p.Access) >= len(accessNames) || int(p.FileKind) >= len(kindNames):
		return typeErrorf("G-PARSE", name, "access or kind is not one of its constants")
	case p.Depth < 0 || p.Depth > maxBelow:
		return typeErrorf("G-PARSE", name, "depth is %d, expected 1 to %d", p.Depth, maxBelow)
	case p.Create && p.Access != AccessWrite:
		return typeErrorf("G-PARSE", name, "create needs access: write")
	case p.LinkKind != "":
		return typeErrorf("G-PARSE", name, "has no kind %q", firstRunes(p.LinkKind, 64))
	}
	return checkOwners(name, p.Owner)
}

// checkOwners holds the accounts of an owner to their form.
func checkOwners(name string, owners []string) error {
	if len(owners) > maxAlternatives {
		return typeErrorf("G-PARSE", name, "more than %d owners", maxAlternatives)
	}
	for _, o := range owners {
		if !isAccountName(o) {
			return typeErrorf("G-PARSE", name, "the owner %q is neither the name of an account nor a number", firstRunes(o, 64))
		}
	}
	return nil
}

// isPrintable reports whether s is valid UTF-8 and printable.
func isPrintable(s string) bool {
	for i, r := range s {
		if !printable().has(r) || r == unicode.ReplacementChar && s[i] != 0xef {
			return false
		}
	}
	return true
}
