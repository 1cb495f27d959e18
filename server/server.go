// Package server wires rootgated together. It refuses to serve unless every
// part is in order: configuration, kernel, audit log, policy. The socket
// appears last.
package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/rootgate-project/rootgate/server/audit"
	"github.com/rootgate-project/rootgate/server/internal/accounts"
	"github.com/rootgate-project/rootgate/server/internal/broker"
	"github.com/rootgate-project/rootgate/server/internal/config"
	"github.com/rootgate-project/rootgate/server/internal/guard"
	"github.com/rootgate-project/rootgate/server/internal/peer"
	"github.com/rootgate-project/rootgate/server/internal/rpc"
	"github.com/rootgate-project/rootgate/server/internal/sandbox"
	"github.com/rootgate-project/rootgate/server/internal/sandbox/program"
	"github.com/rootgate-project/rootgate/server/internal/throttle"
)

const (
	// defaultConfig is read when no file is named and it exists.
	defaultConfig = "/etc/rootgate/rootgate.yaml"
	// drainTime is how long running commands may take to end after SIGTERM.
	drainTime = 10 * time.Second
	// replyTime is how long the last replies may take to be delivered then.
	replyTime = time.Second
	// healthTime is how often the health service looks at what it reports.
	healthTime = time.Second
	// memoryLimit and maxThreads bound the server itself, in bytes and threads.
	memoryLimit = 64 << 20
	maxThreads  = 512
)

// ErrConfig marks an error that a restart would not mend: configuration, policy,
// or a feature that this host lacks.
var ErrConfig = errors.New("configuration")

// Options are what the command line says. A flag that is set overrides the
// configuration file.
type Options struct {
	ConfigFile                         string
	Socket, SocketGroup, Policy, Audit string
	// Check makes Run return before anything is served or written.
	Check          bool
	Version        string
	Stdout, Stderr io.Writer
}

// Run serves until SIGTERM or SIGINT, then lets running commands end for at most
// ten seconds, and returns when no process of any command is left. SIGHUP loads
// the policy again. It changes the whole process (environment, umask, limits,
// working directory) and must be called once, by main.
func Run(ctx context.Context, o Options) error {
	if err := sandbox.HardenProcess(); err != nil {
		return fmt.Errorf("harden process: %w", err)
	}
	debug.SetMemoryLimit(memoryLimit)
	debug.SetMaxThreads(maxThreads)
	cfg, err := loadConfig(o)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrConfig, err)
	}
	// Its default action ends the process; the audit log handles the error that
	// comes with it (setrlimit(2), RLIMIT_FSIZE).
	signal.Ignore(syscall.SIGXFSZ)
	// From here on a signal asks for an orderly end.
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	defer signal.Stop(signals)

	s := &server{options: o, config: cfg, log: cfg.Log.Logger(o.Stderr), started: time.Now()}
	defer s.close()
	if err := s.open(ctx); err != nil {
		return err
	}
	if o.Check {
		_, _ = fmt.Fprintf(o.Stdout, "ok: %d rules\n", len(s.broker.Generation().Snapshot.Rules()))
		return nil
	}
	return s.serve(ctx, signals)
}

// server holds the parts, in the order in which they are opened.
type server struct {
	options  Options
	config   config.Config
	log      *slog.Logger
	started  time.Time
	accounts *accounts.DB
	launcher *sandbox.Launcher
	audit    *audit.Writer
	slots    *throttle.Slots
	broker   *broker.Broker
	policy   policyState
	grpc     atomic.Pointer[rpc.Server]
}

func loadConfig(o Options) (config.Config, error) {
	cfg := config.Default()
	path := o.ConfigFile
	if path == "" {
		if _, err := os.Lstat(defaultConfig); err == nil {
			path = defaultConfig
		} else if !errors.Is(err, fs.ErrNotExist) {
			return cfg, err
		}
	}
	if path != "" {
		data, err := program.ReadTrusted(path, config.MaxSize)
		if err != nil {
			return cfg, err
		}
		if cfg, err = config.Read(bytes.NewReader(data), path); err != nil {
			return cfg, err
		}
	}
	override := func(to *string, with string) {
		if with != "" {
			*to = with
		}
	}
	override(&cfg.Socket.Path, o.Socket)
	override(&cfg.Socket.Group, o.SocketGroup)
	override(&cfg.Audit.Dir, o.Audit)
	if o.Policy != "" {
		cfg.Policy = []string{o.Policy}
	}
	return cfg, cfg.Check()
}

