package e2e

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rootgate-project/rootgate/client"
	"github.com/rootgate-project/rootgate/server/audit"
	"github.com/rootgate-project/rootgate/test/harness"
)

func stdinOptions() harness.Options {
	return options(
		script{name: "none", text: "cat; echo end"},
		script{name: "pipe", text: "exec cat", rule: "stdin: {max: 8MiB}\nrun: {limits: {stdout: 8MiB}}"},
		script{name: "small", text: "cat; echo end", rule: "stdin: {max: 1KiB}"},
		script{name: "text", text: "cat; echo end", rule: "stdin: {max: 1KiB, utf8: true}"},
		script{name: "lines", text: "cat; echo end", rule: "stdin: {max: 1KiB, lines: '(-A [a-z]+|)', max_lines: 3}"},
		script{name: "two-lines", text: "cat; echo end", rule: "stdin: {max: 1KiB, max_lines: 2}"},
		script{name: "unread", text: "sleep 0.3; echo end", rule: "stdin: {max: 8MiB}"},
		script{name: "first", text: "head -c 3; exit 4", rule: "stdin: {max: 8MiB}"},
		script{name: "closed", text: "exec 0<&-; sleep 0.2; echo end", rule: "stdin: {max: 8MiB}"},
		script{name: "waits", text: "cat; echo end", rule: "stdin: {max: 8MiB}\nrun: {limits: {wall: 400ms}}"},
		script{name: "waits-text", text: "cat; echo end", rule: "stdin: {max: 1KiB, utf8: true}\nrun: {limits: {wall: 400ms}}"},
	)
}

func TestStdin(t *testing.T) {
	w := start(t, stdinOptions())
	c := w.Client(harness.Alice)
	megabytes := lines(600_000)
	tests := []struct {
		name, script string
		stdin        string
		want         string
		kind         error
		reason       string
	}{
		{"none given", "none", "", "end\n", nil, ""},
		{"refused", "none", "x", "", client.ErrDenied, "STDIN_NOT_ALLOWED"},
		{"megabytes", "pipe", string(megabytes), string(megabytes), nil, ""},
		{"binary", "pipe", "a\x00\xff\r\n", "a\x00\xff\r\n", nil, ""},
		{"empty", "pipe", "", "", nil, ""},
		{"exactly the limit", "small", strings.Repeat("x", 1024), strings.Repeat("x", 1024) + "end\n", nil, ""},
		{"one more", "small", strings.Repeat("x", 1025), "", client.ErrDenied, "STDIN_TOO_LARGE"},
		{"text", "text", "häuser\t1\n", "häuser\t1\nend\n", nil, ""},
		{"text at the limit", "text", strings.Repeat("x", 1024), strings.Repeat("x", 1024) + "end\n", nil, ""},
		{"text beyond", "text", strings.Repeat("x", 1025), "", client.ErrDenied, "STDIN_TOO_LARGE"},
		{"carriage return", "text", "a\rb", "", client.ErrDenied, "STDIN_NOT_TEXT"},
		{"NUL", "text", "a\x00b", "", client.ErrDenied, "STDIN_NOT_TEXT"},
		{"no UTF-8", "text", "a\xffb", "", client.ErrDenied, "STDIN_NOT_TEXT"},
		{"cut UTF-8", "text", "a\xc3", "", client.ErrDenied, "STDIN_NOT_TEXT"},
		{"C1 control", "text", "a\u009bb", "", client.ErrDenied, "STDIN_NOT_TEXT"},
		{"lines", "lines", "-A x\n\n-A yz", "-A x\n\n-A yzend\n", nil, ""},
		{"no line", "lines", "", "end\n", nil, ""},
		{"a line of another form", "lines", "-A x\n-A y -j z\n", "", client.ErrDenied, "STDIN_LINE_NOT_ALLOWED"},
		{"a line's carriage return", "lines", "-A x\r\n", "", client.ErrDenied, "STDIN_NOT_TEXT"},
		{"four lines", "lines", "-A x\n\n\n\n", "", client.ErrDenied, "STDIN_TOO_LARGE"},
		{"two lines of bytes", "two-lines", "\x00\n\xff\r\n", "\x00\n\xff\r\nend\n", nil, ""},
		{"three lines of bytes", "two-lines", "a\nb\nc", "", client.ErrDenied, "STDIN_TOO_LARGE"},
		{"never read", "unread", string(megabytes), "end\n", nil, ""},
		{"closed by the command", "closed", string(megabytes), "end\n", nil, ""},
	}
	for _, tt := range tests {
		// As bytes that go along with the request, and as a stream.
		for kind, reader := range map[string]io.Reader{
			"bytes": strings.NewReader(tt.stdin), "stream": io.MultiReader(strings.NewReader(tt.stdin)),
		} {
			t.Run(tt.name+"/"+kind, func(t *testing.T) {
				tt := tt
				if tt.script == "none" && kind == "stream" {
					// The client does not read a stream for a rule that takes none.
					tt.want, tt.kind = "end\n", nil
				}
				cmd := w.command(c, tt.script)
				cmd.Stdin = reader
				got, err := cmd.Output()
				if tt.kind != nil {
					wantRefusal(t, err, tt.kind, tt.reason)
					return
				}
				if err != nil || string(got) != tt.want {
					t.Errorf("got %d bytes %.40q, %v, want %d bytes %.40q", len(got), got, err, len(tt.want), tt.want)
				}
			})
		}
	}
	w.Gone(time.Second)
	for _, r := range w.Find(audit.TypeDeny) {
		if strings.HasPrefix(r.Reason, "STDIN_") && r.Reason != "STDIN_NOT_ALLOWED" && r.Request == nil {
			t.Errorf("got DENY %+v, want it with its request", r)
		}
	}
}

