package policy

import (
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/rootgate-project/rootgate/policy/argv"
)

// version is the version of the language.
const version = 1

var fileSchema = schema{
	what:  "a policy file",
	keys:  strings.Fields("version about callers types profiles rules"),
	later: strings.Fields("use vars never"),
}

// fileScope is what the rules of one file share.
type fileScope struct {
	base       Effect
	types      argv.Scope
	callers    []CallerSpec
	hasCallers bool
	profiles   map[ProfileName]*profileDraft
}

// readFile reads one file and returns its rules.
func (d *document) readFile(root *yaml.Node) []*draftRule {
	f, ok := d.fields(root, fileSchema)
	if !ok {
		return nil
	}
	if v, ok := f["version"]; !ok {
		d.fail(root, "F-VALUE", "the file has no version:; expected \"version: %d\"", version)
	} else {
		d.integer(v.value, "version", version, version)
	}
	if v, ok := f["about"]; ok {
		d.prose(v.value, "about")
	}
	file := &fileScope{base: d.base, types: argv.Scope{}}
	if v, ok := f["types"]; ok {
		file.types = d.scopeOf(v.value, "types", nil)
	}
	if v, ok := f["callers"]; ok {
		file.callers, file.hasCallers = d.callers(v.value)
	}
	if v, ok := f["profiles"]; ok {
		d.readProfiles(v.value, file)
	}
	v, ok := f["rules"]
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
		if d.rules++; d.rules > maxRules {
			d.fail(item, "F-LIMIT", "more than %d rules", maxRules)
			return nil
		}
		if r := d.readRule(item, file); r != nil {
			rules = append(rules, r)
		}
	}
	return rules
}
