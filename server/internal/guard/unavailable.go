package guard

import "github.com/rootgate-project/rootgate/policy/argv"

// Unavailable returns what a type asks about its values that this server cannot
// answer, in the words of a policy, or "" when there is no such thing. A request
// with such a value is refused, whatever the value is.
func Unavailable(t *argv.Type) string {
	p := t.Params()
	switch {
	case t.Guard() == "":
		return ""
	case t.Name() == "pid", t.Name() == "ifname":
		return t.String()
	case p.Create:
		return "a path that does not exist yet"
	case p.BindFD:
		return "a path by its descriptor"
	}
	return ""
}
