// Package policystore refuses a policy that somebody else could have written:
// every file must be root's, reached through directories that only root can
// change, and must not change while it is read. A policy that is refused leaves
// the one in force untouched.
package policystore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rootgate-project/rootgate/policy"
	"github.com/rootgate-project/rootgate/server/internal/sandbox/program"
)

const (
	// maxFileSize bounds one policy file, in bytes.
	maxFileSize = 1 << 20
	// maxFiles bounds the number of files.
	maxFiles = 1000
	// readAttempts is how often a set of files is read that changes meanwhile.
	readAttempts = 5
)

// Store reads policies from directories.
type Store struct {
	// Dirs are the directories, the lowest first: a file of a later one stands
	// for that of the same name in an earlier one.
	Dirs []string
	// Options are given to policy.Load.
	Options policy.Options
}

// Load reads and compiles the policy of the directories. The snapshot is nil
// exactly when a finding has severity E. An error means that the directories
// could not be read as one consistent set.
func (s Store) Load(ctx context.Context) (*policy.Snapshot, policy.Findings, error) {
	files, findings, err := s.read()
	if err != nil {
		return nil, nil, err
	}
	if findings.HasErrors() {
		return nil, findings, nil
	}
	ctx, cancel := context.WithTimeout(ctx, policy.LoadTimeout)
	defer cancel()
	snapshot, more := policy.Load(ctx, files, s.Options)
	return snapshot, append(findings, more...), nil
}

// read returns the files that count: one of a later directory stands for that of
// the same name in an earlier one, even if it is empty. All of them are held to
// their owner and mode. It reads the
// names again when it is done: a set that was changed meanwhile, by an upgrade
// that replaces several files, is read again as a whole.
func (s Store) read() ([]policy.File, policy.Findings, error) {
	for range readAttempts {
		before, err := s.list()
		if err != nil {
			return nil, nil, err
		}
		files := make([][]policy.File, len(s.Dirs))
		var findings policy.Findings
		for _, e := range before {
			data, err := program.ReadTrusted(e.path, maxFileSize)
			if err != nil {
				findings = append(findings, policy.Finding{ID: "F-PERM", Severity: policy.SeverityError, File: e.path, Message: err.Error()})
				continue
			}
			files[e.dir] = append(files[e.dir], policy.File{Name: e.path, Data: data})
		}
		after, err := s.list()
		if err != nil {
			return nil, nil, err
		}
		if slices.Equal(before, after) {
			layered, notes := policy.Overlay(files...)
			return layered, append(findings, notes...), nil
		}
	}
	return nil, nil, errors.New("the policy files keep changing while they are read")
}

// entry identifies one version of a file.
type entry struct {
	dir     int // index of Store.Dirs
	path    string
	size    int64
	modTime int64
}

func (s Store) list() ([]entry, error) {
	var entries []entry
	for i, dir := range s.Dirs {
		list, err := os.ReadDir(dir)
		if err != nil {
			return nil, err
		}
		for _, e := range list {
			// As in other .d directories, hidden files are an editor's.
			if !strings.HasSuffix(e.Name(), ".yaml") || strings.HasPrefix(e.Name(), ".") {
				continue
			}
			info, err := e.Info()
			if errors.Is(err, fs.ErrNotExist) {
				continue // removed since; list is called again afterwards
			}
			if err != nil {
				return nil, err
			}
			entries = append(entries, entry{i, filepath.Join(dir, e.Name()), info.Size(), info.ModTime().UnixNano()})
		}
	}
	if len(entries) > maxFiles {
		return nil, fmt.Errorf("%d policy files, expected at most %d", len(entries), maxFiles)
	}
	return entries, nil
}
