package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rootgate-project/rootgate/policy"
)

// tree makes a directory that only root may change.
func tree(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("needs root: files that belong to root")
	}
	dir := filepath.Join(t.TempDir(), "tree")
	for _, d := range []string{"open", "sticky", "closed"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, d, "file"), nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, change := range map[string]func(string) error{
		"open":       func(p string) error { return os.Chmod(p, 0o775) },
		"sticky":     func(p string) error { return os.Chmod(p, 0o777|os.ModeSticky) },
		"closed":     func(p string) error { return os.Chmod(p, 0o755) },
		"link":       func(p string) error { return os.Symlink("closed", p) },
		"absolute":   func(p string) error { return os.Symlink(filepath.Join(dir, "closed"), p) },
		"up":         func(p string) error { return os.Symlink("closed/../closed", p) },
		"into":       func(p string) error { return os.Symlink("open", p) },
		"loop":       func(p string) error { return os.Symlink("loop", p) },
		"stray":      func(p string) error { return link(p, 12345) },
		"sticky/not": func(p string) error { return foreign(p) },
		"shared":     func(p string) error { return writable(p) },
	} {
		if err := change(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func link(path string, uid int) error {
	if err := os.Symlink("closed", path); err != nil {
		return err
	}
	return os.Lchown(path, uid, uid)
}

func foreign(path string) error {
	if err := os.WriteFile(path, nil, 0o755); err != nil {
		return err
	}
	return os.Chown(path, 12345, 12345)
}

func writable(path string) error {
	if err := os.WriteFile(path, nil, 0o755); err != nil {
		return err
	}
	return os.Chmod(path, 0o757)
}

func TestCheckChain(t *testing.T) {
	dir := tree(t)
	for _, tt := range []struct {
		path        string
		file, links string // what is wrong without and with links followed
	}{
		{"closed/file", "", ""},
		{"closed", "", ""},
		{"sticky/file", "", ""},
		{"sticky/not", "belongs to uid 12345", "belongs to uid 12345"},
		{"open/file", "can be written by others", "can be written by others"},
		{"shared", "(mode 0757)", "(mode 0757)"},
		{"link/file", "is a symbolic link", ""},
		{"absolute/file", "is a symbolic link", ""},
		{"up/file", "is a symbolic link", ""},
		{"into/file", "is a symbolic link", "can be written by others"},
		{"loop", "is a symbolic link", "is a symbolic link"},
		{"stray/file", "belongs to uid 12345", "belongs to uid 12345"},
		{"none", "no such file", "no such file"},
	} {
		t.Run(tt.path, func(t *testing.T) {
			wantFault(t, checkChain(filepath.Join(dir, tt.path), false), tt.file)
			wantFault(t, checkChain(filepath.Join(dir, tt.path), true), tt.links)
		})
	}
}

func wantFault(t *testing.T, err error, want string) {
	t.Helper()
	if (err == nil) != (want == "") || (err != nil && !strings.Contains(err.Error(), want)) {
		t.Errorf("got %v, want %q", err, want)
	}
}

func TestCheckPrograms(t *testing.T) {
	dir := tree(t)
	plain := filepath.Join(dir, "closed", "plain")
	if err := os.WriteFile(plain, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ path, id string }{
		{"closed/file", ""},
		{"link/file", ""},
		{"none", "X-MISSING"},
		{"closed/plain", "X-WRITABLE"},
		{"closed", "X-WRITABLE"},
		{"shared", "X-WRITABLE"},
	} {
		t.Run(tt.path, func(t *testing.T) {
			rule := &policy.Rule{ID: "r", Pos: policy.Position{File: "f.yaml", Line: 4, Column: 5}, Programs: []policy.Program{{Path: filepath.Join(dir, tt.path)}}}
			id := ""
			for _, f := range checkPrograms([]*policy.Rule{rule}) {
				id += f.ID
				if f.Severity != policy.SeverityError || f.Rule != "r" || f.File != "f.yaml" || f.Line != 4 || f.Column != 5 {
					t.Errorf("got %+v", f)
				}
			}
			if id != tt.id {
				t.Errorf("got %q, want %q", id, tt.id)
			}
		})
	}
}

func TestCheckFilesSaysADirectoryOnce(t *testing.T) {
	dir := tree(t)
	files := []policy.File{{Name: filepath.Join(dir, "open", "a.yaml")}, {Name: filepath.Join(dir, "open", "b.yaml")}}
	got := checkFiles(files)
	if len(got) != 1 || got[0].ID != "F-PERM" {
		t.Errorf("got %v, want one F-PERM", got)
	}
}
