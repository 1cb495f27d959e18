package seccomp

import "testing"

// TestGrantOr: what is admitted without a condition stays so, in either order,
// and no grant is not an unconditional one.
func TestGrantOr(t *testing.T) {
	a, b := when(only(0, 1)), when(only(0, 2))
	tests := []struct {
		name string
		got  grant
		want condition
	}{
		{"nothing and a", grant{}.or(a), a},
		{"nothing and unconditional", grant{}.or(nil), nil},
		{"a and b", grant{}.or(a).or(b), condition{a[0], b[0]}},
		{"a and a", grant{}.or(a).or(a), a},
		{"a and unconditional", grant{}.or(a).or(nil), nil},
		{"unconditional and a", grant{}.or(nil).or(a), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if !tt.got.given || tt.got.when.key() != tt.want.key() {
				t.Errorf("got %v, want %v", tt.got, tt.want)
			}
		})
	}
}
