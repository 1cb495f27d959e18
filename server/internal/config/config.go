// Package config refuses to start a server on a guess: the configuration is one
// strict YAML file, an unknown or repeated key is an error with its line, and
// every limit is above zero.
package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"slices"

	"go.yaml.in/yaml/v4"
)

// MaxSize bounds the file, in bytes.
const MaxSize = 1 << 20

// Config is the whole configuration. Read returns it complete; the zero value
// is not usable.
type Config struct {
	Version int    `yaml:"version"`
	Socket  Socket `yaml:"socket"`
	// AdminGroup may call AdminService, besides root. Empty: root only.
	AdminGroup string `yaml:"admin_group"`
	// Policy lists the directories of policy files, the lowest first: a file of a
	// later one stands for that of the same name in an earlier one.
	Policy []string `yaml:"policy"`
	Audit  Audit    `yaml:"audit"`
	// RunUser is the account of a command whose rule names none. Empty:
	// rootgate-run where that account exists, else nobody.
	RunUser    string `yaml:"run_user"`
	Limits     Limits `yaml:"limits"`
	Log        Log    `yaml:"log"`
	Reflection bool   `yaml:"reflection"`
	// Require names kernel features, as GetStatus does, without which the
	// server does not start.
	Require []string `yaml:"require"`
}

// Socket is where callers connect.
type Socket struct {
	// Path is absolute and at most 107 bytes (unix(7)).
	Path string `yaml:"path"`
	// Group owns the socket and its directory; its members may connect.
	Group string `yaml:"group"`
}

// Audit is the audit log.
type Audit struct {
	// Dir holds the log, absolute.
	Dir string `yaml:"dir"`
	// Class is "write": a record has reached the kernel before the launch and
	// before the reply.
	Class string `yaml:"class"`
	// MinFree is how many bytes the file system must have free for a command to
	// be launched.
	MinFree int64 `yaml:"min_free"`
}

// Limits bound what all callers, and each user, may hold at one time.
type Limits struct {
	Connections       int `yaml:"connections"`
	ConnectionsPerUID int `yaml:"connections_per_uid"`
	Running           int `yaml:"running"`
	RunningPerUID     int `yaml:"running_per_uid"`
	// Queue is how many commands of one user may wait. Zero: none.
	Queue int `yaml:"queue"`
	// Rate is how many requests a user may make in a second; bursts are twice
	// that.
	Rate int `yaml:"rate"`
}

// Log is the server's own log, on standard error. It is not the audit log.
type Log struct {
	// Level is debug, info, warn or error.
	Level string `yaml:"level"`
	// Format is text or json.
	Format string `yaml:"format"`
}

// Default returns the configuration that holds without a file.
func Default() Config {
	return Config{
		Version:    1,
		Socket:     Socket{Path: "/run/rootgate/rootgate.sock", Group: "rootgate"},
		Policy:     []string{"/etc/rootgate/policy.d"},
		Audit:      Audit{Dir: "/var/log/rootgate", Class: "write", MinFree: 16 << 20},
		Limits:     Limits{Connections: 256, ConnectionsPerUID: 32, Running: 64, RunningPerUID: 32, Queue: 1024, Rate: 5000},
		Log:        Log{Level: "info", Format: "text"},
		Reflection: true,
	}
}

// Read decodes a file over the defaults. Errors name the file and the line.
func Read(r io.Reader, name string) (Config, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxSize+1))
	if err != nil {
		return Config{}, err
	}
	if len(data) > MaxSize {
		return Config{}, fmt.Errorf("%s: larger than 1 MiB", name)
	}
	c := Default()
	c.Version = 0
	// Lists replace their default instead of growing it.
	c.Policy = nil
	d, err := yaml.NewLoader(bytes.NewReader(data), yaml.WithKnownFields(), yaml.WithUniqueKeys())
	if err != nil {
		return Config{}, err
	}
	if err := d.Load(&c); err != nil && !errors.Is(err, io.EOF) {
		return Config{}, fmt.Errorf("%s: %w", name, err)
	}
	if err := d.Load(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return Config{}, fmt.Errorf("%s: more than one document", name)
	}
	if c.Version != 1 {
		return Config{}, fmt.Errorf("%s: version: found %d, expected 1", name, c.Version)
	}
	if c.Policy == nil {
		c.Policy = Default().Policy
	}
	if err := c.Check(); err != nil {
		return Config{}, fmt.Errorf("%s: %w", name, err)
	}
	return c, nil
}

// Check reports every value out of its range, by its name in the file.
func (c Config) Check() error {
	var errs []error
	bad := func(name, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %s", name, fmt.Sprintf(format, args...)))
	}
	absolute := func(name, path string) {
		if !filepath.IsAbs(path) || filepath.Clean(path) != path {
			bad(name, "%q is not an absolute, clean path", path)
		}
	}
	atLeast := func(name string, n, least int64) {
		if n < least {
			bad(name, "found %d, expected at least %d", n, least)
		}
	}
	absolute("socket.path", c.Socket.Path)
	// sun_path holds 108 bytes with the final NUL.
	if len(c.Socket.Path) > 107 {
		bad("socket.path", "%d bytes long, expected at most 107", len(c.Socket.Path))
	}
	if len(c.Policy) == 0 {
		bad("policy", "no directory")
	}
	for _, dir := range c.Policy {
		absolute("policy", dir)
	}
	absolute("audit.dir", c.Audit.Dir)
	if c.Audit.Class != "write" {
		bad("audit.class", "found %q, expected write", c.Audit.Class)
	}
	atLeast("audit.min_free", c.Audit.MinFree, 0)
	atLeast("limits.connections", int64(c.Limits.Connections), 1)
	atLeast("limits.connections_per_uid", int64(c.Limits.ConnectionsPerUID), 1)
	atLeast("limits.running", int64(c.Limits.Running), 1)
	atLeast("limits.running_per_uid", int64(c.Limits.RunningPerUID), 1)
	atLeast("limits.queue", int64(c.Limits.Queue), 0)
	atLeast("limits.rate", int64(c.Limits.Rate), 1)
	if c.Limits.Running > 4096 {
		bad("limits.running", "found %d, expected at most 4096", c.Limits.Running)
	}
	if _, err := c.Log.level(); err != nil {
		bad("log.level", "found %q, expected debug, info, warn or error", c.Log.Level)
	}
	if !slices.Contains([]string{"text", "json"}, c.Log.Format) {
		bad("log.format", "found %q, expected text or json", c.Log.Format)
	}
	return errors.Join(errs...)
}

func (l Log) level() (slog.Level, error) {
	var level slog.Level
	err := level.UnmarshalText([]byte(l.Level))
	return level, err
}

// Logger writes the server's log to w.
func (l Log) Logger(w io.Writer) *slog.Logger {
	level, err := l.level()
	if err != nil {
		level = slog.LevelInfo // Check refused it before
	}
	o := &slog.HandlerOptions{Level: level}
	if l.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}
