package importer

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
)

// Sudoers makes a policy of a sudoers file, which is text or the JSON that
// cvtsudoers(1) makes of it. What it reads of the text is the common subset: the
// four kinds of alias, Defaults, and user specifications; a line that is beyond
// it is a refusal of its own. Options.Caller is not used: the lines name who may
// run what.
func Sudoers(ctx context.Context, src Source, o Options) (*Result, error) {
	if len(src.Data) > maxSourceBytes {
		return nil, fmt.Errorf("%s has %d bytes, the limit is %d", src.Name, len(src.Data), maxSourceBytes)
	}
	var specs []sudoSpec
	var err error
	if strings.HasPrefix(strings.TrimSpace(string(src.Data)), "{") {
		specs, err = sudoersJSON(src)
	} else {
		specs = sudoersText(src)
	}
	if err != nil {
		return nil, err
	}
	if len(specs) > maxSpecs {
		return nil, fmt.Errorf("%s has more than %d commands", src.Name, maxSpecs)
	}
	b := &build{Options: o, taken: make(map[string]bool), namespaced: make(map[string]bool)}
	out := &output{name: b.outputName(src.Name), source: src.Name, what: "sudoers lines of "}
	b.files = append(b.files, out)
	for i, s := range specs {
		d := s.draft()
		d.id = unique(b.taken, idOf(src.Name, fmt.Sprintf("%s-%d", path.Base(d.program), i+1)))
		out.drafts, b.drafts = append(out.drafts, d), append(b.drafts, d)
	}
	withhold(b.drafts, specs)
	b.proveUnsafe(ctx)
	b.settle(ctx)
	return b.result(), nil
}

// withhold refuses the commands that another item takes something away from: the
// rule would allow it all.
func withhold(drafts []*draft, specs []sudoSpec) {
	for _, s := range specs {
		taken, ok := strings.CutPrefix(s.command, "!")
		if !ok {
			continue
		}
		words, _ := sudoWords(taken)
		for _, d := range drafts {
			if len(words) > 0 && len(d.usages)+len(d.naive) > 0 &&
				(!isRoot(words[0]) || strings.ContainsAny(words[0], `*?[\^`) || strings.HasSuffix(words[0], "/") || programPath(words[0]) == d.program) {
				naive := d.naive
				if len(d.usages) > 0 {
					naive = d.usages[0].text
				}
				d.unsafe(naive, append([]string{path.Base(words[0])}, words[1:]...), "another item of the source takes a part of it away")
			}
		}
	}
}

// maxSpecs bounds the commands of one file, aliases written out.
const maxSpecs = 1 << 10

// sudoSpec is one command that one line allows to its users.
type sudoSpec struct {
	pos     Position
	source  string
	users   []string // as written: NAME, %GROUP, #UID, ALL
	hosts   []string
	runAs   []string // empty: root
	tags    []string // NOPASSWD, SETENV, ...
	command string
	digest  string // hash algorithm and value
	// refused says why no rule is made of it.
	refused string
}

// draft makes a draft of a command.
func (s sudoSpec) draft() *draft {
	d := &draft{filter: filter{pos: s.pos, name: "sudoers", text: []string{s.source}, class: "sudoers", args: []string{"", "root"}}}
	d.line = Line{Pos: s.pos, Name: "sudoers", Source: visible(s.source + " → " + s.command), Status: Exact}
	d.runAs = "root"
	if s.refused != "" {
		d.refuse("%s", s.refused)
		return d
	}
	if why := s.who(d); why != "" {
		d.refuse("%s", why)
		return d
	}
	s.setting(d)
	s.program(d)
	return d
}

