package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// cvtTimeout bounds one run of cvtsudoers.
const cvtTimeout = time.Minute

// convertSudoers returns what cvtsudoers makes of a sudoers file, or its text
// where there is no cvtsudoers. JSON stays what it is.
func convertSudoers(ctx context.Context, name string, text []byte) ([]byte, error) {
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		return text, nil
	}
	program, err := exec.LookPath("cvtsudoers")
	if errors.Is(err, exec.ErrNotFound) {
		return text, nil
	}
	if err != nil {
		return nil, err
	}
	if name, err = filepath.Abs(name); err != nil { // begins with a slash, never with a dash
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, cvtTimeout)
	defer cancel()
	// Its own configuration could match other users or make another form.
	cmd := exec.CommandContext(ctx, program, "-c", "", "-i", "sudoers", "-f", "json", name) //nolint:gosec // an argument vector, no shell
	cmd.WaitDelay = time.Second
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"}
	out, said := &bounded{left: maxPolicyFile}, &bounded{left: 4 << 10}
	cmd.Stdout, cmd.Stderr = out, said
	if err := cmd.Run(); err != nil {
		first, _, _ := strings.Cut(strings.TrimSpace(said.text()), "\n")
		return nil, fmt.Errorf("cvtsudoers: %w: %s", err, first)
	}
	if out.left < 0 {
		return nil, fmt.Errorf("cvtsudoers makes more than %d bytes of %s", maxPolicyFile, name)
	}
	return []byte(out.text()), nil
}
