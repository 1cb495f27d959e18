package e2e

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/rootgate-project/rootgate/test/harness"
)

// exitConfig is EX_CONFIG of sysexits.h: a restart would not help.
const exitConfig = 78

// A server that is not in order does not serve, and says why.
func TestConfig(t *testing.T) {
	tests := []struct {
		name   string
		config string // instead of the harness's
		set    func(s *harness.Server) error
		args   []string
		want   int
		text   string
	}{
		{name: "in order", want: 0, text: "ok: 2 rules"},
		{name: "unknown key", config: "version: 1\nrunning: 5\n", want: exitConfig, text: "running"},
		{name: "duplicate key", config: "version: 1\nversion: 1\n", want: exitConfig, text: "version"},
		{name: "no version", config: "log: {level: info}\n", want: exitConfig, text: "version"},
		{name: "wrong type", config: "version: 1\nlimits: {running: many}\n", want: exitConfig, text: "many"},
		{name: "limit of zero", config: "version: 1\nlimits: {running: 0}\n", want: exitConfig, text: "limits.running"},
		{name: "negative limit", config: "version: 1\nlimits: {queue: -1}\n", want: exitConfig, text: "limits.queue"},
		{name: "two documents", config: "version: 1\n---\nversion: 1\n", want: exitConfig, text: "more than one document"},
		{name: "no YAML", config: "version: [1\n", want: exitConfig, text: "rootgate.yaml"},
		{name: "unknown feature", config: "version: 1\nrequire: [magic]\n", want: exitConfig, text: "magic"},
		{name: "run_user root", config: "version: 1\nrun_user: root\n", want: exitConfig, text: "uid 0"},
		{name: "run_user unknown", config: "version: 1\nrun_user: no-such-user-here\n", want: exitConfig, text: "no-such-user-here"},
		{name: "no file", args: []string{"--config", "/nowhere/rootgate.yaml"}, want: exitConfig, text: "/nowhere"},
		{name: "policy missing", args: []string{"--policy", "/nowhere"}, want: exitConfig, text: "/nowhere"},
		{name: "relative socket", config: "version: 1\nsocket: {path: x.sock}\n", want: exitConfig, text: "socket.path"},
		{name: "path of a socket too long", args: []string{"--socket", "/tmp/" + strings.Repeat("x", 110)}, want: exitConfig, text: "107"},
		{name: "usage", args: []string{"--nope"}, want: 2, text: "nope"},
		{name: "stray argument", args: []string{"start"}, want: 2, text: "start"},
		{
			name: "bad policy", want: exitConfig, text: "test.yaml:1:1",
			set: func(s *harness.Server) error { s.WriteFile("policy/test.yaml", "rules: 1\n"); return nil },
		},
		{
			name: "policy writable by others", want: exitConfig, text: "test.yaml",
			set: func(s *harness.Server) error { return os.Chmod(filepath.Join(s.Dir, "policy/test.yaml"), 0o666) },
		},
		{
			name: "configuration writable by others", want: exitConfig, text: "rootgate.yaml",
			set: func(s *harness.Server) error { return os.Chmod(filepath.Join(s.Dir, "rootgate.yaml"), 0o666) },
		},
		{
			name: "program of another user", want: exitConfig, text: "X-WRITABLE",
			set: func(s *harness.Server) error {
				s.WriteFile("policy/test.yaml", "version: 1\nabout: x\ncallers: []\nrules:\n  - {id: x, exec: '{DIR}/tool', argv: ''}\n")
				s.WriteFile("tool", "#!/bin/sh\n")
				return os.Chown(filepath.Join(s.Dir, "tool"), 60104, 0)
			},
		},
		{
			name: "script as a program", want: exitConfig, text: "X-SCRIPT",
			set: func(s *harness.Server) error {
				s.WriteFile("policy/test.yaml", "version: 1\nabout: x\ncallers: []\nrules:\n  - {id: x, exec: '{DIR}/tool', argv: ''}\n")
				s.WriteFile("tool", "#!/bin/sh\n")
				return nil
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := harness.New(t, options())
			if tt.config != "" {
				s.WriteFile("rootgate.yaml", tt.config)
			}
			if tt.set != nil {
				if err := tt.set(s); err != nil {
					t.Fatal(err)
				}
			}
			got := harness.Collect(t, s.Command(append([]string{"--check"}, tt.args...)...), nil)
			if got.Status != tt.want || !strings.Contains(got.Stdout+got.Stderr, tt.text) {
				t.Errorf("got %+v, want status %d with %q", got, tt.want, tt.text)
			}
			for _, made := range []string{s.Socket, s.Audit()} {
				if _, err := os.Lstat(made); !errors.Is(err, os.ErrNotExist) {
					t.Errorf("%s: got %v, want nothing written by --check", made, err)
				}
			}
		})
	}
}

// What stands at the path of the socket is never removed unless it is a socket
// that a dead server of root's left.
func TestSocketPath(t *testing.T) {
	tests := []struct {
		name, text string
		put        func(path string) error
	}{
		{"file", "no socket", func(path string) error { return os.WriteFile(path, []byte("mine"), 0o644) }},
		{"directory", "no socket", func(path string) error { return os.Mkdir(path, 0o755) }},
		{"symbolic link", "no socket", func(path string) error { return os.Symlink("/etc/passwd", path) }},
		{"directory writable by others", "writable", func(path string) error { return os.Chmod(filepath.Dir(path), 0o777) }},
		{"directory of another user", "60104", func(path string) error { return os.Chown(filepath.Dir(path), 60104, 0) }},
		{"unknown group", "no group", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := harness.New(t, options())
			if err := os.Mkdir(filepath.Dir(s.Socket), 0o755); err != nil {
				t.Fatal(err)
			}
			var args []string
			if tt.put == nil {
				args = []string{"--socket-group", "no-such-group-here"}
			} else if err := tt.put(s.Socket); err != nil {
				t.Fatal(err)
			}
			before, _ := os.Lstat(s.Socket)
			got := harness.Collect(t, s.Command(args...), nil)
			if got.Status != exitConfig || !strings.Contains(got.Stderr, tt.text) {
				t.Errorf("got %+v, want status %d with %q", got, exitConfig, tt.text)
			}
			after, _ := os.Lstat(s.Socket)
			if (before == nil) != (after == nil) || before != nil && !os.SameFile(before, after) {
				t.Errorf("got %v at the path, want %v left alone", after, before)
			}
		})
	}
	t.Run("mode and owner", func(t *testing.T) {
		w := start(t, options())
		for path, want := range map[string]os.FileMode{w.Socket: 0o660 | os.ModeSocket, filepath.Dir(w.Socket): 0o750 | os.ModeDir} {
			info, err := os.Lstat(path)
			if err != nil {
				t.Fatal(err)
			}
			st := info.Sys().(*syscall.Stat_t)
			if info.Mode() != want || st.Uid != 0 || st.Gid != harness.SocketGID {
				t.Errorf("%s: got %v of %d:%d, want %v of 0:%d", path, info.Mode(), st.Uid, st.Gid, want, harness.SocketGID)
			}
		}
		unix, err := os.ReadFile("/proc/net/unix")
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(unix), "@"+w.Dir) {
			t.Error("got an abstract socket, want none")
		}
		if want := "serving " + w.Socket + " generation 1\n"; w.Output() != want {
			t.Errorf("got output %q, want %q", w.Output(), want)
		}
	})
}
