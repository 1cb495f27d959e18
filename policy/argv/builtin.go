package argv

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
)

// definition is a built-in type.
type definition struct {
	takes string // its parameters, as the map form writes them
	// parse reads the parameters in parentheses; nil when there are none.
	parse func(args string) (Params, error)
	make  func(name string, p Params, work *int) (*Type, error)
}

// definitions are the built-in types by name. Nothing writes to it.
var definitions = map[string]definition{
	"int":    {takes: "min max", parse: parseRange, make: makeInt},
	"re":     {takes: "re dash", parse: parseRe, make: makeRe},
	"path":   {takes: "under access kind", parse: parseRoots, make: makePath},
	"ip":     fixed("ip", func() expr { return eAlt(ip4Expr(), ip6Expr()) }),
	"ip4":    fixed("ip4", ip4Expr),
	"ip6":    fixed("ip6", ip6Expr),
	"cidr":   fixed("cidr", cidrExpr),
	"mac":    fixed("mac", macExpr),
	"port":   fixed("port", func() expr { return rangeExpr(1, 65535) }),
	"ifname": fixed("ifname", ifnameExpr),
	"netns":  fixed("netns", netnsExpr),
	// Everything that no type may refuse on its own: the union of all types.
	"any": fixedDash("any", func() expr { return eRep(eSet(runeSet{0, unicode.MaxRune}.minus(controls)), 0, -1) }),
	"str": fixed("str", func() expr { return eRep(eSet(printable()), 1, 255) }),
}

// laterTypes are names that the language keeps for types it does not have yet.
var laterTypes = []string{
	"bundle", "bytes", "command", "csv", "decimal", "duration", "enum-list",
	"fqdn", "gid", "group", "host", "pid", "size", "uid", "user", "uuid",
}

// fixed is a type without parameters, built once.
func fixed(name string, e func() expr) definition { return fixedAs(name, false, e) }

// fixedDash is fixed for a type whose values may begin with "-".
func fixedDash(name string, e func() expr) definition { return fixedAs(name, true, e) }

func fixedAs(name string, dash bool, e func() expr) definition {
	build := sync.OnceValues(func() (*Type, error) {
		work := maxTypeWork
		d, err := compileType(name, e(), dash, &work)
		if err != nil {
			return nil, err
		}
		return &Type{name: name, text: name, lex: name, dfa: d}, nil
	})
	return definition{make: func(string, Params, *int) (*Type, error) { return build() }}
}

// only refuses the parameters that are set and not in takes.
func (p Params) only(name, takes string) error {
	set := map[string]bool{
		"min": p.Min != nil, "max": p.Max != nil, "re": p.Re != "", "dash": p.Dash,
		"under": p.Under != nil, "access": p.Access != 0, "kind": p.FileKind != 0,
	}
	for _, param := range []string{"min", "max", "re", "dash", "under", "access", "kind"} {
		if set[param] && !slices.Contains(strings.Fields(takes), param) {
			if takes == "" {
				return typeErrorf("G-PARSE", name, "has no %s; it takes no parameters", param)
			}
			return typeErrorf("G-PARSE", name, "has no %s; it takes %s", param, strings.ReplaceAll(takes, " ", ", "))
		}
	}
	return nil
}

// parseRange reads lo..hi.
func parseRange(args string) (Params, error) {
	lo, hi, ok := strings.Cut(args, "..")
	if !ok {
		return Params{}, fmt.Errorf("%q is not a range, expected lo..hi", args)
	}
	var p Params
	for _, b := range []struct {
		text string
		to   **int64
	}{{lo, &p.Min}, {hi, &p.Max}} {
		n, err := strconv.ParseInt(b.text, 10, 64)
		if err != nil || strconv.FormatInt(n, 10) != b.text {
			return Params{}, fmt.Errorf("%q is not a decimal integer of 64 bits", b.text)
		}
		*b.to = &n
	}
	return p, nil
}

