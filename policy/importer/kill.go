package importer

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

func killFilter(d *draft, _ Options) {
	d.program, d.runAs = programPath("kill"), d.filter.args[0]
	exe, signals := d.filter.args[1], d.filter.args[2:]
	if !isAccount(d.runAs) {
		d.refuse("%q is not the name of an account", visible(clip(d.runAs)))
		return
	}
	if isInterpreter(exe) {
		witness := append(append([]string{"kill"}, signals[:min(1, len(signals))]...), "4242")
		d.unsafe("", witness, "every program that %s runs has that executable, and any of them may be ended", path.Base(exe))
		return
	}
	if !strings.HasPrefix(exe, "/") {
		exe = programPath(exe)
		d.narrow("%s stands for the programs of that name in every directory of the search path", exe)
	}
	if !isRoot(exe) || path.Clean(exe) != exe {
		d.refuse("%q is no program that a policy can name", visible(clip(exe)))
		return
	}
	if len(signals) == 0 {
		signals = []string{""}
	}
	for _, s := range signals {
		if _, ok := quoteLiteral(s); !ok {
			d.refuse("the signal %q cannot be written in a policy", visible(clip(s)))
			return
		}
		d.kills = append(d.kills, [2]string{s, exe})
	}
	d.narrow("not carried over: numbers of processes that are not canonical")
	d.differs("the process is held by a descriptor while its program is looked at, and stays the same one until it is signalled")
}

// joinKills makes one rule of all lines that allow to signal programs as one
// account: what a request may do is which signal it may send to which programs.
func (b *build) joinKills() {
	owners := make(map[string]*draft)
	exes := make(map[*draft]map[string][]string)
	for _, d := range b.drafts {
		if len(d.kills) == 0 {
			continue
		}
		owner := owners[d.runAs]
		if owner == nil {
			owner = d
			owners[d.runAs], exes[d] = d, make(map[string][]string)
		} else {
			d.same = owner
			d.line.Reason += "; its rule is that of " + owner.filter.pos.String()
		}
		for _, k := range d.kills {
			if !slices.Contains(exes[owner][k[0]], k[1]) {
				exes[owner][k[0]] = append(exes[owner][k[0]], k[1])
			}
		}
	}
	for owner, bySignal := range exes {
		owner.killRule(bySignal)
	}
}

// killRule makes the lines of a rule: signals that may be sent to the same
// programs stand in one.
func (d *draft) killRule(bySignal map[string][]string) {
	groups := make(map[string][]string)
	for signal, exes := range bySignal {
		slices.Sort(exes)
		key := strings.Join(exes, ", ")
		groups[key] = append(groups[key], signal)
	}
	keys := make([]string, 0, len(groups))
	for key := range groups {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for i, key := range keys {
		name := "pid"
		if len(keys) > 1 {
			name = fmt.Sprintf("pid%d", i+1)
		}
		d.args = append(d.args, fmt.Sprintf("%s: {type: pid, exe: [%s]}", name, key))
		signals := groups[key]
		slices.Sort(signals)
		bare := signals[0] == ""
		if bare {
			signals = signals[1:]
			d.usages = append(d.usages, usage{text: "<" + name + ">", allow: [][]string{{"kill", "4242"}}})
		}
		if len(signals) == 0 {
			continue
		}
		text, allow := quoteAll(signals)[0], [][]string{}
		if len(signals) > 1 {
			text = "(" + strings.Join(quoteAll(signals), "|") + ")"
		}
		for _, s := range signals {
			allow = append(allow, []string{"kill", s, "4242"})
		}
		d.usages = append(d.usages, usage{text: text + " <" + name + ">", allow: allow})
	}
	for _, text := range []string{"-9 1", "-9 -1", "-9 0", "-9 +4242", "-9 4242 4243", "-l"} {
		d.deny = append(d.deny, append([]string{"kill"}, strings.Fields(text)...))
	}
}
