package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// results are what one run found.
type results struct {
	Machine         string
	Latency         samples
	Throughput      []load
	Matchers        matchers
	RSSIdle, RSSEnd int // KiB
}

// compared lists the ratios of times, by their key in the JSON file. Below 1 is
// faster than the reference.
var compared = []struct {
	key, a, b, target string
}{
	{"execute_os_exec", execute, osExec, "at most 1.5, later 1.3"},
	{"execute_os_exec_capture", execute, osExecCapture, ""},
	{"execute_sudo", execute, sudo, "at most 0.2"},
	{"execute_bare_rpc", execute, bareRPC, ""},
	{"stream_os_exec", stream, osExec, ""},
	{"command_sudo", command, sudo, "below 1"},
	{"stream_1mib_os_exec", mebibyteRG, mebibyteOS, "at most 1.0"},
}

// order is the order of the cases in the table.
var order = []string{osExec, osExecCapture, execute, stream, bareRPC, sudo, command, mebibyteOS, mebibyteRG}

// machine says what the figures depend on, without naming the machine.
func machine() string {
	kernel, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		kernel = []byte("of unknown version")
	}
	load, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(load), " ")
	return fmt.Sprintf("%d cores, %s, Linux %s, %s, load %s before the run",
		runtime.NumCPU(), runtime.GOARCH, strings.TrimSpace(string(kernel)), runtime.Version(), first)
}

// markdown writes the tables.
func (r results) markdown(w io.Writer) {
	fmt.Fprintf(w, "%s. Policy of %d rules, default sandbox, audit class write.\n\n", r.Machine, rules)
	fmt.Fprintf(w, "| one command | p50 ms | p90 ms | n | x os/exec |\n|---|---:|---:|---:|---:|\n")
	for _, name := range order {
		s := r.Latency[name]
		base := osExec
		if name == mebibyteOS || name == mebibyteRG {
			base = mebibyteOS
		}
		medians, _ := r.Latency.ratio(name, base)
		fmt.Fprintf(w, "| %s | %s | %s | %d | %.2f |\n", name, ms(quantile(s, 0.5)), ms(quantile(s, 0.9)), len(s), medians)
	}
	fmt.Fprintf(w, "\n| ratio of times | of medians | median within a round | target |\n|---|---:|---:|---|\n")
	for _, c := range compared {
		medians, paired := r.Latency.ratio(c.a, c.b)
		fmt.Fprintf(w, "| %s / %s | %.2f | %.2f | %s |\n", c.a, c.b, medians, paired, c.target)
	}
	fmt.Fprintf(w, "\n| callers | Execute a second | os/exec a second | ratio (more is better) |\n|---:|---:|---:|---:|\n")
	for _, l := range r.Throughput {
		fmt.Fprintf(w, "| %d | %.0f | %.0f | %.2f |\n", l.Callers, l.Rootgate, l.OSExec, l.Rootgate/l.OSExec)
	}
	r.Matchers.markdown(w)
	fmt.Fprintf(w, "\nResident memory of rootgated: %.1f MiB before, %.1f MiB after.\n", float64(r.RSSIdle)/1024, float64(r.RSSEnd)/1024)
}

// ratios returns every ratio by its key.
func (r results) ratios() map[string]float64 {
	out := map[string]float64{}
	for _, c := range compared {
		out[c.key], _ = r.Latency.ratio(c.a, c.b)
	}
	for _, l := range r.Throughput {
		out[fmt.Sprintf("throughput_%d_os_exec", l.Callers)] = l.Rootgate / l.OSExec
	}
	if len(r.Matchers.Rootwrap) > 0 {
		out["decide_rootwrap_match_filter"] = float64(quantile(r.Matchers.Ours, 0.5)) / float64(quantile(r.Matchers.Rootwrap, 0.5))
	}
	return out
}

// write prints the tables to w, and stores them and the ratios below dir.
func (r results) write(w io.Writer, dir string) error {
	var text strings.Builder
	r.markdown(&text)
	if _, err := io.WriteString(w, text.String()); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	file := struct {
		Machine string             `json:"machine"`
		Ratios  map[string]float64 `json:"ratios"`
	}{r.Machine, r.ratios()}
	data, err := json.MarshalIndent(file, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "latest.json"), append(data, '\n'), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "latest.md"), []byte(text.String()), 0o644)
}

func ms(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()*1000) }
