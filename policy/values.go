package policy

import (
	"fmt"
	"math"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

var (
	canonicalInt = regexp.MustCompile(`^(0|-?[1-9][0-9]*)$`)
	plainFloat   = regexp.MustCompile(`^-?(0|[1-9][0-9]*)\.[0-9]+$`)
	octalLike    = regexp.MustCompile(`^[-+]?0[0-9_oOxXbB]`)
	durationForm = regexp.MustCompile(`^([0-9]+(ms|s|m|h))+$`)
	sizeForm     = regexp.MustCompile(`^([0-9]+)(B|KiB|MiB|GiB)?$`)
)

// integer returns the value of a number from lo to hi, written in plain
// decimal. An octal or hexadecimal number is refused: YAML 1.1 and 1.2 read
// 0755 as two different ones.
func (d *document) integer(n *yaml.Node, what string, lo, hi int64) (int64, bool) {
	switch {
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!int" && octalLike.MatchString(n.Value):
		d.fail(n, "F-YAMLTYPE", "%s: %s reads as octal or hexadecimal; write a decimal number", what, clip(n.Value))
		return 0, false
	case n.Kind != yaml.ScalarNode || n.ShortTag() != "!!int" || !canonicalInt.MatchString(n.Value):
		d.fail(n, "F-YAMLTYPE", "%s is %s, expected a number from %d to %d", what, describe(n), lo, hi)
		return 0, false
	}
	v, err := strconv.ParseInt(n.Value, 10, 64)
	if err != nil || v < lo || v > hi {
		d.fail(n, "F-VALUE", "%s is %s, expected a number from %d to %d", what, clip(n.Value), lo, hi)
		return 0, false
	}
	return v, true
}

// duration returns a length of time like 30s, 500ms or 1m30s, in nanoseconds
// from lo to hi.
func (d *document) duration(n *yaml.Node, what string, lo, hi int64) (int64, bool) {
	if n.Kind != yaml.ScalarNode || !durationForm.MatchString(n.Value) {
		d.fail(n, "F-VALUE", "%s is %s, expected a duration like 30s or 1m30s", what, describe(n))
		return 0, false
	}
	// ParseDuration reports an overflow.
	v, err := time.ParseDuration(n.Value)
	if err != nil || int64(v) < lo || int64(v) > hi {
		d.fail(n, "F-VALUE", "%s is %s, expected more than 0 and at most %s", what, clip(n.Value), time.Duration(hi))
		return 0, false
	}
	return int64(v), true
}

// size returns a number of bytes like 64KiB or 1048576, from lo to hi.
func (d *document) size(n *yaml.Node, what string, lo, hi int64) (int64, bool) {
	m := sizeForm.FindStringSubmatch(n.Value)
	if n.Kind != yaml.ScalarNode || m == nil || octalLike.MatchString(m[1]) {
		d.fail(n, "F-VALUE", "%s is %s, expected a size like 64KiB or 1MiB", what, describe(n))
		return 0, false
	}
	unit := map[string]int64{"": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}[m[2]]
	v, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil || v > math.MaxInt64/unit || v*unit < lo || v*unit > hi {
		d.fail(n, "F-VALUE", "%s is %s, expected %s to %s", what, clip(n.Value), formatSize(lo), formatSize(hi))
		return 0, false
	}
	return v * unit, true
}

// formatSize writes a number of bytes in the notation of policies.
func formatSize(v int64) string {
	for _, u := range []struct {
		name string
		size int64
	}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if v >= u.size && v%u.size == 0 {
			return fmt.Sprintf("%d%s", v/u.size, u.name)
		}
	}
	return fmt.Sprintf("%dB", v)
}

// isCanonicalPath reports whether p is absolute and has no "//", ".", ".." or
// trailing slash: such a path means one thing, whoever reads it.
func isCanonicalPath(p string) bool {
	return strings.HasPrefix(p, "/") && path.Clean(p) == p && !hasControl(p) && len(p) < 4096
}

// filePath returns an absolute, canonical path.
func (d *document) filePath(n *yaml.Node, what string) (string, bool) {
	p, ok := d.word(n, what)
	if !ok {
		return "", false
	}
	if !isCanonicalPath(p) {
		d.fail(n, "F-VALUE", "%s: %q is not an absolute path without //, . and ..", what, clip(p))
		return "", false
	}
	return p, true
}
