package importer

import (
	"path"
	"slices"
	"strings"
)

// classes make a draft of a filter, by the name of its class. min is how many
// arguments the class is made with at least; max < 0: any number.
var classes = map[string]struct {
	min, max int
	make     func(d *draft, o Options)
}{
	"CommandFilter":        {2, -1, commandFilter},
	"RegExpFilter":         {2, -1, regExpFilter},
	"PathFilter":           {2, -1, pathFilter},
	"KillFilter":           {2, -1, killFilter},
	"ReadFileFilter":       {1, -1, readFileFilter},
	"IpFilter":             {2, -1, ipFilter},
	"EnvFilter":            {2, -1, envFilter},
	"IpNetnsExecFilter":    {2, -1, netnsFilter},
	"ChainingRegExpFilter": {2, -1, chainingFilter},
	"ChainingFilter":       {2, -1, chainingFilter},
}

// anyArguments is the usage line of a rule that checks nothing.
const anyArguments = "[<arg:any>]..."

// translate makes a draft of a filter.
func translate(f filter, o Options) *draft {
	d := &draft{filter: f}
	d.line = Line{Pos: f.pos, Name: f.name, Source: visible(f.name + ": " + strings.Join(append([]string{f.class}, f.args...), ", ")), Status: Exact}
	c, ok := classes[f.class]
	switch {
	case !ok:
		d.refuse("unknown class %s: the source skips the line", visible(clip(f.class)))
	case len(f.args) < c.min || c.max >= 0 && len(f.args) > c.max:
		d.refuse("%s takes %d arguments or more, here are %d: the source does not start with this line", f.class, c.min, len(f.args))
	default:
		c.make(d, o)
	}
	return d
}

// program sets the program and the account of a line whose first arguments they
// are. It reports whether the program can be named.
func (d *draft) start(exec, runAs string) bool {
	d.program, d.runAs = programPath(exec), runAs
	switch {
	case exec == "" || !isRoot(d.program) || path.Clean(d.program) != d.program || path.Base(d.program) == "/":
		d.refuse("%q is no program that a policy can name", visible(clip(exec)))
		return false
	case !isAccount(runAs):
		d.refuse("%q is not the name of an account", visible(clip(runAs)))
		return false
	}
	if runAs != "root" {
		d.differs("the group is that of %s, too; the source keeps root's groups", runAs)
	}
	return true
}

// isAccount reports whether a policy can name the account.
func isAccount(name string) bool {
	return name != "" && len(name) <= 32 && !strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("_.-", r)
	}) && !strings.ContainsAny(name[:1], "0123456789.-")
}

func commandFilter(d *draft, _ Options) {
	if !d.start(d.filter.args[0], d.filter.args[1]) {
		return
	}
	if len(d.filter.args) > 2 {
		d.differs("the source ignores the arguments %s of the definition", visible(strings.Join(d.filter.args[2:], ", ")))
	}
	if slices.Contains(harmless, d.name()) {
		d.narrow("not carried over: a leading dash, and more than eight arguments")
		d.usages = []usage{{text: "[<arg:str>]...8", allow: [][]string{{d.name()}, {d.name(), "1"}}}}
		d.deny = [][]string{{d.name(), "--option"}}
		return
	}
	d.shapes = true
	d.unsafe(anyArguments, witness(d.program), "it allows %s with any arguments", d.name())
}

func ipFilter(d *draft, _ Options) {
	if !d.start(d.filter.args[0], d.filter.args[1]) {
		return
	}
	d.shapes = true
	d.unsafe(anyArguments, []string{"ip", "vrf", "exec", "default", "id"}, "it looks at one pair of words and allows everything else that ip can do")
}

func regExpFilter(d *draft, o Options) {
	if !d.start(d.filter.args[0], d.filter.args[1]) {
		return
	}
	patterns := d.filter.args[2:]
	if len(patterns) == 0 {
		d.refuse("it has no pattern and matches nothing")
		return
	}
	if !d.namesProgram(patterns[0]) {
		return
	}
	slots, ok := d.patterns(patterns[1:], o)
	if !ok {
		return
	}
	for i, s := range slots {
		before := ""
		if i > 0 && slots[i-1].literal {
			before = slots[i-1].sample
		}
		if s.loose && chooses(d.program, before) {
			d.naive = naiveLine(slots)
			d.unsafe(d.naive, d.looseWitness(slots), "argument %d is free and %s does what it says", i+1, d.name())
			d.shapes, d.template = true, slots
			return
		}
	}
	d.slots(slots)
}

