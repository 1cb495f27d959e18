package main

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rootgate-project/rootgate/policy"
)

func TestQuantile(t *testing.T) {
	values := []int{9, 1, 8, 2, 7, 3, 6, 4, 5, 10}
	tests := []struct {
		name   string
		values []int
		q      float64
		want   int
	}{
		{"median", values, 0.5, 6},
		{"p90", values, 0.9, 10},
		{"least", values, 0, 1},
		{"beyond the last", values, 1, 10},
		{"one", []int{3}, 0.9, 3},
		{"none", nil, 0.5, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := quantile(tt.values, tt.q); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
	if values[0] != 9 {
		t.Error("quantile sorted its argument")
	}
}

// A machine that is slow at times moves the ratio of the medians, but not the median
// of the ratios.
func TestRatio(t *testing.T) {
	s := samples{"a": {2, 4, 60}, "b": {1, 20, 30}}
	medians, paired := s.ratio("a", "b")
	if medians != 0.2 || paired != 2 {
		t.Errorf("got %v and %v, want 0.2 and 2", medians, paired)
	}
}

func TestInterleave(t *testing.T) {
	var ran []string
	once := func(name string) benchCase {
		return benchCase{name, func(context.Context) error {
			ran = append(ran, name)
			return nil
		}}
	}
	got, err := interleave(t.Context(), []benchCase{once("a"), once("b"), once("c")}, 4)
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range got {
		if len(s) != 4 {
			t.Errorf("%s: got %d samples, want 4", name, len(s))
		}
	}
	if want := []string{"a", "b", "c", "b", "c", "a", "c", "a", "b"}; !slices.Equal(ran[:9], want) {
		t.Errorf("got order %q, want %q", ran[:9], want)
	}

	broken := errors.New("no such thing")
	fail := benchCase{"d", func(context.Context) error { return broken }}
	if _, err := interleave(t.Context(), []benchCase{fail}, 1); !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
}

func TestBlock(t *testing.T) {
	rate, err := block(t.Context(), 4, 100, func(context.Context, int) error { return nil })
	if err != nil || rate <= 0 {
		t.Errorf("got %v, %v, want a rate", rate, err)
	}
	broken := errors.New("refused")
	_, err = block(t.Context(), 4, 100, func(_ context.Context, caller int) error {
		if caller == 3 {
			return broken
		}
		return nil
	})
	if !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
}

func TestResults(t *testing.T) {
	r := results{Machine: machine(), Latency: samples{}, Throughput: []load{{8, 900, 1000}}, RSSIdle: 2048, RSSEnd: 4096}
	for i, name := range order {
		r.Latency[name] = []time.Duration{time.Duration(i+1) * time.Millisecond}
	}
	dir := t.TempDir()
	var out strings.Builder
	if err := r.write(&out, dir); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| Execute | 3.000 | 3.000 | 1 | 3.00 |", "| 8 | 900 | 1000 | 0.90 |", "2.0 MiB before, 4.0 MiB after"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("got %s, want it to contain %q", out.String(), want)
		}
	}
	data, err := os.ReadFile(filepath.Join(dir, "latest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Ratios map[string]float64 }
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Ratios) != len(compared)+1 {
		t.Errorf("got %d ratios, want %d", len(file.Ratios), len(compared)+1)
	}
	for key, value := range file.Ratios {
		if math.IsNaN(value) || value <= 0 {
			t.Errorf("%s = %v", key, value)
		}
	}
	if name, err := os.Hostname(); err == nil && len(name) > 4 && strings.Contains(out.String(), name) {
		t.Errorf("the results name the machine: %s", out.String())
	}
}

// The policy loads, and allows root what the cases run and nobody else.
func TestPolicy(t *testing.T) {
	p, findings := policy.Load(t.Context(), []policy.File{{Name: "bench.yaml", Data: []byte(policyText())}}, policy.Options{})
	if p == nil {
		t.Fatalf("got %v, want a policy", findings)
	}
	for _, argv := range [][]string{{"/bin/true"}, {"true"}, {"/usr/bin/head", "-c", "1048576", "/dev/zero"}} {
		for uid, want := range map[uint32]bool{0: true, 65534: false} {
			d := p.Decide(policy.Caller{UID: uid}, policy.Request{Argv: argv})
			if d.Allowed() != want {
				t.Errorf("%q by uid %d: allowed %v, want %v", argv, uid, d.Allowed(), want)
			}
		}
	}
}

// Every case of the table is measured, and the other way round.
func TestCasesAndOrder(t *testing.T) {
	c, err := connect("/nowhere")
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	var names []string
	for _, bc := range cases(c, "bin", "/nowhere") {
		names = append(names, bc.name)
	}
	slices.Sort(names)
	if want := slices.Sorted(slices.Values(order)); !slices.Equal(names, want) {
		t.Errorf("got cases %q, want %q", names, want)
	}
}
