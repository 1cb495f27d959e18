package e2e

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/rootgate-project/rootgate/client"
	"github.com/rootgate-project/rootgate/test/harness"
)

// fields returns the values of /proc/self/status by name.
func fields(text string) map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(line, ":"); ok {
			out[name] = strings.Join(strings.Fields(value), " ")
		}
	}
	return out
}

// What the kernel says of a command of the default profile.
func TestDefaultProfile(t *testing.T) {
	w := start(t, with(options(), `  - id: status
    exec: /usr/bin/cat
    run: {seccomp: [+fadvise64]}
    argv: |
      /proc/self/(status|limits|cgroup)
  - id: daemon-user
    exec: /usr/bin/head
    run: {user: daemon, groups: [mail], umask: '077', seccomp: [+fadvise64]}
    argv: |
      -n 99 /proc/self/status
`))
	const none = "0000000000000000"
	got := fields(w.Exec(harness.Alice, "cat", "/proc/self/status").Stdout)
	for name, want := range map[string]string{
		"Name": "cat", "Uid": "65534 65534 65534 65534", "Gid": "65534 65534 65534 65534", "Groups": "",
		"CapInh": none, "CapPrm": none, "CapEff": none, "CapBnd": none, "CapAmb": none,
		"NoNewPrivs": "1", "Seccomp": "2", "Umask": "0022",
		"SigIgn": none, "SigCgt": none, "SigBlk": none, "TracerPid": "0",
	} {
		if got[name] != want {
			t.Errorf("%s: got %q, want %q", name, got[name], want)
		}
	}
	got = fields(w.Exec(harness.Alice, "head", "-n", "99", "/proc/self/status").Stdout)
	for name, want := range map[string]string{
		"Uid": "1 1 1 1", "Gid": "1 1 1 1", "Groups": "8", "CapPrm": none, "CapBnd": none, "Umask": "0077", "NoNewPrivs": "1", "Seccomp": "2",
	} {
		if got[name] != want {
			t.Errorf("daemon: %s: got %q, want %q", name, got[name], want)
		}
	}
	limits := w.Exec(harness.Alice, "cat", "/proc/self/limits").Stdout
	for _, want := range []string{"Max cpu time 10 11 seconds", "Max core file size 0 0 bytes", "Max open files 256 256 files", "Max data size 268435456 268435456 bytes"} {
		if !strings.Contains(strings.Join(strings.Fields(limits), " "), want) {
			t.Errorf("got limits %q, want %q among them", limits, want)
		}
	}
}

