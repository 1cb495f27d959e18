package program

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"
)

// TestOpenTrusted holds the conditions of policy files (T110).
func TestOpenTrusted(t *testing.T) {
	tests := []struct {
		name   string
		change func(t *testing.T, root string)
		path   string
		want   string // part of the error; "" for none
	}{
		{"as it should be", nil, "", ""},
		{"in a sticky directory", func(t *testing.T, r string) { must(t, os.Chmod(r+"/d", 0o777|fs.ModeSticky)) }, "", ""},
		{"file of another", func(t *testing.T, r string) { must(t, os.Chown(r+"/d/file", stranger, 0)) }, "", "is owned by uid 65534"},
		{"group-writable", func(t *testing.T, r string) { must(t, os.Chmod(r+"/d/file", 0o664)) }, "", "is writable by its group"},
		{"writable by others", func(t *testing.T, r string) { must(t, os.Chmod(r+"/d/file", 0o646)) }, "", "is writable by its group or by others"},
		{"directory group-writable", func(t *testing.T, r string) { must(t, os.Chmod(r+"/d", 0o775)) }, "", "/d is writable by its group"},
		{"parent of another", func(t *testing.T, r string) { must(t, os.Chown(r, stranger, 0)) }, "", "is owned by uid 65534"},
		{"link", func(t *testing.T, r string) { must(t, os.Symlink("file", r+"/d/link")) }, "d/link", "is a symbolic link"},
		{"linked directory", func(t *testing.T, r string) { must(t, os.Symlink("d", r+"/l")) }, "l/file", "is a symbolic link"},
		{"hard link", func(t *testing.T, r string) { must(t, os.Link(r+"/d/file", r+"/d/two")) }, "", "has 2 names"},
		{"FIFO", func(t *testing.T, r string) { must(t, unix.Mkfifo(r+"/d/fifo", 0o644)) }, "d/fifo", "is not a regular file"},
		{"device", func(t *testing.T, r string) { must(t, unix.Mknod(r+"/d/zero", unix.S_IFCHR|0o644, 0x105)) }, "d/zero", "is not a regular file"},
		{"directory", nil, "d", "is not a regular file"},
		{"missing", nil, "d/none", "program missing"},
		{"too long", func(t *testing.T, r string) { must(t, os.Truncate(r+"/d/file", 1<<30)) }, "", "the limit is 100"},
	}
	for _, tt := range tests {
		t.Run("T110/"+tt.name, func(t *testing.T) {
			root, err := filepath.EvalSymlinks(t.TempDir())
			must(t, err)
			must(t, os.Mkdir(root+"/d", 0o755))
			write(t, root+"/d/file", []byte("version: 1\n"), 0o644)
			if tt.change != nil {
				tt.change(t, root)
			}
			if tt.path == "" {
				tt.path = "d/file"
			}
			got, err := ReadTrusted(filepath.Join(root, tt.path), 100)
			if tt.want == "" {
				if err != nil || string(got) != "version: 1\n" {
					t.Errorf("got %q, %v", got, err)
				}
				return
			}
			if got != nil || err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %q, %v; want %q", got, err, tt.want)
			}
		})
	}
}

func TestOpenTrustedDir(t *testing.T) {
	root, err := filepath.EvalSymlinks(t.TempDir())
	must(t, err)
	must(t, os.Mkdir(root+"/d", 0o755))
	write(t, root+"/d/a.yaml", nil, 0o644)
	dir, err := OpenTrustedDir(root + "/d")
	must(t, err)
	names, err := dir.Readdirnames(-1)
	if err != nil || len(names) != 1 || names[0] != "a.yaml" {
		t.Errorf("got %q, %v", names, err)
	}
	must(t, dir.Close())
	if dir, err := OpenTrustedDir(root + "/d/a.yaml"); dir != nil || err == nil {
		t.Errorf("a file: got %v, %v", dir, err)
	}
	must(t, os.Chmod(root+"/d", 0o775))
	if dir, err := OpenTrustedDir(root + "/d"); dir != nil || !errors.As(err, new(*UntrustedError)) {
		t.Errorf("group-writable: got %v, %v", dir, err)
	}
}

// TestReadWhileWritten: a file that is written in place meanwhile is read whole
// in one state or not at all (T111). A naive reader must get a mixture.
func TestReadWhileWritten(t *testing.T) {
	root, err := filepath.EvalSymlinks(t.TempDir())
	must(t, err)
	path := root + "/file"
	const size = 1 << 20
	a, b := strings.Repeat("a", size), strings.Repeat("b", size)
	write(t, path, []byte(a), 0o644)
	var stop atomic.Bool
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop.Store(true)
	wg.Go(func() {
		for i := 0; !stop.Load(); i++ {
			content := a
			if i%2 == 0 {
				content = b
			}
			file, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err != nil {
				t.Error(err)
				return
			}
			for at := 0; at < size; at += size / 16 {
				if _, err := file.WriteAt([]byte(content[at:at+size/16]), int64(at)); err != nil {
					t.Error(err)
				}
			}
			_ = file.Close()
		}
	})
	mixed := func(raw []byte) bool { return strings.Contains(string(raw), "a") && strings.Contains(string(raw), "b") }
	naive, refused, read := 0, 0, 0
	for i := 0; i < 10_000 && (naive == 0 || refused < 5 || read < 5); i++ {
		raw, err := os.ReadFile(path)
		must(t, err)
		if mixed(raw) {
			naive++
		}
		if raw, err = ReadTrusted(path, size); err != nil {
			refused++
		} else if mixed(raw) {
			t.Fatal("a mixture was read")
		} else {
			read++
		}
	}
	if naive == 0 || refused == 0 || read == 0 {
		t.Errorf("naive mixtures %d, refused %d, read %d: the race has no teeth", naive, refused, read)
	}
}

// TestOpenTrustedSwap: between the look at a file and its opening the name is
// given to another one.
func TestOpenTrustedSwap(t *testing.T) {
	root, err := filepath.EvalSymlinks(t.TempDir())
	must(t, err)
	path, other := root+"/file", root+"/other"
	write(t, path, []byte("good"), 0o644)
	write(t, other, []byte("evil"), 0o644)
	must(t, os.Chown(other, stranger, 0))
	var stop atomic.Bool
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop.Store(true)
	wg.Go(func() {
		for !stop.Load() {
			if err := unix.Renameat2(unix.AT_FDCWD, path, unix.AT_FDCWD, other, unix.RENAME_EXCHANGE); err != nil {
				t.Error(err)
				return
			}
		}
	})
	for read, refused := 0, 0; read < 300 || refused < 300; {
		content, err := ReadTrusted(path, 10)
		if err != nil {
			refused++
			continue
		}
		read++
		if string(content) != "good" {
			t.Fatalf("got %q", content)
		}
	}
}
