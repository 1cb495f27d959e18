package vet

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/rootgate-project/rootgate/policy"
)

// Direction says what the change of a field means. The zero value, that no order
// is known, counts as widening.
type Direction uint8

// The directions.
const (
	Unordered Direction = iota // other, and not provably less
	Wider
	Narrower
)

// String returns the direction in a word.
func (d Direction) String() string {
	switch d {
	case Wider:
		return "wider"
	case Narrower:
		return "narrower"
	case Unordered:
	}
	return "changed"
}

// Field is one part of an effect that differs.
type Field struct {
	Name     string
	Old, New string
	Direction
}

// fields gathers the parts in which two effects differ.
type fields struct {
	out []Field
	// alike reports that something is written differently and means the same.
	alike bool
}

func (f *fields) add(name, old, next string, d Direction) {
	f.out = append(f.out, Field{name, old, next, d})
}

// direction returns the order of two values of which less(old, next) says that
// the old one is part of the new one.
func direction(grows, shrinks bool) Direction {
	switch {
	case shrinks:
		return Narrower
	case grows:
		return Wider
	}
	return Unordered
}

// value compares what has no order.
func (f *fields) value(name, old, next string) {
	if old != next {
		f.add(name, old, next, Unordered)
	}
}

// number compares what grants more the higher it is.
func number[N cmp.Ordered](f *fields, name string, old, next N) {
	if old != next {
		f.add(name, fmt.Sprint(old), fmt.Sprint(next), direction(next > old, next < old))
	}
}

// list compares sets of which every element is granted.
func list[E comparable](f *fields, name string, old, next []E) {
	f.covered(name, texts(old), texts(next), func(set []string, e string) bool { return slices.Contains(set, e) })
}

// paths compares lists of trees.
func (f *fields) paths(name string, old, next []string) {
	f.covered(name, old, next, func(trees []string, p string) bool {
		return slices.ContainsFunc(trees, func(t string) bool { return p == t || strings.HasPrefix(p, strings.TrimSuffix(t, "/")+"/") })
	})
}

func (f *fields) covered(name string, old, next []string, has func([]string, string) bool) {
	if slices.Equal(old, next) {
		return
	}
	within := func(a, b []string) bool {
		return !slices.ContainsFunc(a, func(e string) bool { return !has(b, e) })
	}
	grows, shrinks := within(old, next), within(next, old)
	if grows && shrinks {
		f.alike = true // as /srv and /srv, /srv/a
		return
	}
	f.add(name, orNone(old), orNone(next), direction(grows, shrinks))
}

func texts[E any](list []E) []string {
	out := make([]string, 0, len(list))
	for _, e := range list {
		out = append(out, fmt.Sprint(e))
	}
	return out
}

func orNone(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ",")
}

// fieldsOf returns how two allowed decisions differ in what arguments do not
// choose. equal reports that they mean the same; what differs and is none of the
// known fields counts as a change.
func fieldsOf(a, b policy.Decision) (out []Field, equal bool) {
	f := &fields{}
	f.value("program", a.Program, b.Program)
	f.effect(a.Effect, b.Effect)
	f.value("netns", a.Netns, b.Netns)
	f.request(a.Rule, b.Rule)
	f.digests(a.SHA256, b.SHA256)
	if len(f.out) == 0 && !f.alike {
		f.value("effect", a.Rule.EffectKey(), b.Rule.EffectKey())
	}
	return f.out, len(f.out) == 0
}

// effect compares effects. Another identity is never provably less: what one
// account owns, another one may not touch. Everything else grants more or less.
func (f *fields) effect(a, b policy.Effect) {
	f.value("user", account(a.User, a.UID), account(b.User, b.UID))
	f.value("group", account(cmp.Or(a.Group, "its own"), a.GID), account(cmp.Or(b.Group, "its own"), b.GID))
	list(f, "groups", a.Groups, b.Groups)
	list(f, "caps", a.Caps, b.Caps)
	list(f, "seccomp", a.Seccomp, b.Seccomp)
	if a.FS.Host != b.FS.Host {
		f.add("fs", files(a.FS), files(b.FS), direction(b.FS.Host, a.FS.Host))
	} else {
		f.paths("fs.read", a.FS.Read, b.FS.Read)
		f.paths("fs.write", a.FS.Write, b.FS.Write)
		f.paths("fs.exec", a.FS.Exec, b.FS.Exec)
	}
	if a.Net != b.Net {
		f.add("net", a.Net, b.Net, direction(a.Net == policy.NetNone, b.Net == policy.NetNone))
	}
	x, y := a.Limits, b.Limits
	number(f, "limits.wall", x.Wall, y.Wall)
	number(f, "limits.cpu", x.CPU, y.CPU)
	number(f, "limits.memory", x.Memory, y.Memory)
	number(f, "limits.nofile", x.Files, y.Files)
	number(f, "limits.nproc", x.Processes, y.Processes)
	number(f, "limits.stdout", x.Stdout, y.Stdout)
	number(f, "limits.stderr", x.Stderr, y.Stderr)
	if a.Umask != b.Umask { // a bit more is a permission less
		f.add("umask", fmt.Sprintf("%03o", a.Umask), fmt.Sprintf("%03o", b.Umask),
			direction(b.Umask&^a.Umask == 0, a.Umask&^b.Umask == 0))
	}
	if a.Nice != b.Nice {
		f.add("nice", strconv.Itoa(a.Nice), strconv.Itoa(b.Nice), direction(b.Nice < a.Nice, b.Nice > a.Nice))
	}
	f.value("ioprio", strconv.Itoa(int(a.IOPriority)), strconv.Itoa(int(b.IOPriority)))
	f.value("cwd", a.Cwd, b.Cwd)
}

func account(name string, id uint32) string {
	if name == policy.RunUser || id >= 1<<30 || name == strconv.FormatUint(uint64(id), 10) {
		return name // a synthetic id says nothing
	}
	return fmt.Sprintf("%s (%d)", name, id)
}

func files(fs policy.FS) string {
	if fs.Host {
		return "host"
	}
	return "a view"
}

// digests compares what the program's file may be; none is any.
func (f *fields) digests(a, b []string) {
	switch {
	case slices.Equal(a, b):
	case len(a) == 0 || len(b) == 0:
		f.add("sha256", orAny(a), orAny(b), direction(len(b) == 0, len(a) == 0))
	default:
		list(f, "sha256", a, b)
	}
}

func orAny(list []string) string {
	if len(list) == 0 {
		return "any"
	}
	return strings.Join(list, ",")
}
