package main

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func TestFunctions(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"keys", "---\ndescription: x\nfunctions:\n  shell:\n    - description: a\n      code: b\n  file-read:\n  - code: c\ncomment: d\n---\nshell:\n", []string{"shell", "file-read"}},
		{"lines of code", "---\nfunctions:\n  shell:\n    - code: |\n        sudo:\n---\n", []string{"shell"}},
		{"line ends", "---\r\nfunctions:\r\n  shell:\r\n---\r\n", []string{"shell"}},
		{"no front matter", "functions:\n  shell:\n", nil},
		{"nothing", "", nil},
	} {
		if got := functions(c.text); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestCompare(t *testing.T) {
	entries, err := readEntries(fstest.MapFS{
		"cat.md":     {Data: []byte("---\nfunctions:\n  file-read:\n  file-write:\n  sudo:\n---\n")},
		"python":     {Data: []byte("---\nfunctions:\n  shell:\n  file-write:\n---\n")},
		"unknown.md": {Data: []byte("---\nfunctions:\n  shell:\n---\n")},
		".hidden":    {Data: []byte("---\nfunctions:\n  shell:\n---\n")},
		"README":     {Data: []byte("text")},
		"a":          {Mode: fs.ModeDir},
	})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	compare(entries).print(&b)
	want := `programs  3, known 2 (66.7 %)
pairs     5 of a program and a function, 2 with an escape of that kind (40.0 %), 3 with one or with code of the caller's (60.0 %)
missing   cat: file-write, unknown: shell
`
	if b.String() != want {
		t.Errorf("got %s\nwant %s", b.String(), want)
	}
	if _, err := readEntries(fstest.MapFS{"README": {Data: []byte("text")}}); !errors.Is(err, errNoEntries) {
		t.Errorf("got %v", err)
	}
}
