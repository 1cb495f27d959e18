package policy

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/rootgate-project/rootgate/policy/argv"
)

// version is the version of the language.
const version = 1

var fileSchema = schema{
	what: "a policy file",
	keys: strings.Fields("version about callers use vars types profiles rules never"),
}

// fileScope is what the rules of one file share.
type fileScope struct {
	doc        *document
	fields     map[string]field // nil: the file could not be read
	base       Effect
	types      argv.Scope // its own and those it uses
	callers    []CallerSpec
	callersAt  []Position // of callers
	hasCallers bool
	profiles   map[ProfileName]*profileDraft // its own and those it uses

	uses     []use
	own      map[string]map[string]*yaml.Node // by section and name, the key
	imported map[string]map[string]*fileScope // by section and name, who defines it
	resolved bool                             // whether types is complete
}

// readFiles reads all files and returns their rules. It goes through them
// section by section, because a file may use the names of a later one: the order
// of files means nothing.
func (l *loading) readFiles(files []File) []*draftRule {
	all := make([]*fileScope, 0, len(files))
	for _, f := range files {
		if l.expired(f.Name, 0, "this file") {
			return nil
		}
		d := &document{loading: l, src: newSource(f)}
		l.sources[f.Name] = d.src
		all = append(all, d.openFile(f.Data))
	}
	for _, f := range all {
		if v, ok := f.fields["use"]; ok {
			f.doc.readUses(f, v.value, all)
		}
	}
	before := l.out.counts[SeverityError]
	for _, f := range all {
		f.doc.useCycles(f)
	}
	if l.out.counts[SeverityError] > before {
		return nil
	}
	for _, f := range all {
		f.useVars()
	}
	for _, f := range all {
		f.resolveTypes()
		f.useProfiles()
	}
	var rules []*draftRule
	for _, f := range all {
		f.doc.resolveProfiles(f)
		rules = append(rules, f.doc.readRules(f)...)
		f.doc.readNevers(f)
		if l.vet {
			f.doc.unusedUses(f)
		}
	}
	slices.SortFunc(l.nevers, func(a, b *draftNever) int { return cmp.Compare(a.ID, b.ID) })
	return rules
}

// openFile reads what a file says without a look at others.
func (d *document) openFile(data []byte) *fileScope {
	file := &fileScope{
		doc: d, base: d.base, types: argv.Scope{}, profiles: make(map[ProfileName]*profileDraft),
		own: make(map[string]map[string]*yaml.Node), imported: make(map[string]map[string]*fileScope),
	}
	root := d.parse(data)
	if root == nil {
		return file
	}
	f, ok := d.fields(root, fileSchema)
	if !ok {
		return file
	}
	file.fields = f
	if v, ok := f["version"]; !ok {
		d.fail(root, "F-VALUE", "the file has no version:; expected \"version: %d\"", version)
	} else {
		d.integer(v.value, "version", version, version)
	}
	if v, ok := f["about"]; ok {
		d.prose(v.value, "about")
	}
	for _, section := range sections {
		file.own[section] = make(map[string]*yaml.Node)
		for _, p := range pairs(f[section].valueOrEmpty()) {
			file.own[section][p.key.Value] = p.key
		}
	}
	if v, ok := f["vars"]; ok {
		d.vars = d.readVars(v.value)
	}
	if v, ok := f["callers"]; ok {
		file.callers, file.hasCallers = d.callers(v.value)
		file.callersAt = d.callersAt(v.value)
	}
	if v, ok := f["profiles"]; ok {
		d.readProfiles(v.value, file)
	}
	return file
}

// useVars gives a file the variables that it uses. Files have read their own.
func (f *fileScope) useVars() {
	vars := maps.Clone(f.doc.vars)
	for name, from := range f.imported["vars"] {
		if value, ok := from.doc.vars[name]; ok {
			if vars == nil {
				vars = make(map[string]string)
			}
			vars[name] = value
		}
	}
	f.doc.vars = vars
}

// resolveTypes reads the types of a file, after those that it uses: a type
// means what it means in the file that defines it. There are no cycles.
func (f *fileScope) resolveTypes() {
	if f.resolved {
		return
	}
	f.resolved = true
	used := make(argv.Scope)
	for name, from := range f.imported["types"] {
		from.resolveTypes()
		if t := from.types[name]; t != nil {
			used[name] = t
		}
	}
	f.types = used
	if v, ok := f.fields["types"]; ok {
		f.types = f.doc.scopeOf(v.value, "types", used)
		maps.Copy(f.types, used)
	}
}

// useProfiles gives a file the profiles that it uses. Files have read their own.
func (f *fileScope) useProfiles() {
	for name, from := range f.imported["profiles"] {
		if p := from.profiles[ProfileName(name)]; p != nil {
			f.profiles[ProfileName(name)] = p
		}
	}
}

// ruleIDOf returns the id that a rule claims, for a finding about a rule that is
// not read.
func ruleIDOf(n *yaml.Node) RuleID {
	for _, f := range pairs(n) {
		if f.key.Value == "id" {
			return RuleID(clip(f.value.Value))
		}
	}
	return ""
}

// readRules reads the rules of a file.
func (d *document) readRules(file *fileScope) []*draftRule {
	v, ok := file.fields["rules"]
	if !ok {
		return nil
	}
	items, ok := d.list(v.value, "rules")
	if !ok {
		return nil
	}
	var rules []*draftRule
	for _, item := range items {
		if d.expired(d.src.name, item.Line, "this rule") {
			return nil
		}
		if d.rules++; d.rules > maxRules && !d.manyRules {
			d.rule = ruleIDOf(item)
			d.fail(item, "F-LIMIT", "more than %d rules in a policy", maxRules)
			d.rule = ""
			return nil
		}
		if r := d.readRule(item, file); r != nil {
			rules = append(rules, r)
		}
	}
	return rules
}
