package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rootgate-project/rootgate/server/audit"
	"github.com/rootgate-project/rootgate/test/harness"
)

// privateNetwork gives the server a network and a /run of its own.
func privateNetwork() []string {
	return []string{"unshare", "--mount", "--net", "sh", "-c", `mount -t tmpfs -o mode=755 tmpfs /run && mkdir -m 755 /run/netns && exec "$@"`, "sh"}
}

// A command in a network namespace as its callers write it, by way of ip, which is
// never executed: the nested rule's own effect holds.
func TestNestedInNamespaces(t *testing.T) {
	o := with(options(), `  - id: namespaces
    why: ip netns mounts below /run/netns
    exec: /usr/sbin/ip
    run: {user: root, caps: [net_admin, sys_admin], seccomp: ['@default', '@netns'], fs: host}
    argv: |
      netns (add|del) <ns:re(test-[a-z]{1,8})>
  - id: in.sysctl
    exec: /usr/sbin/sysctl
    callers: []
    run: {caps: [net_admin], fs: {write: [/proc/sys/net/ipv4/ip_forward]}}
    argv: |
      -w net.ipv4.(ip_forward|ip_default_ttl)=(1|9)
      -n net.ipv4.ip_forward
  - id: in.cat
    exec: /usr/bin/cat
    callers: []
    stdin: {max: 1KiB}
    run: {seccomp: [+fadvise64]}
    argv: |
      [<f:path({DIR}/files)>]
  - id: exec
    exec: /usr/sbin/ip
    wrap: netns
    chain: [in.sysctl, in.cat]
    argv: |
      netns exec <ns:re(test-[a-z]{1,8})> <inner:command>
    tests:
      allow: [ip netns exec test-a sysctl -n net.ipv4.ip_forward]
      deny: [ip netns exec test-a sh]
`)
	o.Files["files/a"] = "read it\n"
	o.Wrap = privateNetwork()
	w := start(t, o)
	run := func(argv ...string) harness.Result {
		return w.Rootgate(harness.Alice, append([]string{"exec", "--"}, argv...)...)
	}
	want := func(got harness.Result, status int, text string) {
		t.Helper()
		if got.Status != status || !strings.Contains(got.Stdout+got.Stderr, text) {
			t.Errorf("got %+v, want status %d with %q", got, status, text)
		}
	}
	in := func(ns string, argv ...string) []string { return append([]string{"ip", "netns", "exec", ns}, argv...) }

	want(run(in("test-a", "sysctl", "-n", "net.ipv4.ip_forward")...), 126, "NETNS_MISSING")
	for _, ns := range []string{"test-a", "test-b"} {
		want(run("ip", "netns", "add", ns), 0, "")
	}
	want(run(in("test-a", "sysctl", "-w", "net.ipv4.ip_forward=1")...), 0, "")
	want(run(in("test-a", "/usr/sbin/sysctl", "-n", "net.ipv4.ip_forward")...), 0, "1\n")
	want(run(in("test-b", "sysctl", "-n", "net.ipv4.ip_forward")...), 0, "0\n")
	// The profile is that of the nested rule: one file is granted to it.
	want(run(in("test-a", "sysctl", "-w", "net.ipv4.ip_default_ttl=9")...), 1, "ermission denied")
	want(run(in("test-a", "cat", w.Dir+"/files/a")...), 0, "read it\n")

	for _, tt := range []struct {
		reason string
		argv   []string
	}{
		{"INNER_NOT_ALLOWED", in("test-a", "sh")},
		{"INNER_NOT_ALLOWED", in("test-a", "sysctl", "-w", "kernel.core_pattern=x")},
		{"INNER_NOT_ALLOWED", in("test-a", in("test-b", "sysctl", "-n", "net.ipv4.ip_forward")...)},
		{"VALUE_NOT_OF_TYPE", in("other", "sysctl", "-n", "net.ipv4.ip_forward")},
		{"VALUE_NOT_OF_TYPE", in("../../proc/1/ns/net", "sysctl", "-n", "net.ipv4.ip_forward")},
		{"MISSING_ARGUMENT", in("test-a")},
		{"NO_RULE", []string{"sysctl", "-n", "net.ipv4.ip_forward"}}, // only through the chain
		{"GUARD_FAILED", in("test-a", "cat", w.Dir+"/files/none")},
	} {
		want(run(tt.argv...), 126, tt.reason)
	}
	want(w.Rootgate(harness.Alice, append([]string{"exec", "--netns", "test-b", "--"}, in("test-a", "sysctl", "-n", "net.ipv4.ip_forward")...)...), 126, "NETNS_NOT_ALLOWED")

	// The same through a stream, with input for the nested command.
	c := w.Client(harness.Alice)
	cmd := c.Command("ip", in("test-a", "cat")[1:]...)
	cmd.Stdin = strings.NewReader("input")
	out, err := cmd.Output()
	if err != nil || string(out) != "input" {
		t.Errorf("got %q, %v, want the input", out, err)
	}
	// The index of what a guard refuses is that of the request.
	cmd = c.Command("ip", in("test-a", "cat", w.Dir+"/files/none")[1:]...)
	if e := refusal(t, cmd.Run()); e.Reason != "GUARD_FAILED" || e.ArgvIndex != 5 {
		t.Errorf("got %v at argument %d, want GUARD_FAILED at 5", e, e.ArgvIndex)
	}
	if list := w.Rootgate(harness.Alice, "list"); !strings.Contains(list.Stdout, "netns exec <ns:re(test-[a-z]{1,8})> <inner:command>") || strings.Contains(list.Stdout, "in.sysctl") {
		t.Errorf("got commands\n%s\nwant the lines of outer rules alone", list.Stdout)
	}

	// The record names both rules, and what was executed.
	for _, r := range w.Find(audit.TypeIntent) {
		if r.Request.Argv[1] != "netns" || r.Request.Argv[2] != "exec" {
			continue
		}
		if len(r.Chain) != 2 || r.Chain[0] != (audit.Link{Rule: "exec", Line: 1}) || r.Chain[1].Rule != r.Rule || r.Chain[1].Line != r.Line ||
			r.Launch.Program == "/usr/sbin/ip" || !slices.Contains([]string{"sysctl", "cat"}, r.Launch.Argv0) ||
			r.Launch.ArgvSHA256 != audit.ArgvSHA256(append([]string{r.Launch.Argv0}, r.Request.Argv[5:]...)) {
			t.Errorf("got %+v of %+v, want the chain and the nested program", r, r.Launch)
		}
	}
	for _, r := range w.Find(audit.TypeDeny) {
		if r.Reason == "INNER_NOT_ALLOWED" && (r.Rule != "exec" || r.Line != 1 || r.Request.ArgvIndex < 4) {
			t.Errorf("got %+v of %+v, want the outer rule and the nested argument", r, r.Request)
		}
	}
	for _, ns := range []string{"test-a", "test-b"} {
		want(run("ip", "netns", "del", ns), 0, "")
	}
}

