package resolved

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/rootgate-project/rootgate/policy/argv"
)

// plainText is what YAML reads as text without quotes, whatever its version,
// together with not being one of reserved.
var (
	plainText = regexp.MustCompile(`^[A-Za-z_/][A-Za-z0-9_./-]*$`)
	reserved  = strings.Fields("y n yes no on off true false null")
)

// scalar writes text as YAML: plain where it is safe, quoted otherwise.
func scalar(s string) string {
	switch {
	case plainText.MatchString(s) && !slices.Contains(reserved, strings.ToLower(s)):
		return s
	case strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }):
		return doubleQuoted(s)
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}

// doubleQuoted writes text with escapes, which YAML takes from JSON.
func doubleQuoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	return b.String() + `"`
}

// list writes texts as a flow list.
func list(items []string) string {
	out := make([]string, len(items))
	for i, s := range items {
		out[i] = scalar(s)
	}
	return "[" + strings.Join(out, ", ") + "]"
}

// duration writes a length of time as the language does: no fractions.
func duration(d time.Duration) string {
	if d%time.Second == 0 {
		return d.String()
	}
	return fmt.Sprintf("%dms", d.Milliseconds())
}

// size writes a number of bytes in the largest unit that leaves no rest.
func size(v int64) string {
	for _, u := range []struct {
		name  string
		shift int
	}{{"GiB", 30}, {"MiB", 20}, {"KiB", 10}} {
		if v>>u.shift > 0 && v&(1<<u.shift-1) == 0 {
			return fmt.Sprintf("%d%s", v>>u.shift, u.name)
		}
	}
	return fmt.Sprint(v)
}

// typeText writes a type: in the grammar's notation where that says all, and
// otherwise as a mapping with every constraint that is set.
func typeText(t *argv.Type, more ...string) string {
	same, err := argv.ParseType(t.String(), nil)
	if err == nil && reflect.DeepEqual(same.Params(), t.Params()) && len(more) == 0 {
		return scalar(t.String())
	}
	fields := []string{"type: " + t.Name()}
	params := reflect.ValueOf(t.Params())
	for i := range params.NumField() {
		if v := params.Field(i); !v.IsZero() {
			name := params.Type().Field(i).Name
			fields = append(fields, keyOf(name)+": "+paramText(t.Name(), name, v))
		}
	}
	return "{" + strings.Join(append(fields, more...), ", ") + "}"
}

// keyOf returns the key of the language for a field of argv.Params.
func keyOf(field string) string {
	switch field {
	case "FileKind", "LinkKind":
		return "kind"
	case "BindFD":
		return "bind"
	}
	var b strings.Builder
	for i, r := range field {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// paramText writes the value of a constraint of the type name.
func paramText(name, field string, v reflect.Value) string {
	switch x := v.Interface().(type) {
	case *argv.Type:
		return typeText(x)
	case *int64:
		text := argv.FormatBound(name, *x)
		if _, err := strconv.ParseInt(text, 10, 64); err == nil {
			return text
		}
		return scalar(text)
	case []string:
		return list(x)
	case string:
		return scalar(x)
	}
	if field == "BindFD" {
		return "fd"
	}
	return fmt.Sprint(v.Interface())
}
