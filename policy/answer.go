package policy

import (
	"slices"
	"strconv"
	"strings"
)

// Admits reports whether c may call the rule directly.
func (r *Rule) Admits(c Caller) bool { return r.admits(c) }

// By reports whether an allowed decision was made by a line of r, a rule of an
// Executable; line is that of a LineRef.
func (d Decision) By(r *Rule, line int) bool {
	if r.nest == nil {
		return d.Rule == r && d.Line == line && len(d.Chain) == 0
	}
	return slices.Equal(d.Chain, r.links(line)) && (r.nest.runs == 0 || d.Program == r.nest.programs[r.nest.runs].Path)
}

// EffectKey returns everything that the rule decides and a request's arguments
// do not, in a canonical form: its effect, and what a request may choose of
// namespace, environment, directory, standard input and signals. Two rules with
// one key differ in nothing but their lines, callers, digests and names.
func (r *Rule) EffectKey() string { return r.key }

// Least returns a caller whom s admits and who has nothing beyond that: whatever
// such a caller may do, everybody whom s admits may do as well. It returns false
// when s admits nobody.
func (s CallerSpec) Least() (Caller, bool) {
	if !s.possible() {
		return Caller{}, false
	}
	// The name of no unit is what two patterns with a "*" share when one of them
	// takes in the other.
	c := Caller{UID: noID, GID: noID, Unit: s.Unit}
	if s.byUser {
		c.UID = s.uid
	}
	if s.byGroup {
		c.GID = s.gid
	}
	return c, true
}

// String returns the spec in words, as in "user alice in group ops".
func (s CallerSpec) String() string {
	var parts []string
	if s.byUser {
		parts = append(parts, "user "+s.User)
	}
	if s.byGroup {
		parts = append(parts, "group "+s.Group)
	}
	if s.Unit != "" {
		parts = append(parts, "unit "+s.Unit)
	}
	if len(parts) == 0 {
		return "nobody"
	}
	return strings.Join(parts, " in ")
}

// SyntheticCaller returns the caller of that name and of these groups, and of no
// other, as a policy knows them that was loaded without Accounts: away from its
// host, names have ids of their own. A number stands for itself.
func SyntheticCaller(user string, groups ...string) Caller {
	var accounts syntheticAccounts
	c := Caller{UID: accounts.number("user", user), GID: noID}
	for _, g := range groups {
		c.Groups = append(c.Groups, accounts.number("group", g))
	}
	return c
}

// number returns the id of what an account is called, by name or by number.
func (a syntheticAccounts) number(kind, s string) uint32 {
	if id, err := strconv.ParseUint(s, 10, 32); err == nil {
		return uint32(id)
	}
	return a.id(kind, s)
}

// DecideForAnyone is Decide for a caller whom every rule admits that admits
// somebody. It is for reports: no such caller exists.
func (s *Snapshot) DecideForAnyone(r Request) Decision {
	return s.decide(r, func(rule *Rule) bool { return len(rule.Callers) > 0 })
}
