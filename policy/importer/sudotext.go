package importer

import (
	"slices"
	"strings"
)

// sudoReader reads the text of a sudoers file.
type sudoReader struct {
	file    string
	aliases map[string][]string // by kind and name
	specs   []sudoSpec
}

// aliasKinds are the words that begin definitions of aliases.
var aliasKinds = []string{"User_Alias", "Runas_Alias", "Host_Alias", "Cmnd_Alias", "Cmd_Alias"}

// tags are the words with a colon in front of a command.
var sudoTags = strings.Fields("NOPASSWD PASSWD SETENV NOSETENV NOEXEC EXEC LOG_INPUT NOLOG_INPUT LOG_OUTPUT NOLOG_OUTPUT MAIL NOMAIL FOLLOW NOFOLLOW INTERCEPT NOINTERCEPT")

// sudoLine is a logical line.
type sudoLine struct {
	text   string
	number int
}

// sudoersText reads the common subset. It never fails: what it does not
// understand is a specification that says so.
func sudoersText(src Source) []sudoSpec {
	r := &sudoReader{file: src.Name, aliases: make(map[string][]string)}
	lines := sudoLines(string(src.Data))
	for _, l := range lines {
		r.alias(l.text)
	}
	for _, l := range lines {
		if len(r.specs) <= maxSpecs {
			r.line(l)
		}
	}
	return r.specs
}