// who reads users and accounts. It returns why they cannot be said.
func (s sudoSpec) who(d *draft) string {
	for _, u := range s.users {
		spec := caller{}
		switch {
		case u == "ALL":
			return "everybody may run it; a rule names who"
		case strings.HasPrefix(u, "!"):
			return "it takes users away; a rule names who may, not who may not"
		case strings.HasPrefix(u, "%") && isAccount(u[1:]):
			spec.group = u[1:]
		case strings.HasPrefix(u, "#") && isInt.MatchString(u[1:]):
			spec.uid = u[1:]
		case isAccount(u):
			spec.user = u
		default:
			return fmt.Sprintf("%q is no user or group that a policy can name", visible(clip(u)))
		}
		d.callers = append(d.callers, spec)
	}
	if len(s.hosts) != 1 || s.hosts[0] != "ALL" {
		return "it is for some hosts; a policy is for the host on which it stands"
	}
	switch {
	case len(s.runAs) == 0 || len(s.runAs) == 1 && s.runAs[0] == "root":
	case len(s.runAs) == 1 && s.runAs[0] == "ALL":
		d.narrow("not carried over: accounts other than root")
	case len(s.runAs) == 1 && isAccount(s.runAs[0]):
		d.runAs = s.runAs[0]
	default:
		return "it may run as one of several accounts; a rule names one"
	}
	return ""
}

// setting notes what the tags say.
func (s sudoSpec) setting(d *draft) {
	if !slices.Contains(s.tags, "NOPASSWD") {
		d.differs("no password is asked for: the kernel says who the caller is")
	}
	if slices.Contains(s.tags, "SETENV") {
		d.differs("no variable of the caller passes; name those that have to with env: {pass: …} and their types")
	}
	for _, t := range s.tags {
		if !slices.Contains([]string{"NOPASSWD", "PASSWD", "SETENV", "NOSETENV", "NOEXEC", "EXEC"}, t) {
			d.differs("the tag %s means nothing here", visible(t))
		}
	}
}

// program reads the command.
func (s sudoSpec) program(d *draft) {
	words, ok := sudoWords(s.command)
	switch {
	case s.command == "ALL":
		d.line.Witness = []string{"sh"}
		d.line.Status, d.line.Reason = Unsafe, "it allows every command"
		return
	case strings.HasPrefix(s.command, "!"):
		d.refuse("it takes a command away from others; say in their rules what they allow")
		return
	case !ok || len(words) == 0:
		d.refuse("the command cannot be read")
		return
	case words[0] == "sudoedit":
		d.refuse("editing as somebody else has no command; let a program that checks it write the file")
		return
	case strings.HasSuffix(words[0], "/"):
		d.refuse("it allows every program of a directory; a rule is for one")
		return
	case !isRoot(words[0]) || path.Clean(words[0]) != words[0] || strings.ContainsAny(words[0], `*?[\^`):
		d.refuse("%q is a pattern of programs, or no absolute path; a rule is for one program", visible(clip(words[0])))
		return
	}
	d.program = programPath(words[0])
	d.filter.args[0] = d.program
	if s.digest != "" {
		if sum, ok := strings.CutPrefix(s.digest, "sha256:"); ok && len(sum) == 64 {
			d.digest = strings.ToLower(sum)
		} else {
			d.refuse("the program has to have a digest that is not SHA-256 in hexadecimal digits")
			return
		}
	}
	if len(words) == 1 {
		d.unsafe(anyArguments, witness(d.program), "it allows %s with any arguments", d.name())
		return
	}
	s.arguments(d, words[1:])
}

// arguments reads what stands behind the program.
func (s sudoSpec) arguments(d *draft, words []string) {
	if len(words) == 1 && words[0] == `""` {
		d.usages = []usage{{text: "()", allow: [][]string{{d.name()}}}}
		d.deny = [][]string{{d.name(), "extra"}}
		return
	}
	text := strings.Join(words, " ")
	if strings.HasPrefix(text, "^") && strings.HasSuffix(text, "$") {
		// One expression for all arguments, joined by spaces.
		words = strings.Split(text[1:len(text)-1], " ")
		s.patterns(d, words)
		return
	}
	var slots []slot
	before := slot{}
	for i, w := range words {
		last := i == len(words)-1
		one, err := globSlot(w, slotName(before, i+1))
		switch {
		case err != nil:
			d.refuse("the argument %s: %v", visible(clip(w)), err)
			return
		case w == "*" && last:
			d.unsafe(strings.TrimSpace(naiveLine(slots)+" "+anyArguments), append(append([]string{d.name()}, samplesOf(slots)...), "--any-option", "/etc/shadow"),
				"an asterisk at the end stands for any arguments, and how many there are")
			return
		}
		slots, before = append(slots, one), one
	}
	d.slots(slots)
}

