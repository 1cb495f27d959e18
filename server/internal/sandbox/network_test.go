package sandbox

import (
	"os"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

const netAdmin = 1 << unix.CAP_NET_ADMIN

// netns makes a network namespace of the test's own. The thread that made it
// ends with its goroutine, locked.
func netns(t *testing.T) *os.File {
	t.Helper()
	type result struct {
		f   *os.File
		err error
	}
	made := make(chan result)
	go func() {
		runtime.LockOSThread() //nolint:staticcheck // the thread must not be used again
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			made <- result{nil, err}
			return
		}
		f, err := os.Open("/proc/thread-self/ns/net")
		made <- result{f, err}
	}()
	r := <-made
	if r.err != nil {
		t.Fatal(r.err)
	}
	t.Cleanup(func() { _ = r.f.Close() })
	return r.f
}

// An unprivileged uid changes a link with one ambient capability, and cannot
// without it.
func TestAmbientCapability(t *testing.T) {
	modes(t, func(t *testing.T, o Options) {
		l := launcher(t, o)
		ns := netns(t)
		for _, tt := range []struct {
			name string
			caps uint64
			argv []string
			code int
			want string
		}{
			{"without", 0, []string{"link", "set", "lo", "up"}, 2, "Operation not permitted"},
			{"still down", 0, []string{"-o", "link", "show", "lo"}, 0, "state DOWN"},
			{"with", netAdmin, []string{"link", "set", "lo", "up"}, 0, ""},
			{"now up", 0, []string{"-o", "link", "show", "lo"}, 0, "LOOPBACK,UP"},
		} {
			s := spec(t, append([]string{"/usr/sbin/ip"}, tt.argv...)...)
			s.Caps, s.Netns = tt.caps, ns
			if got, st := output(t, l, s); st.Code != tt.code || !strings.Contains(got, tt.want) {
				t.Errorf("%s: code %d, %q; want %d, %q", tt.name, st.Code, got, tt.code, tt.want)
			}
		}
	})
}

func TestNewNet(t *testing.T) {
	l := launcher(t, Options{})
	s := spec(t, "/usr/sbin/ip", "-o", "link", "show")
	s.NewNet = true
	if got, _ := output(t, l, s); !strings.Contains(got, " lo: ") || strings.Count(got, " lo: ") != strings.Count(got, "mtu") {
		// Tunnel devices that a kernel puts into every namespace count as well.
		host, _ := output(t, l, spec(t, "/usr/sbin/ip", "-o", "link", "show"))
		if got == host {
			t.Errorf("a namespace of its own shows the host's links:\n%s", got)
		}
	}
}

// /proc/sys/net has inodes of its own in each network namespace: a rule for
// the daemon's would not match.
func TestLatePaths(t *testing.T) {
	const key = "/proc/sys/net/ipv4/ip_forward"
	const execute, write, read, readDir, truncate = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 14
	host, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	l := launcher(t, Options{})
	ns := netns(t)
	for _, tt := range []struct {
		name string
		late []LatePath
		code int
	}{
		{"without a rule", nil, 2},
		{"with one", []LatePath{{key, write | truncate}}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := spec(t, "/bin/sh", "-c", "echo 1 > "+key)
			s.Netns, s.Caps, s.LatePaths = ns, netAdmin, tt.late
			s.Ruleset = ruleset(t, execute|write|read|readDir|truncate, 3)
			for _, path := range []string{"/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache"} {
				access := uint64(execute | read | readDir)
				if path == "/etc/ld.so.cache" {
					access = read
				}
				allow(t, s.Ruleset, path, access)
			}
			got, st := output(t, l, s)
			if st.Code != tt.code {
				t.Errorf("code %d, %q; want %d", st.Code, got, tt.code)
			}
		})
	}
	s := spec(t, "/bin/cat", key)
	s.Netns = ns
	if got, _ := output(t, l, s); got != "1\n" {
		t.Errorf("in the namespace it is %q, want 1", got)
	}
	if now, _ := os.ReadFile(key); string(now) != string(host) {
		t.Errorf("on the host it is %q, was %q", now, host)
	}
}
