package e2e

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rootgate-project/rootgate/client"
	"github.com/rootgate-project/rootgate/server/audit"
	"github.com/rootgate-project/rootgate/test/harness"
)

// segment is the only file of a log.
func (w *world) segment() string {
	w.t.Helper()
	files, err := filepath.Glob(w.Audit() + "/audit-*.jsonl")
	if err != nil || len(files) != 1 {
		w.t.Fatalf("got %q, %v, want one file", files, err)
	}
	return files[0]
}

// What a record says of a command, and what of a refusal.
func TestRecords(t *testing.T) {
	w := start(t, with(options(
		script{name: "seven", text: "cat; echo err >&2; exit 7", rule: "stdin: {max: 1KiB}\nenv: {set: {PATH: /usr/bin}, pass: {SECRET: {re: '[a-z]+'}}}"},
	), ""))
	c := w.Client(harness.Alice)
	cmd := w.command(c, "seven")
	cmd.Env = []string{"SECRET=hunter"}
	cmd.Stdin = strings.NewReader("input of the command")
	cmd.Timeout = 9 * time.Second
	_ = cmd.Run()
	_ = c.Command("cat", "/etc/shadow", "\x1b[2J").Run()
	_ = c.Command("echo", "Not-Allowed").Run()

	records := w.Records()
	var types []audit.Type
	for i, r := range records {
		types = append(types, r.Type)
		if r.Seq != uint64(i+1) || r.BootID == "" || time.Since(r.Wall) > time.Minute {
			t.Errorf("record %d: got %+v, want a sequence from 1, a boot id and the time", i+1, r)
		}
	}
	if want := []audit.Type{audit.TypeStart, audit.TypeReload, audit.TypeIntent, audit.TypeEnd, audit.TypeDeny, audit.TypeDeny}; !slices.Equal(types, want) {
		t.Fatalf("got types %v, want %v", types, want)
	}
	intent, end, malformed, denied := records[2], records[3], records[4], records[5]
	if intent.ExecutionID != cmd.ProcessState.ExecutionID() || intent.Rule != "seven" || intent.Line != 1 || intent.PolicyGeneration != 1 ||
		intent.Caller.UID != harness.Alice.UID || intent.Caller.PID != int32(os.Getpid()) || intent.PolicySHA256 != records[1].PolicySHA256 {
		t.Errorf("got INTENT %+v of %+v, want who, what and by which policy", intent, intent.Caller)
	}
	if q, l := intent.Request, intent.Launch; !slices.Equal(q.Argv, w.argv("seven")) || !slices.Equal(q.Env, []string{"SECRET"}) ||
		l.Program != "/usr/bin/sh" || l.Argv0 != "sh" || l.UID != 65534 || l.TimeoutMS != 9000 || l.Ino == 0 {
		t.Errorf("got INTENT %+v and %+v, want the request and the launch", q, l)
	}
	if o := end.Outcome; end.ExecutionID != intent.ExecutionID || o.Code != 7 || o.Signal != 0 || o.StdinBytes != 20 || o.StdoutBytes != 20 || o.StderrBytes != 4 || o.PID == 0 || o.WallNS == 0 {
		t.Errorf("got END %+v, want code 7, the bytes, a pid and a time", o)
	}
	if malformed.Reason != "INVALID_ARGV" || malformed.Caller.UID != harness.Alice.UID {
		t.Errorf("got DENY %+v, want INVALID_ARGV", malformed)
	}
	if denied.Request.ArgvIndex != 1 || !slices.Equal(denied.Request.Argv, []string{"echo", "Not-Allowed"}) || denied.Rule != "echo" {
		t.Errorf("got DENY %+v of %+v, want argument 1 of the rule echo", denied, denied.Request)
	}
	text, err := os.ReadFile(w.segment())
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"hunter", "input of the command"} {
		if bytes.Contains(text, []byte(secret)) {
			t.Errorf("the log holds %q: values of variables and standard input stay out of it", secret)
		}
	}
	if at := bytes.IndexFunc(text, func(r rune) bool { return r < 0x20 && r != '\n' || r == 0x7f }); at >= 0 {
		t.Errorf("got a control character at byte %d of the log, want none", at)
	}
	if info, err := os.Stat(w.segment()); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got %v, %v, want mode 0600", info.Mode(), err)
	}
}

