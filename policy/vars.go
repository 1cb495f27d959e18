package policy

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// maxVar bounds the value of a variable, in bytes.
const maxVar = 1024

var varReference = regexp.MustCompile(`<[^<>]*>`)

// readVars reads "vars: {NAME: TEXT}", the facts of a site. A value is text and
// nothing else: it names no other variable and nothing of the environment.
func (d *document) readVars(n *yaml.Node) map[string]string {
	out := make(map[string]string)
	for _, f := range d.mapping(n, "vars") {
		name := f.key.Value
		if !placeholderName.MatchString(name) {
			d.fail(f.key, "F-VALUE", "vars: %q is not a name; expected lower case letters, digits, - and _", clip(name))
			continue
		}
		s, ok := d.word(f.value, "vars "+name)
		switch {
		case !ok:
		case strings.ContainsAny(s, "<>"):
			d.fail(f.value, "F-VALUE", "vars %s: a variable stands for plain text, without < and >", name)
		case len(s) > maxVar:
			d.fail(f.value, "F-LIMIT", "vars %s has %d bytes, the limit is %d", name, len(s), maxVar)
		default:
			out[name] = s
		}
	}
	return out
}

// substitute puts the values of variables for <name> in s, once: a value is not
// looked at again.
func (d *document) substitute(n *yaml.Node, s string) (string, bool) {
	ok := true
	out := varReference.ReplaceAllStringFunc(s, func(ref string) string {
		name := ref[1 : len(ref)-1]
		value, known := d.vars[name]
		if !known {
			d.fail(n, "F-VALUE", "there is no variable <%s> in this file%s", clip(name), didYouMean(name, slices.Sorted(maps.Keys(d.vars))))
			ok = false
		}
		return value
	})
	return out, ok
}
