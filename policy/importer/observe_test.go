package importer_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rootgate-project/rootgate/policy"
	"github.com/rootgate-project/rootgate/policy/importer"
)

// A policy learned from command lines allows each of them, or says why not.
func TestObservedAreAllowed(t *testing.T) {
	_, observed := readSamples(t)
	var all [][]string
	for _, p := range []string{"nova", "ironic"} {
		all = append(all, observed[p]...)
	}
	var filters strings.Builder
	var seen []string
	for _, a := range all {
		if name := a[0]; !slices.Contains(seen, name) && filepath.Base(name) == name && !strings.ContainsAny(name, ",=:#; \n") {
			seen = append(seen, name)
			fmt.Fprintf(&filters, "f%d: CommandFilter, %s, root\n", len(seen), name)
		}
	}
	r := rootwrap(t, filters.String(), importer.Options{Caller: "nova", Observed: all})
	s, _ := policy.Load(t.Context(), r.Files, policy.Options{Accounts: accounts{}})
	allowed, dropped := 0, 0
	for _, a := range all {
		switch {
		case !slices.Contains(seen, a[0]), a[0] == "ip" && slices.Contains(a, "exec"), a[0] == "env":
		case s.Decide(policy.Caller{UID: 1000, GID: 1000}, policy.Request{Argv: a}).Allowed():
			allowed++
		case slices.ContainsFunc(r.Report.Dropped, func(d importer.Dropped) bool { return slices.Equal(d.Argv, a) && d.Reason != "" }):
			dropped++
		default:
			t.Errorf("%q is neither allowed nor dropped", a)
		}
	}
	if t.Logf("%d allowed, %d dropped", allowed, dropped); allowed < 100 || dropped*10 > allowed {
		t.Errorf("%d allowed, %d dropped", allowed, dropped)
	}
	again := rootwrap(t, filters.String(), importer.Options{Caller: "nova", Observed: reversed(all)})
	for i, f := range again.Files {
		if string(f.Data) != string(r.Files[i].Data) {
			t.Error("the order of what was observed changes the policy")
		}
	}
}

func reversed(list [][]string) [][]string {
	out := slices.Clone(list)
	slices.Reverse(out)
	return out
}
