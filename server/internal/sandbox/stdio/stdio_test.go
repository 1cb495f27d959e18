package stdio

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"syscall"
	"testing"
)

func collect(o *Output, limit int64) (func() (string, error), <-chan struct{}) {
	var buf bytes.Buffer
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		err = o.Copy(limit, func(p []byte) error { buf.Write(p); return nil })
	}()
	return func() (string, error) { <-done; return buf.String(), err }, done
}

func TestOutputEndsWithThePipe(t *testing.T) {
	o, err := NewOutput()
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	got, _ := collect(o, 1<<20)
	want := strings.Repeat("0123456789", 50_000) // several pipes full
	if _, err := o.Writer().WriteString(want); err != nil {
		t.Fatal(err)
	}
	o.Launched()
	out, err := got()
	if out != want || err != nil || o.Truncated || o.Total != uint64(len(want)) {
		t.Errorf("got %d bytes, %v, truncated %t, total %d, want %d bytes", len(out), err, o.Truncated, o.Total, len(want))
	}
}

// TestOutputTreeDead keeps a write end open for ever, as a stranger who was
// handed the descriptor would: everything written is read, then Copy ends.
func TestOutputTreeDead(t *testing.T) {
	o, err := NewOutput()
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	stranger, err := syscall.Dup(int(o.Writer().Fd()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Close(stranger) }()
	want := strings.Repeat("x", 60_000)
	if _, err := o.Writer().WriteString(want); err != nil {
		t.Fatal(err)
	}
	o.Launched()
	o.TreeDead()
	got, _ := collect(o, 1<<20)
	out, err := got()
	if out != want || err != nil {
		t.Errorf("got %d bytes, %v, want %d", len(out), err, len(want))
	}
}

func TestOutputTreeDeadWakesReader(t *testing.T) {
	o, err := NewOutput()
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	got, done := collect(o, 1<<20)
	select {
	case <-done:
		t.Fatal("ended while a writer is there")
	default:
	}
	o.TreeDead()
	if out, err := got(); out != "" || err != nil {
		t.Errorf("got %q, %v, want nothing", out, err)
	}
}

func TestOutputLimit(t *testing.T) {
	tests := []struct {
		name      string
		limit     int64
		write     int
		want      int
		truncated bool
	}{
		{"below", 10, 9, 9, false},
		{"at", 10, 10, 10, false},
		{"above", 10, 11, 10, true},
		{"far above", 10, 300_000, 10, true},
		{"zero", 0, 1, 0, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o, err := NewOutput()
			if err != nil {
				t.Fatal(err)
			}
			defer o.Close()
			got, _ := collect(o, tt.limit)
			if _, err := o.Writer().Write(make([]byte, tt.write)); err != nil {
				t.Fatal(err)
			}
			o.Launched()
			out, err := got()
			if len(out) != tt.want || err != nil || o.Truncated != tt.truncated || o.Total != uint64(tt.write) {
				t.Errorf("got %d bytes, %v, truncated %t, total %d, want %d, truncated %t, total %d",
					len(out), err, o.Truncated, o.Total, tt.want, tt.truncated, tt.write)
			}
		})
	}
}

func TestOutputSinkFails(t *testing.T) {
	o, err := NewOutput()
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	gone := errors.New("caller gone")
	done := make(chan error)
	go func() { done <- o.Copy(1<<20, func([]byte) error { return gone }) }()
	if _, err := o.Writer().Write(make([]byte, 300_000)); err != nil {
		t.Fatalf("the command was stopped by its own output: %v", err)
	}
	o.Launched()
	if err := <-done; !errors.Is(err, gone) || o.Total != 300_000 {
		t.Errorf("Copy = %v after %d bytes, want %v after 300000", err, o.Total, gone)
	}
}

func TestCommandEndsBlock(t *testing.T) {
	o, err := NewOutput()
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	in, err := NewInput()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	for name, fd := range map[string]uintptr{"stdout": o.Writer().Fd(), "stdin": in.Reader().Fd()} {
		flags, _, errno := syscall.Syscall(syscall.SYS_FCNTL, fd, syscall.F_GETFL, 0)
		if errno != 0 || flags&syscall.O_NONBLOCK != 0 {
			t.Errorf("%s: flags %#x, errno %d, want a blocking descriptor", name, flags, errno)
		}
	}
}

func TestSealed(t *testing.T) {
	f, err := Sealed([]byte("rules\n"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if _, err := f.Write([]byte("x")); !errors.Is(err, syscall.EPERM) {
		t.Errorf("write: %v, want %v", err, syscall.EPERM)
	}
	if err := f.Truncate(0); !errors.Is(err, syscall.EPERM) {
		t.Errorf("truncate: %v, want %v", err, syscall.EPERM)
	}
	st, err := f.Stat()
	if err != nil || st.Mode().Perm() != 0o444 {
		t.Errorf("mode %v, %v, want 0444: nobody may execute it", st.Mode(), err)
	}
	if err := f.Chmod(0o755); err == nil {
		t.Error("it can be made executable, want refused (MFD_NOEXEC_SEAL, Linux 6.3)")
	}
	got, err := io.ReadAll(f)
	if string(got) != "rules\n" || err != nil {
		t.Errorf("read %q, %v, want %q", got, err, "rules\n")
	}
}

func TestInput(t *testing.T) {
	in, err := NewInput()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if _, err := in.Write([]byte("abc")); err != nil {
		t.Fatal(err)
	}
	in.CloseWrite()
	got, err := io.ReadAll(in.Reader())
	if string(got) != "abc" || err != nil {
		t.Errorf("read %q, %v, want abc", got, err)
	}
	if _, err := in.Write([]byte("x")); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("write after the end: %v, want %v", err, io.ErrClosedPipe)
	}
}

func TestInputNobodyReads(t *testing.T) {
	in, err := NewInput()
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		_, err := in.Write(make([]byte, 1<<20))
		done <- err
	}()
	in.Close()
	if err := <-done; !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("write: %v, want %v", err, io.ErrClosedPipe)
	}
}
