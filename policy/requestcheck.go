package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// The bounds of a request's environment.
const (
	maxEnv      = 64
	maxEnvBytes = 32 << 10
)

func denial(reason Reason, format string, args ...any) *Denial {
	return &Denial{Reason: reason, ArgvIndex: -1, Message: fmt.Sprintf(format, args...)}
}

// checkNetns holds the name of a namespace to the rule. Whatever the rule's
// type says, a name is one component: it is looked up below /run/netns.
// One that a wrapper names was accepted by the wrapper's rule: the rule needs no
// type for it, but one that it has holds all the same.
func (c *command) checkNetns() *Denial {
	name, t := c.netns, c.rule.Netns.Type
	bad := strings.Contains(name, "/") || name == "." || name == ".." || len(name) > 255 || !isPlain(name)
	switch {
	case name == "" && c.rule.Netns.Required:
		return denial(ReasonNetnsRequired, "the rule %s runs in a network namespace only, and the request names none", c.rule.ID)
	case name == "":
		return nil
	case t == nil && !c.wrapped:
		return denial(ReasonNetnsNotAllowed, "the rule %s runs in the server's network namespace only", c.rule.ID)
	case t == nil && bad:
		return denial(ReasonNetnsNotAllowed, "%s is no name of a network namespace", quote(name))
	case bad || t != nil && !t.Accepts(name):
		return denial(ReasonNetnsNotAllowed, "the network namespace %s is not of the type %s", quote(name), t)
	}
	return nil
}

// environment returns the environment of the command, sorted.
func (r *Rule) environment(given map[string]string) ([]string, *Denial) {
	if len(given) > maxEnv {
		return nil, denial(ReasonInvalidEnv, "the request has %d variables, the limit is %d", len(given), maxEnv)
	}
	env := make([]string, 0, len(r.Env.Set)+len(given))
	for _, v := range r.Env.Set {
		env = append(env, v.Name+"="+v.Value)
	}
	total := 0
	for _, name := range slices.Sorted(maps.Keys(given)) {
		value := given[name]
		if total += len(name) + len(value); total > maxEnvBytes {
			return nil, denial(ReasonInvalidEnv, "the request's variables are longer than %d bytes", maxEnvBytes)
		}
		at := slices.IndexFunc(r.Env.Pass, func(p EnvPass) bool { return p.Name == name })
		switch {
		case at < 0:
			return nil, denial(ReasonEnvNotAllowed, "the rule %s passes no variable %s", r.ID, quote(name))
		case !isPlain(value) || !r.Env.Pass[at].Type.Accepts(value):
			return nil, denial(ReasonEnvNotAllowed, "%s=%s: expected %s", name, quote(value), r.Env.Pass[at].Type)
		}
		env = append(env, name+"="+value)
	}
	slices.Sort(env)
	return env, nil
}

// directory returns the working directory of the command.
func (r *Rule) directory(given string) (string, *Denial) {
	if given == "" || given == r.Effect.Cwd {
		return r.Effect.Cwd, nil
	}
	if isCanonicalPath(given) && utf8.ValidString(given) {
		for _, root := range r.Cwd {
			if given == root || strings.HasPrefix(given, strings.TrimSuffix(root, "/")+"/") {
				return given, nil
			}
		}
	}
	if len(r.Cwd) == 0 {
		return "", denial(ReasonCwdNotAllowed, "the rule %s runs in %s only", r.ID, r.Effect.Cwd)
	}
	return "", denial(ReasonCwdNotAllowed, "the directory %s is not a canonical path under %s",
		quote(given), strings.Join(r.Cwd, " or "))
}

func (r *Rule) checkStdin(given bool) *Denial {
	if given && r.Stdin.Max <= 0 {
		return denial(ReasonStdinNotAllowed, "the rule %s takes no standard input", r.ID)
	}
	return nil
}

// isPlain reports whether s is valid UTF-8 without control characters. It is
// asked whatever a type says: no control character gets past a policy.
func isPlain(s string) bool { return utf8.ValidString(s) && !hasControl(s) }
