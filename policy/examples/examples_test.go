// Package examples holds policies that are ready to be read and copied.
package examples

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rootgate-project/rootgate/policy"
)

// TestLoad loads each example by itself: its own tests run with that.
func TestLoad(t *testing.T) {
	names, err := filepath.Glob("*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			s, found := policy.Load(t.Context(), []policy.File{{Name: name, Data: data}}, policy.Options{})
			for _, f := range found {
				t.Errorf("%s\n%s", f, f.Excerpt)
			}
			for _, r := range s.Rules() {
				if r.Why == "" {
					t.Errorf("%s: rule %s has no why", r.Pos, r.ID)
				}
			}
		})
	}
}