// Nothing of the server or of the caller reaches a command but what the policy
// says.
func TestNothingIsInherited(t *testing.T) {
	w := start(t, with(options(
		script{name: "look", text: "env; pwd; umask; ls -l /proc/self/fd", rule: "env: {set: {PATH: /usr/bin, MARK: '{MARK}'}, pass: {LANG: {re: 'C|en'}}}\ncwd: {under: ['{DIR}/scripts']}"},
	), `  - id: bare
    exec: /usr/bin/env
    argv: ''
`))
	if got := w.Exec(harness.Alice, "env"); got.Status != 0 || got.Stdout != "" {
		t.Errorf("got %+v, want an empty environment", got)
	}
	got := w.Rootgate(harness.Alice, append([]string{"exec", "--env", "LANG=C", "--cwd", w.Dir + "/scripts", "--"}, w.argv("look")...)...)
	want := []string{"LANG=C", "MARK=" + w.Mark, "PATH=/usr/bin", "PWD=" + w.Dir + "/scripts"}
	have := strings.Split(strings.TrimSpace(got.Stdout), "\n")
	for _, line := range want {
		if !slices.Contains(have, line) {
			t.Errorf("got %q, want %q in it", have, line)
		}
	}
	variables := slices.DeleteFunc(slices.Clone(have), func(s string) bool { return !strings.Contains(s, "=") })
	if len(variables) != len(want) {
		t.Errorf("got variables %q, want %q", variables, want)
	}
	if !slices.Contains(have, w.Dir+"/scripts") || !slices.Contains(have, "0022") {
		t.Errorf("got %q, want the directory %s and the umask 0022", have, w.Dir+"/scripts")
	}
	// ls opens one descriptor itself, the directory that it lists.
	var descriptors []string
	for _, line := range have {
		if name, target, ok := strings.Cut(line, " -> "); ok {
			descriptors = append(descriptors, name[strings.LastIndexByte(name, ' ')+1:]+" "+strings.TrimRight(target, "0123456789[]"))
		}
	}
	if len(descriptors) != 4 || !slices.Contains(descriptors, "0 /dev/null") || !slices.Contains(descriptors, "1 pipe:") || !slices.Contains(descriptors, "2 pipe:") {
		t.Errorf("got descriptors %q, want 0 /dev/null, 1 and 2 pipes, and that of ls", descriptors)
	}
	for _, args := range [][]string{
		{"--env", "LANG=de"}, {"--env", "PATH=/tmp"}, {"--env", "LD_PRELOAD=/tmp/x.so"}, {"--cwd", "/tmp"}, {"--cwd", w.Dir + "/scripts-evil"},
	} {
		got := w.Rootgate(harness.Alice, append(append(append([]string{"exec"}, args...), "--"), w.argv("look")...)...)
		if got.Status != 126 || !strings.Contains(got.Stderr, "_NOT_ALLOWED") {
			t.Errorf("%q: got %+v, want it refused", args, got)
		}
	}
}

// A capability goes to an unprivileged uid, and no other comes with it. The
// server has a network namespace of its own here.
func TestCapabilityUnderAnUnprivilegedUser(t *testing.T) {
	o := with(options(), `  - id: up
    exec: /usr/sbin/ip
    run: {caps: [net_admin], seccomp: ['@default', '@netlink']}
    argv: |
      link set lo up
  - id: up-without
    exec: /usr/bin/ip
    run: {seccomp: ['@default', '@netlink']}
    argv: |
      link set lo (up|down)
  - id: show
    exec: /usr/sbin/ip
    run: {seccomp: ['@default', '@netlink']}
    argv: |
      -br link show lo
  - id: status
    exec: /usr/bin/cat
    run: {caps: [net_admin], seccomp: [+fadvise64]}
    argv: |
      /proc/self/status
`)
	// /usr/sbin/ip and /usr/bin/ip are two rules: the request says which.
	o.Wrap = []string{"unshare", "--net"}
	w := start(t, o)
	show := func() string { return w.Exec(harness.Alice, "/usr/sbin/ip", "-br", "link", "show", "lo").Stdout }
	if before := show(); !strings.Contains(before, "DOWN") {
		t.Fatalf("got %q, want the interface down in a fresh namespace", before)
	}
	if got := w.Exec(harness.Alice, "/usr/bin/ip", "link", "set", "lo", "up"); got.Status != 2 || !strings.Contains(got.Stderr, "Operation not permitted") {
		t.Errorf("without the capability: got %+v, want status 2 and the kernel's refusal", got)
	}
	if got := w.Exec(harness.Alice, "/usr/sbin/ip", "link", "set", "lo", "up"); got.Status != 0 {
		t.Errorf("got %+v, want 0", got)
	}
	if after := show(); !strings.Contains(after, "UP") {
		t.Errorf("got %q, want the interface up", after)
	}
	got := fields(w.Exec(harness.Alice, "cat", "/proc/self/status").Stdout)
	const netAdmin = "0000000000001000"
	for name, want := range map[string]string{
		"Uid": "65534 65534 65534 65534", "CapInh": netAdmin, "CapPrm": netAdmin, "CapEff": netAdmin, "CapBnd": netAdmin, "CapAmb": netAdmin, "NoNewPrivs": "1",
	} {
		if got[name] != want {
			t.Errorf("%s: got %q, want %q", name, got[name], want)
		}
	}
}

