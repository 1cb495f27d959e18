package e2e

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rootgate-project/rootgate/client"
	"github.com/rootgate-project/rootgate/server/audit"
	"github.com/rootgate-project/rootgate/test/harness"
)

// echoPolicy allows echo one word.
func echoPolicy(word string) string {
	return "version: 1\nabout: reload\ncallers: [{group: nogroup}]\nrules:\n  - id: echo\n    exec: /usr/bin/echo\n    argv: |\n      " + word + "\n"
}

// reloads is how many RELOAD records there are, installed and refused.
func (w *world) reloads() (installed, refused int) {
	for _, r := range w.Find(audit.TypeReload) {
		if r.Reason == "" {
			installed++
		} else {
			refused++
		}
	}
	return installed, refused
}

func TestReload(t *testing.T) {
	w := start(t, harness.Options{Policy: echoPolicy("one")})
	admin := w.Client(harness.Root)
	allowed := func(word string) bool { return w.Exec(harness.Alice, "echo", word).Status == 0 }
	if !allowed("one") || allowed("two") {
		t.Fatal("want one allowed and two refused")
	}

	t.Run("by signal", func(t *testing.T) {
		w.WriteFile("policy/test.yaml", echoPolicy("two"))
		w.Signal(syscall.SIGHUP)
		harness.Within(t, 10*time.Second, "generation 2", func() bool { return w.Status().GetPolicy().GetGeneration() == 2 })
		if allowed("one") || !allowed("two") {
			t.Error("want two allowed and one refused")
		}
	})
	t.Run("by call", func(t *testing.T) {
		w.WriteFile("policy/test.yaml", echoPolicy("three"))
		p, err := admin.Reload(t.Context())
		if err != nil || p.GetGeneration() != 3 || !allowed("three") {
			t.Errorf("got %v, %v, want generation 3", p, err)
		}
		if p, err = admin.Reload(t.Context()); err != nil || p.GetGeneration() != 4 {
			t.Errorf("the same again: got %v, %v, want generation 4", p, err)
		}
	})
	t.Run("not by others", func(t *testing.T) {
		_, err := w.Client(harness.Alice).Reload(t.Context())
		wantRefusal(t, err, client.ErrDenied, "NOT_ADMIN")
	})
	bad := []struct{ name, text, finding string }{
		{"unknown key", strings.Replace(echoPolicy("four"), "exec:", "exce:", 1), "test.yaml:6:5"},
		{"duplicate key", strings.Replace(echoPolicy("four"), "    exec:", "    id: x\n    exec:", 1), "test.yaml:6:5"},
		{"alias", strings.Replace(echoPolicy("four"), "about: reload", "about: &a reload\ntypes: *a", 1), "test.yaml:2:"},
		{"wrong type", strings.Replace(echoPolicy("four"), "id: echo", "id: [echo]", 1), "test.yaml:5:"},
		{"no YAML", "version: 1\n\t- x", "test.yaml:"},
		{"empty", "", "test.yaml"},
		{"unknown syscall", echoPolicy("four") + "    run: {seccomp: ['@default', nosuchcall]}\n", "nosuchcall"},
		{"failing test", echoPolicy("four") + "    tests: {allow: [echo five]}\n", "test.yaml:"},
		{"ambiguous grammar", strings.Replace(echoPolicy("four"), "four", "<a:re([a-z]*)>...x", 1), "test.yaml:8:"},
		{"loader variable", echoPolicy("four") + "    env: {pass: {LD_PRELOAD: str}}\n", "LD_PRELOAD"},
		{"unknown user", echoPolicy("four") + "    run: {user: no-such-user-here}\n", "no-such-user-here"},
	}
	for _, tt := range bad {
		t.Run("bad policy/"+tt.name, func(t *testing.T) {
			_, refusedBefore := w.reloads()
			w.WriteFile("policy/test.yaml", tt.text)
			_, err := admin.Reload(t.Context())
			e := refusal(t, err)
			if !errors.Is(e, client.ErrPrecondition) || e.Reason != "POLICY_REFUSED" || len(e.Violations) == 0 {
				t.Fatalf("got %+v, want POLICY_REFUSED with violations", e)
			}
			found := false
			for _, v := range e.Violations {
				found = found || strings.Contains(v.Description, tt.finding)
			}
			if !found {
				t.Errorf("got violations %v, want one with %q", e.Violations, tt.finding)
			}
			if !allowed("three") || allowed("four") {
				t.Error("want the last good policy in force")
			}
			if p := w.Status().GetPolicy(); p.GetGeneration() != 4 || len(p.GetFindings()) == 0 {
				t.Errorf("got status %v, want generation 4 with the findings", p)
			}
			if _, refused := w.reloads(); refused != refusedBefore+1 {
				t.Errorf("got %d records of refused policies, want %d", refused, refusedBefore+1)
			}
		})
	}
	t.Run("bad policy by signal", func(t *testing.T) {
		_, before := w.reloads()
		w.Signal(syscall.SIGHUP)
		harness.Within(t, 10*time.Second, "a record of the refusal", func() bool { _, n := w.reloads(); return n == before+1 })
		if !allowed("three") {
			t.Error("want the last good policy in force")
		}
	})
	t.Run("good again", func(t *testing.T) {
		w.WriteFile("policy/test.yaml", echoPolicy("four"))
		p, err := admin.Reload(t.Context())
		if err != nil || p.GetGeneration() != 5 || strings.Contains(strings.Join(p.GetFindings(), "\n"), ": E ") || !allowed("four") {
			t.Errorf("got %v, %v, want generation 5 without errors", p, err)
		}
	})
}