func samplesOf(slots []slot) []string {
	out := make([]string, len(slots))
	for i, s := range slots {
		out[i] = s.sample
	}
	return out
}

// patterns translates regular expressions, one an argument.
func (s sudoSpec) patterns(d *draft, words []string) {
	var slots []slot
	before := slot{}
	for i, w := range words {
		one, err := translatePattern(w, slotName(before, i+1), "")
		if err == nil && one.loose {
			err = errNoType // a blank in it would be several arguments
		}
		if err != nil {
			d.refuse("the argument %s: %v", visible(clip(w)), err)
			return
		}
		slots, before = append(slots, one), one
	}
	d.slots(slots)
}

// globSlot makes a slot of an argument with the wildcards of a shell. They match
// spaces and slashes in the source; here a wildcard is a part of one name.
func globSlot(w, name string) (slot, error) {
	if !strings.ContainsAny(w, `*?[\`) {
		text, ok := quoteLiteral(w)
		if !ok {
			return slot{}, fmt.Errorf("it cannot be written in a policy")
		}
		return slot{text: text, sample: w, literal: true, exact: true}, nil
	}
	if w == "*" {
		return slot{text: "<" + name + ":str>", sample: "x0", loose: true, note: "spaces that make several arguments of one, and a leading dash"}, nil
	}
	if dir, ok := strings.CutSuffix(w, "/*"); ok && isRoot(dir) && !strings.ContainsAny(dir, `*?[\`) && path.Clean(dir) == dir {
		return slot{text: "<" + name + ":path(" + dir + ")>", sample: dir + "/x0", root: dir, note: "spaces that make several arguments of one, and paths that lead out of " + dir}, nil
	}
	t := &translation{name: name}
	for i := 0; i < len(w); i++ {
		switch w[i] {
		case '*':
			t.pieces = append(t.pieces, piece{set: printableASCII(), all: true, min: 0, max: -1})
		case '?':
			t.pieces = append(t.pieces, piece{set: printableASCII(), min: 1, max: 1})
		case '[':
			return slot{}, errNoType
		case '\\':
			if i++; i == len(w) {
				return slot{}, errNoType
			}
			t.pieces = append(t.pieces, piece{words: []string{w[i : i+1]}})
		default:
			t.pieces = append(t.pieces, piece{words: []string{w[i : i+1]}})
		}
	}
	t.join()
	if !isPlain(w) {
		return slot{}, errNoType
	}
	if len(t.pieces) == 1 && t.pieces[0].words != nil {
		return wordsSlot(t.pieces[0].words), nil
	}
	return t.mixed()
}

func printableASCII() []rune {
	var out []rune
	for r := rune('!'); r <= '~'; r++ {
		out = append(out, r)
	}
	return out
}

// sudoWords splits a command at spaces; a backslash takes the meaning of what
// follows it, and stays where a wildcard is meant.
func sudoWords(command string) (words []string, ok bool) {
	var b strings.Builder
	in := false
	for i := 0; i < len(command); i++ {
		switch c := command[i]; {
		case c == '\\' && i+1 < len(command) && strings.IndexByte(`,:= "`, command[i+1]) >= 0:
			i++
			b.WriteByte(command[i])
			in = true
		case c == ' ' || c == '\t':
			if in {
				words = append(words, b.String())
				b.Reset()
			}
			in = false
		default:
			b.WriteByte(c)
			in = true
		}
	}
	if in {
		words = append(words, b.String())
	}
	return words, !strings.ContainsAny(command, "\n\x00")
}
