package guard

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/rootgate-project/rootgate/policy/argv"
)

// Accounts are the users and groups of the host.
type Accounts interface {
	// User returns the ids of the account name.
	User(name string) (uid, gid uint32, ok bool)
	// Name returns the first account with an id.
	Name(uid uint32) (name string, ok bool)
	// Group returns the id of the group name.
	Group(name string) (gid uint32, ok bool)
	// Groups returns the groups that list the account name as a member.
	Groups(name string) []uint32
}

// Host is what guards ask beside the file system.
type Host struct {
	// Caller is the uid of who asks.
	Caller uint32
	// Accounts returns the accounts as they are now. Without it no guard that
	// needs them holds.
	Accounts func() (Accounts, error)
}

var errNoAccounts = errors.New("there are no accounts to look it up in")

func (h Host) accounts() (Accounts, error) {
	if h.Accounts == nil {
		return nil, errNoAccounts
	}
	return h.Accounts()
}

// account holds the name or number of an account to what its type asks for.
func (h Host) account(c argv.Capture) error {
	db, err := h.accounts()
	if err != nil {
		return err
	}
	p := c.Type.Params()
	id, known := number(c.Value)
	gid, name := uint32(0), c.Value
	switch group := c.Type.Name() == "group"; {
	case known && !group:
		// An account of a directory service has a number and no line here.
		if name, known = db.Name(id); known {
			_, gid, known = db.User(name)
		}
	case known:
	case group:
		if id, known = db.Group(name); !known {
			return errors.New("there is no such group")
		}
	default:
		if id, gid, known = db.User(name); !known {
			return errors.New("there is no such account")
		}
	}
	switch n := int64(id); {
	case id == 0 && !p.AllowRoot:
		return errors.New("has the id 0, which allow_root admits")
	case p.Min != nil && n < *p.Min, p.Max != nil && n > *p.Max:
		return fmt.Errorf("has the id %d, which is out of range", id)
	case p.InGroup == "":
		return nil
	case !known:
		return fmt.Errorf("no account has the id %d, so that its groups are not known", id)
	}
	want, ok := number(p.InGroup)
	if !ok {
		if want, ok = db.Group(p.InGroup); !ok {
			return fmt.Errorf("there is no group %s to be in", p.InGroup)
		}
	}
	if gid != want && !slices.Contains(db.Groups(name), want) {
		return fmt.Errorf("is not in the group %s", p.InGroup)
	}
	return nil
}

// number reads an id as its type has accepted it.
func number(s string) (uint32, bool) {
	n, err := strconv.ParseUint(s, 10, 32)
	return uint32(n), err == nil
}

// owner holds the owner of a file to a list of accounts. A name that no account
// has stands for nobody.
func (h Host) owner(uid uint32, owners []string) error {
	for _, o := range owners {
		if o == "caller" {
			if uid == h.Caller {
				return nil
			}
			continue
		}
		id, ok := number(o)
		if !ok {
			db, err := h.accounts()
			if err != nil {
				return err
			}
			id, _, ok = db.User(o)
		}
		if ok && id == uid {
			return nil
		}
	}
	return fmt.Errorf("is owned by uid %d, expected one of %q", uid, owners)
}
