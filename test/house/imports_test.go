package house

import (
	"go/ast"
	"strings"
	"testing"
)

// edges lists, for each tree of packages, the packages of this module that it may
// import besides its own tree. The first row that holds a package counts. No other
// edge exists: whoever adds one changes the shape of the house, here.
var edges = []struct {
	tree string
	may  []string
}{
	{"proto", nil},
	{"policy/argv", nil},
	{"policy", nil},
	{"client/cmd", []string{"client", "policy", "server/audit", "proto"}},
	{"client", []string{"proto"}},
	{"server/cmd", []string{"server/."}},
	{"server/audit", nil},
	// A transport: decodes, asks the broker, maps its refusals to codes.
	{"server/internal/rpc", []string{
		"server/internal/broker", "server/internal/peer", "proto",
		"policy", "server/internal/throttle", // the refusals that it maps
	}},
	{"server/internal/broker", []string{
		"policy", "server/audit", "server/internal/guard", "server/internal/sandbox", "server/internal/throttle",
	}},
	{"server/internal/policystore", []string{"policy", "server/internal/sandbox"}},
	{"server/internal/guard", []string{"policy", "server/internal/sandbox/beneath"}},
	{"server/internal/sandbox", nil},
	// The socket's directory is held to what a program's directory is held to.
	{"server/internal/peer", []string{"server/internal/sandbox/program"}},
	{"server/internal/throttle", nil},
	{"server/internal/config", nil},
	{"server/internal/accounts", nil},
	// The one place that wires everything.
	{"server/.", []string{"server/internal", "server/audit", "policy", "proto"}},
	{"test", []string{"client", "policy", "proto", "server/audit"}},
}

func TestEdges(t *testing.T) {
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		row := -1
		for i, e := range edges {
			if within(s.pkg, e.tree) {
				row = i
				break
			}
		}
		if row < 0 {
			t.Errorf("%s: package %s has no row in the table of edges", s.path, s.pkg)
			continue
		}
		may := append([]string{edges[row].tree}, edges[row].may...)
		for _, path := range s.imports {
			local, ok := strings.CutPrefix(path, module+"/")
			if ok && !within(local, may...) {
				t.Errorf("%s imports %s; it may import %s", s.path, local, strings.Join(may, ", "))
			}
		}
	}
}

// fences lists imports that stand in certain trees only, with the reason. A path
// that ends in "/." means that package alone, else all below it too.
var fences = []struct {
	imported string
	only     []string
	why      string
}{
	{"C", []string{"server/internal/sandbox/.", "server/internal/sandbox/seccomp/."}, "the launcher's child and the seccomp compiler are all the C there is"},
	{"unsafe", []string{"server/internal/sandbox", "server/internal/peer"}, "raw memory is fenced"},
	{"golang.org/x/sys/unix", []string{"server/internal/sandbox", "server/internal/peer"}, "raw system calls are fenced"},
	{"google.golang.org/grpc/status", []string{"server/internal/rpc", "client"}, "rpc alone maps errors to codes; the client reads them"},
	{"google.golang.org/grpc/codes", []string{"server/internal/rpc", "client"}, "rpc alone maps errors to codes; the client reads them"},
	{"google.golang.org/grpc", []string{"server/internal/rpc", "server/internal/peer", "server/.", "client", "test"}, "one transport"},
	{"go.yaml.in/yaml/v4", []string{"policy/.", "server/internal/config"}, "two strict decoders, no more"},
	{"github.com/spf13", []string{"client/cmd"}, "the daemon uses package flag"},
	{"os/exec", []string{"test", "client/cmd/rootgate/."}, "the launcher of the sandbox starts processes; policy diff asks git, and policy import cvtsudoers, as whoever asks them"},
	{"os/user", nil, "under cgo it loads NSS modules into a root process"},
	{"plugin", nil, "no code is loaded at run time"},
}

func TestFences(t *testing.T) {
	for _, s := range sources(t) {
		// Tests may use what they test with; none may ask NSS.
		if s.generated {
			continue
		}
		for _, path := range s.imports {
			for _, f := range fences {
				if s.test && f.imported != "os/user" {
					continue
				}
				if within(path, f.imported) && !within(s.pkg, f.only...) {
					t.Errorf("%s imports %q: %s", s.path, path, f.why)
				}
			}
		}
	}
}

// impure are packages of the standard library that reach the host.
var impure = []string{"os", "syscall", "net/.", "net/http", "io/ioutil", "log", "runtime", "os/exec", "path/filepath"}

// clocks are the functions of package time that read the clock or wait for it.
var clocks = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}

// A policy is a pure function of its text and a request: no host, no clock, and of
// others' code the YAML decoder alone, which the grammar does without.
func TestPolicyIsPure(t *testing.T) {
	seen := false
	for _, s := range sources(t) {
		if s.test || !within(s.pkg, "policy") {
			continue
		}
		seen = true
		for _, path := range s.imports {
			first, _, _ := strings.Cut(path, "/")
			switch {
			case within(path, impure...):
				t.Errorf("%s imports %q, which reaches the host", s.path, path)
			case !strings.Contains(first, "."), within(path, module): // standard library; TestEdges
			case within(path, "go.yaml.in/yaml/v4") && s.pkg == "policy":
			default:
				t.Errorf("%s imports %q: only the standard library and, outside argv, the YAML decoder", s.path, path)
			}
		}
		for _, name := range clocks {
			if calls(s.syntax, "time", name) {
				t.Errorf("%s uses time.%s: a decision does not depend on the clock", s.path, name)
			}
		}
	}
	if !seen {
		t.Fatal("no file of policy was read")
	}
}

// calls reports whether f mentions pkg.name.
func calls(f *ast.File, pkg, name string) bool {
	found := false
	ast.Inspect(f, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel.Name == name {
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == pkg {
				found = true
			}
		}
		return !found
	})
	return found
}