// sudoLines joins continued lines and takes out comments.
func sudoLines(text string) []sudoLine {
	var out []sudoLine
	joined, first := "", 0
	for i, line := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		if joined == "" {
			first = i + 1
		}
		if rest, ok := strings.CutSuffix(line, `\`); ok && len(joined)+len(rest) < maxSourceBytes {
			joined += rest + " "
			continue
		}
		joined += line
		out = append(out, sudoLine{strings.TrimSpace(uncomment(joined)), first})
		joined = ""
	}
	if joined != "" {
		out = append(out, sudoLine{strings.TrimSpace(uncomment(joined)), first})
	}
	return slices.DeleteFunc(out, func(l sudoLine) bool { return l.text == "" })
}

// uncomment takes away a comment. A number sign before a digit is a uid, and
// one that begins a line before "include" is a directive.
func uncomment(line string) string {
	if strings.HasPrefix(line, "#include") {
		return line
	}
	for i := range len(line) {
		if line[i] == '#' && (i == 0 || line[i-1] != '\\') && (i+1 == len(line) || line[i+1] < '0' || line[i+1] > '9') {
			return line[:i]
		}
	}
	return line
}

// alias reads a definition of aliases, several of which are parted by colons.
func (r *sudoReader) alias(line string) {
	kind, rest, ok := strings.Cut(line, " ")
	if !ok || !slices.Contains(aliasKinds, kind) {
		return
	}
	if kind == "Cmd_Alias" {
		kind = "Cmnd_Alias"
	}
	for _, def := range splitOutside(rest, ':') {
		name, members, ok := strings.Cut(def, "=")
		if ok {
			r.aliases[kind+" "+strings.TrimSpace(name)] = splitOutside(members, ',')
		}
	}
}

// expand writes aliases out. A name that is an alias of the kind, at most eight
// of them deep, is replaced by its members.
func (r *sudoReader) expand(kind string, list []string) []string {
	for range 8 {
		var next []string
		again := false
		for _, item := range list {
			if members, ok := r.aliases[kind+" "+item]; ok {
				next, again = append(next, members...), true
				continue
			}
			next = append(next, item)
			if len(next) > maxSpecs {
				return next
			}
		}
		if list = next; !again {
			break
		}
	}
	return list
}

// splitOutside splits at a character outside of quotes and behind no backslash,
// and trims the parts. Empty ones are left out.
func splitOutside(s string, sep byte) []string {
	var out []string
	start, quoted := 0, false
	for i := 0; i <= len(s); i++ {
		if i < len(s) {
			switch s[i] {
			case '\\':
				i++
				continue
			case '"':
				quoted = !quoted
			}
			// The accounts in front of a command are a list of their own.
			item := strings.TrimSpace(s[start:i])
			if s[i] != sep || quoted || strings.HasPrefix(item, "(") && !strings.Contains(item, ")") {
				continue
			}
		}
		if part := strings.TrimSpace(s[start:min(i, len(s))]); part != "" {
			out = append(out, part)
		}
		start = i + 1
	}
	return out
}

// line reads a user specification: USERS HOSTS = (RUNAS) TAG: COMMANDS.
func (r *sudoReader) line(l sudoLine) {
	word, _, _ := strings.Cut(l.text, " ")
	base, _, _ := strings.Cut(word, "@")
	base, _, _ = strings.Cut(base, ":")
	if slices.Contains(aliasKinds, word) || strings.TrimRight(base, "!>") == "Defaults" {
		return
	}
	spec := sudoSpec{pos: Position{r.file, l.number}, source: l.text}
	fail := func(why string) {
		spec.refused = why
		r.specs = append(r.specs, spec)
	}
	if strings.HasPrefix(word, "#include") || strings.HasPrefix(word, "@include") {
		fail("it includes other files; import them by themselves")
		return
	}
	left, right, ok := strings.Cut(l.text, "=")
	if !ok {
		fail("it is beyond what is read of the text; give it to cvtsudoers -f json")
		return
	}
	users, hosts, ok := cutLastField(strings.TrimSpace(left))
	if !ok {
		fail("it names no host")
		return
	}
	spec.users = r.expand("User_Alias", splitOutside(users, ','))
	spec.hosts = r.expand("Host_Alias", splitOutside(hosts, ','))
	for _, c := range splitOutside(right, ',') {
		var why string
		if c, why = r.prefixes(c, &spec); why != "" {
			fail(why)
			return
		}
		for _, command := range r.expand("Cmnd_Alias", []string{c}) {
			one := spec
			one.tags = slices.Clone(spec.tags)
			one.command, one.digest = cutDigest(command)
			r.specs = append(r.specs, one)
		}
	}
}

// cutLastField cuts at the space before the hosts; a list may have spaces behind
// its commas.
func cutLastField(s string) (head, tail string, ok bool) {
	for i := len(s) - 1; i > 0; i-- {
		if (s[i] == ' ' || s[i] == '\t') && !strings.HasSuffix(strings.TrimSpace(s[:i]), ",") && s[i+1] != ',' {
			return strings.TrimSpace(s[:i]), strings.TrimSpace(s[i:]), true
		}
	}
	return "", "", false
}

// prefixes reads what stands in front of a command. It holds for those after it
// as well.
func (r *sudoReader) prefixes(c string, spec *sudoSpec) (command, why string) {
	if rest, ok := strings.CutPrefix(c, "("); ok {
		accounts, after, ok := strings.Cut(rest, ")")
		if !ok {
			return "", "a bracket does not close"
		}
		user, group, _ := strings.Cut(accounts, ":")
		if strings.TrimSpace(group) != "" && strings.TrimSpace(group) != "ALL" {
			return "", "it names a group to run as; say it with run: {group: …}"
		}
		spec.runAs, c = r.expand("Runas_Alias", splitOutside(user, ',')), strings.TrimSpace(after)
	}
	for {
		tag, rest, ok := strings.Cut(c, ":")
		if !ok || !slices.Contains(sudoTags, strings.TrimSpace(tag)) {
			return c, ""
		}
		tag = strings.TrimSpace(tag)
		opposite := strings.TrimPrefix(tag, "NO")
		if opposite == tag {
			opposite = "NO" + tag
		}
		spec.tags = slices.DeleteFunc(slices.Clone(spec.tags), func(t string) bool { return t == opposite })
		spec.tags, c = append(spec.tags, tag), strings.TrimSpace(rest)
	}
}

// cutDigest takes a digest off the front of a command.
func cutDigest(command string) (rest, digest string) {
	first, after, ok := strings.Cut(command, " ")
	if algorithm, _, is := strings.Cut(first, ":"); ok && is && slices.Contains([]string{"sha224", "sha256", "sha384", "sha512"}, algorithm) {
		return strings.TrimSpace(after), first
	}
	return command, ""
}
