package policy

import (
	"slices"
	"testing"
)

func TestKnownEscapes(t *testing.T) {
	got := KnownEscapes("/usr/bin/env")
	if len(got) == 0 || got[0] != (KnownEscape{"exec", "runs the program that its arguments name"}) {
		t.Errorf("env: %v", got)
	}
	if got := KnownEscapes("python3.11"); !slices.ContainsFunc(got, func(e KnownEscape) bool { return e.Kind == "library-load" }) {
		t.Errorf("python3.11: %v", got)
	}
	if got := KnownEscapes("true"); got != nil {
		t.Errorf("true: %v", got)
	}
}
