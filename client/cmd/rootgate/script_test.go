package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// wantStatus is the script command
//
//	status N [-signal NAME]... [-repeat] [-twice] [-stdin-open] rootgate ARGS...
//
// which runs rootgate and fails unless it exits with N. Each signal is sent once
// the output has grown since the last; with -repeat, the last of them again and
// again; with -twice, each two times at once. With -stdin-open, standard input stays open and empty. Output goes to
// the files out and err.
func wantStatus(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N [-signal NAME]... [-repeat] [-twice] [-stdin-open] rootgate ARGS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	args = args[1:]
	var p process
	for args[0][0] == '-' {
		switch args[0] {
		case "-signal":
			p.signals = append(p.signals, signalByName(ts, args[1]))
			args = args[2:]
		case "-repeat":
			p.repeat = true
			args = args[1:]
		case "-twice":
			p.twice = true
			args = args[1:]
		case "-stdin-open":
			r, w, err := os.Pipe()
			ts.Check(err)
			defer func() { _ = r.Close(); _ = w.Close() }()
			p.stdin = r
			args = args[1:]
		default:
			ts.Fatalf("unknown flag %s", args[0])
		}
	}
	if got := p.run(ts, args); got != want {
		ts.Fatalf("exit status %d, want %d\n%s%s", got, want, ts.ReadFile("out"), ts.ReadFile("err"))
	}
}

// process is how rootgate is run.
type process struct {
	signals       []syscall.Signal
	repeat, twice bool
	stdin         io.Reader
}

func (p process) run(ts *testscript.TestScript, args []string) int {
	stdout, err := os.Create(ts.MkAbs("out"))
	ts.Check(err)
	defer func() { _ = stdout.Close() }()
	var stderr bytes.Buffer
	cmd := exec.Command(args[0], args[1:]...) // found in PATH, where testscript put it
	cmd.Stdin, cmd.Stdout, cmd.Stderr = p.stdin, stdout, &stderr
	cmd.Dir = ts.Getenv("WORK")
	cmd.Env = []string{
		"ROOTGATE_SOCKET=" + ts.Getenv("ROOTGATE_SOCKET"), "PATH=" + ts.Getenv("PATH"),
		"GOCOVERDIR=" + ts.Getenv("GOCOVERDIR"), "GORACE=" + ts.Getenv("GORACE"),
	}
	ts.Check(cmd.Start())
	size := int64(0)
	for _, sig := range p.signals {
		size = waitGrown(ts, stdout, size)
		ts.Check(cmd.Process.Signal(sig))
		if p.twice {
			_ = cmd.Process.Signal(sig) // it may have ended
		}
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	err = waitEnd(ts, ended, func() {
		if info, err := stdout.Stat(); err == nil && p.repeat && info.Size() > size {
			size = info.Size()
			_ = cmd.Process.Signal(p.signals[len(p.signals)-1]) // it may have ended
		}
	})
	ts.Check(os.WriteFile(ts.MkAbs("err"), stderr.Bytes(), 0o600))
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		ts.Check(err)
	}
	return cmd.ProcessState.ExitCode()
}

// waitEnd waits for the end of a process and calls meanwhile now and then.
func waitEnd(ts *testscript.TestScript, ended <-chan error, meanwhile func()) error {
	limit := time.After(60 * time.Second)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			return err
		case <-tick.C:
			meanwhile()
		case <-limit:
			ts.Fatalf("rootgate does not end")
		}
	}
}

// waitGrown waits until f has more than size bytes and returns how many.
func waitGrown(ts *testscript.TestScript, f *os.File, size int64) int64 {
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		info, err := f.Stat()
		ts.Check(err)
		if info.Size() > size {
			return info.Size()
		}
		if time.Now().After(end) {
			ts.Fatalf("no more output than %d bytes", size)
		}
	}
}

func signalByName(ts *testscript.TestScript, name string) syscall.Signal {
	sig, ok := map[string]syscall.Signal{
		"INT": syscall.SIGINT, "TERM": syscall.SIGTERM, "HUP": syscall.SIGHUP,
		"QUIT": syscall.SIGQUIT, "USR1": syscall.SIGUSR1, "USR2": syscall.SIGUSR2,
	}[name]
	if !ok {
		ts.Fatalf("unknown signal %s", name)
	}
	return sig
}
