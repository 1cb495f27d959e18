package accounts

import (
	"slices"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	const passwd = "root:x:0:0:root:/root:/bin/sh\n" +
		"neutron:x:120:121::/var/lib/neutron:/usr/sbin/nologin\n" +
		"neutron:x:0:0:second line of a name does not count:/:/bin/sh\n" +
		"+:::::::\n#x:x:5:5::/:/\n" +
		"minus:x:-1:5::/:/\nwrap:x:4294967295:5::/:/\nplus:x:+5:5::/:/\noctal:x:010:5::/:/\nshort:x:7\n" +
		"high:x:4294967294:4294967294::/:/\n"
	const group = "root:x:0:\nnet:x:121:\nrootgate:x:200:neutron,high\nextra:x:150:neutron,neutron\nbad:x:x:neutron\n"
	db, err := Parse(strings.NewReader(passwd), strings.NewReader(group))
	if err != nil {
		t.Fatal(err)
	}
	users := []struct {
		name     string
		uid, gid uint32
		ok       bool
	}{
		{"root", 0, 0, true},
		{"neutron", 120, 121, true},
		{"high", 4294967294, 4294967294, true},
		{"minus", 0, 0, false},
		{"wrap", 0, 0, false},
		{"plus", 0, 0, false},
		{"octal", 0, 0, false},
		{"short", 0, 0, false},
		{"+", 0, 0, false},
		{"#x", 0, 0, false},
		{"", 0, 0, false},
	}
	for _, u := range users {
		uid, gid, ok := db.User(u.name)
		if uid != u.uid || gid != u.gid || ok != u.ok {
			t.Errorf("User(%q) = %d, %d, %t, want %d, %d, %t", u.name, uid, gid, ok, u.uid, u.gid, u.ok)
		}
	}
	if got, want := db.Groups("neutron"), []uint32{150, 200}; !slices.Equal(got, want) {
		t.Errorf("Groups(neutron) = %v, want %v", got, want)
	}
	if gid, ok := db.Group("rootgate"); gid != 200 || !ok {
		t.Errorf("Group(rootgate) = %d, %t, want 200, true", gid, ok)
	}
	if _, ok := db.Group("bad"); ok {
		t.Error("Group(bad) was accepted, want refused: its id is no number")
	}
}

func FuzzParse(f *testing.F) {
	f.Add("root:x:0:0::/:/\n", "root:x:0:a,b\n")
	f.Add("a:b:c", ":::,")
	f.Fuzz(func(t *testing.T, passwd, group string) {
		db, err := Parse(strings.NewReader(passwd), strings.NewReader(group))
		if (db == nil) == (err == nil) {
			t.Fatalf("Parse returned %v and %v, want exactly one", db, err)
		}
	})
}
