package importer

import (
	"hash/fnv"
	"strconv"
	"strings"

	"github.com/rootgate-project/rootgate/policy"
)

// caller is who may run a rule: one of its fields is set.
type caller struct{ user, group, uid string }

// String writes the caller as a policy does.
func (c caller) String() string {
	switch {
	case c.user != "":
		return "{user: " + quoteYAML(c.user) + "}"
	case c.group != "":
		return "{group: " + quoteYAML(c.group) + "}"
	}
	return "{uid: " + c.uid + "}"
}

func callersText(list []caller) string {
	out := make([]string, len(list))
	for i, c := range list {
		out[i] = c.String()
	}
	return strings.Join(out, ", ")
}

// callerOf returns somebody whom the rule of a draft admits, on the host of
// accounts.
func (b *build) callerOf(d *draft) policy.Caller {
	c := caller{user: b.Caller}
	if len(d.callers) > 0 {
		c = d.callers[0]
	}
	id, _ := strconv.ParseUint(c.uid, 10, 32)
	out := policy.Caller{UID: uint32(id), GID: nobodyID}
	switch {
	case c.user != "":
		out.UID, out.GID, _ = accounts{}.User(c.user)
	case c.group != "":
		gid, _ := accounts{}.Group(c.group)
		out.UID, out.Groups = nobodyID, []uint32{gid}
	}
	return out
}

// nobodyID is an id that no name of accounts has.
const nobodyID = 65000

// accounts are those of a host on which every name is known: a policy is checked
// away from the host that it is for.
type accounts struct{}

func (accounts) User(name string) (uid, gid uint32, ok bool) {
	if name == "root" {
		return 0, 0, true
	}
	return idFor("user:" + name), idFor("group:" + name), true
}

func (accounts) Group(name string) (gid uint32, ok bool) {
	if name == "root" {
		return 0, true
	}
	return idFor("group:" + name), true
}

func (accounts) Groups(string) []uint32 { return nil }

// idFor is the same for the same name, above the ids of real accounts.
func idFor(name string) uint32 {
	h := fnv.New32a()
	// Write of a hash never returns an error.
	_, _ = h.Write([]byte(name))
	return 1<<30 | h.Sum32()>>2
}