// What a checked input holds never starts the command when it is refused: there
// is no INTENT.
func TestRefusedTextStartsNothing(t *testing.T) {
	w := start(t, stdinOptions())
	c := w.Client(harness.Alice)
	for _, stdin := range []string{"a\rb", strings.Repeat("x", 2000)} {
		cmd := w.command(c, "text")
		cmd.Stdin = strings.NewReader(stdin)
		if err := cmd.Run(); err == nil {
			t.Errorf("%.10q: got no error, want a refusal", stdin)
		}
	}
	if got := w.Find(audit.TypeIntent); len(got) != 0 {
		t.Errorf("got %d INTENT records, want none", len(got))
	}
}

// A command ends when its leader does, also while the caller keeps its input
// open, and at its time limit when it waits for more.
func TestStdinNeverCloses(t *testing.T) {
	w := start(t, stdinOptions())
	tests := []struct {
		script, given, stdout string
		want                  int
	}{
		{"first", "abcdef", "abc", 4},
		{"unread", "", "end\n", 0},
		{"none", "", "end\n", 0},
		{"waits", "x", "x", 124},
		{"waits-text", "x", "", 124},
	}
	for _, tt := range tests {
		t.Run(tt.script, func(t *testing.T) {
			r, pipe, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = pipe.Close() }()
			if _, err := pipe.WriteString(tt.given); err != nil {
				t.Fatal(err)
			}
			cmd := w.As(harness.Alice, harness.Program(t, "rootgate"), append([]string{"exec", "--"}, w.argv(tt.script)...)...)
			began := time.Now()
			got := harness.Collect(t, cmd, r)
			_ = r.Close()
			if got.Status != tt.want || got.Stdout != tt.stdout {
				t.Errorf("got %+v, want status %d and %q", got, tt.want, tt.stdout)
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("took %v, want the end of the command", took)
			}
		})
	}
	w.idle()
}

// Input that breaks off must not look complete to the command.
func TestReaderThatFails(t *testing.T) {
	w := start(t, stdinOptions())
	cmd := w.command(w.Client(harness.Alice), "pipe")
	cmd.Stdin = io.MultiReader(strings.NewReader("half"), failing{})
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Run(); err == nil || !strings.Contains(err.Error(), "the disk is on fire") {
		t.Errorf("got %v, want the error of the reader", err)
	}
	w.Gone(2 * time.Second)
	w.idle()
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errDisk }

var errDisk = os.NewSyscallError("the disk is on fire", io.ErrUnexpectedEOF)

// rootgate exec leaves the input of a loop to the loop where its rule takes none.
func TestWhileReadLoop(t *testing.T) {
	w := start(t, stdinOptions())
	loop := `printf 'a\nb\nc\n' | while read -r x; do ` + harness.Program(t, "rootgate") + ` exec -- echo "$x"; done`
	got := harness.Collect(t, w.As(harness.Alice, "/bin/sh", "-c", loop), nil)
	if got.Status != 0 || got.Stdout != "a\nb\nc\n" {
		t.Errorf("got %+v, want a, b and c", got)
	}
}
