package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
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

// readPolicy reads every file that paths name, each once, in the order given and
// sorted within a directory.
func readPolicy(paths []string) ([]policy.File, error) {
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
		if strings.HasSuffix(e.Name(), ".yaml") {
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

// checkFiles finds policy files, and the directories they stand in, that others
// than root could change.
func checkFiles(paths []string, files []policy.File) policy.Findings {
	var findings policy.Findings
	seen := map[string]bool{}
	check := func(path string) {
		path = filepath.Clean(path)
		if seen[path] {
			return
		}
		seen[path] = true
		if fault := ownedByRoot(path, os.Lstat); fault != "" {
			findings = append(findings, policy.Finding{ID: "F-PERM", File: path, Message: fault})
		}
	}
	for _, path := range paths {
		check(path)
	}
	for _, f := range files {
		check(filepath.Dir(f.Name))
		check(f.Name)
	}
	return findings
}

// checkPrograms finds programs that are missing or that others could change.
func checkPrograms(rules []*policy.Rule) policy.Findings {
	var findings policy.Findings
	for _, r := range rules {
		for _, p := range r.Programs {
			f := policy.Finding{File: r.Pos.File, Line: r.Pos.Line, Column: r.Pos.Column, Rule: r.ID}
			info, err := os.Stat(p.Path)
			switch {
			case errors.Is(err, fs.ErrNotExist):
				f.ID, f.Message = "X-MISSING", "program "+p.Path+" is not on this host"
			case err != nil:
				f.ID, f.Message = "X-MISSING", err.Error()
			case !info.Mode().IsRegular() || info.Mode().Perm()&0o111 == 0:
				f.ID, f.Message = "X-MISSING", p.Path+" is not an executable file"
			default:
				f.ID, f.Message = "X-WRITABLE", ownedByRoot(p.Path, os.Stat)
			}
			if f.Message != "" {
				findings = append(findings, f)
			}
		}
	}
	return findings
}

// ownedByRoot returns what lets others than root change path, or nothing.
func ownedByRoot(path string, stat func(string) (fs.FileInfo, error)) string {
	info, err := stat(path)
	if err != nil {
		return err.Error()
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case info.Mode().Type() == fs.ModeSymlink:
		return path + " is a symbolic link"
	case !ok:
		return "the owner of " + path + " is not known"
	case st.Uid != 0:
		return fmt.Sprintf("%s belongs to uid %d, not to root", path, st.Uid)
	case info.Mode().Perm()&0o022 != 0:
		return fmt.Sprintf("%s can be written by others than root (mode %04o)", path, info.Mode().Perm())
	default:
		return ""
	}
}