// open brings up every part but the socket.
func (s *server) open(ctx context.Context) error {
	if err := s.checkSelf(); err != nil {
		return fmt.Errorf("%w: %w", ErrConfig, err)
	}
	var err error
	if s.accounts, err = accounts.Load("/etc/passwd", "/etc/group"); err != nil {
		return fmt.Errorf("read accounts: %w", err)
	}
	if s.launcher, err = sandbox.New(sandbox.Options{Log: s.log, GuardianChanged: s.guardianChanged}); err != nil {
		return fmt.Errorf("%w: %w", ErrConfig, err)
	}
	if err := s.checkRequired(); err != nil {
		return fmt.Errorf("%w: %w", ErrConfig, err)
	}
	if !s.options.Check {
		// After the sandbox has swept what a dead server left running.
		if s.audit, err = audit.Open(s.config.Audit.Dir, audit.Options{MinFree: max(1, s.config.Audit.MinFree)}); err != nil {
			return err
		}
		if err := s.record(audit.Record{Type: audit.TypeStart, Version: s.options.Version}); err != nil {
			return err
		}
	}
	s.slots = throttle.NewSlots(throttle.Limits{
		Running: s.config.Limits.Running, RunningPerUID: s.config.Limits.RunningPerUID, Queue: s.config.Limits.Queue,
	})
	files := &accounts.Files{Passwd: "/etc/passwd", Group: "/etc/group"}
	s.broker = broker.New(broker.Options{
		Accounts: func() (guard.Accounts, error) { return files.Current() },
		Launcher: s.launcher, Audit: s.audit, Slots: s.slots, Log: s.log, MaxRunning: s.config.Limits.Running,
	})
	refused, err := s.reload(ctx)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrConfig, err)
	}
	if err := refused.Err(); err != nil {
		return fmt.Errorf("%w: policy refused:\n%w", ErrConfig, err)
	}
	return nil
}

// checkSelf refuses to run from a file that another user can replace: whoever
// can write the server is root.
func (s *server) checkSelf() error {
	path, err := os.Executable()
	if err != nil {
		return err
	}
	if _, err := program.Open(path, program.Options{}); err != nil {
		return fmt.Errorf("this program: %w", err)
	}
	return nil
}

func (s *server) checkRequired() error {
	var errs []error
	features := s.features()
	for _, name := range s.config.Require {
		i := slices.IndexFunc(features, func(f feature) bool { return f.name == name })
		switch {
		case i < 0:
			errs = append(errs, fmt.Errorf("require: unknown feature %q", name))
		case !features[i].enabled:
			errs = append(errs, fmt.Errorf("require: this host has no %s: %s", name, features[i].detail))
		}
	}
	return errors.Join(errs...)
}

// serve opens the socket and blocks until a signal ends the server.
func (s *server) serve(ctx context.Context, signals <-chan os.Signal) error {
	gid, ok := s.accounts.Group(s.config.Socket.Group)
	if !ok {
		return fmt.Errorf("%w: socket.group: no group %q", ErrConfig, s.config.Socket.Group)
	}
	o := rpc.Options{
		Broker: s.broker, Admin: s, Log: s.log, Rate: throttle.NewRate(s.config.Limits.Rate), Reflection: s.config.Reflection,
	}
	if name := s.config.AdminGroup; name != "" {
		admin, ok := s.accounts.Group(name)
		if !ok {
			return fmt.Errorf("%w: admin_group: no group %q", ErrConfig, name)
		}
		o.AdminGroup = &admin
	}
	g := rpc.New(o)
	s.grpc.Store(g)
	l, err := peer.Listen(s.config.Socket.Path, gid)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrConfig, err)
	}
	limits := peer.Limits{Total: s.config.Limits.Connections, PerUID: s.config.Limits.ConnectionsPerUID}
	served := make(chan error, 1)
	go func() { served <- g.Serve(peer.NewListener(l.UnixListener, limits, s.log)) }()
	defer func() { _ = l.Close() }()
	s.showHealth(g)
	generation := s.broker.Generation().Number
	s.log.Info("serving", "socket", s.config.Socket.Path, "generation", generation)
	if _, err := fmt.Fprintf(s.options.Stdout, "serving %s generation %d\n", s.config.Socket.Path, generation); err != nil {
		return err
	}
	look := time.NewTicker(healthTime)
	defer look.Stop()
	for {
		select {
		case <-look.C:
			s.showHealth(g)
		case err := <-served:
			return unexpected(err)
		case <-ctx.Done():
			return s.drain(g)
		case sig := <-signals:
			if sig != syscall.SIGHUP {
				return s.drain(g)
			}
			// Both outcomes are in the log and in the audit log by now.
			_, _, _ = s.Reload(ctx)
		}
	}
}

// showHealth makes the health service say whether a command could be launched:
// the log takes records and the guardian stands ready.
func (s *server) showHealth(g *rpc.Server) {
	g.SetServing(s.audit.Writable() == nil && s.launcher.Features().Guardian)
}

func unexpected(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// drain lets what runs end, then kills it.
func (s *server) drain(g *rpc.Server) error {
	s.log.Info("draining")
	g.SetServing(false)
	s.slots.Close()
	stopped := make(chan struct{})
	go func() { g.GracefulStop(); close(stopped) }()
	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	s.broker.Drain(ctx)
	// A caller whose command was killed is told so: Stop would close the
	// connections with the reply still in them. One that does not read, or that
	// watches, is not waited for longer.
	select {
	case <-stopped:
	case <-time.After(replyTime):
		g.Stop()
		<-stopped
	}
	s.log.Info("stopped")
	return s.record(audit.Record{Type: audit.TypeStop})
}

func (s *server) close() {
	if s.launcher != nil {
		ctx, cancel := context.WithTimeout(context.Background(), drainTime)
		defer cancel()
		if err := s.launcher.Close(ctx); err != nil {
			s.log.Error("close sandbox", "error", err)
		}
	}
	if s.audit != nil {
		if err := s.audit.Close(); err != nil {
			s.log.Error("close audit log", "error", err)
		}
	}
}