// namesProgram reports whether the first pattern is the name of the program.
func (d *draft) namesProgram(pattern string) bool {
	s, err := translatePattern(pattern, "program", "")
	exec := d.filter.args[0]
	if err != nil || !s.literal || s.sample != exec && s.sample != path.Base(exec) {
		d.refuse("the pattern %s of the program is not its name; a rule runs one program, by its name", visible(clip(pattern)))
		return false
	}
	return true
}

// patterns translates the patterns of the arguments. Where that cannot be done,
// the draft says why.
func (d *draft) patterns(patterns []string, o Options) ([]slot, bool) {
	var slots []slot
	before := slot{}
	for i, p := range patterns {
		s, err := translatePattern(p, slotName(before, i+1), o.home())
		if err != nil {
			d.refuse("the argument %s: %v", visible(clip(p)), err)
			return nil, false
		}
		slots, before = append(slots, s), s
	}
	return slots, true
}

// naiveLine is the usage line that says what the source does.
func naiveLine(slots []slot) string {
	texts := make([]string, len(slots))
	for i, s := range slots {
		if texts[i] = s.text; s.loose {
			texts[i] = "<arg:any>"
		}
	}
	return strings.Join(texts, " ")
}

// looseWitness is a request in which everything free is hostile.
func (d *draft) looseWitness(slots []slot) []string {
	out := []string{d.name()}
	for _, s := range slots {
		if s.loose {
			s.sample = "/tmp/x"
			if d.name() == "vtysh" && out[len(out)-1] == "-c" {
				s.sample = "start-shell bash"
			}
		}
		out = append(out, s.sample)
	}
	return out
}

func pathFilter(d *draft, o Options) {
	if !d.start(d.filter.args[0], d.filter.args[1]) {
		return
	}
	var slots []slot
	before := slot{}
	for i, c := range d.filter.args[2:] {
		var s slot
		name := slotName(before, i+1)
		switch {
		case c == "pass":
			s = slot{text: "<" + name + ":str>", sample: "x0", loose: true, note: "a leading dash, the empty argument and more than 255 characters"}
		case !strings.HasPrefix(c, "/"):
			text, ok := quoteLiteral(c)
			if !ok {
				d.refuse("the argument %s cannot be written in a policy", visible(clip(c)))
				return
			}
			s = slot{text: text, sample: c, literal: true, exact: true}
		case strings.ContainsAny(c, `\*?^$|()[]{}`):
			d.refuse("%s is a pattern where the class takes a directory: it matches nothing that was meant", visible(clip(c)))
			return
		case !isRoot(strings.TrimSuffix(c, "/")) && c != "/":
			d.refuse("the directory %s cannot be written in a policy", visible(clip(c)))
			return
		default:
			root := strings.TrimSuffix(c, "/")
			if root == "/etc" && o.home() != "" {
				root = o.home()
			}
			if root == "" {
				root = "/"
			}
			s = slot{text: "<" + name + ":path(" + root + ")>", sample: strings.TrimSuffix(root, "/") + "/x0", root: strings.TrimSuffix(root, "/"), note: "relative paths, links that lead out of " + root + ", and files beside it whose names begin with its own"}
		}
		slots, before = append(slots, s), s
	}
	if len(slots) == 0 {
		d.refuse("it has no constraint, and the class matches nothing without one")
		return
	}
	d.slots(slots)
}

func readFileFilter(d *draft, _ Options) {
	d.program, d.runAs = programPath("cat"), "root"
	file := d.filter.args[0]
	text, ok := quoteLiteral(file)
	if !ok || !isRoot(file) || path.Clean(file) != file {
		d.refuse("the file %s cannot be written in a policy", visible(clip(file)))
		return
	}
	d.read = []string{file}
	d.slots([]slot{{text: text, sample: file, literal: true, exact: true}})
}

func envFilter(d *draft, _ Options) {
	d.refuse("its variables cannot yet be required")
}

func chainingFilter(d *draft, _ Options) {
	d.refuse("a program that runs another one cannot yet be imported")
}
