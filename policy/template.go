package policy

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/rootgate-project/rootgate/policy/argv"
)

// samples are what stands for the files and programs that an attacker would
// name: the types <cmd>, <read>, <write>, <dir> and <file> accept nothing else.
type samples struct{ cmd, read, write, dir, file []string }

// allSamples are the samples in the order in which they are tried. Of the files
// one is enough; the programs are all tried, since a rule may take a path, or a
// name, but not both.
func allSamples() samples {
	return samples{
		// "bash" abbreviates no keyword: a program that accepts abbreviations reads
		// "sh" as "show", and a rule for it does not admit that.
		cmd:   []string{"sh", "/bin/sh", "/tmp/x", "bash", "id", "/usr/bin/id"},
		read:  []string{"/etc/shadow", "/etc/gshadow", "/root/.ssh/id_rsa", "/etc/ssl/private/key.pem"},
		write: []string{"/etc/cron.d/x", "/etc/ld.so.preload", "/root/.ssh/authorized_keys", "/etc/profile.d/x"},
		dir:   []string{"/etc/cron.d", "/root/.ssh", "/etc/profile.d"},
		file:  []string{"/tmp/x", "/tmp/y", "/var/tmp/x", "/dev/shm/x"},
	}
}

// firstSamples are those for rules that name none of them.
func firstSamples() samples {
	s := allSamples()
	return samples{s.cmd[:4], s.read[:1], s.write[:1], s.dir[:1], s.file[:1]}
}

// samplesBeside returns samples that none of the rules names itself: what an
// author has spelled out is no escape.
func samplesBeside(rules []argv.Rule) samples {
	named := make(map[string]bool)
	for _, r := range rules {
		for _, l := range r.Lines {
			for _, w := range strings.FieldsFunc(l.Source, func(c rune) bool { return strings.ContainsRune(" <>()[]{}|'=,:!@", c) }) {
				named[w] = true
			}
			for _, h := range l.Placeholders() {
				for _, root := range h.Type.Params().Under {
					named[root] = true
				}
			}
		}
	}
	beside := func(all []string, n int) []string {
		left := slices.DeleteFunc(slices.Clone(all), func(s string) bool { return named[s] })
		if len(left) == 0 {
			left = all
		}
		return left[:min(n, len(left))]
	}
	s := allSamples()
	return samples{beside(s.cmd, 4), beside(s.read, 1), beside(s.write, 1), beside(s.dir, 1), beside(s.file, 1)}
}

// equal reports whether two sets of samples are the same.
func (s samples) equal(o samples) bool {
	return slices.Equal(s.cmd, o.cmd) && slices.Equal(s.read, o.read) &&
		slices.Equal(s.write, o.write) && slices.Equal(s.dir, o.dir) && slices.Equal(s.file, o.file)
}

// names are the expressions behind the names that the lines of escapes use.
type names struct{ cmd, read, write, dir, file string }

func (s samples) names() names {
	return names{oneOfText(s.cmd), oneOfText(s.read), oneOfText(s.write), oneOfText(s.dir), oneOfText(s.file)}
}

// scope returns the types that the lines of b's escapes use.
func (b *knownProgram) scope(n names) (argv.Scope, error) {
	local, err := b.types()
	if err != nil {
		return nil, err
	}
	scope := maps.Clone(local)
	for _, def := range []struct{ name, re string }{
		{"cmd", n.cmd},
		{"read", n.read},
		{"write", n.write},
		{"dir", n.dir},
		{"file", n.file},
		{"word", ".+"},
	} {
		t, err := argv.NewType("re", argv.Params{Re: def.re})
		if err != nil {
			return nil, err
		}
		scope[def.name] = t
	}
	return scope, nil
}

func oneOfText(texts []string) string {
	quoted := make([]string, 0, len(texts))
	for _, t := range texts {
		quoted = append(quoted, regexp.QuoteMeta(t))
	}
	return strings.Join(quoted, "|")
}

// templates are the escapes of a program as automata: those of any request, and
// those of a request that has standard input. One without escapes is nil.
type templates struct{ always, stdin *argv.Matcher }

// compile builds the templates of b.
func (b *knownProgram) compile(s samples) (templates, error) {
	scope, err := b.scope(s.names())
	if err != nil {
		return templates{}, err
	}
	return b.compileIn(scope)
}

// compileIn builds the templates of b with the types of scope.
func (b *knownProgram) compileIn(scope argv.Scope) (templates, error) {
	var t templates
	for _, stdin := range []bool{false, true} {
		var chosen []*escape
		for _, e := range b.escapes {
			if e.stdin == stdin {
				chosen = append(chosen, e)
			}
		}
		if len(chosen) == 0 {
			continue
		}
		m, err := b.matcher(scope, chosen)
		if err != nil {
			return templates{}, err
		}
		if stdin {
			t.stdin = m
		} else {
			t.always = m
		}
	}
	return t, nil
}

// matcher compiles escapes into one language. What may stand anywhere is one
// line of alternatives: as lines of their own, the automaton would have a state
// for each subset of those that were met.
func (b *knownProgram) matcher(scope argv.Scope, escapes []*escape) (*argv.Matcher, error) {
	rule := argv.Rule{Union: true}
	const before, behind = "[<any>]... (", ") [<any>]..."
	var inner strings.Builder
	flush := func() error {
		if inner.Len() == 0 {
			return nil
		}
		block, err := argv.Parse(before+inner.String()+behind, scope)
		if err != nil {
			return err
		}
		rule.Lines = append(rule.Lines, block.Lines...)
		inner.Reset()
		return nil
	}
	for _, e := range escapes {
		block, err := argv.Parse(e.block, scope)
		if err == nil && len(block.Lines) == 0 {
			err = errNoLines
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e.pos, err)
		}
		if !e.anywhere {
			rule.Lines = append(rule.Lines, block.Lines...)
			continue
		}
		for _, l := range block.Lines {
			if inner.Len()+len(l.Source) > argv.MaxLineBytes-64 {
				if err := flush(); err != nil {
					return nil, fmt.Errorf("%s: %w", e.pos, err)
				}
			}
			if inner.Len() > 0 {
				inner.WriteString(" | ")
			}
			inner.WriteString(l.Source)
		}
	}
	if err := flush(); err != nil {
		return nil, fmt.Errorf("%s: %w", b.name, err)
	}
	return argv.Compile([]argv.Rule{rule}, argv.Limits{})
}

// which returns the first escape of b that args are, or nil.
func (b *knownProgram) which(s samples, stdin bool, args []string) (*escape, error) {
	scope, err := b.scope(s.names())
	if err != nil {
		return nil, err
	}
	for _, e := range b.escapes {
		if e.stdin != stdin {
			continue
		}
		m, err := b.matcher(scope, []*escape{e})
		if err != nil {
			return nil, err
		}
		if len(m.Match(args, nil)) > 0 {
			return e, nil
		}
	}
	return nil, nil
}

// String shows an escape in a message, behind what it is an escape of.
func (e *escape) via(program string) string {
	return fmt.Sprintf("%s via %s (%s)", e.kind, program, cmp.Or(e.note, "known"))
}
