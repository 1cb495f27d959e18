package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/rootgate-project/rootgate/policy"
)

// maxPolicyFile bounds what is read of one policy file, in bytes. The loader has
// a lower limit and says so.
const maxPolicyFile = 16 << 20

// readPolicy is readLayers for who asks for the files alone.
func readPolicy(paths []string) ([]policy.File, error) {
	files, _, err := readLayers(paths)
	return files, err
}

// readLayers reads the policy that paths name as the server would: of files with
// one name in two directories the later directory's counts, and a note says so.
// A file that is named by itself counts in any case.
func readLayers(paths []string) ([]policy.File, policy.Findings, error) {
	var dirs [][]policy.File
	var alone []string
	for i, path := range paths {
		if info, err := os.Stat(path); err != nil || !info.IsDir() {
			alone = append(alone, path)
			continue
		}
		if slices.ContainsFunc(paths[:i], func(p string) bool { return filepath.Clean(p) == filepath.Clean(path) }) {
			continue
		}
		files, err := readPolicyFiles([]string{path})
		if err != nil {
			return nil, nil, err
		}
		dirs = append(dirs, files)
	}
	out, notes := policy.Overlay(dirs...)
	files, err := readPolicyFiles(alone)
	for _, f := range files {
		if !slices.ContainsFunc(out, func(o policy.File) bool { return o.Name == f.Name }) {
			out = append(out, f)
		}
	}
	return out, notes, err
}

// readPolicyFiles reads every file that paths name, each once, in the order given
// and sorted within a directory.
func readPolicyFiles(paths []string) ([]policy.File, error) {
	var names []string
	for _, path := range paths {
		found, err := policyNames(path)
		if err != nil {
			return nil, err
		}
		for _, name := range found {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	files := make([]policy.File, 0, len(names))
	for _, name := range names {
		data, err := readPolicyFile(name)
		if err != nil {
			return nil, err
		}
		files = append(files, policy.File{Name: name, Data: data})
	}
	return files, nil
}

// policyNames returns the policy files that path stands for.
func policyNames(path string) ([]string, error) {
	if path == "" {
		return nil, errors.New("a path is empty")
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{filepath.Clean(path)}, nil
	}
	entries, err := os.ReadDir(path) // sorted
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		// As for the server, hidden files are an editor's.
		if strings.HasSuffix(e.Name(), ".yaml") && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, filepath.Join(path, e.Name()))
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("no *.yaml in %s", path)
	}
	return names, nil
}

func readPolicyFile(name string) ([]byte, error) {
	// O_NONBLOCK: the open of a FIFO would wait for a writer.
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(err, fmt.Errorf("%s is not a regular file", name))
	}
	data, err := io.ReadAll(io.LimitReader(f, maxPolicyFile+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxPolicyFile {
		return nil, fmt.Errorf("%s is over %d bytes", name, maxPolicyFile)
	}
	return data, nil
}
