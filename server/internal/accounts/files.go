package accounts

import (
	"os"
	"sync"
)

// Files is a passwd and a group file that are read again once one of them has
// changed. Safe for concurrent use.
type Files struct {
	Passwd, Group string

	mu     sync.Mutex
	db     *DB
	passwd os.FileInfo // as they were when db was read
	group  os.FileInfo
}

// Current returns the accounts as the files hold them now. An account that was
// removed is not served from memory, so an error leaves no accounts.
func (f *Files) Current() (*DB, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	// Before the files are read: a change while they are is seen the next time.
	passwd, err := os.Stat(f.Passwd)
	if err != nil {
		return nil, err
	}
	group, err := os.Stat(f.Group)
	if err != nil {
		return nil, err
	}
	if f.db != nil && sameFile(passwd, f.passwd) && sameFile(group, f.group) {
		return f.db, nil
	}
	db, err := Load(f.Passwd, f.Group)
	if err != nil {
		return nil, err
	}
	f.db, f.passwd, f.group = db, passwd, group
	return db, nil
}

// sameFile reports whether nothing was written in between: tools replace these
// files, editors write into them.
func sameFile(a, b os.FileInfo) bool {
	return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}
