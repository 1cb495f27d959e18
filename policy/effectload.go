package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// baseEffect is the profile "base": the tightest that lets ordinary tools run.
// Every effect begins as a copy of it.
func baseEffect() Effect {
	return Effect{
		User:    RunUser,
		Seccomp: []string{defaultSeccomp},
		Net:     NetHost,
		Limits: Limits{
			Wall: 30 * time.Second, CPU: 10 * time.Second, Memory: 256 << 20,
			Files: 256, Processes: 32, Stdout: 1 << 20, Stderr: 64 << 10,
		},
		Umask: 0o022,
		Cwd:   "/",
	}
}

// The upper bounds of limits: high enough for any command that ends, low enough
// that no sum of them overflows.
const (
	maxDuration  = int64(7 * 24 * time.Hour)
	minMemory    = 1 << 20
	maxMemory    = 1 << 40
	maxOutput    = 1 << 30
	maxFiles     = 1 << 20
	maxProcesses = 1 << 15
)

var runSchema = schema{
	what:  "run",
	keys:  strings.Fields("user group groups caps seccomp fs net limits umask nice cwd"),
	later: strings.Fields("oom_score_adj io cpus detach proc"),
}

// applyRun merges a run block into its parent's effect: scalars replace, maps
// merge, lists replace or are edited. hasWhy says whether the block's owner
// states a reason.
func (d *document) applyRun(e Effect, n *yaml.Node, hasWhy bool) Effect {
	f, ok := d.fields(n, runSchema)
	if !ok {
		return e
	}
	e.origins = e.origins.with(d, "run.", f)
	d.applyIdentity(&e, f)
	if v, ok := f["caps"]; ok {
		e.Caps = editNoted(d, v.value, "caps", e.Caps, d.capability, e.origins.note(d, "run.caps"))
	}
	if v, ok := f["seccomp"]; ok {
		e.Seccomp = editNoted(d, v.value, "seccomp", e.Seccomp, d.seccompName, e.origins.note(d, "run.seccomp"))
		if len(e.Seccomp) == 0 {
			d.fail(v.value, "F-VALUE", "seccomp names nothing; the least is %s", defaultSeccomp)
		}
	}
	if v, ok := f["fs"]; ok {
		e.FS = d.applyFS(e.FS, v.value, hasWhy, e.origins)
	}
	if v, ok := f["net"]; ok {
		e.Net = d.oneOf(v.value, "net", e.Net, NetHost, NetNone)
	}
	if v, ok := f["limits"]; ok {
		e.Limits = d.applyLimits(e.Limits, v.value, e.origins)
	}
	if v, ok := f["umask"]; ok {
		e.Umask = d.umask(v.value, e.Umask)
	}
	if v, ok := f["nice"]; ok {
		if nice, ok := d.integer(v.value, "nice", -20, 19); ok {
			e.Nice = int(nice)
		}
	}
	if v, ok := f["cwd"]; ok {
		if p, ok := d.filePath(v.value, "cwd"); ok {
			e.Cwd = p
		}
	}
	return e
}

// oneOf returns which of the words n is, or the default after a finding.
func (d *document) oneOf(n *yaml.Node, what, def string, words ...string) string {
	s, ok := d.text(n, what)
	if ok && !slices.Contains(words, s) {
		d.fail(n, "F-VALUE", "%s is %q, expected %s", what, clip(s), strings.Join(words, " or "))
	}
	if !slices.Contains(words, s) {
		return def
	}
	return s
}

func (d *document) umask(n *yaml.Node, def uint32) uint32 {
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!int" {
		v, _ := strconv.ParseInt(n.Value, 0, 64)
		d.fail(n, "F-YAMLTYPE", "umask: %s is the number %d; quote it, as in '022'", clip(n.Value), v)
		return def
	}
	s, ok := d.text(n, "umask")
	if !ok {
		return def
	}
	v, err := strconv.ParseUint(s, 8, 32)
	if err != nil || v > 0o777 || len(s) < 3 || len(s) > 4 {
		d.fail(n, "F-VALUE", "umask is %q, expected octal digits from '000' to '777'", clip(s))
		return def
	}
	return uint32(v)
}

func (d *document) applyFS(parent FS, n *yaml.Node, hasWhy bool, at origins) FS {
	if n.Kind == yaml.ScalarNode && !isNull(n) {
		s, ok := d.text(n, "fs")
		if ok && s != "host" {
			d.fail(n, "F-VALUE", "fs is %q, expected host, or a mapping of read, write and exec", clip(s))
		}
		if s != "host" {
			return parent
		}
		if !hasWhy {
			d.fail(n, "F-VALUE", "fs: host gives up the file system's restriction; say why in a why: beside run:")
		}
		return FS{Host: true}
	}
	f, ok := d.fields(n, schema{
		what: "fs", keys: strings.Fields("read write exec"), later: strings.Fields("hide tmp private"),
	})
	if !ok {
		return parent
	}
	if parent.Host {
		parent = FS{}
	}
	for _, l := range []struct {
		name string
		list *[]string
	}{{"read", &parent.Read}, {"write", &parent.Write}, {"exec", &parent.Exec}} {
		if v, ok := f[l.name]; ok {
			what := "fs." + l.name
			*l.list = editNoted(d, v.value, what, *l.list, d.fsPath, at.note(d, "run."+what))
		}
	}
	return parent
}

