package argv

import (
	"errors"
	"math"
	"net/netip"
	"strings"
	"sync"
	"unicode"
)

// definition is a built-in type.
type definition struct {
	takes string // its constraints, as the map form writes them
	// parse reads the parameters in parentheses; nil when there are none.
	parse func(args string) (Params, error)
	// plain is the automaton of a type whose language no constraint but under
	// and except changes, built once.
	plain func() (*dfa, error)
	// language returns the values of any other. It may complete p.
	language func(name string, p *Params) (language, error)
}

// definitions are the built-in types by name. Nothing writes to it.
var definitions = map[string]definition{
	"int":       ranged("int", math.MinInt64, math.MaxInt64, signedExpr),
	"decimal":   ranged("decimal", -math.MaxInt64, math.MaxInt64, decimalExpr),
	"size":      ranged("size", 0, math.MaxInt64, sizeExpr),
	"duration":  ranged("duration", 0, maxDuration, durationExpr),
	"re":        {takes: "re dash except", parse: parseRe, language: reLanguage},
	"path":      {takes: "under access kind owner create depth bind except", parse: parseRoots, language: pathLanguage},
	"ip":        address("ip", netExpr),
	"ip4":       address("ip4", netExpr),
	"ip6":       address("ip6", netExpr),
	"cidr":      address("cidr", cidrNetExpr),
	"mac":       fixed("mac", "except", macExpr),
	"uuid":      fixed("uuid", "except", uuidExpr),
	"port":      fixed("port", "except", func() expr { return rangeExpr(1, 65535) }),
	"pid":       fixed("pid", "exe unit owner except", func() expr { return rangeExpr(2, 4194304) }),
	"host":      host(),
	"fqdn":      fixed("fqdn", "except", func() expr { return nameExpr(2) }, nameLength),
	"ifname":    fixed("ifname", "exists kind except", ifnameExpr),
	"netns":     fixed("netns", "except", netnsExpr),
	"user":      {takes: "in_group min max allow_root", language: accountLanguage},
	"group":     {takes: "min max allow_root", language: accountLanguage},
	"uid":       {takes: "in_group min max allow_root except", language: accountLanguage},
	"gid":       {takes: "min max allow_root except", language: accountLanguage},
	"enum-list": {takes: "items", parse: parseItems, language: enumLanguage},
	"csv":       {takes: "of", language: csvLanguage},
	"bundle":    {takes: "letters", parse: parseLetters, language: bundleLanguage},
	"str":       fixed("str", "except", func() expr { return eRep(eSet(printable()), 1, 255) }),
	// Everything that no type may refuse on its own: the union of all types.
	"any": anyType(),
}

// ranged is a type of numbers with bounds.
func ranged(name string, least, most int64, e func(lo, hi int64) expr) definition {
	return definition{
		takes: "min max except",
		parse: func(args string) (Params, error) { return parseRangeOf(name, args) },
		language: func(name string, p *Params) (language, error) {
			if name == "int" || name == "decimal" {
				if p.Min == nil || p.Max == nil {
					return language{}, typeErrorf("T-UNBOUNDED", name, "has no range, expected %s(lo..hi), or min and max", name)
				}
			}
			lo, hi, err := p.ordered(name, least, most)
			if err != nil {
				return language{}, err
			}
			l := language{short: name, all: []expr{e(lo, hi)}, dash: true}
			if p.Min != nil || p.Max != nil {
				p.Min, p.Max = &lo, &hi
				l.short += "(" + FormatBound(name, lo) + ".." + FormatBound(name, hi) + ")"
			}
			// "-" is part of the numbers here, not the sign of an option: a range
			// with negative numbers asks for it.
			return l, nil
		},
	}
}

// fixed is a type whose constraints are a guard's, but for except. A value is
// in all of the expressions.
func fixed(name, takes string, all ...func() expr) definition {
	l := func() language {
		l := language{short: name}
		for _, e := range all {
			l.all = append(l.all, e())
		}
		return l
	}
	return definition{
		takes: takes,
		plain: plain(name, l),
	}
}

// plain builds the automaton of a type without constraints once.
func plain(name string, l func() language) func() (*dfa, error) {
	return sync.OnceValues(func() (*dfa, error) {
		work := maxTypeWork
		return l().compile(name, &work)
	})
}

