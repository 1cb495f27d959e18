package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// entry is one program with the functions that GTFOBins lists for it.
type entry struct {
	program   string
	functions []string
}

// errNoEntries is a directory without a single entry: the wrong one.
var errNoEntries = errors.New("no file has front matter with functions")

// readEntries reads the files of a directory, by name.
func readEntries(dir fs.FS) ([]entry, error) {
	files, err := fs.ReadDir(dir, ".")
	if err != nil {
		return nil, err
	}
	var out []entry
	for _, f := range files {
		if !f.Type().IsRegular() || strings.HasPrefix(f.Name(), ".") {
			continue
		}
		text, err := fs.ReadFile(dir, f.Name())
		if err != nil {
			return nil, fmt.Errorf("read an entry: %w", err)
		}
		if found := functions(string(text)); len(found) > 0 {
			out = append(out, entry{strings.TrimSuffix(f.Name(), ".md"), found})
		}
	}
	if len(out) == 0 {
		return nil, errNoEntries
	}
	return out, nil
}

// functions returns the keys below "functions:" in the front matter of text. All
// that is wanted of the YAML are its keys at an indentation of two.
func functions(text string) []string {
	var out []string
	inside := false
	for i, line := range strings.Split(strings.ReplaceAll(text, "\r", ""), "\n") {
		switch key, rest, ok := strings.Cut(line, ":"); {
		case line == "---" && i > 0, i == 0 && line != "---":
			return out
		case line == "functions:":
			inside = true
		case line != "" && line[0] != ' ' && line[0] != '-':
			inside = false
		case inside && ok && strings.TrimSpace(rest) == "" && strings.HasPrefix(key, "  ") && key[2] != ' ' && key[2] != '-':
			out = append(out, strings.TrimSpace(key))
		}
	}
	return out
}
