package beneath

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// tree makes a directory with a file, links that lead in and out of it, and a
// FIFO; beside it lies a secret.
func tree(t *testing.T) string {
	t.Helper()
	base := t.TempDir()
	root := filepath.Join(base, "root")
	for _, err := range []error{
		os.MkdirAll(filepath.Join(root, "sub"), 0o755),
		os.WriteFile(filepath.Join(root, "sub", "file"), []byte("x"), 0o600),
		os.WriteFile(filepath.Join(base, "secret"), []byte("s"), 0o600),
		os.Symlink("../secret", filepath.Join(root, "out")),
		os.Symlink("sub/file", filepath.Join(root, "in")),
		os.Symlink("..", filepath.Join(root, "up")),
		os.Link(filepath.Join(root, "sub", "file"), filepath.Join(root, "hard")),
		syscall.Mkfifo(filepath.Join(root, "fifo"), 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestOpen(t *testing.T) {
	root := tree(t)
	tests := []struct {
		name string
		how  How
		want error
		mode fs.FileMode
	}{
		{"sub/file", Reference, nil, 0},
		{"sub", Reference, nil, fs.ModeDir},
		{"sub", Directory, nil, fs.ModeDir},
		{"fifo", Reference, nil, fs.ModeNamedPipe},
		{"sub/file", Directory, syscall.ENOTDIR, 0},
		{"out", Reference, syscall.ELOOP, 0},
		{"in", Reference, syscall.ELOOP, 0},
		{"up/secret", Reference, syscall.ELOOP, 0},
		{"../secret", Reference, syscall.EXDEV, 0},
		{"sub/../../secret", Reference, syscall.EXDEV, 0},
		{"/etc/passwd", Reference, syscall.EXDEV, 0},
		{"missing", Reference, syscall.ENOENT, 0},
		{"sub/file/x", Reference, syscall.ENOTDIR, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, err := Open(root, tt.name, tt.how)
			if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
				t.Fatalf("Open: %v, want %v", err, tt.want)
			}
			if err != nil {
				return
			}
			defer func() { _ = f.Close() }()
			if f.Mode.Type() != tt.mode {
				t.Errorf("mode %v, want %v", f.Mode, tt.mode)
			}
		})
	}
	f, err := Open(root, "hard", Reference)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if f.Links != 2 {
		t.Errorf("links = %d, want 2", f.Links)
	}
}

func TestNamespace(t *testing.T) {
	root := tree(t)
	for _, name := range []string{"sub/file", "fifo"} {
		if f, err := Open(root, name, Namespace); err == nil || !strings.Contains(err.Error(), "not a namespace") {
			t.Errorf("Open(%q) = %v, %v, want refused: not a namespace", name, f, err)
		}
	}
	// /proc/self/ns/net is a magic link, the way out that must stay shut.
	if _, err := Open("/proc/self/ns", "net", Namespace); !errors.Is(err, syscall.ELOOP) {
		t.Errorf("magic link: %v, want %v", err, syscall.ELOOP)
	}
}

// TestSwap swaps a directory of the path for a link to outside while it is
// opened: what opens is always inside.
func TestSwap(t *testing.T) {
	root := tree(t)
	secret := filepath.Join(filepath.Dir(root), "outside")
	for _, err := range []error{
		os.Mkdir(secret, 0o755),
		os.WriteFile(filepath.Join(secret, "file"), nil, 0o600),
		os.Symlink(secret, filepath.Join(root, "evil")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	var outside syscall.Stat_t
	if err := syscall.Stat(filepath.Join(secret, "file"), &outside); err != nil {
		t.Fatal(err)
	}
	var stop atomic.Bool
	var wg sync.WaitGroup
	wg.Go(func() {
		sub, evil, tmp := filepath.Join(root, "sub"), filepath.Join(root, "evil"), filepath.Join(root, "tmp")
		for !stop.Load() {
			_ = os.Rename(sub, tmp)
			_ = os.Rename(evil, sub)
			_ = os.Rename(sub, evil)
			_ = os.Rename(tmp, sub)
		}
	})
	opened := 0
	for range 5000 {
		f, err := Open(root, "sub/file", Reference)
		if err != nil {
			continue
		}
		opened++
		var st syscall.Stat_t
		if err := syscall.Fstat(int(f.Fd()), &st); err != nil {
			t.Fatal(err)
		}
		if st.Ino == outside.Ino {
			t.Fatal("opened the file outside of the root")
		}
		_ = f.Close()
	}
	stop.Store(true)
	wg.Wait()
	if opened == 0 {
		t.Error("never opened: the race was not run")
	}
}
