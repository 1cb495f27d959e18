// Package e2e refuses to believe a layer by itself: a real rootgated, with a real
// policy, is asked by unprivileged users to run commands that do their worst.
package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rootgate-project/rootgate/client"
	"github.com/rootgate-project/rootgate/server/audit"
	"github.com/rootgate-project/rootgate/test/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

// header begins every policy: its profile lets a shell start other programs, in
// sessions of their own where they like.
const header = `version: 1
about: commands that do their worst
callers: [{group: nogroup}]
profiles:
  shell:
    run:
      seccomp: ['@default', '@exec', setsid]
      fs: {read: ['{DIR}/scripts'], exec: [/usr/bin]}
      limits: {wall: 20s}
rules:
  - id: 'true'
    exec: /usr/bin/true
    argv: ''
  - id: echo
    exec: /usr/bin/echo
    argv: |
      [<word:re([a-z0-9]{1,40})>]
`

// script is a shell script that a policy allows as it stands.
type script struct {
	name, text string
	// rule are further lines of its rule, such as "run: {…}".
	rule string
}

// options returns a policy that allows the scripts, each by a rule of its name.
func options(scripts ...script) harness.Options {
	var b strings.Builder
	b.WriteString(header)
	files := map[string]string{}
	for _, s := range scripts {
		files["scripts/"+s.name+".sh"] = s.text + "\n"
		env := "    env: {set: {PATH: /usr/bin, MARK: '{MARK}'}}\n"
		if strings.Contains(s.rule, "env:") {
			env = ""
		}
		fmt.Fprintf(&b, "  - id: %s\n    why: a test\n    exec: /usr/bin/sh\n    profile: shell\n%s    argv: |\n      {DIR}/scripts/%s.sh\n", s.name, env, s.name)
		for line := range strings.Lines(s.rule) {
			b.WriteString("    " + strings.TrimSuffix(line, "\n") + "\n")
		}
	}
	return harness.Options{Policy: b.String(), Files: files}
}

// with adds rules to the policy.
func with(o harness.Options, rules string) harness.Options {
	o.Policy += rules
	return o
}

// world is a server with the users' ways to it.
type world struct {
	*harness.Server
	t *testing.T
}

func start(t *testing.T, o harness.Options) *world {
	t.Helper()
	return &world{harness.Start(t, o), t}
}

// argv is the command that runs a script.
func (w *world) argv(name string) []string { return []string{"sh", w.Dir + "/scripts/" + name + ".sh"} }

// command is a script as a command of a Go client.
func (w *world) command(c *client.Client, name string) *client.Cmd {
	argv := w.argv(name)
	return c.CommandContext(w.t.Context(), argv[0], argv[1:]...)
}

// refusal returns the *client.Error in err.
func refusal(t *testing.T, err error) *client.Error {
	t.Helper()
	var e *client.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want a refusal", err)
	}
	return e
}

func wantRefusal(t *testing.T, err, kind error, reason string) {
	t.Helper()
	if e := refusal(t, err); !errors.Is(e, kind) || e.Reason != reason {
		t.Errorf("got %v, want %v with reason %s", err, kind, reason)
	}
}

// lastEnd is the newest END record.
func (w *world) lastEnd() *audit.Outcome {
	w.t.Helper()
	ends := w.Find(audit.TypeEnd)
	if len(ends) == 0 {
		w.t.Fatal("got no END record, want one")
	}
	return ends[len(ends)-1].Outcome
}

// idle waits until the server holds no slot.
func (w *world) idle() {
	w.t.Helper()
	harness.Within(w.t, 5*time.Second, "no command runs and none waits", func() bool {
		st := w.Status()
		return st.GetRunning() == 0 && st.GetQueued() == 0
	})
}

// long bounds what must end by itself.
func long(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	t.Cleanup(cancel)
	return ctx
}
