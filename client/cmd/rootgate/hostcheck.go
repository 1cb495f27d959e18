package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/rootgate-project/rootgate/policy"
)

// maxLinks bounds the symbolic links on the way to a program, as the kernel does
// (path_resolution(7)).
const maxLinks = 40

// checkFiles finds policy files that others than root could change, or put
// others in the place of.
func checkFiles(files []policy.File) policy.Findings {
	var findings policy.Findings
	seen := map[string]bool{}
	for _, f := range files {
		err := checkChain(f.Name, false)
		if err != nil && !seen[err.Error()] {
			seen[err.Error()] = true // a directory is said once
			findings = append(findings, policy.Finding{ID: "F-PERM", File: f.Name, Message: err.Error()})
		}
	}
	return findings
}

// checkPrograms finds programs that are missing, or that others than root could
// change or put others in the place of.
func checkPrograms(rules []*policy.Rule) policy.Findings {
	var findings policy.Findings
	for _, r := range rules {
		for _, p := range r.Programs {
			f := policy.Finding{File: r.Pos.File, Line: r.Pos.Line, Column: r.Pos.Column, Rule: r.ID}
			switch err := checkProgram(p.Path); {
			case errors.Is(err, fs.ErrNotExist):
				f.ID, f.Message = "X-MISSING", "program "+p.Path+" is not on this host"
			case err != nil:
				f.ID, f.Message = "X-WRITABLE", fmt.Sprintf("program %s: %v", p.Path, err)
			default:
				continue
			}
			findings = append(findings, f)
		}
	}
	return findings
}

func checkProgram(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() || info.Mode().Perm()&0o111 == 0 {
		return errors.New("not an executable file")
	}
	return checkChain(path, true)
}

// checkChain walks to path from the root, component by component, and returns
// what lets others than root change where it leads. A path that passes through
// a symbolic link is refused, or its links are walked like the rest.
func checkChain(path string, links bool) error {
	_, err := walk(path, func(at string, info fs.FileInfo) error {
		if err := rootOnly(at, info); err != nil {
			return err
		}
		if info.Mode().Type() == fs.ModeSymlink && !links {
			return fmt.Errorf("%s is a symbolic link", at)
		}
		return nil
	})
	return err
}

// walkChain is walk for those who want the symbolic links alone.
func walkChain(path string, link func(at, target string)) (string, error) {
	return walk(path, func(at string, info fs.FileInfo) error {
		if info.Mode().Type() != fs.ModeSymlink {
			return nil
		}
		target, err := os.Readlink(at)
		if err == nil {
			link(at, target)
		}
		return err
	})
}

// walk calls visit for every component and every symbolic link on the way to
// path, and returns where it leads.
func walk(path string, visit func(at string, info fs.FileInfo) error) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	at, rest := "/", components(path)
	for n := 0; len(rest) > 0; {
		next := filepath.Join(at, rest[0])
		rest = rest[1:]
		info, err := os.Lstat(next)
		if err != nil {
			return "", err
		}
		if err := visit(next, info); err != nil {
			return "", err
		}
		if info.Mode().Type() != fs.ModeSymlink {
			at = next
			continue
		}
		if n++; n > maxLinks {
			return "", fmt.Errorf("%s is a symbolic link", next)
		}
		target, err := os.Readlink(next)
		if err != nil {
			return "", err
		}
		if filepath.IsAbs(target) {
			at = "/"
		}
		rest = append(components(target), rest...)
	}
	return at, nil
}

// identify returns the path of a file with the numbers that the kernel knows it
// by.
func identify(path string) (name string, dev, inode uint64, err error) {
	info, err := os.Lstat(path)
	if err != nil {
		return "", 0, 0, err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return "", 0, 0, fmt.Errorf("the inode of %s is not known", path)
	}
	return path, st.Dev, st.Ino, nil
}

func components(path string) []string {
	return strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
}

// rootOnly refuses what others than root may change. In a sticky directory, such
// as /tmp, they may add entries but not replace one of root's.
func rootOnly(path string, info fs.FileInfo) error {
	st, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !ok:
		return fmt.Errorf("the owner of %s is not known", path)
	case st.Uid != 0:
		return fmt.Errorf("%s belongs to uid %d, not to root", path, st.Uid)
	case info.Mode().Type() == fs.ModeSymlink, info.IsDir() && info.Mode()&fs.ModeSticky != 0:
		return nil // the mode of a link means nothing (symlink(7))
	case info.Mode().Perm()&0o022 != 0:
		return fmt.Errorf("%s can be written by others than root (mode %04o)", path, info.Mode().Perm())
	default:
		return nil
	}
}
