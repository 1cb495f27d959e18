package beneath

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// owned makes a directory that only root can change, and in it one of another
// user's, with a link, a hard link and a file in each.
func owned(t *testing.T) string {
	t.Helper()
	top, err := os.MkdirTemp("/tmp", "reach")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(top) })
	for _, err := range []error{
		os.WriteFile(top+"/secret", nil, 0o600),
		os.Mkdir(top+"/data", 0o755),
		os.Mkdir(top+"/data/sub", 0o755),
		os.WriteFile(top+"/data/sub/file", nil, 0o600),
		os.Symlink("data/sub", top+"/byroot"),
		os.Symlink(top+"/data/sub", top+"/absolute"),
		os.Symlink("../secret", top+"/data/escape"),
		os.Symlink("sub", top+"/data/inside"),
		os.Symlink("loop", top+"/loop"),
		os.Link(top+"/secret", top+"/data/hard"),
		os.Link(top+"/secret", top+"/second"),
		os.Symlink("data", top+"/stranger"),
		os.Lchown(top+"/stranger", 60001, 60001),
		os.Chown(top+"/data", 60001, 60001),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return top
}

func TestReach(t *testing.T) {
	top := owned(t)
	tests := []struct {
		name string
		want error
	}{
		{"data/sub/file", nil},
		{"byroot/file", nil},
		{"absolute/file", nil},
		{"second", nil}, // a hard link that only root can have made
		{"data/escape", syscall.ELOOP},
		{"data/inside/file", syscall.ELOOP},
		{"stranger/sub", syscall.ELOOP},
		{"data/hard", syscall.EMLINK},
		{"loop", syscall.ELOOP},
		{"missing", syscall.ENOENT},
		{"secret/x", syscall.ENOTDIR},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, err := Reach(filepath.Join(top, tt.name))
			if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
				t.Fatalf("Reach: %v, want %v", err, tt.want)
			}
			if err != nil {
				return
			}
			defer func() { _ = f.Close() }()
			var got, want syscall.Stat_t
			if err := errors.Join(syscall.Fstat(int(f.Fd()), &got), syscall.Stat(filepath.Join(top, tt.name), &want)); err != nil {
				t.Fatal(err)
			}
			if got.Ino != want.Ino || got.Dev != want.Dev {
				t.Errorf("reached inode %d, want %d", got.Ino, want.Ino)
			}
		})
	}
	for _, system := range []string{"/", "/lib", "/usr/sbin", "/proc/self/status", "/tmp"} {
		f, err := Reach(system)
		if err != nil {
			t.Errorf("Reach(%q): %v", system, err)
			continue
		}
		_ = f.Close()
	}
}

// TestOpenThroughSwappedRoot: the root of a path argument lies in a directory of
// the caller's, who puts a link in its place.
func TestOpenThroughSwappedRoot(t *testing.T) {
	top := owned(t)
	if err := errors.Join(os.Rename(top+"/data/sub", top+"/data/old"), os.Symlink("/etc", top+"/data/sub")); err != nil {
		t.Fatal(err)
	}
	if f, err := Open(top+"/data/sub", "passwd", Reference); !errors.Is(err, syscall.ELOOP) {
		t.Errorf("Open = %v, %v, want %v", f, err, syscall.ELOOP)
	}
}

func TestSole(t *testing.T) {
	top := owned(t)
	for name, want := range map[string]bool{"data/hard": false, "second": true, "data/sub/file": true} {
		f, err := Open(top, name, Reference)
		if err != nil {
			t.Fatal(err)
		}
		if f.Sole != want {
			t.Errorf("%s: sole = %t, want %t", name, f.Sole, want)
		}
		_ = f.Close()
	}
}