// rootgate audit verify finds what was done to a log.
func TestVerify(t *testing.T) {
	w := start(t, options())
	for range 3 {
		w.Exec(harness.Alice, "true")
		w.Exec(harness.Alice, "cat")
	}
	head := w.Status().GetAudit().GetHead()
	text, err := os.ReadFile(w.segment())
	if err != nil {
		t.Fatal(err)
	}
	all := bytes.SplitAfter(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
	all[len(all)-1] = append(all[len(all)-1], '\n')
	n := len(all)
	changed := bytes.Clone(text)
	changed[bytes.Index(text, []byte(`"cat"`))+1] = 'b'
	swap := slices.Clone(all)
	swap[3], swap[4] = swap[4], swap[3]
	tests := []struct {
		name string
		log  []byte
		head bool
		want int
	}{
		{"as it is", text, false, 0},
		{"as it is, with its head", text, true, 0},
		{"one byte changed", changed, false, 1},
		{"one record taken out", bytes.Join(slices.Delete(slices.Clone(all), 4, 5), nil), false, 1},
		{"two swapped", bytes.Join(swap, nil), false, 1},
		{"one twice", bytes.Join(slices.Insert(slices.Clone(all), 4, all[3]), nil), false, 1},
		{"the first gone", bytes.Join(all[1:], nil), false, 1},
		{"the last gone, unknown head", bytes.Join(all[:n-1], nil), false, 0},
		{"the last gone", bytes.Join(all[:n-1], nil), true, 1},
		{"half of the last", text[:len(text)-10], false, 1},
		{"empty", nil, true, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, filepath.Base(w.segment())), tt.log, 0o600); err != nil {
				t.Fatal(err)
			}
			args := []string{"audit", "verify"}
			if tt.head {
				args = append(args, "--head", head)
			}
			if got := w.Rootgate(harness.Root, append(args, dir)...); got.Status != tt.want {
				t.Errorf("got %+v, want status %d", got, tt.want)
			}
		})
	}
	if got := w.Rootgate(harness.Alice, "audit", "verify", w.Audit()); got.Status != 2 || got.Stdout != "" {
		t.Errorf("by another user: got %+v, want status 2: the log is root's", got)
	}
}

// While the log cannot be written nothing runs, and afterwards it does again.
func TestAuditDiskFull(t *testing.T) {
	o := options(script{name: "canary", text: "echo ran >> {DIR}/canary/file", rule: "run: {fs: {write: ['{DIR}/canary']}}"},
		script{name: "running", text: "echo ready; sleep 1; echo done"})
	// A file system of its own for the log, that only this server sees.
	o.Wrap = []string{"unshare", "--mount", "sh", "-c", `mount -t tmpfs -o size=1m,mode=700 tmpfs "$0" && exec "$@"`, "{AUDIT}"}
	o.Unclean = true // the log is gone with the namespace; it is verified below
	s := harness.New(t, o)
	w := &world{s, t}
	for _, name := range []string{"audit", "canary"} {
		if err := os.Mkdir(filepath.Join(w.Dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(w.Dir, "canary"), 0o777); err != nil {
		t.Fatal(err)
	}
	s.Start()
	inside := func(name string) string { return fmt.Sprintf("/proc/%d/root%s/%s", w.PID(), w.Audit(), name) }
	ran := func() int {
		text, err := os.ReadFile(filepath.Join(w.Dir, "canary/file"))
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		return bytes.Count(text, []byte("\n"))
	}
	c := w.Client(harness.Alice)
	if err := w.command(c, "canary").Run(); err != nil || ran() != 1 {
		t.Fatalf("got %v, %d lines, want one", err, ran())
	}
	running := w.command(c, "running")
	waitReady(t, running)
	fill, err := os.OpenFile(inside("filler"), os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	for err = nil; err == nil; {
		_, err = fill.Write(make([]byte, 4096))
	}
	_ = fill.Close()

	refused := 0
	harness.Within(t, 10*time.Second, "commands are refused", func() bool {
		before := ran()
		err := w.command(c, "canary").Run()
		if err == nil {
			return false // the space is looked at once a second
		}
		wantRefusal(t, err, client.ErrUnavailable, "AUDIT_UNAVAILABLE")
		if refusal(t, err).RetryAfter <= 0 {
			t.Errorf("got %+v, want it to say when to try again", err)
		}
		if ran() != before {
			t.Errorf("got %d lines after a refusal, want %d: nothing may run", ran(), before)
		}
		refused++
		return refused == 5
	})
	if w.Status().GetAudit().GetWritable() {
		t.Error("got a log that is writable, want none")
	}
	// A command that ran before ends, and its end is on record when there is room.
	_ = running.Wait()
	w.Gone(0)

	if err := os.Remove(inside("filler")); err != nil {
		t.Fatal(err)
	}
	before := ran()
	harness.Within(t, 20*time.Second, "commands run again", func() bool { return w.command(c, "canary").Run() == nil })
	if ran() != before+1 {
		t.Errorf("got %d lines, want %d", ran(), before+1)
	}
	log := fmt.Sprintf("/proc/%d/root%s", w.PID(), w.Audit())
	var report audit.Report
	harness.Within(t, 10*time.Second, "the END of the command that ran is on record", func() bool {
		var err error
		report, err = audit.Verify(log, audit.VerifyOptions{})
		return err == nil && report.Intact() && len(report.Open) == 0
	})
	if report, err = audit.Verify(log, audit.VerifyOptions{Head: w.Status().GetAudit().GetHead()}); err != nil || !report.Intact() {
		t.Errorf("got %v, %v, want the log intact", report, err)
	}
}

// Two servers never share a socket or a log.
func TestSecondServer(t *testing.T) {
	w := start(t, options())
	second := harness.New(t, options())
	tests := []struct {
		name, text string
		args       []string
	}{
		{"log", "in use by another server", []string{"--audit", w.Audit()}},
		{"socket", "another server holds", []string{"--socket", w.Socket}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := harness.Collect(t, second.Command(tt.args...), nil)
			if got.Status == 0 || !strings.Contains(got.Stderr, tt.text) {
				t.Errorf("got %+v, want it to refuse: %s", got, tt.text)
			}
			if got := w.Exec(harness.Alice, "true"); got.Status != 0 {
				t.Errorf("got %+v from the first, want it to serve on", got)
			}
		})
	}
}
