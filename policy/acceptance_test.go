package policy

import (
	"os"
	"path/filepath"
	"testing"
)

// acceptanceFiles are 28 rules: conversions of filters and sudoers lines that are
// in use somewhere, each with what it must refuse.
func acceptanceFiles(t testing.TB) []File {
	t.Helper()
	names, err := filepath.Glob("testdata/acceptance/*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatalf("no files: %v", err)
	}
	files := make([]File, 0, len(names))
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, File{Name: filepath.Base(name), Data: data})
	}
	return files
}

// TestAcceptance holds that the corpus loads, which proves that no two of its
// rules overlap, that none accepts a known escape, and that its tests pass.
func TestAcceptance(t *testing.T) {
	s, found := Load(t.Context(), acceptanceFiles(t), Options{Vet: true})
	for _, f := range found {
		if f.Severity == SeverityError {
			t.Error(f, f.Witness)
		}
	}
	if got := len(s.Rules()); got != 28 {
		t.Errorf("got %d rules, want 28", got)
	}
	if s.Tests() < 80 {
		t.Errorf("got %d tests, want at least 80", s.Tests())
	}
}
