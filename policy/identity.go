package policy

import (
	"regexp"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v4"
)

// accountName is what useradd(8) and systemd accept, upper case included.
var accountName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]{0,31}$`)

// isUsableID refuses the two ids that system calls read as "unchanged": -1, and
// its 16-bit form.
func isUsableID(id uint32) bool { return id != noID && id != 1<<16-1 }

// account is a user or group as a policy names it.
type account struct {
	name     string // as written, a number in decimal
	id       uint32
	gid      uint32 // of a user by name: its primary group
	byNumber bool
	known    bool
}

// account reads the name or number of a user or, with group, of a group. ok is
// false after a finding; a name that no account has is not one.
func (d *document) account(n *yaml.Node, what string, group bool) (a account, ok bool) {
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!int" {
		id, ok := d.integer(n, what, 0, noID-1)
		if ok && !isUsableID(uint32(id)) {
			d.fail(n, "F-VALUE", "%s %d means \"unchanged\" to the kernel", what, id)
			return account{}, false
		}
		return account{name: n.Value, id: uint32(id), byNumber: true, known: true}, ok
	}
	name, ok := d.text(n, what)
	if !ok {
		return account{}, false
	}
	return d.accountByName(n, what, name, group)
}

func (d *document) accountByName(n *yaml.Node, what, name string, group bool) (account, bool) {
	if !accountName.MatchString(name) {
		d.fail(n, "F-VALUE", "%s: %q is not the name of an account", what, clip(name))
		return account{}, false
	}
	a := account{name: name}
	if group {
		a.id, a.known = d.accounts.Group(name)
	} else {
		a.id, a.gid, a.known = d.accounts.User(name)
	}
	if a.known && (!isUsableID(a.id) || !isUsableID(a.gid)) {
		d.fail(n, "F-VALUE", "%s %s has an id that means \"unchanged\" to the kernel", what, name)
		return account{}, false
	}
	return a, true
}

// known is account for an identity that a command gets: it has to exist.
func (d *document) knownAccount(n *yaml.Node, what string, group bool) (account, bool) {
	a, ok := d.account(n, what, group)
	if ok && !a.known {
		d.fail(n, "F-VALUE", "%s: there is no account %q", what, a.name)
		return account{}, false
	}
	return a, ok
}

// applyIdentity reads user, group and groups.
func (d *document) applyIdentity(e *Effect, f map[string]field) {
	if v, ok := f["user"]; ok {
		d.applyUser(e, v.value)
	}
	if v, ok := f["group"]; ok {
		if a, ok := d.knownAccount(v.value, "group", true); ok {
			e.Group, e.GID = a.name, a.id
		}
	}
	if v, ok := f["user"]; ok && e.Group == "" && canonicalInt.MatchString(e.User) {
		d.fail(v.value, "F-VALUE", "the user %s has no name and therefore no group; name a group", e.User)
	}
	if v, ok := f["groups"]; ok {
		e.Groups = editNoted(d, v.value, "groups", e.Groups, d.groupID, e.origins.note(d, "run.groups"))
	}
}

func (d *document) applyUser(e *Effect, n *yaml.Node) {
	a := d.runUser
	if n.Value != RunUser {
		var ok bool
		if a, ok = d.knownAccount(n, "user", false); !ok {
			return
		}
	}
	e.User, e.UID = a.name, a.id
	if e.Group == "" {
		e.GID = a.gid
	}
}

func (d *document) groupID(n *yaml.Node, s string) (uint32, bool) {
	if n.ShortTag() == "!!int" {
		a, ok := d.knownAccount(n, "groups", true)
		return a.id, ok
	}
	a, ok := d.accountByName(n, "groups", s, true)
	if ok && !a.known {
		d.fail(n, "F-VALUE", "groups: there is no account %q", s)
		return 0, false
	}
	return a.id, ok
}

// callers reads a list of caller specs. An empty list is an answer: nobody.
func (d *document) callers(n *yaml.Node) (specs []CallerSpec, ok bool) {
	items, ok := d.list(n, "callers")
	if !ok {
		return nil, false
	}
	for _, item := range items {
		if s, ok := d.caller(item); ok {
			specs = append(specs, s...)
		}
	}
	return specs, true
}

// callersAt returns where each spec of a list of callers stands.
func (d *document) callersAt(n *yaml.Node) []Position {
	var out []Position
	for _, item := range n.Content {
		specs := 1
		for _, f := range pairs(item) {
			if f.key.Value == "unit" {
				specs = max(len(f.value.Content), 1)
			}
		}
		out = append(out, slices.Repeat([]Position{d.pos(item)}, specs)...)
	}
	return out
}

var callerSchema = schema{what: "a caller", keys: []string{"user", "uid", "group", "unit"}, later: []string{"exe"}}

// caller reads a caller: one spec, or one for each unit that it names.
func (d *document) caller(n *yaml.Node) (specs []CallerSpec, ok bool) {
	f, ok := d.fields(n, callerSchema)
	if !ok {
		return nil, false
	}
	var s CallerSpec
	before := d.out.counts[SeverityError]
	user, byName := f["user"]
	uid, byUID := f["uid"]
	switch {
	case byName && byUID:
		d.fail(uid.key, "F-VALUE", "a caller has user and uid; one of them says who it is")
	case byName:
		if user.value.ShortTag() == "!!int" {
			d.fail(user.value, "F-YAMLTYPE", "user is %s, expected a name; write uid: for a number", describe(user.value))
			break
		}
		if _, ok := d.text(user.value, "user"); ok {
			a, _ := d.account(user.value, "user", false)
			d.warnUnknown(user.value, "user", a)
			s.User, s.uid, s.byUser, s.unknown = a.name, a.id, true, !a.known
		}
	case byUID:
		if v, ok := d.integer(uid.value, "uid", 0, noID-1); ok {
			s.User, s.uid, s.byUser = strconv.FormatInt(v, 10), uint32(v), true
		}
	}
	if v, ok := f["group"]; ok {
		a, _ := d.account(v.value, "group", true)
		d.warnUnknown(v.value, "group", a)
		s.Group, s.gid, s.byGroup = a.name, a.id, true
		s.unknown = s.unknown || !a.known
	}
	var units []string
	if v, ok := f["unit"]; ok {
		units = d.units(v.value)
	}
	if d.out.counts[SeverityError] > before {
		return nil, false
	}
	if !s.byUser && !s.byGroup && len(units) == 0 {
		d.lacks(n, callerSchema, "C-ANY", "a caller without a condition would be everybody; name a user, uid, group or unit")
		return nil, false
	}
	if len(units) == 0 {
		return []CallerSpec{s}, true
	}
	for _, unit := range units {
		s.Unit = unit
		specs = append(specs, s)
	}
	return specs, true
}

func (d *document) warnUnknown(n *yaml.Node, what string, a account) {
	if a.name != "" && !a.known {
		d.report(SeverityWarning, n.Line, n.Column, "C-UNKNOWN",
			"there is no %s %q: the caller matches nobody", what, a.name)
	}
}
