package main

import (
	"strings"
	"testing"
)

// TestCompareMatchers decides the command lines of the comparison once more: a
// policy or a script that does not load fails here, and not in the benchmark.
func TestCompareMatchers(t *testing.T) {
	m, err := compareMatchers(t.Context(), "matcher")
	if err != nil {
		t.Fatal(err)
	}
	if want := matcherRounds * len(matched); len(m.Ours) != want || m.Rootwrap != nil && len(m.Rootwrap) != want {
		t.Errorf("%d and %d times, want %d", len(m.Ours), len(m.Rootwrap), want)
	}
	var b strings.Builder
	m.markdown(&b)
	if !strings.Contains(b.String(), "| rootgate: Decide | ") {
		t.Errorf("no row of rootgate in\n%s", b.String())
	}
	t.Log(b.String())
}
