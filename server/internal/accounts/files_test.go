package accounts

import (
	"os"
	"path/filepath"
	"testing"
)

// TestCurrent: a change of either file is seen, however it was made, and a file
// that is gone leaves no accounts.
func TestCurrent(t *testing.T) {
	dir := t.TempDir()
	f := &Files{Passwd: filepath.Join(dir, "passwd"), Group: filepath.Join(dir, "group")}
	write := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path+"+", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+"+", path); err != nil {
			t.Fatal(err)
		}
	}
	has := func(user string, gid uint32, want bool) {
		t.Helper()
		db, err := f.Current()
		if err != nil {
			t.Fatal(err)
		}
		_, _, ok := db.User(user)
		g, _ := db.Group("g")
		if ok != want || g != gid {
			t.Errorf("%s: got %t with group %d, want %t with %d", user, ok, g, want, gid)
		}
	}
	if db, err := f.Current(); err == nil || db != nil {
		t.Error("accounts without files")
	}
	write(f.Passwd, "a:x:1:1::/:/\n")
	if db, err := f.Current(); err == nil || db != nil {
		t.Error("accounts without groups")
	}
	write(f.Group, "g:x:1:\n")
	has("a", 1, true)
	first, _ := f.Current()
	if again, _ := f.Current(); again != first {
		t.Error("unchanged files were read again")
	}
	write(f.Passwd, "b:x:1:1::/:/\n")
	has("a", 1, false)
	write(f.Group, "g:x:2:\n")
	has("b", 2, true)
	if err := os.WriteFile(f.Passwd, []byte("cc:x:1:1::/:/\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	has("cc", 2, true)
	if err := os.Remove(f.Group); err != nil {
		t.Fatal(err)
	}
	if db, err := f.Current(); err == nil || db != nil {
		t.Error("accounts of a file that is gone")
	}
}
