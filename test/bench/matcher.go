package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/rootgate-project/rootgate/policy"
)

// matched are the command lines that both matchers decide; the last two are
// refused.
var matched = [][]string{
	{"ip", "link", "set", "eth0", "up"},
	{"ip", "addr", "add", "10.0.0.1/24", "dev", "eth0"},
	{"sysctl", "-w", "net.ipv4.ip_forward=1"},
	{"blockdev", "--flushbufs", "/dev/sda"},
	{"sleep", "5"},
	{"ip", "vrf", "exec", "default", "id"},
	{"cat", "/etc/shadow"},
}

// matcherRounds is how often each command line is decided.
const matcherRounds = 2000

// matchers are the times of one decision: ours, and those of oslo.rootwrap's
// matcher, none where it is not installed.
type matchers struct {
	Ours, Rootwrap []time.Duration
}

// compareMatchers decides the same command lines with both, by policies that say
// the same. dir holds them.
func compareMatchers(ctx context.Context, dir string) (m matchers, err error) {
	name := filepath.Join(dir, "rules.yaml")
	data, err := os.ReadFile(name)
	if err != nil {
		return m, err
	}
	s, found := policy.Load(ctx, []policy.File{{Name: name, Data: data}}, policy.Options{})
	if s == nil {
		return m, found.Err()
	}
	caller := policy.Caller{UID: 1000, GID: 1000}
	for range matcherRounds {
		for i, argv := range matched {
			began := time.Now()
			d := s.Decide(caller, policy.Request{Argv: argv})
			m.Ours = append(m.Ours, time.Since(began))
			if want := i < len(matched)-2; d.Allowed() != want {
				return m, fmt.Errorf("%q: allowed %t, want %t", argv, d.Allowed(), want)
			}
		}
	}
	installed := exec.CommandContext(ctx, "/usr/bin/python3", "-c", "import oslo_rootwrap").Run() == nil
	if !installed {
		return m, nil
	}
	requests, err := json.Marshal(matched)
	if err != nil {
		return m, err
	}
	cmd := exec.CommandContext(ctx, "/usr/bin/python3", filepath.Join(dir, "rootwrap.py"), filepath.Join(dir, "filters"), strconv.Itoa(matcherRounds))
	cmd.Stdin, cmd.Stderr = bytes.NewReader(requests), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return m, fmt.Errorf("oslo.rootwrap: %w", err)
	}
	return m, json.Unmarshal(out, &m.Rootwrap)
}

// markdown writes the comparison.
func (m matchers) markdown(w io.Writer) {
	fmt.Fprintf(w, "\n| one decision, without a process | p50 µs | p90 µs | n |\n|---|---:|---:|---:|\n")
	for _, r := range []struct {
		name  string
		times []time.Duration
	}{{"rootgate: Decide", m.Ours}, {"oslo.rootwrap: match_filter", m.Rootwrap}} {
		if len(r.times) > 0 {
			fmt.Fprintf(w, "| %s | %.2f | %.2f | %d |\n", r.name,
				float64(quantile(r.times, 0.5).Nanoseconds())/1000, float64(quantile(r.times, 0.9).Nanoseconds())/1000, len(r.times))
		}
	}
}
