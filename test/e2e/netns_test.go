package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/rootgate-project/rootgate/client"
	"github.com/rootgate-project/rootgate/test/harness"
)

// Namespaces are made by one command and entered by others; the server's own
// stays as it is. The server has a network and a /run of its own here.
func TestNetworkNamespaces(t *testing.T) {
	o := with(options(), `  - id: namespaces
    why: ip netns mounts below /run/netns
    exec: /usr/sbin/ip
    run: {user: root, caps: [net_admin, sys_admin], seccomp: ['@default', '@netns'], fs: host}
    argv: |
      netns (add|del) <ns:re(test-[a-z]{1,8})>
  - id: links
    exec: /usr/sbin/ip
    netns: {re: 'test-[a-z]{1,8}'}
    run: {caps: [net_admin], seccomp: ['@default', '@netlink']}
    argv: |
      link set lo (up|down)
      -br link show lo
  - id: required
    exec: /usr/bin/ip
    netns: {re: 'test-[a-z]{1,8}', required: true}
    run: {seccomp: ['@default', '@netlink']}
    argv: |
      -br link show lo
  - id: sysctl
    exec: /usr/sbin/sysctl
    netns: {re: 'test-[a-z]{1,8}', required: true}
    run: {caps: [net_admin], fs: {write: [/proc/sys/net/ipv4/ip_forward]}}
    argv: |
      -w net.ipv4.(ip_forward|ip_default_ttl)=(1|9)
      -n net.ipv4.ip_forward
  - id: lonely
    exec: /usr/bin/cat
    run: {net: none, seccomp: [+fadvise64]}
    argv: |
      /proc/net/dev
`)
	o.Wrap = []string{"unshare", "--mount", "--net", "sh", "-c", `mount -t tmpfs -o mode=755 tmpfs /run && mkdir -m 755 /run/netns && exec "$@"`, "sh"}
	w := start(t, o)
	in := func(ns string, argv ...string) harness.Result {
		args := []string{"exec"}
		if ns != "" {
			args = append(args, "--netns", ns)
		}
		return w.Rootgate(harness.Alice, append(append(args, "--"), argv...)...)
	}
	want := func(got harness.Result, status int, text string) {
		t.Helper()
		if got.Status != status || !strings.Contains(got.Stdout+got.Stderr, text) {
			t.Errorf("got %+v, want status %d with %q", got, status, text)
		}
	}
	show := []string{"/usr/sbin/ip", "-br", "link", "show", "lo"}
	want(in("test-a", show...), 126, "NETNS_MISSING")
	for _, ns := range []string{"test-a", "test-b"} {
		want(in("", "/usr/sbin/ip", "netns", "add", ns), 0, "")
	}
	want(in("", "/usr/sbin/ip", "netns", "add", "other"), 126, "VALUE_NOT_OF_TYPE")
	want(in("", "/usr/sbin/ip", "netns", "exec", "test-a", "id"), 126, "NO_SUCH_SUBCOMMAND")
	want(in("test-a", "/usr/sbin/ip", "link", "set", "lo", "up"), 0, "")
	want(in("test-a", show...), 0, "UNKNOWN") // up: a loopback has no other state
	want(in("test-b", show...), 0, "DOWN")
	want(in("", show...), 0, "DOWN")
	want(in("", "/usr/bin/ip", "-br", "link", "show", "lo"), 126, "NETNS_REQUIRED")
	want(in("test-a", "/usr/bin/ip", "-br", "link", "show", "lo"), 0, "lo")
	for _, name := range []string{"other", "..", "a/b", ".", "test-a/../test-b", "../../proc/1/ns/net"} {
		got := in(name, show...)
		if got.Status != 126 || !strings.Contains(got.Stderr, "NETNS") {
			t.Errorf("namespace %q: got %+v, want it refused", name, got)
		}
	}
	// The one file of /proc/sys/net that is granted is that of the namespace.
	want(in("test-a", "sysctl", "-w", "net.ipv4.ip_forward=1"), 0, "")
	want(in("test-a", "sysctl", "-n", "net.ipv4.ip_forward"), 0, "1\n")
	want(in("test-b", "sysctl", "-n", "net.ipv4.ip_forward"), 0, "0\n")
	want(in("test-a", "sysctl", "-w", "net.ipv4.ip_default_ttl=9"), 1, "ermission denied")

	if got := in("", "cat", "/proc/net/dev").Stdout; strings.Count(got, ":") != 1 {
		t.Errorf("got devices %q of net: none, want lo alone", got)
	}
	for _, ns := range []string{"test-a", "test-b"} {
		want(in("", "/usr/sbin/ip", "netns", "del", ns), 0, "")
	}
	if _, err := os.Stat("/run/netns/test-a"); err == nil {
		t.Error("got a namespace in the host's /run/netns, want none")
	}
	// What is no namespace is no namespace.
	fake := fmt.Sprintf("/proc/%d/root/run/netns/test-fake", w.PID())
	if err := os.WriteFile(fake, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	want(in("test-fake", show...), 126, "GUARD_FAILED")
	c := w.Client(harness.Alice)
	cmd := c.Command(show[0], show[1:]...)
	cmd.Netns = "test-gone"
	wantRefusal(t, cmd.Run(), client.ErrPrecondition, "NETNS_MISSING")
}
