// Package examples holds policies that are ready to be read and copied.
package examples

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rootgate-project/rootgate/policy"
	"github.com/rootgate-project/rootgate/policy/vet"
)

// TestVet vets each example by itself: its own tests run with that.
func TestVet(t *testing.T) {
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
			r := vet.Run(t.Context(), []policy.File{{Name: name, Data: data}}, vet.Options{})
			// Notes name branches without a test; vet does not fail for them.
			if r.Failed(true) {
				t.Error(r.Text())
			}
			for _, r := range r.Snapshot.Rules() {
				if r.Why == "" {
					t.Errorf("%s: rule %s has no why", r.Pos, r.ID)
				}
			}
		})
	}
}