// host is a name or an address. Their automata are joined, not their
// expressions: the length of a name would be counted for addresses as well.
func host() definition {
	names := fixed("host", "", func() expr { return nameExpr(1) }, nameLength).plain
	addresses := address("ip", netExpr).plain
	return definition{takes: "except", plain: plain("host", func() language {
		return language{nfa: func(n *nfa, from int32, _ *int) (int32, error) {
			parts := []func() (*dfa, error){names, addresses}
			return n.alt(from, len(parts), func(from int32, i int) (int32, error) {
				d, err := parts[i]()
				if err != nil {
					return 0, err
				}
				return n.dfa(from, d)
			})
		}}
	})}
}

func anyType() definition {
	return definition{plain: plain("any", func() language {
		return language{all: []expr{eRep(eSet(runeSet{0, unicode.MaxRune}.minus(controls)), 0, -1)}, dash: true}
	})}
}

// address is a type of addresses or networks; one is the values in a network.
func address(name string, one func(netip.Prefix) expr) definition {
	make := func(name string, p *Params) (language, error) {
		nets, err := addressNets(name, p)
		if err != nil {
			return language{}, err
		}
		l := language{short: name}
		if p.Under != nil {
			l.short += "(" + strings.Join(p.Under, ",") + ")"
		}
		// Each by itself first: a network has many spellings, and what is left of
		// them in its automaton is little.
		l.nfa = func(n *nfa, from int32, work *int) (int32, error) {
			return n.alt(from, len(nets), func(from int32, i int) (int32, error) {
				d, err := language{all: []expr{one(nets[i])}}.compile(name, work)
				if err != nil {
					return 0, err
				}
				return n.dfa(from, d)
			})
		}
		return l, nil
	}
	return definition{
		takes:    "under except",
		parse:    func(args string) (Params, error) { return Params{Under: strings.Split(args, ",")}, nil },
		language: make,
		plain: plain(name, func() language {
			// There is nothing in the constraints to be wrong.
			l, _ := make(name, &Params{})
			return l
		}),
	}
}

// parseRe takes everything between the outer parentheses as the expression.
func parseRe(args string) (Params, error) {
	if args == "" {
		return Params{}, errors.New("no expression")
	}
	return Params{Re: args}, nil
}

func reLanguage(name string, p *Params) (language, error) {
	if p.Re == "" {
		return language{}, typeErrorf("G-PARSE", name, "no expression, expected re(...)")
	}
	e, err := regexpExpr(p.Re)
	if err != nil {
		return language{}, typeErrorf("T-REGEX", name, "%v", err)
	}
	return language{short: "re(" + p.Re + ")", all: []expr{e}, dash: p.Dash}, nil
}

func parseItems(args string) (Params, error) {
	items, err := elements(args)
	return Params{Items: items}, err
}

func enumLanguage(name string, p *Params) (language, error) {
	e, err := enumExpr(name, p.Items)
	return language{short: name + "(" + strings.Join(p.Items, ",") + ")", all: []expr{e}}, err
}

func csvLanguage(name string, p *Params) (language, error) {
	if err := checkItem(name, p.Of); err != nil {
		return language{}, err
	}
	return language{short: name + "(" + p.Of.text + ")", nfa: func(n *nfa, from int32, _ *int) (int32, error) {
		return csvNFA(n, from, p.Of)
	}}, nil
}

func parseLetters(args string) (Params, error) { return Params{Letters: args}, nil }

func bundleLanguage(name string, p *Params) (language, error) {
	if err := checkLetters(name, p.Letters); err != nil {
		return language{}, err
	}
	return language{short: name + "(" + p.Letters + ")", dash: true, nfa: func(n *nfa, from int32, _ *int) (int32, error) {
		return bundleNFA(n, from, p.Letters)
	}}, nil
}

// accountLanguage is the numbers of accounts, and the names for user and group.
// Which number a name has is the guard's to ask.
func accountLanguage(name string, p *Params) (language, error) {
	least := int64(1)
	if p.AllowRoot {
		least = 0
	}
	lo, hi, err := p.ordered(name, least, maxAccount)
	if err != nil {
		return language{}, err
	}
	if p.InGroup != "" && !isAccountName(p.InGroup) {
		return language{}, typeErrorf("G-PARSE", name, "in_group %q is neither the name of a group nor a number", firstRunes(p.InGroup, 64))
	}
	l := language{short: name, any: []expr{rangeExpr(uint64(lo), uint64(hi))}}
	if name == "user" || name == "group" {
		l.any = append(l.any, accountExpr())
		if !p.AllowRoot {
			l.not = []expr{eLit("root")}
		}
	}
	return l, nil
}
