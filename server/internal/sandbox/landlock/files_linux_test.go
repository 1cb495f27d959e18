package landlock

import (
	"os"
	"path/filepath"
	"testing"
)

// TestFilesAreShared: many views of one base view cost about as many descriptors
// as one.
func TestFilesAreShared(t *testing.T) {
	files := NewFiles()
	first, err := NewView(Spec{Files: files})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = first.Close() }()
	before := descriptors(t)
	for range 100 {
		v, err := NewView(Spec{Files: files})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = v.Close() }()
	}
	if grown := descriptors(t) - before; grown > 5 {
		t.Errorf("100 more views opened %d descriptors, want none", grown)
	}
}

// TestSharedFilesAreRefreshed: a file that is replaced is opened anew, for every
// view that names it, and closing one view leaves the other usable.
func TestSharedFilesAreRefreshed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	files := NewFiles()
	spec := Spec{Files: files, Base: []PathRule{}, Rules: []PathRule{{Path: path, Access: Read}}}
	a, err := NewView(spec)
	if err != nil {
		t.Fatal(err)
	}
	b, err := NewView(spec)
	if err != nil {
		t.Fatal(err)
	}
	if a.rules[0].file != b.rules[0].file {
		t.Error("the views have the file open twice")
	}
	old := a.rules[0].ino
	if err := os.WriteFile(path+".new", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	for name, v := range map[string]*View{"a": a, "b": b} {
		if err := v.Refresh(); err != nil {
			t.Fatal(err)
		}
		if v.rules[0].ino == old {
			t.Errorf("view %s has the old file", name)
		}
	}
	if a.rules[0].file != b.rules[0].file {
		t.Error("after the refresh the views have the file open twice")
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	ruleset, err := b.Ruleset(Call{})
	if err != nil {
		t.Fatalf("after the other view was closed: %v", err)
	}
	_ = ruleset.Close()
}
