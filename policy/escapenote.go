package policy

import (
	"path"

	"github.com/rootgate-project/rootgate/policy/argv"
)

// noteNames are wider than samples: a note says what a request looks like, and
// decides nothing.
func noteNames() names {
	const private = "/etc/(g?shadow-?|sudoers.*|ssh/.*|ssl/private/.*)|/root/.*|/proc/.*|.*/\\.ssh/.*"
	const system = "/(bin|boot|dev|etc|lib|lib64|proc|root|sbin|sys|usr)/.*"
	return names{
		cmd: ".+", read: private, write: system, file: ".*/.*",
		dir: "/|/(bin|boot|dev|etc|lib|lib64|proc|root|sbin|sys|usr)(/.*)?",
	}
}

// noted are a program's escapes, each with its pattern, and all of them in one.
type noted struct {
	all  templates
	each []notedEscape
}

type notedEscape struct {
	escape  *escape
	pattern *argv.Matcher
}

// compileNotes builds the patterns of b's notes, when a request asks for the
// first one.
func (b *knownProgram) compileNotes() (noted, error) {
	var n noted
	scope, err := b.scope(noteNames())
	if err != nil {
		return n, err
	}
	if n.all, err = b.compileIn(scope); err != nil {
		return n, err
	}
	for _, e := range b.escapes {
		m, err := b.matcher(scope, []*escape{e})
		if err != nil {
			return n, err
		}
		n.each = append(n.each, notedEscape{e, m})
	}
	return n, nil
}

// escapeNote returns what a request is known to make its program do, as in "ip:
// runs a program in a VRF", or an empty string. It looks at the request alone,
// so that it tells a caller nothing of the policy.
func escapeNote(program string, r Request) string {
	k, err := known()
	if err != nil {
		return ""
	}
	b := k.lookup(program)
	if b == nil {
		return ""
	}
	n, err := b.notes()
	if err != nil {
		return ""
	}
	args := r.Argv[1:]
	if len(n.all.always.Match(args, nil)) == 0 && (!r.Stdin || len(n.all.stdin.Match(args, nil)) == 0) {
		return ""
	}
	for _, e := range n.each {
		if (r.Stdin || !e.escape.stdin) && len(e.pattern.Match(args, nil)) > 0 {
			return path.Base(program) + ": " + e.escape.note
		}
	}
	return ""
}
