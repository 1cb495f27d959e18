package policy

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v4"

	"github.com/rootgate-project/rootgate/policy/argv"
	"github.com/rootgate-project/rootgate/policy/escapes"
)

// escapeKinds are what an escape gives to who uses it.
var escapeKinds = strings.Fields("exec shell file-read file-write library-load batch")

// The kinds that are no escapes by themselves: a file, or standard input, that
// says what the program does.
const (
	kindConfig   = "config"
	kindCommands = "commands"
)

// escape is one way in which a program does what no rule says.
type escape struct {
	kind, note string
	anywhere   bool   // the lines stand anywhere in a request
	stdin      bool   // there is none without standard input
	block      string // usage lines
	pos        Position
}

// knownProgram is what is known about the programs of one name.
type knownProgram struct {
	name     string
	man      string
	also     []string // other names, as patterns of path.Match
	types    func() (argv.Scope, error)
	escapes  []*escape
	config   []*escape
	commands []*escape
	// interpreter is whether it runs what others wrote.
	interpreter bool
	terminal    string // why it needs a terminal; empty: it needs none
	// notes are the patterns of what requests are noted as; see note.
	notes func() (noted, error)
	// templates are the patterns with the samples that are tried first.
	templates func() (templates, error)
}

// knowledge is all that is known about programs.
type knowledge struct {
	byName map[string]*knownProgram
	all    []*knownProgram // sorted by name
}

// known is read when it is first asked for: most uses of the package decide
// requests and never ask.
var known = sync.OnceValues(func() (*knowledge, error) { return readKnowledge(escapes.Files()) })

// lookup returns the entry for a program, or nil.
func (k *knowledge) lookup(program string) *knownProgram {
	base := path.Base(program)
	if b := k.byName[base]; b != nil {
		return b
	}
	for _, b := range k.all {
		for _, pattern := range b.also {
			if ok, _ := path.Match(pattern, base); ok {
				return b
			}
		}
	}
	return nil
}

// readKnowledge decodes the files with the decoder of policies.
func readKnowledge(files fs.FS) (*knowledge, error) {
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return nil, err
	}
	k := &knowledge{byName: make(map[string]*knownProgram)}
	l := &loading{ctx: context.Background(), out: &collector{}}
	for _, name := range names {
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		d := &document{loading: l, src: newSource(File{Name: name, Data: data})}
		if root := d.parse(data); root != nil {
			d.readBinaries(root, k)
		}
	}
	if err := l.out.done().Err(); err != nil {
		return nil, fmt.Errorf("what is known of programs cannot be read: %w", err)
	}
	slices.SortFunc(k.all, func(a, b *knownProgram) int { return strings.Compare(a.name, b.name) })
	return k, nil
}

func (d *document) readBinaries(root *yaml.Node, k *knowledge) {
	f, ok := d.fields(root, schema{what: "a file of programs", keys: []string{"binaries"}})
	if !ok {
		return
	}
	v, ok := f["binaries"]
	if !ok {
		d.fail(root, "F-VALUE", "the file has no binaries:")
		return
	}
	for _, f := range d.mapping(v.value, "binaries") {
		b := d.readBinary(f)
		if b == nil {
			continue
		}
		if k.byName[b.name] != nil {
			d.fail(f.key, "F-VALUE", "the program %s stands twice", b.name)
			continue
		}
		k.byName[b.name] = b
		k.all = append(k.all, b)
	}
}

func (d *document) readBinary(f field) *knownProgram {
	keys, ok := d.fields(f.value, schema{what: "a program", keys: strings.Fields("man also types interpreter terminal escapes")})
	if !ok {
		return nil
	}
	b := &knownProgram{name: f.key.Value}
	b.templates = sync.OnceValues(func() (templates, error) { return b.compile(firstSamples()) })
	b.notes = sync.OnceValues(b.compileNotes)
	if v, ok := keys["man"]; ok {
		b.man, _ = d.word(v.value, "man")
	} else {
		d.fail(f.key, "F-VALUE", "%s has no man:, the page it was written from", b.name)
	}
	if v, ok := keys["also"]; ok {
		b.also = editList(d, v.value, "also", nil, func(n *yaml.Node, s string) (string, bool) {
			if _, err := path.Match(s, ""); err != nil {
				d.fail(n, "F-VALUE", "also: %q is no pattern", clip(s))
				return "", false
			}
			return s, true
		})
	}
	b.types = sync.OnceValues(func() (argv.Scope, error) { return d.typesOf(keys["types"]) })
	if v, ok := keys["interpreter"]; ok {
		b.interpreter = d.truth(v.value, "interpreter")
	}
	if v, ok := keys["terminal"]; ok {
		b.terminal, _ = d.word(v.value, "terminal")
	}
	if v, ok := keys["escapes"]; ok {
		items, _ := d.list(v.value, "escapes")
		for _, n := range items {
			b.add(d.readEscape(n))
		}
	}
	return b
}

// typesOf reads the names that the lines of one program use. It is asked for
// programs that a policy runs: types are automata, which cost more than all else.
func (d *document) typesOf(f field) (argv.Scope, error) {
	l := &loading{ctx: context.Background(), out: &collector{}}
	own := &document{loading: l, src: d.src}
	scope := own.scopeOf(f.valueOrEmpty(), "types", nil)
	return scope, l.out.done().Err()
}

// add puts an escape to those of its sort.
func (b *knownProgram) add(e *escape) {
	switch {
	case e == nil:
	case e.kind == kindConfig:
		b.config = append(b.config, e)
	case e.kind == kindCommands:
		b.commands = append(b.commands, e)
	default:
		b.escapes = append(b.escapes, e)
	}
}

func (d *document) readEscape(n *yaml.Node) *escape {
	f, ok := d.fields(n, schema{what: "an escape", keys: strings.Fields("kind note has argv stdin")})
	if !ok {
		return nil
	}
	e := &escape{pos: d.pos(n)}
	for _, name := range []string{"kind", "note"} {
		v, ok := f[name]
		if !ok {
			d.fail(n, "F-VALUE", "the escape has no %s:", name)
			return nil
		}
		s, ok := d.word(v.value, name)
		switch {
		case !ok:
			return nil
		case name == "note":
			e.note = s
		case !slices.Contains(escapeKinds, s) && s != kindConfig && s != kindCommands:
			d.fail(v.value, "F-VALUE", "kind is %q, expected one of %s", clip(s), strings.Join(escapeKinds, ", "))
			return nil
		default:
			e.kind = s
		}
	}
	if v, ok := f["stdin"]; ok {
		e.stdin = d.truth(v.value, "stdin")
	}
	block, whole := f["has"], f["argv"]
	if (block.value == nil) == (whole.value == nil) {
		d.fail(n, "F-VALUE", "the escape needs has: or argv:, and not both")
		return nil
	}
	if e.anywhere = block.value != nil; !e.anywhere {
		block = whole
	}
	e.block, ok = d.text(block.value, "the lines")
	if !ok {
		return nil
	}
	return e
}

// errNoLines is an escape without a single usage line.
var errNoLines = errors.New("no lines")