func makeInt(name string, p Params, work *int) (*Type, error) {
	if p.Min == nil || p.Max == nil {
		return nil, typeErrorf("T-UNBOUNDED", name, "has no range, expected int(lo..hi), or min and max")
	}
	lo, hi := *p.Min, *p.Max
	if lo > hi {
		return nil, typeErrorf("T-REGEX", name, "no value at all matches: %d is greater than %d", lo, hi)
	}
	// "-" is part of the numbers here, not the sign of an option: a range
	// with negative numbers asks for it.
	d, err := compileType(name, signedExpr(lo, hi), true, work)
	if err != nil {
		return nil, err
	}
	text := fmt.Sprintf("int(%d..%d)", lo, hi)
	return &Type{name: name, text: text, lex: text, dfa: d, params: Params{Min: &lo, Max: &hi}}, nil
}

// parseRe takes everything between the outer parentheses as the expression.
func parseRe(args string) (Params, error) {
	if args == "" {
		return Params{}, errors.New("no expression")
	}
	return Params{Re: args}, nil
}

func makeRe(name string, p Params, work *int) (*Type, error) {
	if p.Re == "" {
		return nil, typeErrorf("G-PARSE", name, "no expression, expected re(...)")
	}
	text := "re(" + p.Re + ")"
	e, err := regexpExpr(p.Re)
	if err != nil {
		return nil, typeErrorf("T-REGEX", name, "%v", err)
	}
	d, err := compileType(text, e, p.Dash, work)
	if err != nil {
		return nil, err
	}
	lex := text
	if p.Dash {
		lex += "-"
	}
	return &Type{name: name, text: text, lex: lex, dfa: d, params: Params{Re: p.Re, Dash: p.Dash}}, nil
}

// parseRoots reads a list of roots.
func parseRoots(args string) (Params, error) {
	roots := strings.Split(args, ",")
	for _, r := range roots {
		for _, c := range r {
			if !strings.ContainsRune("-+_./:*@%", c) && (c > 'z' || !unicode.IsLetter(c) && !unicode.IsDigit(c)) {
				return Params{}, fmt.Errorf("%q in %q; say it in args with under", c, r)
			}
		}
	}
	return Params{Under: roots}, nil
}

func makePath(name string, p Params, work *int) (*Type, error) {
	if len(p.Under) == 0 {
		return nil, typeErrorf("G-PARSE", name, "has no root, expected path(/dir,...), or under")
	}
	if len(p.Under) > 64 {
		return nil, typeErrorf("G-PARSE", name, "more than 64 roots")
	}
	if int(p.Access) >= len(accessNames) || int(p.FileKind) >= len(kindNames) {
		return nil, typeErrorf("G-PARSE", name, "access or kind is not one of its constants")
	}
	roots := slices.Clone(p.Under)
	slices.Sort(roots)
	roots = slices.Compact(roots)
	var alts []expr
	for _, r := range roots {
		// path.Clean knows the same canonical form: one slash between
		// components, no "." and "..", none at the end.
		if !strings.HasPrefix(r, "/") || path.Clean(r) != r || !isPrintable(r) || len(r) > MaxTokenBytes {
			return nil, typeErrorf("T-PATHRE", name, "the root %q is not an absolute canonical path", firstRunes(r, 64))
		}
		alts = append(alts, eLit(strings.TrimSuffix(r, "/")))
	}
	e := eCat(eAlt(alts...), eRep(eCat(eLit("/"), componentExpr()), 1, -1))
	if p.FileKind == KindDir {
		e = eCat(e, eRep(eLit("/"), 0, 1))
	}
	d, err := compileType(name, e, false, work)
	if err != nil {
		return nil, err
	}
	t := &Type{name: name, text: "path(" + strings.Join(roots, ",") + ")", dfa: d}
	t.lex = t.text
	if p.FileKind == KindDir {
		t.lex += "/"
	}
	t.params = Params{Under: roots, Access: p.Access, FileKind: p.FileKind}
	return t, nil
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
