package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// rules is the size of the policy: what a host with a few services has.
const rules = 200

// daemon is a running rootgated with a temporary directory of its own.
type daemon struct {
	dir, socket string
	cmd         *exec.Cmd
	stderr      bytes.Buffer
}

// start runs rootgated as an operator would, with its defaults, and returns once it
// serves. The caller must call stop.
func start(ctx context.Context, bin string) (*daemon, error) {
	dir, err := os.MkdirTemp("", "rootgate-bench-")
	if err != nil {
		return nil, err
	}
	d := &daemon{dir: dir, socket: filepath.Join(dir, "run", "rootgate.sock")}
	if err := d.launch(ctx, bin); err != nil {
		_ = os.RemoveAll(dir)
		return nil, fmt.Errorf("start rootgated: %w\n%s", err, d.stderr.String())
	}
	return d, nil
}

func (d *daemon) launch(ctx context.Context, bin string) error {
	policies, audit := filepath.Join(d.dir, "policy"), filepath.Join(d.dir, "audit")
	for dir, mode := range map[string]os.FileMode{policies: 0o755, audit: 0o700, filepath.Dir(d.socket): 0o750} {
		if err := os.Mkdir(dir, mode); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(policies, "bench.yaml"), []byte(policyText()), 0o644); err != nil {
		return err
	}
	d.cmd = exec.Command(filepath.Join(bin, "rootgated"),
		"--socket", d.socket, "--socket-group", "root", "--policy", policies, "--audit", audit)
	d.cmd.Stderr = &d.stderr
	stdout, err := d.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := d.cmd.Start(); err != nil {
		return err
	}
	ready := make(chan error, 1)
	go func() {
		line, err := bufio.NewReader(stdout).ReadString('\n')
		if err == nil && !strings.HasPrefix(line, "serving ") {
			err = fmt.Errorf("got %q, want a line that begins with serving", line)
		}
		ready <- err
	}()
	select {
	case err = <-ready:
	case <-time.After(30 * time.Second):
		err = fmt.Errorf("not serving after 30 s")
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		_ = d.cmd.Process.Kill()
		_ = d.cmd.Wait()
	}
	return err
}

// stop ends the daemon and removes its directory. An unclean end is an error.
func (d *daemon) stop() error {
	defer func() { _ = os.RemoveAll(d.dir) }()
	kill := time.AfterFunc(15*time.Second, func() { _ = d.cmd.Process.Kill() })
	defer kill.Stop()
	if err := d.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	if err := d.cmd.Wait(); err != nil {
		return fmt.Errorf("stop rootgated: %w\n%s", err, d.stderr.String())
	}
	return nil
}

// rss returns the resident memory of the daemon in KiB; 0 when it is unknown.
func (d *daemon) rss() int {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", d.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), " kB"))
			return kib
		}
	}
	return 0
}

// policyText allows the commands of the cases to root, in the default sandbox, among
// rules for other things.
func policyText() string {
	var b strings.Builder
	b.WriteString(`version: 1
about: what the benchmark runs
callers: [{uid: 0}]
rules:
  - id: bench.true
    exec: /bin/true
    argv: ''
  - id: bench.mebibyte
    exec: /usr/bin/head
    argv: |
      -c 1048576 /dev/zero
`)
	programs := []string{"id", "stat", "cut", "sort", "wc", "tail", "uniq", "seq"}
	for i := range rules - 2 {
		fmt.Fprintf(&b, `  - id: other.r%d
    exec: /usr/bin/%s
    argv: |
      --rule%d [-n <n:int(0..%d)>] (on|off)
`, i, programs[i%len(programs)], i, 60+i)
	}
	return b.String()
}
