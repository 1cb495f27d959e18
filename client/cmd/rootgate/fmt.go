package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/rootgate-project/rootgate/policy"
)

const policyFmtLong = `Print a policy file in one layout: two spaces a level, lists indented below their
key, one space between the words of usage lines. Nothing but spaces changes:
comments, blank lines, quotes and the order of everything stay. PATH is a file,
or a directory of which every *.yaml is taken.

With --expand, options that stand in both spellings are written out:
-w/--wait:<n> becomes (-w <n>|--wait <n>|--wait=<n>).

With -w, the files are written instead, each of them at once or not at all, with
its owner and mode. With --check, those that would change are listed.

A file that is not YAML, or holds what a policy may not, is left alone.

Exit status: 0; 1 when a file cannot be formatted or, with --check, would change;
2 when a file cannot be read or written.`

// fmtFlags are the flags of policy fmt.
type fmtFlags struct{ check, write, expand bool }

func (a *app) policyFmt() *cobra.Command {
	var f fmtFlags
	cmd := &cobra.Command{
		Use:   "fmt [flags] PATH...",
		Short: "Format policy files",
		Long:  policyFmtLong,
		Args:  arguments("PATH..."),
		RunE: func(_ *cobra.Command, paths []string) error {
			if f.check && f.write {
				return errors.New("--check writes nothing, --write does: give one of them")
			}
			files, err := readPolicyFiles(paths)
			if err == nil && len(files) > 1 && !f.check && !f.write {
				err = fmt.Errorf("%d files: their text together is no policy; use -w or --check", len(files))
			}
			if err != nil {
				return &exit{status: statusUnreadable, err: err}
			}
			return a.format(files, f)
		},
	}
	cmd.Flags().BoolVar(&f.check, "check", false, "list the files that would change, and write nothing")
	cmd.Flags().BoolVarP(&f.write, "write", "w", false, "write the files instead of printing")
	cmd.Flags().BoolVar(&f.expand, "expand", false, "write out options that stand in both spellings")
	return cmd
}

// text returns a file as it is to be.
func (f fmtFlags) text(file policy.File) ([]byte, policy.Findings) {
	if f.expand {
		expanded, found := policy.Expand(file)
		if found.HasErrors() {
			return nil, found
		}
		file.Data = expanded
	}
	return policy.Format(file)
}

// format formats files. It goes through all of them, whatever is found in one.
func (a *app) format(files []policy.File, f fmtFlags) error {
	out := struct {
		Changed  []string      `json:"changed"` // or would be, with --check
		Findings []jsonFinding `json:"findings"`
	}{[]string{}, []jsonFinding{}}
	var text bytes.Buffer
	for _, file := range files {
		formatted, found := f.text(file)
		for _, x := range found {
			out.Findings = append(out.Findings, newJSONFinding(x))
			text.WriteString(printable(x.String()) + "\n")
			if x.Excerpt != "" {
				text.WriteString(indent(x.Excerpt))
			}
		}
		switch {
		case found.HasErrors():
			continue
		case !f.check && !f.write:
			if a.json() {
				break
			}
			return wrote(a.stdout.Write(formatted))
		}
		if bytes.Equal(formatted, file.Data) {
			continue
		}
		if f.write {
			if err := replaceFile(file.Name, formatted); err != nil {
				return &exit{status: statusUnreadable, err: err}
			}
		}
		out.Changed = append(out.Changed, file.Name)
		text.WriteString(printable(file.Name) + "\n")
	}
	err := a.print("%s", text.String())
	if a.json() {
		err = a.printJSON(out)
	}
	if err == nil && (len(out.Findings) > 0 || f.check && len(out.Changed) > 0) {
		err = &exit{status: statusFindings}
	}
	return err
}

// replaceFile puts data in the place of a file, with its mode and owner: whoever
// reads the name meanwhile gets the old text or the new one.
func replaceFile(name string, data []byte) (err error) {
	if name, err = filepath.EvalSymlinks(name); err != nil {
		return err
	}
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.Mode().IsRegular() {
		return &fs.PathError{Op: "replace", Path: name, Err: fs.ErrInvalid}
	}
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	_, err = f.Write(data)
	// The owner first: chown(2) takes bits of the mode away.
	err = errors.Join(err, f.Chown(int(st.Uid), int(st.Gid)), f.Chmod(info.Mode()), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
