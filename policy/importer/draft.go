package importer

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// usage is one usage line of a rule with requests that it accepts.
type usage struct {
	text  string
	allow [][]string // argv, at least one
	row   int        // where it stands in the file that was written last
}

// draft is a rule that is being made of one line of the source.
type draft struct {
	filter  filter
	line    Line
	id      string
	program string // absolute path
	runAs   string
	usages  []usage
	read    []string // files that the rule opens besides its arguments
	deny    [][]string
	// naive is the usage line of an unsafe rule.
	naive string
	// shapes asks for usage lines from observed requests.
	shapes bool
	// template are the arguments of a line with free ones.
	template []slot
	// literal are observed requests that no shape accepts.
	literal [][]string
	// parent is the draft of the same line that this one continues.
	parent *draft
	// args are the lines of its args: block.
	args []string
	// kills are signals of a KillFilter with the programs that may get them.
	kills [][2]string
	// wraps is true for a rule that runs the commands of the chained ones.
	wraps   bool
	chained []*draft
	// inner is true for a rule that is only reached through such a one.
	inner bool
	// callers may run it; none: those of the file.
	callers []caller
	digest  string // SHA-256 that the program has to have
	// same is the draft of an earlier line that says the same.
	same *draft
}

// first is the first draft of what a line says.
func (d *draft) first() *draft {
	if d.same != nil {
		return d.same
	}
	return d
}

// root is the draft that the line of the source was made into first.
func (d *draft) root() *draft {
	if d.parent != nil {
		return d.parent
	}
	return d
}

// live reports whether the draft is written as a rule.
func (d *draft) live(includeUnsafe bool) bool {
	return len(d.usages) > 0 || includeUnsafe && d.naive != ""
}

// refuse makes the line one without a rule.
func (d *draft) refuse(format string, args ...any) {
	d.line.Status, d.line.Reason = Refused, fmt.Sprintf(format, args...)
	d.usages, d.naive = nil, ""
}

// unsafe makes the rule a comment.
func (d *draft) unsafe(naive string, witness []string, format string, args ...any) {
	d.line.Status, d.line.Reason, d.line.Witness = Unsafe, fmt.Sprintf(format, args...), witness
	d.usages, d.naive = nil, naive
}

// narrow adds a reason for which the rule is not exact.
func (d *draft) narrow(format string, args ...any) {
	d.line.Status = Narrowed
	text := fmt.Sprintf(format, args...)
	if d.line.Reason != "" {
		text = d.line.Reason + "; " + text
	}
	d.line.Reason = text
}

func (d *draft) differs(format string, args ...any) {
	d.line.Differences = append(d.line.Differences, fmt.Sprintf(format, args...))
}

// name is the basename of the program.
func (d *draft) name() string { return path.Base(d.program) }

// idOf makes the id of a rule of the names of its file and its line.
func idOf(file, name string) string {
	base := path.Base(file)
	base, _, _ = strings.Cut(base, ".")
	id := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', strings.ContainsRune("._-", r):
			return r
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		}
		return '-'
	}, base+"."+name)
	id = strings.TrimLeft(id, "._-")
	if len(id) > 56 {
		id = id[:56]
	}
	if id == "" {
		return "rule"
	}
	return id
}

// unique returns id, numbered when it is taken, and takes it.
func unique(taken map[string]bool, id string) string {
	out := id
	for n := 2; taken[out]; n++ {
		out = fmt.Sprintf("%s-%d", id, n)
	}
	taken[out] = true
	return out
}

// slots makes the usage line of a sequence of arguments.
func (d *draft) slots(slots []slot) {
	texts, sample := make([]string, len(slots)), []string{d.name()}
	var wider []string
	for i, s := range slots {
		texts[i] = s.text
		sample = append(sample, s.sample)
		if !s.exact {
			wider = append(wider, s.note)
		}
	}
	slices.Sort(wider)
	wider = slices.DeleteFunc(slices.Compact(wider), func(s string) bool { return s == "" })
	if len(wider) > 0 {
		d.narrow("not carried over: %s", strings.Join(wider, "; "))
	}
	text := strings.Join(texts, " ")
	if text == "" {
		text = "()"
	}
	d.usages = []usage{{text: text, allow: [][]string{sample}}}
	d.deny = append(d.deny, append(slices.Clone(sample), "extra"))
	for i, s := range slots {
		hostile := ""
		switch {
		case s.root != "":
			hostile = s.root + "/../../etc/shadow"
		case !s.literal:
			hostile = "--option"
		default:
			continue
		}
		bad := slices.Clone(sample)
		bad[i+1] = hostile
		d.deny = append(d.deny, bad)
	}
	if len(slots) > 0 {
		d.deny = append(d.deny, slices.Clone(sample[:len(sample)-1]))
	}
}

// slotName names the placeholder of an argument after the literal before it.
func slotName(before slot, n int) string {
	if before.literal {
		if name := placeholderName("", "", false, before.sample); name != "" {
			return name
		}
	}
	return fmt.Sprintf("arg%d", n)
}
