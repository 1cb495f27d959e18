package client

import (
	"strings"
	"testing"
)

func TestHeadTail(t *testing.T) {
	head, tail := strings.Repeat("a", keep), strings.Repeat("z", keep)
	for _, tt := range []struct {
		name   string
		writes []string
		want   string
	}{
		{"nothing", nil, ""},
		{"little", []string{"one", "two"}, "onetwo"},
		{"all of it", []string{head + tail}, head + tail},
		{"one byte over", []string{head, "x" + tail}, head + "\n... left out ...\n" + tail},
		{"much over", []string{head + "x", strings.Repeat("y", 3*keep), tail}, head + "\n... left out ...\n" + tail},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var h headTail
			for _, w := range tt.writes {
				if n, err := h.Write([]byte(w)); n != len(w) || err != nil {
					t.Fatalf("got %d, %v, want %d", n, err, len(w))
				}
			}
			if got := string(h.bytes()); got != tt.want {
				t.Errorf("got %d bytes, want %d", len(got), len(tt.want))
			}
		})
	}
}
