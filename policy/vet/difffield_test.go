package vet

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/rootgate-project/rootgate/policy"
	"github.com/rootgate-project/rootgate/policy/argv"
)

func typ(t *testing.T, notation string) *argv.Type {
	t.Helper()
	out, err := argv.ParseType(notation, nil)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestFieldOrder changes each part of an effect there and back.
func TestFieldOrder(t *testing.T) {
	base := policy.Rule{Effect: policy.Effect{
		User: "a", UID: 1, Umask: 0o022, Cwd: "/", Net: policy.NetHost,
		Caps: []string{"kill"}, Seccomp: []string{"@default"},
		FS:     policy.FS{Read: []string{"/srv"}},
		Limits: policy.Limits{Wall: time.Second, CPU: 1, Memory: 1, Files: 1, Processes: 1, Stdout: 1, Stderr: 1},
	}}
	digit, small := typ(t, "int(0..9)"), typ(t, "int(1..5)")
	for _, c := range []struct {
		name   string
		change func(*policy.Rule)
		want   string // there / back
	}{
		{"nothing", func(*policy.Rule) {}, "/"},
		{"user", func(r *policy.Rule) { r.Effect.User, r.Effect.UID = "b", 2 }, "user changed/user changed"},
		{"group", func(r *policy.Rule) { r.Effect.Group, r.Effect.GID = "b", 2 }, "group changed/group changed"},
		{"groups", func(r *policy.Rule) { r.Effect.Groups = []uint32{5} }, "groups wider/groups narrower"},
		{"caps more", func(r *policy.Rule) { r.Effect.Caps = []string{"chown", "kill"} }, "caps wider/caps narrower"},
		{"caps other", func(r *policy.Rule) { r.Effect.Caps = []string{"chown"} }, "caps changed/caps changed"},
		{"seccomp", func(r *policy.Rule) { r.Effect.Seccomp = []string{"@default", "@mount"} }, "seccomp wider/seccomp narrower"},
		{"fs host", func(r *policy.Rule) { r.Effect.FS = policy.FS{Host: true} }, "fs wider/fs narrower"},
		{"fs read above", func(r *policy.Rule) { r.Effect.FS.Read = []string{"/"} }, "fs.read wider/fs.read narrower"},
		{"fs read twice", func(r *policy.Rule) { r.Effect.FS.Read = []string{"/srv", "/srv/a"} }, "/"},
		{"fs read beside", func(r *policy.Rule) { r.Effect.FS.Read = []string{"/srv2"} }, "fs.read changed/fs.read changed"},
		{"fs write", func(r *policy.Rule) { r.Effect.FS.Write = []string{"/srv"} }, "fs.write wider/fs.write narrower"},
		{"fs exec", func(r *policy.Rule) { r.Effect.FS.Exec = []string{"/srv"} }, "fs.exec wider/fs.exec narrower"},
		{"net", func(r *policy.Rule) { r.Effect.Net = policy.NetNone }, "net narrower/net wider"},
		{"wall", func(r *policy.Rule) { r.Effect.Limits.Wall *= 2 }, "limits.wall wider/limits.wall narrower"},
		{"cpu", func(r *policy.Rule) { r.Effect.Limits.CPU *= 2 }, "limits.cpu wider/limits.cpu narrower"},
		{"memory", func(r *policy.Rule) { r.Effect.Limits.Memory *= 2 }, "limits.memory wider/limits.memory narrower"},
		{"nofile", func(r *policy.Rule) { r.Effect.Limits.Files *= 2 }, "limits.nofile wider/limits.nofile narrower"},
		{"nproc", func(r *policy.Rule) { r.Effect.Limits.Processes *= 2 }, "limits.nproc wider/limits.nproc narrower"},
		{"stdout", func(r *policy.Rule) { r.Effect.Limits.Stdout *= 2 }, "limits.stdout wider/limits.stdout narrower"},
		{"stderr", func(r *policy.Rule) { r.Effect.Limits.Stderr *= 2 }, "limits.stderr wider/limits.stderr narrower"},
		{"umask", func(r *policy.Rule) { r.Effect.Umask = 0o077 }, "umask narrower/umask wider"},
		{"umask other", func(r *policy.Rule) { r.Effect.Umask = 0o007 }, "umask changed/umask changed"},
		{"nice", func(r *policy.Rule) { r.Effect.Nice = 5 }, "nice narrower/nice wider"},
		{"cwd", func(r *policy.Rule) { r.Effect.Cwd = "/srv" }, "cwd changed/cwd changed"},
		{"cwd under", func(r *policy.Rule) { r.Cwd = []string{"/srv"} }, "cwd.under wider/cwd.under narrower"},
		{"netns", func(r *policy.Rule) { r.Netns.Type = digit }, "netns wider/netns narrower"},
		{"netns required", func(r *policy.Rule) { r.Netns = policy.Netns{Type: digit, Required: true} }, "netns changed/netns changed"},
		{"env set", func(r *policy.Rule) { r.Env.Set = []policy.EnvVar{{Name: "A", Value: "b"}} }, "env.set changed/env.set changed"},
		{"env pass", func(r *policy.Rule) { r.Env.Pass = []policy.EnvPass{{Name: "A", Type: small}} }, "env.A wider/env.A narrower"},
		{"stdin", func(r *policy.Rule) { r.Stdin.Max = 5 }, "stdin.max wider/stdin.max narrower"},
		{"signals", func(r *policy.Rule) { r.Signals = []string{"HUP"} }, "signals wider/signals narrower"},
	} {
		t.Run(c.name, func(t *testing.T) {
			changed := base
			c.change(&changed)
			there, back := &fields{}, &fields{}
			there.effect(base.Effect, changed.Effect)
			there.request(&base, &changed)
			back.effect(changed.Effect, base.Effect)
			back.request(&changed, &base)
			if got := short2(there.out) + "/" + short2(back.out); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func short2(list []Field) string {
	var out []string
	for _, f := range list {
		out = append(out, f.Name+" "+f.Direction.String())
	}
	return strings.Join(out, ",")
}

func TestRequestOrder(t *testing.T) {
	digit, small, letters := typ(t, "int(0..9)"), typ(t, "int(1..5)"), typ(t, "re([a-z])")
	same := typ(t, "re([1-5])")
	pass := func(ty *argv.Type) policy.Rule {
		return policy.Rule{Env: policy.Env{Pass: []policy.EnvPass{{Name: "A", Type: ty}}}}
	}
	netns := func(ty *argv.Type, required bool) policy.Rule {
		return policy.Rule{Netns: policy.Netns{Type: ty, Required: required}}
	}
	for _, c := range []struct {
		name string
		a, b policy.Rule
		want string
	}{
		{"more values", pass(small), pass(digit), "env.A wider"},
		{"fewer values", pass(digit), pass(small), "env.A narrower"},
		{"other values", pass(letters), pass(small), "env.A changed"},
		{"the same values", pass(small), pass(same), ""},
		{"a path", pass(typ(t, "re(/srv/[a-z])")), pass(typ(t, "path(/srv)")), "env.A changed"},
		{"text", policy.Rule{Stdin: policy.Stdin{Max: 1}}, policy.Rule{Stdin: policy.Stdin{Max: 1, UTF8: true}}, "stdin.utf8 narrower"},
		{"bytes", policy.Rule{Stdin: policy.Stdin{Max: 1, UTF8: true}}, policy.Rule{Stdin: policy.Stdin{Max: 1}}, "stdin.utf8 wider"},
		{"lines", policy.Rule{Stdin: policy.Stdin{Max: 1, UTF8: true}}, policy.Rule{Stdin: policy.Stdin{Max: 1, Lines: small}}, "stdin.lines narrower"},
		{"lines of bytes", policy.Rule{Stdin: policy.Stdin{Max: 1, Lines: small}}, policy.Rule{Stdin: policy.Stdin{Max: 1}}, "stdin.utf8 wider,stdin.lines wider"},
		{"other lines", policy.Rule{Stdin: policy.Stdin{Max: 1, Lines: small}}, policy.Rule{Stdin: policy.Stdin{Max: 1, Lines: digit}}, "stdin.lines wider"},
		{"the same lines", policy.Rule{Stdin: policy.Stdin{Max: 1, Lines: small}}, policy.Rule{Stdin: policy.Stdin{Max: 1, Lines: same}}, ""},
		{"more lines", policy.Rule{Stdin: policy.Stdin{Max: 1, MaxLines: 1}}, policy.Rule{Stdin: policy.Stdin{Max: 1, MaxLines: 2}}, "stdin.max_lines wider"},
		{"any number of lines", policy.Rule{Stdin: policy.Stdin{Max: 1, MaxLines: 1}}, policy.Rule{Stdin: policy.Stdin{Max: 1}}, "stdin.max_lines wider"},
		{"a bound of lines", policy.Rule{Stdin: policy.Stdin{Max: 1}}, policy.Rule{Stdin: policy.Stdin{Max: 1, MaxLines: 1}}, "stdin.max_lines narrower"},
		{"no input", policy.Rule{Stdin: policy.Stdin{Max: 1, UTF8: true}}, policy.Rule{}, "stdin.max narrower"},
		{"no namespace any more", netns(digit, false), policy.Rule{}, "netns narrower"},
		{"no longer required", netns(digit, true), netns(digit, false), "netns wider"},
		{"required", netns(digit, false), netns(digit, true), "netns narrower"},
		{"required, of fewer", netns(digit, false), netns(small, true), "netns narrower"},
		{"required, of more", netns(small, false), netns(digit, true), "netns changed"},
		{"none instead of required", netns(digit, true), policy.Rule{}, "netns changed"},
		{"the same namespaces", netns(small, true), netns(same, true), ""},
	} {
		f := &fields{}
		f.request(&c.a, &c.b)
		if got := short2(f.out); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
		if f.alike != (c.want == "") {
			t.Errorf("%s: alike %v", c.name, f.alike)
		}
	}
}

func TestDigestOrder(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want string
	}{
		{"", "", ""},
		{"", "x", "sha256 narrower"},
		{"x", "", "sha256 wider"},
		{"x", "x y", "sha256 wider"},
		{"x y", "y", "sha256 narrower"},
		{"x", "y", "sha256 changed"},
	} {
		f := &fields{}
		f.digests(strings.Fields(c.a), strings.Fields(c.b))
		if got := short2(f.out); got != c.want {
			t.Errorf("%q to %q: got %s, want %s", c.a, c.b, got, c.want)
		}
	}
}

// TestFieldsAreComplete fails when an effect or a request gets a part that the
// order of fields does not know.
func TestFieldsAreComplete(t *testing.T) {
	known := map[reflect.Type]string{
		reflect.TypeFor[policy.Effect]():  "User Group UID GID Groups Caps Seccomp FS Net Limits Umask Nice IOPriority Cwd",
		reflect.TypeFor[policy.FS]():      "Host Read Write Exec",
		reflect.TypeFor[policy.Limits]():  "Wall CPU Memory Files Processes Stdout Stderr",
		reflect.TypeFor[policy.Netns]():   "Type Required",
		reflect.TypeFor[policy.Env]():     "Set Pass",
		reflect.TypeFor[policy.EnvVar]():  "Name Value",
		reflect.TypeFor[policy.EnvPass](): "Name Type",
		reflect.TypeFor[policy.Stdin]():   "Max UTF8 Lines MaxLines",
	}
	for typ, names := range known {
		var got []string
		for f := range typ.Fields() {
			if f.IsExported() {
				got = append(got, f.Name)
			}
		}
		for _, name := range got {
			if !strings.Contains(" "+names+" ", " "+name+" ") {
				t.Errorf("policy diff does not know the order of %s.%s: %s", typ, name, fmt.Sprint(got))
			}
		}
	}
}
