package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/rootgate-project/rootgate/policy"
)

// gitTimeout bounds one run of git.
const gitTimeout = time.Minute

// readPolicyAt returns the policy files that name stands for, a file or a
// directory, as they are in the revision rev of the repository that it lies in.
// There are none when the revision does not have it.
func readPolicyAt(ctx context.Context, rev, name string) ([]policy.File, error) {
	if rev == "" || strings.HasPrefix(rev, "-") {
		return nil, fmt.Errorf("%q is no revision", rev)
	}
	name = filepath.Clean(name)
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	// Where git looks for the repository, and what it calls name there. What
	// begins with "./" is never one of its magic paths.
	dir, base := filepath.Split(name)
	if base == "." || base == ".." {
		dir, base = name, ""
	}
	r := repository{ctx: ctx, dir: filepath.Join(".", dir)}
	commit, err := r.git("rev-parse", "--verify", "--quiet", "--end-of-options", rev+"^{commit}")
	if err != nil {
		return nil, fmt.Errorf("revision %s: %w", rev, err)
	}
	spec := "./" + base
	if info.IsDir() {
		spec += "/"
	}
	return r.files(strings.TrimSpace(commit), rev, spec, info.IsDir())
}

// repository runs git to read. No hook, no pager, no file system monitor and no
// transport runs, no path is a pattern, and nothing is asked.
type repository struct {
	ctx context.Context //nolint:containedctx // lives for one call of readPolicyAt, whose parameter it is
	dir string
}

// git returns what a command of git prints, at most maxPolicyFile bytes.
func (r repository) git(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(r.ctx, gitTimeout)
	defer cancel()
	args = append([]string{"-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-C", r.dir}, args...)
	cmd := exec.CommandContext(ctx, "git", args...) //nolint:gosec // an argument vector, no shell; what it holds is checked above
	cmd.WaitDelay = time.Second
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "LC_ALL=C",
		"GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0", "GIT_OPTIONAL_LOCKS=0", "GIT_LITERAL_PATHSPECS=1",
		// A clone without all objects would fetch what is missing.
		"GIT_NO_LAZY_FETCH=1", "GIT_ALLOW_PROTOCOL=none",
	}
	out := &bounded{left: maxPolicyFile}
	var stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = out, &bounded{left: 4 << 10, to: &stderr}
	if err := cmd.Run(); err != nil {
		said, _, _ := strings.Cut(strings.TrimSpace(stderr.String()), "\n")
		var ended *exec.ExitError
		switch {
		case said != "":
			return "", errors.New("git: " + said)
		case errors.As(err, &ended):
			return "", errors.New("git does not know it")
		}
		return "", fmt.Errorf("git: %w", err)
	}
	if out.left < 0 {
		return "", fmt.Errorf("git prints more than %d bytes", maxPolicyFile)
	}
	return out.text(), nil
}

// bounded keeps the first bytes that are written to it. left is below zero when
// there were more.
type bounded struct {
	left int
	to   *bytes.Buffer
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.to == nil {
		b.to = &bytes.Buffer{}
	}
	keep := min(max(b.left, 0), len(p))
	b.to.Write(p[:keep])
	if b.left -= keep; keep < len(p) {
		b.left = -1
	}
	return len(p), nil
}

func (b *bounded) text() string {
	if b.to == nil {
		return ""
	}
	return b.to.String()
}

// files reads spec, relative to the directory, from a commit.
func (r repository) files(commit, rev, spec string, dir bool) ([]policy.File, error) {
	list, err := r.git("ls-tree", "-z", commit, "--", spec)
	if err != nil {
		return nil, err
	}
	var out []policy.File
	for entry := range strings.SplitSeq(strings.TrimRight(list, "\x00"), "\x00") {
		meta, name, ok := strings.Cut(entry, "\t")
		f := strings.Fields(meta)
		if !ok || len(f) != 3 || f[1] == "tree" || dir && !strings.HasSuffix(name, ".yaml") {
			continue
		}
		if f[0] != "100644" && f[0] != "100755" {
			return nil, fmt.Errorf("%s:%s is not a regular file", rev, name)
		}
		data, err := r.git("cat-file", "blob", f[2])
		if err != nil {
			return nil, fmt.Errorf("%s:%s: %w", rev, name, err)
		}
		out = append(out, policy.File{Name: rev + ":" + path.Join(filepath.ToSlash(r.dir), name), Data: []byte(data)})
	}
	return out, nil
}