// A policy that somebody else could have written is not read.
func TestPolicyOfOthers(t *testing.T) {
	w := start(t, harness.Options{Policy: echoPolicy("one")})
	admin := w.Client(harness.Root)
	file, dir := filepath.Join(w.Dir, "policy/test.yaml"), filepath.Join(w.Dir, "policy")
	tests := []struct {
		name      string
		do, after func() error
	}{
		{"writable by all", func() error { return os.Chmod(file, 0o666) }, func() error { return os.Chmod(file, 0o644) }},
		{"writable by a group", func() error { return os.Chmod(file, 0o664) }, func() error { return os.Chmod(file, 0o644) }},
		{"of another user", func() error { return os.Chown(file, 60104, 0) }, func() error { return os.Chown(file, 0, 0) }},
		{"directory writable", func() error { return os.Chmod(dir, 0o777) }, func() error { return os.Chmod(dir, 0o755) }},
		{"directory of another user", func() error { return os.Chown(dir, 60104, 0) }, func() error { return os.Chown(dir, 0, 0) }},
		{
			"symbolic link", func() error { return errors.Join(os.Rename(file, w.Dir+"/real"), os.Symlink(w.Dir+"/real", file)) },
			func() error { return errors.Join(os.Remove(file), os.Rename(w.Dir+"/real", file)) },
		},
		{"second name", func() error { return os.Link(file, w.Dir+"/second") }, func() error { return os.Remove(w.Dir + "/second") }},
		{
			"FIFO", func() error { return syscall.Mkfifo(dir+"/fifo.yaml", 0o644) },
			func() error { return os.Remove(dir + "/fifo.yaml") },
		},
		{"directory gone", func() error { return os.Rename(dir, dir+".away") }, func() error { return os.Rename(dir+".away", dir) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.do(); err != nil {
				t.Fatal(err)
			}
			_, err := admin.Reload(t.Context())
			if err := tt.after(); err != nil {
				t.Fatal(err)
			}
			wantRefusal(t, err, client.ErrPrecondition, "POLICY_REFUSED")
			if got := w.Exec(harness.Alice, "echo", "one"); got.Status != 0 {
				t.Errorf("got %+v, want the policy before in force", got)
			}
			if _, err := admin.Reload(t.Context()); err != nil {
				t.Errorf("put right: got %v, want no error", err)
			}
		})
	}
}

// The callers of a rule are who the kernel says, not who they say they are.
func TestCallers(t *testing.T) {
	w := start(t, harness.Options{Policy: `version: 1
about: callers
callers: [{uid: 60101}]
rules:
  - {id: mine, exec: /usr/bin/true, argv: ''}
  - {id: both, exec: /usr/bin/false, argv: '', callers: [{uid: 60101}, {uid: 60102}]}
  - {id: group, exec: /usr/bin/echo, argv: '', callers: [{group: 60199}]}
  - {id: pair, exec: /usr/bin/id, argv: '', callers: [{uid: 60102, group: 60199}]}
  - {id: nobody, exec: /usr/bin/env, argv: '', callers: []}
`})
	bobOf := func(groups ...uint32) harness.User {
		u := harness.Bob
		u.Groups = append([]uint32{harness.SocketGID}, groups...)
		return u
	}
	primary := harness.Bob
	primary.GID = 60199
	tests := []struct {
		name    string
		user    harness.User
		program string
		want    int
	}{
		{"own", harness.Alice, "true", 0},
		{"another's", harness.Bob, "true", 126},
		{"root is not everybody", harness.Root, "true", 126},
		{"shared", harness.Alice, "false", 1},
		{"shared with the other", harness.Bob, "false", 1},
		{"supplementary group", bobOf(60199), "echo", 0},
		{"one of many groups", bobOf(60198, 60197, 60199, 60196), "echo", 0},
		{"primary group", primary, "echo", 0},
		{"no group", harness.Alice, "echo", 126},
		{"uid and group", bobOf(60199), "id", 0},
		{"uid without the group", harness.Bob, "id", 126},
		{"nobody", harness.Alice, "env", 126},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := w.Exec(tt.user, tt.program); got.Status != tt.want {
				t.Errorf("got %+v, want status %d", got, tt.want)
			}
		})
	}
}

