package guard

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/rootgate-project/rootgate/policy"
	"github.com/rootgate-project/rootgate/policy/argv"
)

// decide returns the decision on one argument of a rule with one path type.
func decide(t *testing.T, dir, constraints, arg string) policy.Decision {
	t.Helper()
	text := `version: 1
callers: [{uid: 1000}]
rules:
  - id: r
    exec: /bin/tool
    cwd: {under: [` + dir + `]}
    netns: re([a-z/.]+)
    args: {f: {type: path, under: [` + dir + `], ` + constraints + `}}
    argv: |
      <f>
    tests: {allow: [tool ` + dir + `/x]}
`
	s, findings := policy.Load(context.Background(), []policy.File{{Name: "p.yaml", Data: []byte(text)}}, policy.Options{})
	if err := findings.Err(); err != nil {
		t.Fatal(err)
	}
	d := s.Decide(policy.Caller{UID: 1000}, policy.Request{Argv: []string{"tool", arg}})
	if !d.Allowed() {
		t.Fatalf("%s is denied: %v", arg, d.Denial)
	}
	return d
}

func TestPaths(t *testing.T) {
	dir := t.TempDir()
	for _, err := range []error{
		os.WriteFile(dir+"/file", nil, 0o600),
		os.WriteFile(dir+"/twice", nil, 0o600),
		os.Link(dir+"/twice", dir+"/again"),
		os.Mkdir(dir+"/sub", 0o700),
		os.Symlink("/etc/passwd", dir+"/link"),
		os.Symlink("sub", dir+"/through"),
		os.WriteFile(dir+"/sub/file", nil, 0o600),
		syscall.Mkfifo(dir+"/fifo", 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct{ constraints, arg, want string }{
		{"access: read", "file", ""},
		{"access: read", "sub/file", ""},
		{"access: read", "sub", ""},
		{"access: read", "twice", ""}, // only root makes names in a directory of root's
		{"access: read, kind: file", "file", ""},
		{"access: read, kind: fifo", "fifo", ""},
		{"access: write", "file", ""},
		{"access: read", "missing", "no such file"},
		{"access: read", "link", "symbolic links"},
		{"access: read", "through/file", "symbolic links"},
		{"access: read, kind: file", "fifo", "is of kind fifo, expected file"},
		{"access: read, kind: file", "sub", "is of kind dir, expected file"},
		{"access: read, kind: block", "file", "is of kind file, expected block"},
		{"access: write", "twice", "has 2 hard links"},
	}
	for _, tt := range tests {
		t.Run(tt.constraints+" "+tt.arg, func(t *testing.T) {
			held, err := Open(decide(t, dir, tt.constraints, filepath.Join(dir, tt.arg)), Host{})
			if tt.want == "" {
				if err != nil {
					t.Fatalf("Open: %v, want no error", err)
				}
				if len(held.Paths) != 1 {
					t.Errorf("%d paths are held, want 1", len(held.Paths))
				}
				held.Close()
				return
			}
			g, ok := errors.AsType[*Error](err)
			if !ok || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("Open: %v, want an *Error with %q", err, tt.want)
			}
			if g.ArgvIndex != 1 || g.What != "<f>" {
				t.Errorf("error is about %s at %d, want <f> at 1", g.What, g.ArgvIndex)
			}
		})
	}
}

func TestDirAndNetns(t *testing.T) {
	dir := t.TempDir()
	for _, err := range []error{
		os.WriteFile(dir+"/x", nil, 0o600),
		os.Mkdir(dir+"/sub", 0o700),
		os.Symlink("sub", dir+"/link"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	d := decide(t, dir, "access: read", dir+"/x")
	tests := []struct {
		name, cwd, netns, want string
		missing                bool
		owners                 []uint32
	}{
		{"none", "/", "", "", false, nil},
		{"cwd", dir + "/sub", "", "", false, nil},
		{"cwd is a link", dir + "/link", "", "cwd", false, nil},
		{"cwd is a file", dir + "/x", "", "cwd", false, nil},
		{"cwd of an owner", dir + "/sub", "", "", false, []uint32{7, 0}},
		{"cwd of another", dir + "/sub", "", "cwd", false, []uint32{7, 8}},
		{"root directory", "/", "", "", false, []uint32{7, 0}},
		{"root directory of another", "/", "", "cwd", false, []uint32{7}},
		{"no namespace", "/", "rootgate-guard-test-none", "netns", true, nil},
		{"climbing", "/", "../../proc/self/ns/net", "netns", false, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := d
			d.Cwd, d.Netns, d.Owners = tt.cwd, tt.netns, tt.owners
			held, err := Open(d, Host{})
			if tt.want == "" {
				if err != nil {
					t.Fatalf("Open: %v, want no error", err)
				}
				if (held.Dir != nil) != (tt.cwd != "/") {
					t.Errorf("directory held: %t, want %t", held.Dir != nil, tt.cwd != "/")
				}
				held.Close()
				return
			}
			g, ok := errors.AsType[*Error](err)
			if !ok || g.What != tt.want || g.ArgvIndex != -1 || tt.missing && !g.Missing {
				t.Errorf("Open: %#v, want an *Error about %s", err, tt.want)
			}
		})
	}
}

func TestSplit(t *testing.T) {
	tests := []struct {
		value      string
		roots      []string
		root, name string
	}{
		{"/srv/a/b", []string{"/srv"}, "/srv", "a/b"},
		{"/srv/a/b", []string{"/srv", "/srv/a"}, "/srv/a", "b"},
		{"/srv/a/b/", []string{"/srv"}, "/srv", "a/b"},
		{"/etc/x", []string{"/"}, "/", "etc/x"},
		{"/srv-evil/b", []string{"/srv"}, "", ""},
		{"/srv", []string{"/srv"}, "", ""},
		{"/srv/../etc", []string{"/srv"}, "", ""},
	}
	for _, tt := range tests {
		root, name, err := split(tt.value, tt.roots)
		if root != tt.root || name != tt.name || (err == nil) != (tt.root != "") {
			t.Errorf("split(%q, %q) = %q, %q, %v, want %q, %q", tt.value, tt.roots, root, name, err, tt.root, tt.name)
		}
	}
}

func TestKinds(t *testing.T) {
	for path, want := range map[string]argv.FileKind{"/dev/null": argv.KindChar, "/etc": argv.KindDir, "/etc/passwd": argv.KindFile} {
		st, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := kindOf(st.Mode()); got != want {
			t.Errorf("kind of %s = %v, want %v", path, got, want)
		}
	}
}
