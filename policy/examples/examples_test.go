// Package examples holds policies that are ready to be read and copied: each
// file, and each directory of files, is one policy.
package examples

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rootgate-project/rootgate/policy"
	"github.com/rootgate-project/rootgate/policy/vet"
)

// TestVet vets each example by itself: its own tests run with that. Notes tell
// what an author may want to know and stand in no example's way.
func TestVet(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	examples := 0
	for _, e := range entries {
		pattern := e.Name()
		if e.IsDir() {
			pattern = filepath.Join(e.Name(), "*.yaml")
		} else if filepath.Ext(e.Name()) != ".yaml" {
			continue
		}
		examples++
		t.Run(e.Name(), func(t *testing.T) { vetExample(t, pattern) })
	}
	if examples < 7 {
		t.Errorf("%d examples, want at least 7", examples)
	}
}

func vetExample(t *testing.T, pattern string) {
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("no files for %s: %v", pattern, err)
	}
	files := make([]policy.File, 0, len(names))
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, policy.File{Name: name, Data: data})
	}
	r := vet.Run(t.Context(), files, vet.Options{})
	for _, f := range r.Findings {
		if f.Severity != policy.SeverityNote {
			t.Error(f, f.Witness)
		}
	}
	if r.Snapshot == nil {
		t.Fatal("the policy is refused")
	}
	for _, r := range r.Snapshot.Rules() {
		if r.Why == "" {
			t.Errorf("%s: rule %s has no why", r.Pos, r.ID)
		}
	}
}