// install puts a copy of a program at a path below Dir, by rename as a package
// manager does it.
func (w *world) install(from, to string) {
	w.t.Helper()
	text, err := os.ReadFile(from)
	if err != nil {
		w.t.Fatal(err)
	}
	path := filepath.Join(w.Dir, to)
	if err := errors.Join(os.WriteFile(path+".new", text, 0o755), os.Rename(path+".new", path)); err != nil {
		w.t.Fatal(err)
	}
}

// A program is looked at before every launch: an upgrade by root is taken up and
// recorded, anything else is refused.
func TestPrograms(t *testing.T) {
	o := harness.Options{Policy: `version: 1
about: programs
callers: [{group: nogroup}]
rules:
  - {id: tool, exec: '{DIR}/bin/tool', argv: ''}
  - {id: late, exec: '{DIR}/bin/late', argv: ''}
  - {id: link, exec: '{DIR}/bin/link', argv: ''}
`, Files: map[string]string{"bin/README": "programs of the test\n"}}
	s := harness.New(t, o)
	w := &world{s, t}
	w.install("/usr/bin/true", "bin/tool")
	if err := os.Symlink("tool", w.Dir+"/bin/link"); err != nil {
		t.Fatal(err)
	}
	s.Start()
	tool := filepath.Join(w.Dir, "bin/tool")
	status := func(name string) harness.Result { return w.Exec(harness.Alice, name) }

	if got := status("tool"); got.Status != 0 {
		t.Fatalf("got %+v, want 0", got)
	}
	t.Run("missing, then there", func(t *testing.T) {
		if missing := w.Status().GetPolicy().GetProgramsMissing(); len(missing) != 1 || missing[0] != "late" {
			t.Errorf("got missing %q, want late", missing)
		}
		if got := status("late"); got.Status != 126 || !strings.Contains(got.Stderr, "PROGRAM_MISSING") {
			t.Errorf("got %+v, want PROGRAM_MISSING", got)
		}
		w.install("/usr/bin/false", "bin/late")
		if got := status("late"); got.Status != 1 {
			t.Errorf("got %+v, want false(1) to run", got)
		}
		if missing := w.Status().GetPolicy().GetProgramsMissing(); len(missing) != 0 {
			t.Errorf("got missing %q, want none", missing)
		}
	})
	t.Run("replaced by root", func(t *testing.T) {
		before := len(w.Find(audit.TypeProgram))
		w.install("/usr/bin/false", "bin/tool")
		for range 3 {
			if got := status("tool"); got.Status != 1 {
				t.Errorf("got %+v, want the new program", got)
			}
		}
		records := w.Find(audit.TypeProgram)[before:]
		info, err := os.Stat(tool)
		if err != nil {
			t.Fatal(err)
		}
		if len(records) != 1 || records[0].Launch.Program != tool || records[0].Launch.Ino != info.Sys().(*syscall.Stat_t).Ino {
			t.Errorf("got PROGRAM records %+v, want one with the new inode", records)
		}
	})
	t.Run("through a link", func(t *testing.T) {
		if got := status("link"); got.Status != 1 {
			t.Errorf("got %+v, want the new program", got)
		}
	})
	chown := func(path string, uid int) func() error { return func() error { return os.Chown(path, uid, 0) } }
	chmod := func(path string, mode os.FileMode) func() error {
		return func() error { return os.Chmod(path, mode) }
	}
	untrusted := []struct {
		name      string
		do, after func() error
	}{
		{"owned by another user", chown(tool, 60104), chown(tool, 0)},
		{"writable by others", chmod(tool, 0o777), chmod(tool, 0o755)},
		{"writable by a group", chmod(tool, 0o775), chmod(tool, 0o755)},
		{"directory writable by others", chmod(w.Dir+"/bin", 0o777), chmod(w.Dir+"/bin", 0o755)},
		{"directory of another user", chown(w.Dir+"/bin", 60104), chown(w.Dir+"/bin", 0)},
		{
			"a script", func() error { return os.WriteFile(tool+".new", []byte("#!/bin/sh\n"), 0o755) },
			func() error { return os.Rename(tool+".old", tool) },
		},
	}
	for _, tt := range untrusted {
		t.Run("untrusted/"+tt.name, func(t *testing.T) {
			if err := tt.do(); err != nil {
				t.Fatal(err)
			}
			if tt.name == "a script" {
				if err := errors.Join(os.Rename(tool, tool+".old"), os.Rename(tool+".new", tool)); err != nil {
					t.Fatal(err)
				}
			}
			// The owner of the tool is looked at again when its inode changes; the
			// reload looks at all of it.
			_, err := w.Client(harness.Root).Reload(t.Context())
			wantRefusal(t, err, client.ErrPrecondition, "POLICY_REFUSED")
			got := status("tool")
			if err := tt.after(); err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(tt.name, "directory") {
				return // the pinned inode is the same, and was good
			}
			if got.Status != 126 || !strings.Contains(got.Stderr, "PROGRAM_UNTRUSTED") {
				t.Errorf("got %+v, want PROGRAM_UNTRUSTED", got)
			}
			if got := status("tool"); got.Status != 1 {
				t.Errorf("put right: got %+v, want it to run", got)
			}
		})
	}
}
