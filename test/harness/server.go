package harness

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// SocketGroup owns the sockets of all test servers, SocketGID by number.
const (
	SocketGroup = "nogroup"
	SocketGID   = 65534
)

// startLimit and stopLimit bound how long a server may take to serve and to end:
// both are far above what an idle machine needs.
const (
	startLimit = 60 * time.Second
	stopLimit  = 40 * time.Second
)

// Options say what server to start.
type Options struct {
	// Policy is the text of the policy, in which {DIR} and {MARK} stand for the
	// server's Dir and Mark.
	Policy string
	// Config are further lines of the configuration file.
	Config string
	// Wrap is a command in whose place the server is executed at its end, such
	// as unshare with options.
	Wrap []string
	// Files are put below Dir before the start, by relative path. Those whose
	// text begins with #! are executable.
	Files map[string]string
	// Unclean leaves out the checks at the end that do not hold for a server
	// that the test kills or starves.
	Unclean bool
}

// Server is a running rootgated with a directory of its own.
type Server struct {
	// Dir is root's and open to everybody; policy and audit log are below it.
	Dir    string
	Socket string
	// Mark is in the policy's environment, where a policy puts it: Survivors
	// finds the processes that have it.
	Mark string

	t    testing.TB
	o    Options
	mu   sync.Mutex
	cmd  *exec.Cmd
	done chan struct{} // closed when cmd has been waited for
	out  output
	log  output
}

// output collects what a process writes. Safe for concurrent use.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// New makes the directory of a server and does not start it.
func New(t testing.TB, o Options) *Server {
	t.Helper()
	dir, err := makeDir("rootgate-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	s := &Server{
		Dir: dir, Socket: filepath.Join(dir, "run", "rootgate.sock"),
		Mark: "mark-" + filepath.Base(dir), t: t, o: o,
	}
	for name, text := range o.Files {
		s.WriteFile(name, text)
	}
	s.WriteFile("policy/test.yaml", o.Policy)
	s.WriteFile("rootgate.yaml", fmt.Sprintf(`version: 1
socket: {path: %s, group: %s}
policy: [%s]
audit: {dir: %s, min_free: 65536}
%s`, s.Socket, SocketGroup, filepath.Join(dir, "policy"), s.Audit(), o.Config))
	return s
}

// Start starts a server and returns once it serves. The test's end stops it.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	s := New(t, o)
	s.Start()
	return s
}

// Audit is the directory of the audit log.
func (s *Server) Audit() string { return filepath.Join(s.Dir, "audit") }

// WriteFile puts a file of root's below Dir, complete from the first moment at
// which it has its name.
func (s *Server) WriteFile(name, text string) {
	s.t.Helper()
	path := filepath.Join(s.Dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		s.t.Fatal(err)
	}
	mode := os.FileMode(0o644)
	if strings.HasPrefix(text, "#!") {
		mode = 0o755
	}
	text = strings.NewReplacer("{DIR}", s.Dir, "{MARK}", s.Mark).Replace(text)
	if err := os.WriteFile(path+".new", []byte(text), mode); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		s.t.Fatal(err)
	}
}

// Command returns rootgated with the server's configuration, ready to start.
func (s *Server) Command(args ...string) *exec.Cmd {
	var argv []string
	for _, a := range s.o.Wrap {
		argv = append(argv, strings.ReplaceAll(a, "{AUDIT}", s.Audit()))
	}
	argv = append(argv, Program(s.t, "rootgated"), "--config", filepath.Join(s.Dir, "rootgate.yaml"))
	argv = append(argv, args...)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = "/"
	cmd.Env = environment()
	// A process group of its own: a signal at the terminal is for the test.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// Start starts the server, again after Kill, and returns once it serves.
func (s *Server) Start() {
	s.t.Helper()
	cmd := s.Command()
	cmd.Stderr = &s.log
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	serving, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		lines := bufio.NewScanner(stdout)
		for first := true; lines.Scan(); first = false {
			_, _ = s.out.Write(append(lines.Bytes(), '\n'))
			if first && strings.HasPrefix(lines.Text(), "serving ") {
				close(serving)
			}
		}
		_ = cmd.Wait()
	}()
	s.mu.Lock()
	s.cmd, s.done = cmd, done
	s.mu.Unlock()
	s.t.Cleanup(s.finish(cmd, done))
	select {
	case <-serving:
	case <-done:
		s.t.Fatalf("rootgated ended before it served: %v\n%s%s", cmd.ProcessState, &s.out, &s.log)
	case <-time.After(startLimit):
		s.t.Fatalf("rootgated does not serve after %v\n%s%s", startLimit, &s.out, &s.log)
	}
}

// PID is that of the server.
func (s *Server) PID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cmd.Process.Pid
}

// Output is what the server wrote to standard output so far, and Log to its log.
func (s *Server) Output() string { return s.out.String() }

// Log is what the server wrote to standard error so far.
func (s *Server) Log() string { return s.log.String() }

// Signal sends a signal to the server.
func (s *Server) Signal(sig syscall.Signal) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Fatalf("signal %v to rootgated: %v", sig, err)
	}
}

// Wait waits for the end of the server, which a signal has been sent to.
func (s *Server) Wait() *os.ProcessState {
	s.t.Helper()
	s.mu.Lock()
	cmd, done := s.cmd, s.done
	s.mu.Unlock()
	select {
	case <-done:
	case <-time.After(stopLimit):
		s.t.Fatalf("rootgated runs %v after it was told to end\n%s", stopLimit, &s.log)
	}
	return cmd.ProcessState
}

// Stop ends the server with SIGTERM.
func (s *Server) Stop() *os.ProcessState {
	s.t.Helper()
	s.Signal(syscall.SIGTERM)
	return s.Wait()
}

// Kill ends the server with SIGKILL.
func (s *Server) Kill() {
	s.t.Helper()
	s.Signal(syscall.SIGKILL)
	s.Wait()
}

// finish stops one server at the end of the test and looks at what it leaves.
func (s *Server) finish(cmd *exec.Cmd, done <-chan struct{}) func() {
	return func() {
		select {
		case <-done:
		default:
			_ = cmd.Process.Signal(syscall.SIGTERM)
			select {
			case <-done:
			case <-time.After(stopLimit):
				s.t.Errorf("rootgated runs %v after SIGTERM; it is killed", stopLimit)
				_ = cmd.Process.Kill()
				<-done
			}
		}
		killed := cmd.ProcessState.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL
		if got := cmd.ProcessState; !got.Success() && !(killed && s.o.Unclean) {
			s.t.Errorf("end of rootgated: got %v, want exit status 0", got)
		}
		for _, bad := range []string{"DATA RACE", "panic", "goroutine "} {
			if strings.Contains(s.Log(), bad) {
				s.t.Errorf("the log of rootgated has %q", bad)
			}
		}
		if left := s.Survivors(); len(left) > 0 {
			s.t.Errorf("processes after the end of rootgated: got %q, want none", left)
		}
		if !s.o.Unclean {
			s.checkAudit()
		}
		if s.t.Failed() {
			s.t.Logf("log of rootgated:\n%s", &s.log)
		}
	}
}
