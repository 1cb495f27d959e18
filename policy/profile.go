package policy

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// baseProfile is compiled in: no file can define it.
const baseProfile ProfileName = "base"

// maxExtends bounds the profiles of a chain, base not counted.
const maxExtends = 4

var profileName = regexp.MustCompile(`^[a-z][a-z0-9_+.-]{0,63}$`)

// profileDraft is a profile as a file has it and, once asked for, resolved.
type profileDraft struct {
	file    *fileScope // that defines it: its names mean what they mean there
	key     *yaml.Node
	parent  ProfileName
	extends *yaml.Node // where the parent is named; nil: base by default
	hasWhy  bool
	run     *yaml.Node
	effect  *Effect
}

// readProfiles reads the profiles that a file defines.
func (d *document) readProfiles(n *yaml.Node, file *fileScope) {
	for _, f := range d.mapping(n, "profiles") {
		name := ProfileName(f.key.Value)
		switch {
		case name == baseProfile:
			d.fail(f.key, "F-VALUE", "the profile base is compiled in and cannot be defined")
		case !profileName.MatchString(f.key.Value):
			d.fail(f.key, "F-VALUE", "%q is not the name of a profile", clip(f.key.Value))
		default:
			p := d.readProfile(f)
			p.file = file
			file.profiles[name] = p
		}
	}
}

// resolveProfiles resolves every profile of a file, those that no rule uses as
// well: a mistake shows when it is made.
func (d *document) resolveProfiles(file *fileScope) {
	for _, name := range slices.Sorted(maps.Keys(file.profiles)) {
		d.profile(file.profiles[name].key, file, name)
	}
}

func (d *document) readProfile(f field) *profileDraft {
	keys, ok := d.fields(f.value, schema{
		what: "a profile", keys: strings.Fields("extends why run"), later: strings.Fields("abstract accept"),
	})
	// One with findings is there all the same: a rule that names it is not wrong.
	p := &profileDraft{key: f.key, parent: baseProfile}
	if !ok {
		return p
	}
	if v, ok := keys["extends"]; ok {
		if parent, ok := d.word(v.value, "extends"); ok {
			p.parent, p.extends = ProfileName(parent), v.value
		}
	}
	if v, ok := keys["why"]; ok {
		p.hasWhy = d.prose(v.value, "why") != ""
	}
	p.run = keys["run"].value
	return p
}

// profile returns the effect of the profile that n names. One with findings
// counts as base: the policy is refused anyway.
func (d *document) profile(n *yaml.Node, file *fileScope, name ProfileName) Effect {
	if name == baseProfile {
		return file.base
	}
	p := file.profiles[name]
	if p == nil {
		known := append(slices.Sorted(maps.Keys(file.profiles)), baseProfile)
		d.fail(n, "F-VALUE", "there is no profile %q in this file%s", clip(string(name)), didYouMean(name, known))
		return file.base
	}
	if p.effect == nil {
		effect := file.base
		owner := p.file.doc
		if p.file.tooDeep(name) {
			owner.fail(p.key, "F-LIMIT", "the profile %s stands on itself, or on more than %d others", name, maxExtends-1)
			// One error is enough for all that stand on each other.
			for at := p; at != nil && at.effect == nil; at = at.file.profiles[at.parent] {
				at.effect = &effect
			}
			return effect
		}
		effect = owner.profile(p.extends, p.file, p.parent)
		if p.run != nil {
			effect = owner.applyRun(effect, p.run, p.hasWhy)
		}
		effect.profiles = append(slices.Clone(effect.profiles), name)
		p.effect = &effect
	}
	return *p.effect
}

// tooDeep reports whether a profile's chain is longer than maxExtends, which
// one that closes on itself is as well.
func (file *fileScope) tooDeep(name ProfileName) bool {
	for range maxExtends {
		p := file.profiles[name]
		if p == nil || p.parent == baseProfile {
			return false
		}
		file, name = p.file, p.parent
	}
	return name != baseProfile
}
