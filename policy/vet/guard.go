package vet

import "github.com/rootgate-project/rootgate/policy"

// Guard is something about an allowed request that the server checks on its
// host before it runs the command: what the policy allows, it may still refuse.
type Guard struct {
	Name      string // of the placeholder, or netns or cwd
	Type      string // in the grammar's notation
	Value     string
	ArgvIndex int    // into Request.Argv; -1: not in argv
	Check     string // in words; what it grants with it
}

// Guards returns the guards of an allowed decision, in the order of the
// arguments.
func Guards(d policy.Decision) []Guard {
	var out []Guard
	for _, c := range d.Captures {
		if check := guardOf(c.Type); check != "" {
			out = append(out, Guard{c.Name, c.Type.String(), c.Value, d.Skip + c.Arg + 1, check})
		}
	}
	if d.Netns != "" {
		out = append(out, netnsGuard(d))
	}
	if d.Allowed() && d.Cwd != "/" {
		out = append(out, Guard{"cwd", "path", d.Cwd, -1, "directory"})
	}
	return out
}

// netnsGuard is the guard of the namespace that a request names, or that the
// arguments of a wrapper do.
func netnsGuard(d policy.Decision) Guard {
	g := Guard{"netns", "netns", d.Netns, -1, "network namespace"}
	if t := d.Rule.Netns.Type; t != nil {
		g.Type = t.String()
	}
	for _, c := range d.Outer {
		if c.Value == d.Netns {
			g.Name, g.Type, g.ArgvIndex = c.Name, c.Type.String(), c.Arg+1
		}
	}
	return g
}
