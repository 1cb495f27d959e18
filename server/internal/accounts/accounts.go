// Package accounts never asks a directory service and never loads a library:
// it reads /etc/passwd and /etc/group itself (passwd(5), group(5)), so that no
// name service module runs inside a privileged process (CVE-2025-32463).
// Accounts of directory services are named in a policy by number.
package accounts

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
)

// maxID is the largest usable id: 4294967295 means "no change" to setresuid(2)
// (CVE-2019-14287).
const maxID = 1<<32 - 2

// maxFile bounds what is read of one file, in bytes.
const maxFile = 16 << 20

// DB is an immutable snapshot of the account files. Safe for concurrent use.
type DB struct {
	users  map[string]ids
	names  map[uint32]string
	groups map[string]uint32
	member map[string][]uint32
}

type ids struct{ uid, gid uint32 }

// Load reads a passwd and a group file. Lines that are no account (comments,
// directory service markers, ids out of range) are passed over: they name
// nobody.
func Load(passwdPath, groupPath string) (*DB, error) {
	passwd, err := os.Open(passwdPath)
	if err != nil {
		return nil, err
	}
	defer func() { _ = passwd.Close() }()
	group, err := os.Open(groupPath)
	if err != nil {
		return nil, err
	}
	defer func() { _ = group.Close() }()
	return Parse(passwd, group)
}

// Parse reads the two formats. The first line of a name is the one that counts,
// as in getpwnam(3).
func Parse(passwd, group io.Reader) (*DB, error) {
	db := &DB{users: map[string]ids{}, names: map[uint32]string{}, groups: map[string]uint32{}, member: map[string][]uint32{}}
	err := eachLine(passwd, func(f []string) {
		if len(f) != 7 {
			return
		}
		uid, okUID := parseID(f[2])
		gid, okGID := parseID(f[3])
		if _, seen := db.users[f[0]]; okUID && okGID && !seen && validName(f[0]) {
			db.users[f[0]] = ids{uid, gid}
			if _, seen := db.names[uid]; !seen {
				db.names[uid] = f[0]
			}
		}
	})
	if err != nil {
		return nil, fmt.Errorf("passwd: %w", err)
	}
	err = eachLine(group, func(f []string) {
		if len(f) != 4 {
			return
		}
		gid, ok := parseID(f[2])
		if _, seen := db.groups[f[0]]; !ok || seen || !validName(f[0]) {
			return
		}
		db.groups[f[0]] = gid
		for name := range strings.SplitSeq(f[3], ",") {
			if name != "" && !slices.Contains(db.member[name], gid) {
				db.member[name] = append(db.member[name], gid)
			}
		}
	})
	if err != nil {
		return nil, fmt.Errorf("group: %w", err)
	}
	for _, gids := range db.member {
		slices.Sort(gids)
	}
	return db, nil
}

func eachLine(r io.Reader, f func([]string)) error {
	limited := &io.LimitedReader{R: r, N: maxFile + 1}
	s := bufio.NewScanner(limited)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		f(strings.Split(s.Text(), ":"))
	}
	if limited.N <= 0 {
		return errors.New("file is larger than 16 MiB")
	}
	return s.Err()
}

// parseID accepts canonical decimal only: no sign, no leading zero.
func parseID(s string) (uint32, bool) {
	if s == "" || len(s) > 1 && s[0] == '0' {
		return 0, false
	}
	n, err := strconv.ParseUint(s, 10, 32)
	return uint32(n), err == nil && n <= maxID && s[0] != '+'
}

// validName refuses the markers of compat mode ("+", "-") and comments.
func validName(s string) bool { return s != "" && !strings.ContainsAny(s[:1], "+-#") }

// User returns the ids of a user.
func (db *DB) User(name string) (uid, gid uint32, ok bool) {
	u, ok := db.users[name]
	return u.uid, u.gid, ok
}

// Name returns the first user with an id, as getpwuid(3) does.
func (db *DB) Name(uid uint32) (string, bool) {
	name, ok := db.names[uid]
	return name, ok
}

// Group returns the id of a group.
func (db *DB) Group(name string) (gid uint32, ok bool) {
	gid, ok = db.groups[name]
	return gid, ok
}

// Groups returns the ids of the groups that list the user as a member, sorted.
func (db *DB) Groups(name string) []uint32 { return slices.Clone(db.member[name]) }