// What the other wrappers set is what their programs would have set.
func TestWrappers(t *testing.T) {
	rules := `  - id: in.ionice
    why: it says its own priority when it has no arguments
    exec: /usr/bin/ionice
    callers: []
    run: {seccomp: [+ioprio_get]}
    argv: ''
  - id: in.nice
    why: as in.ionice
    exec: /usr/bin/nice
    callers: []
    run: {nice: 2, seccomp: [+getpriority]}
    argv: ''
  - id: in.env
    why: it prints its environment
    exec: /usr/bin/env
    callers: []
    env: {set: {SET: is}, pass: {TAG: 're([a-z]{1,8})'}}
    argv: ''
  - id: in.sleep
    exec: /usr/bin/sleep
    callers: []
    argv: |
      60
`
	for _, wrapper := range []struct{ name, prefix, inner string }{
		{"ionice", "[-c<c:int(0..3)>] [-n <n:int(0..7)>]", "in.ionice"},
		{"nice", "[-n <n:int(-5..19)>]", "in.nice, ionice"},
		{"env", "[TAG=<t:re([a-z0-9]*)>]", "in.env, in.nice"},
		{"timeout", "<d:re(0\\.[0-9])>", "in.sleep"},
	} {
		rules += fmt.Sprintf("  - id: %[1]s\n    exec: /usr/bin/%[1]s\n    wrap: %[1]s\n    chain: [%[3]s]\n    argv: |\n      %[2]s <inner:command>\n",
			wrapper.name, wrapper.prefix, wrapper.inner)
	}
	w := start(t, with(options(), rules))
	for _, tt := range []struct {
		argv   string
		status int
		want   string
	}{
		{"ionice -c3 ionice", 0, "idle\n"},
		{"ionice -c2 -n 6 ionice", 0, "best-effort: prio 6\n"},
		{"ionice -c1 -n 1 ionice", 0, "realtime: prio 1\n"},
		{"nice -n 4 nice", 0, "6\n"},
		{"nice -n -5 nice", 0, "-3\n"},
		{"nice nice", 0, "12\n"},
		{"nice -n 4 ionice -c3 ionice", 0, "idle\n"},
		{"env TAG=x env", 0, "SET=is\nTAG=x\n"},
		{"env env", 0, "SET=is\n"},
		{"env TAG=7 env", 126, "ENV_NOT_ALLOWED"},
		{"env TAG=x nice", 126, "ENV_NOT_ALLOWED"},
		{"timeout 0.3 sleep 60", 124, "TIMEOUT"},
		{"timeout 0.3 sleep 61", 126, "INNER_NOT_ALLOWED"},
		{"env TAG=x sleep 60", 126, "INNER_NOT_ALLOWED"},
	} {
		got := w.Rootgate(harness.Alice, append([]string{"exec", "--"}, strings.Fields(tt.argv)...)...)
		if got.Status != tt.status || !strings.Contains(got.Stdout+got.Stderr, tt.want) {
			t.Errorf("%s: got %+v, want status %d with %q", tt.argv, got, tt.status, tt.want)
		}
	}
}