// What a command may not do although its user could, or root could.
func TestConfinement(t *testing.T) {
	o := options(
		script{name: "read", text: "cat {DIR}/secret"},
		script{name: "write", text: "echo x > {DIR}/open/file"},
		script{name: "granted", text: "echo x > {DIR}/granted/file && cat {DIR}/granted/file", rule: "run: {fs: {read: ['+{DIR}/granted'], write: ['{DIR}/granted']}}"},
		script{name: "execute", text: "{DIR}/tools/tool"},
		script{name: "setuid", text: "exec su -c id"},
		script{name: "root", text: "id -u; cat /etc/shadow; kill -0 $PPID; mount -t tmpfs none /mnt; chroot / /usr/bin/true; unshare -r true", rule: "run: {user: root}"},
		script{name: "limits", text: "ulimit -n 100000; ulimit -c unlimited; echo $?"},
	)
	o.Files["secret"] = "secret\n"
	o.Files["tools/tool"] = "#!/bin/sh\necho ran\n"
	w := start(t, o)
	for _, dir := range []string{"open", "granted"} {
		path := filepath.Join(w.Dir, dir)
		if err := errors.Join(os.Mkdir(path, 0o777), os.Chmod(path, 0o777)); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name, stdout, stderr string
		failed               bool
	}{
		{"read", "", "Permission denied", true},
		{"write", "", "Permission denied", true},
		{"granted", "x\n", "", false},
		{"execute", "", "Permission denied", true},
		{"setuid", "", "", true},
		{"root", "0\n", "cat: /etc/shadow: Permission denied", true},
		{"limits", "2\n", "Operation not permitted", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := w.Exec(harness.Alice, w.argv(tt.name)...)
			if (got.Status != 0) != tt.failed || got.Stdout != tt.stdout || !strings.Contains(got.Stderr, tt.stderr) {
				t.Errorf("got %+v, want %q and %q, failed %v", got, tt.stdout, tt.stderr, tt.failed)
			}
		})
	}
	if _, err := os.Stat(filepath.Join(w.Dir, "open/file")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want nothing written", err)
	}
}

// A death by the filter is told apart from others.
func TestSeccompKill(t *testing.T) {
	o := with(options(), `  - id: forbidden
    why: a system call that no program of this architecture makes
    exec: /usr/bin/perl
    run: {seccomp: ['@default', '@exec'], fs: {read: ['{DIR}/scripts']}}
    argv: |
      {DIR}/scripts/(sys|term).pl
`)
	call := "syscall(0x40000000 + 39);" // getpid by the x32 table
	if runtime.GOARCH != "amd64" {
		call = "kill 'SYS', $$;"
	}
	o.Files["scripts/sys.pl"] = call + " sleep 10;\n"
	o.Files["scripts/term.pl"] = "kill 'TERM', $$; sleep 10;\n"
	w := start(t, o)
	c := w.Client(harness.Alice)
	var exit *client.ExitError
	err := c.Command("perl", w.Dir+"/scripts/sys.pl").Run()
	if !errors.As(err, &exit) || exit.Signal() != syscall.SIGSYS || !exit.SeccompKilled() || !strings.Contains(err.Error(), "seccomp") {
		t.Errorf("got %v, want SIGSYS by seccomp, in words", err)
	}
	if end := w.lastEnd(); !end.SeccompKilled || end.Signal != int32(syscall.SIGSYS) {
		t.Errorf("got END %+v, want it to say seccomp", end)
	}
	err = c.Command("perl", w.Dir+"/scripts/term.pl").Run()
	if !errors.As(err, &exit) || exit.Signal() != syscall.SIGTERM || exit.SeccompKilled() {
		t.Errorf("got %v, want SIGTERM and not by seccomp", err)
	}
	if got := w.Exec(harness.Alice, "perl", w.Dir+"/scripts/sys.pl"); got.Status != 128+int(syscall.SIGSYS) || !strings.Contains(got.Stderr, "seccomp") {
		t.Errorf("got %+v, want 159 and the word seccomp", got)
	}
}

