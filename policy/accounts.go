package policy

import "hash/fnv"

// Accounts resolves the names of a policy. Names are looked up while a policy
// loads, never while a request is decided.
type Accounts interface {
	// User returns the ids of the account name.
	User(name string) (uid, gid uint32, ok bool)
	// Group returns the id of the group name.
	Group(name string) (gid uint32, ok bool)
	// Groups returns the supplementary groups of the account name, sorted.
	Groups(name string) []uint32
}

// noID is the id that setresuid(2) and chown(2) read as "leave unchanged". A
// policy that names it is refused (sudo's CVE-2019-14287 is its history).
const noID = 1<<32 - 1

// syntheticAccounts stands in where there is no host to ask. Its ids lie at
// 1<<30 and above, and are the same for the same name; root alone is itself.
type syntheticAccounts struct{}

func (syntheticAccounts) id(kind, name string) uint32 {
	if name == "root" {
		return 0
	}
	h := fnv.New32a()
	// Write of a hash never returns an error.
	_, _ = h.Write([]byte(kind + ":" + name))
	return 1<<30 | h.Sum32()>>2
}

func (a syntheticAccounts) User(name string) (uid, gid uint32, ok bool) {
	return a.id("user", name), a.id("group", name), true
}

func (a syntheticAccounts) Group(name string) (gid uint32, ok bool) {
	return a.id("group", name), true
}

func (syntheticAccounts) Groups(string) []uint32 { return nil }
