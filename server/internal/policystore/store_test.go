package policystore

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rootgate-project/rootgate/policy"
)

const good = `version: 1
callers: [{uid: 1000}]
rules:
  - id: ID
    exec: /bin/true
    argv: ''
    tests: {allow: ['true']}
`

// dir returns a directory that only root can change, below /tmp: t.TempDir lies
// below one that the environment chooses.
func dir(t *testing.T, files map[string]string) string {
	t.Helper()
	d, err := os.MkdirTemp("/tmp", "policystore")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(d) })
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(d, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

func rule(id string) string { return strings.Replace(good, "ID", id, 1) }

func TestLoad(t *testing.T) {
	a := dir(t, map[string]string{"10-a.yaml": rule("a"), "20-b.yaml": rule("b"), ".hidden.yaml": "not a policy", "readme.txt": "neither"})
	b := dir(t, map[string]string{"c.yaml": rule("c")})
	s, findings, err := Store{Dirs: []string{a, b}}.Load(t.Context())
	if err != nil || findings.HasErrors() {
		t.Fatalf("Load: %v, %v", err, findings)
	}
	var ids []string
	for _, r := range s.Rules() {
		ids = append(ids, string(r.ID))
	}
	if got := strings.Join(ids, " "); got != "a b c" {
		t.Errorf("rules %q, want %q", got, "a b c")
	}
}

// TestLoadReplaces has files of one name in two directories.
func TestLoadReplaces(t *testing.T) {
	vendor := dir(t, map[string]string{"10-a.yaml": rule("a"), "20-b.yaml": rule("b"), "30-c.yaml": rule("c")})
	site := dir(t, map[string]string{"20-b.yaml": rule("site"), "30-c.yaml": ""})
	for _, tt := range []struct {
		dirs []string
		want string // rules, then notes
	}{
		{[]string{vendor, site}, "a site [N N]"},
		{[]string{site, vendor}, "a b c [N N]"},
	} {
		s, findings, err := Store{Dirs: tt.dirs}.Load(t.Context())
		if err != nil || findings.HasErrors() {
			t.Fatalf("Load: %v, %v", err, findings)
		}
		got := ""
		for _, r := range s.Rules() {
			got += string(r.ID) + " "
		}
		var notes []policy.Severity
		for _, f := range findings {
			if f.ID == "F-MASK" {
				notes = append(notes, f.Severity)
			}
		}
		got += fmt.Sprintf("%v", notes)
		if got != tt.want {
			t.Errorf("got %s, want %s", got, tt.want)
		}
	}
	// What nobody can be sure of is refused, whether it counts or not.
	if err := os.Chmod(filepath.Join(vendor, "30-c.yaml"), 0o666); err != nil {
		t.Fatal(err)
	}
	if s, findings, err := (Store{Dirs: []string{vendor, site}}).Load(t.Context()); s != nil || err != nil || !findings.HasErrors() {
		t.Errorf("Load = %v, %v, %v, want refused", s, findings, err)
	}
	// An empty file that stands for nothing was cut off.
	if s, findings, err := (Store{Dirs: []string{site}}).Load(t.Context()); s != nil || err != nil || !findings.HasErrors() {
		t.Errorf("Load = %v, %v, %v, want refused", s, findings, err)
	}
}

func TestLoadRefuses(t *testing.T) {
	tests := []struct {
		name string
		make func(d string) error
		want string
	}{
		{"bad policy", func(d string) error { return os.WriteFile(d+"/x.yaml", []byte("version: 2\n"), 0o600) }, "x.yaml"},
		{"writable by others", func(d string) error { return os.Chmod(d+"/ok.yaml", 0o666) }, "writable"},
		{"of another user", func(d string) error { return os.Chown(d+"/ok.yaml", 60001, 0) }, "60001"},
		{"symbolic link", func(d string) error { return os.Symlink(d+"/ok.yaml", d+"/x.yaml") }, "symbolic link"},
		{"hard link", func(d string) error { return os.Link(d+"/ok.yaml", d+"/x.txt") }, "hard links"},
		{"directory", func(d string) error { return os.Mkdir(d+"/x.yaml", 0o700) }, "regular file"},
		{"directory writable by others", func(d string) error { return os.Chmod(d, 0o777) }, "writable"},
		{"too large", func(d string) error {
			return os.WriteFile(d+"/x.yaml", []byte(strings.Repeat("#", maxFileSize+1)), 0o600)
		}, "limit"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := dir(t, map[string]string{"ok.yaml": rule("ok")})
			if err := tt.make(d); err != nil {
				t.Fatal(err)
			}
			s, findings, err := Store{Dirs: []string{d}}.Load(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if s != nil || !findings.HasErrors() || !strings.Contains(findings.Err().Error(), tt.want) {
				t.Errorf("Load = %v, %v, want no snapshot and a finding with %q", s, findings, tt.want)
			}
		})
	}
}

func TestLoadMissingDirectory(t *testing.T) {
	s, _, err := Store{Dirs: []string{"/nonexistent/policy.d"}}.Load(t.Context())
	if s != nil || err == nil {
		t.Errorf("Load = %v, %v, want an error", s, err)
	}
}

func TestTooManyFiles(t *testing.T) {
	files := map[string]string{}
	for i := range maxFiles + 1 {
		files[strings.Repeat("x", 1+i%200)+string(rune('a'+i/200))+".yaml"] = rule("r")
	}
	s, _, err := Store{Dirs: []string{dir(t, files)}, Options: policy.Options{}}.Load(t.Context())
	if s != nil || err == nil || !strings.Contains(err.Error(), "expected at most 1000") {
		t.Errorf("Load = %v, %v, want refused", s, err)
	}
}
