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
//	status N [-signal NAME]... [-stdin-open] rootgate ARGS...
//
// which runs rootgate and fails unless it exits with N. Each signal is sent once
// the output has grown since the last. With -stdin-open, standard input stays
// open and empty. Output goes to the files out and err.
func wantStatus(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N [-signal NAME]... [-stdin-open] rootgate ARGS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	args = args[1:]
	var signals []syscall.Signal
	var stdin io.Reader
	for args[0][0] == '-' {
		switch args[0] {
		case "-signal":
			signals = append(signals, signalByName(ts, args[1]))
			args = args[2:]
		case "-stdin-open":
			r, w, err := os.Pipe()
			ts.Check(err)
			defer func() { _ = r.Close(); _ = w.Close() }()
			stdin = r
			args = args[1:]
		default:
			ts.Fatalf("unknown flag %s", args[0])
		}
	}
	if got := runStatus(ts, args, signals, stdin); got != want {
		ts.Fatalf("exit status %d, want %d\n%s%s", got, want, ts.ReadFile("out"), ts.ReadFile("err"))
	}
}

func runStatus(ts *testscript.TestScript, args []string, signals []syscall.Signal, stdin io.Reader) int {
	stdout, err := os.Create(ts.MkAbs("out"))
	ts.Check(err)
	defer func() { _ = stdout.Close() }()
	var stderr bytes.Buffer
	cmd := exec.Command(args[0], args[1:]...) // found in PATH, where testscript put it
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, stdout, &stderr
	cmd.Dir = ts.Getenv("WORK")
	cmd.Env = []string{"ROOTGATE_SOCKET=" + ts.Getenv("ROOTGATE_SOCKET"), "PATH=" + ts.Getenv("PATH"), "GOCOVERDIR=" + ts.Getenv("GOCOVERDIR")}
	ts.Check(cmd.Start())
	size := int64(0)
	for _, sig := range signals {
		size = waitGrown(ts, stdout, size)
		ts.Check(cmd.Process.Signal(sig))
	}
	err = cmd.Wait()
	ts.Check(os.WriteFile(ts.MkAbs("err"), stderr.Bytes(), 0o600))
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		ts.Check(err)
	}
	return cmd.ProcessState.ExitCode()
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
