package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/rootgate-project/rootgate/policy"
)

// hostAccounts knows the accounts of passwd(5) and group(5) files, for the ids in
// a log. A name that they do not have gets an id that no account has: a policy
// is looked at here, and nothing runs with it.
type hostAccounts struct {
	users   map[string][2]uint32 // uid and gid
	groups  map[string]uint32
	members map[string][]uint32
}

// readAccounts reads the two files. A line that is none of an account is passed
// over.
func readAccounts(passwd, group string) (*hostAccounts, error) {
	h := &hostAccounts{users: map[string][2]uint32{}, groups: map[string]uint32{}, members: map[string][]uint32{}}
	err := eachFields(passwd, 7, func(f []string) {
		uid, errUID := strconv.ParseUint(f[2], 10, 32)
		gid, errGID := strconv.ParseUint(f[3], 10, 32)
		if _, met := h.users[f[0]]; !met && errUID == nil && errGID == nil {
			h.users[f[0]] = [2]uint32{uint32(uid), uint32(gid)}
		}
	})
	if err != nil {
		return nil, err
	}
	err = eachFields(group, 4, func(f []string) {
		gid, err := strconv.ParseUint(f[2], 10, 32)
		if _, met := h.groups[f[0]]; met || err != nil {
			return
		}
		h.groups[f[0]] = uint32(gid)
		for name := range strings.SplitSeq(f[3], ",") {
			h.members[name] = append(h.members[name], uint32(gid))
		}
	})
	return h, err
}

// eachFields calls f for every line of a file with n fields.
func eachFields(name string, n int, f func([]string)) error {
	file, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("accounts: %w", err)
	}
	defer func() { _ = file.Close() }()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		if fields := strings.Split(lines.Text(), ":"); len(fields) == n && fields[0] != "" {
			f(fields)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("accounts: %s: %w", name, err)
	}
	return nil
}

// User returns the ids of the account name.
func (h *hostAccounts) User(name string) (uid, gid uint32, ok bool) {
	ids, ok := h.users[name]
	if !ok {
		none := policy.SyntheticCaller(name, name)
		ids = [2]uint32{none.UID, none.Groups[0]}
	}
	return ids[0], ids[1], true
}

// Group returns the id of the group name.
func (h *hostAccounts) Group(name string) (gid uint32, ok bool) {
	gid, ok = h.groups[name]
	if !ok {
		gid = policy.SyntheticCaller(name, name).Groups[0]
	}
	return gid, true
}

// Groups returns the supplementary groups of the account name.
func (h *hostAccounts) Groups(name string) []uint32 { return h.members[name] }