// The arguments are the capabilities: a path may be read because it is named.
func TestPathArguments(t *testing.T) {
	o := with(options(), `  - id: read
    exec: /usr/bin/cat
    run: {seccomp: [+fadvise64]}
    args:
      file: {type: path, access: read, under: ['{DIR}/data'], kind: file}
    argv: |
      <file>
      -n <file> {DIR}/data/literal
  - id: write
    exec: /usr/bin/dd
    run: {seccomp: ['@default', rt_sigaction]}
    stdin: {max: 1KiB}
    args:
      file: {type: path, access: write, under: ['{DIR}/data']}
    argv: |
      of=<file> status=none
`)
	for _, name := range []string{"a", "b", "literal", "one", "deep/c"} {
		o.Files["data/"+name] = name + "\n"
	}
	o.Files["secret"] = "secret\n"
	o.Files["data-evil/a"] = "evil\n"
	w := start(t, o)
	data := filepath.Join(w.Dir, "data")
	for _, err := range []error{
		os.Symlink("a", data+"/link"),
		os.Symlink(w.Dir+"/secret", data+"/out"),
		os.Symlink("deep", data+"/dirlink"),
		os.Link(w.Dir+"/secret", data+"/hard"),
		syscall.Mkfifo(data+"/fifo", 0o666),
		os.Chmod(data+"/one", 0o666), os.Chmod(data+"/hard", 0o666),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name string
		argv []string
		want int
		text string
	}{
		{"file", []string{"cat", data + "/a"}, 0, "a\n"},
		{"deep", []string{"cat", data + "/deep/c"}, 0, "deep/c\n"},
		{"hard link to read", []string{"cat", data + "/hard"}, 0, "secret\n"},
		{"another file of the line is not in the view", []string{"cat", "-n", data + "/a", data + "/literal"}, 1, "Permission denied"},
		{"symbolic link", []string{"cat", data + "/link"}, 126, "GUARD_FAILED"},
		{"symbolic link that leads out", []string{"cat", data + "/out"}, 126, "GUARD_FAILED"},
		{"symbolic link on the way", []string{"cat", data + "/dirlink/c"}, 126, "GUARD_FAILED"},
		{"FIFO", []string{"cat", data + "/fifo"}, 126, "GUARD_FAILED"},
		{"directory", []string{"cat", data + "/deep"}, 126, "GUARD_FAILED"},
		{"missing", []string{"cat", data + "/none"}, 126, "GUARD_FAILED"},
		{"climbing out", []string{"cat", data + "/../secret"}, 126, "PATH_NOT_CANONICAL"},
		{"sibling with the same prefix", []string{"cat", w.Dir + "/data-evil/a"}, 126, "VALUE_NOT_OF_TYPE"},
		{"the root itself", []string{"cat", data}, 126, ""},
		{"hard link to write", []string{"dd", "of=" + data + "/hard", "status=none"}, 126, "GUARD_FAILED"},
		{"file to write", []string{"dd", "of=" + data + "/one", "status=none"}, 0, ""},
		{"file to write that is another's", []string{"dd", "of=" + data + "/a", "status=none"}, 1, "Permission denied"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := w.Exec(harness.Alice, tt.argv...)
			if got.Status != tt.want || !strings.Contains(got.Stdout+got.Stderr, tt.text) {
				t.Errorf("got %+v, want status %d with %q", got, tt.want, tt.text)
			}
			// What the guard saw is for the log, not for the caller.
			for _, fact := range []string{"symbolic", "ELOOP", "hard link", "kind", "no such file"} {
				if tt.want == 126 && strings.Contains(strings.ToLower(got.Stderr), fact) {
					t.Errorf("got %q, want no fact about the host such as %q", got.Stderr, fact)
				}
			}
		})
	}
	if text, err := os.ReadFile(w.Dir + "/secret"); string(text) != "secret\n" {
		t.Errorf("got %q, %v, want the file as it was", text, err)
	}
}
