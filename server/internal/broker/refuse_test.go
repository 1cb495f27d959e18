package broker

import (
	"errors"
	"testing"

	"github.com/rootgate-project/rootgate/policy"
	"github.com/rootgate-project/rootgate/server/internal/guard"
)

// TestGuardError: a guard that does not hold is a denial, one that nobody can
// evaluate is a precondition, and neither tells a caller the cause.
func TestGuardError(t *testing.T) {
	d := policy.Decision{Rule: &policy.Rule{ID: "r"}, Line: 2, Netns: "ns"}
	cause := errors.New("a fact about the host")
	for _, tt := range []struct {
		name string
		err  error
		kind Kind
		want string
	}{
		{"does not hold", &guard.Error{What: "<p>", ArgvIndex: 1, Cause: cause}, KindDenied, "GUARD_FAILED"},
		{"unavailable", &guard.Error{What: "<p>", ArgvIndex: 1, Unavailable: true, Cause: cause}, KindPrecondition, "GUARD_UNAVAILABLE"},
		{"no namespace", &guard.Error{What: "netns", ArgvIndex: -1, Missing: true, Cause: cause}, KindPrecondition, "NETNS_MISSING"},
		{"another error", cause, KindInternal, "INTERNAL"},
	} {
		e, ok := errors.AsType[*Error](guardError(d, tt.err))
		if !ok || e.Kind != tt.kind || e.Reason != tt.want {
			t.Errorf("%s: got %+v, want %v %s", tt.name, e, tt.kind, tt.want)
			continue
		}
		if (e.Denial != nil) != (tt.kind == KindDenied) || !errors.Is(e.Cause, cause) {
			t.Errorf("%s: got %+v", tt.name, e)
		}
	}
}