func (d *document) applyLimits(l Limits, n *yaml.Node, at origins) Limits {
	f, ok := d.fields(n, schema{
		what:  "limits",
		keys:  strings.Fields("wall cpu mem nofile procs stdout stderr"),
		later: strings.Fields("rate running fsize stack memlock pids io"),
	})
	if !ok {
		return l
	}
	limit := func(name string, read func(*yaml.Node, string, int64, int64) (int64, bool), lo, hi int64, store func(int64)) {
		if v, ok := f[name]; ok {
			at[origin{part: "run.limits." + name}] = d.pos(v.key)
			if n, ok := read(v.value, "limits."+name, lo, hi); ok {
				store(n)
			}
		}
	}
	limit("wall", d.duration, 1, maxDuration, func(v int64) { l.Wall = time.Duration(v) })
	limit("cpu", d.duration, 1, maxDuration, func(v int64) { l.CPU = time.Duration(v) })
	limit("mem", d.size, minMemory, maxMemory, func(v int64) { l.Memory = uint64(v) })
	limit("nofile", d.integer, 1, maxFiles, func(v int64) { l.Files = uint(v) })
	limit("procs", d.integer, 1, maxProcesses, func(v int64) { l.Processes = uint(v) })
	limit("stdout", d.size, 1, maxOutput, func(v int64) { l.Stdout = v })
	limit("stderr", d.size, 1, maxOutput, func(v int64) { l.Stderr = v })
	return l
}

// editList reads a list against its parent's. Plain items replace the parent's;
// "+x" adds to them and "-x" takes away. Both kinds in one list would depend on
// their order and are refused. The result is sorted and shared with nobody.
func editList[T cmp.Ordered](d *document, n *yaml.Node, what string, parent []T,
	read func(n *yaml.Node, s string) (T, bool),
) []T {
	return editNoted(d, n, what, parent, read, func(string, *yaml.Node) {})
}

// editNoted is editList, and tells note of each item that the list puts there.
func editNoted[T cmp.Ordered](d *document, n *yaml.Node, what string, parent []T,
	read func(n *yaml.Node, s string) (T, bool), note func(item string, n *yaml.Node),
) []T {
	items, ok := d.listOrOne(n, what)
	if !ok {
		return parent
	}
	edits := 0
	var plain []T
	result := slices.Clone(parent)
	for _, item := range items {
		s := item.Value
		if item.Kind != yaml.ScalarNode || item.ShortTag() != "!!int" {
			if s, ok = d.word(item, "an item of "+what); !ok {
				return parent
			}
		}
		sign := byte(0)
		if item.ShortTag() == "!!str" && (s[0] == '+' || s[0] == '-') {
			sign, s = s[0], s[1:]
			edits++
		}
		v, ok := read(item, s)
		if !ok {
			return parent
		}
		at := slices.Index(result, v)
		switch {
		case sign == '-' && at < 0:
			d.fail(item, "F-VALUE", "%s: -%s takes away what is not there", what, clip(s))
		case sign == '-':
			result = slices.Delete(result, at, at+1)
		case sign == '+' && at < 0:
			result = append(result, v)
			note(fmt.Sprint(v), item)
		case sign == 0 && slices.Contains(plain, v):
			d.fail(item, "F-VALUE", "%s: %s stands twice", what, clip(s))
		case sign == 0:
			plain = append(plain, v)
			note(fmt.Sprint(v), item)
		}
	}
	if edits > 0 && edits < len(items) {
		d.fail(n, "F-VALUE", "%s mixes items with + or - and items without; the list either edits its parent's or replaces it", what)
		return parent
	}
	if edits == 0 {
		result = plain
	}
	slices.Sort(result)
	return result
}

// fsPath reads a path in which variables may stand.
func (d *document) fsPath(n *yaml.Node, s string) (string, bool) {
	s, ok := d.substitute(n, s)
	if !ok {
		return "", false
	}
	if !isCanonicalPath(s) {
		d.fail(n, "F-VALUE", "%q is not an absolute path without //, . and ..", clip(s))
		return "", false
	}
	return s, true
}

func (d *document) capability(n *yaml.Node, s string) (string, bool) {
	if slices.Contains(capabilityNames, s) {
		return s, true
	}
	hint := didYouMean(strings.TrimPrefix(strings.ToLower(s), "cap_"), capabilityNames)
	d.fail(n, "F-VALUE", "unknown capability %q%s", clip(s), hint)
	return "", false
}

func (d *document) seccompName(n *yaml.Node, s string) (string, bool) {
	known, kind := syscallNames, "syscall"
	if strings.HasPrefix(s, "@") {
		known, kind = seccompSets, "seccomp set"
	}
	if !slices.Contains(known, s) {
		d.fail(n, "F-VALUE", "unknown %s %q%s", kind, clip(s), didYouMean(s, known))
		return "", false
	}
	if why := refusedSyscall(s); why != "" {
		d.fail(n, "F-VALUE", "the syscall %s is refused everywhere: %s", s, why)
		return "", false
	}
	return s, true
}
