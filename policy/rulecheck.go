package policy

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// checkRule reports effects that would undo what the rule is held to.
func (d *document) checkRule(n *yaml.Node, r *draftRule) {
	d.checkHostPaths(r)
	d.checkFiles(n, r)
	d.checkTrees(n, r)
	d.checkSameUID(r)
}

// checkHostPaths refuses path arguments of commands that see the whole host. A
// path is checked before the command runs, and only the view holds the command
// to what was checked: without one, a caller can put a link in its place.
func (d *document) checkHostPaths(r *draftRule) {
	if !r.Effect.FS.Host {
		return
	}
	for i, l := range r.lines {
		for _, p := range l.Placeholders() {
			if p.Type.Name() == "path" {
				pos := r.Lines[i].Pos
				d.report(SeverityError, pos.Line, pos.Column, "P-HOSTPATH",
					"<%s> is a path, and with fs: host nothing holds the command to the file that was checked; "+
						"grant the files with fs: {read, write, exec}, or spell the path out", p.Name)
			}
		}
	}
}

// programFD is the descriptor by which the sandbox executes the program, the
// one execveat that the filter of a command without @exec lets pass.
const programFD = 900

// checkFiles refuses a limit of descriptors which lets the command put a
// program of its own at programFD.
func (d *document) checkFiles(n *yaml.Node, r *draftRule) {
	e := r.Effect
	if e.Limits.Files <= programFD || slices.Contains(e.Seccomp, "@exec") || slices.Contains(e.Seccomp, "execve") {
		return
	}
	at := d.near(n, r.Origin("run.limits.nofile", ""))
	d.report(SeverityError, at.Line, at.Column, "R-NOFILE",
		"limits.nofile is %d: above %d the command could fill the descriptor from which its program was started, "+
			"and start another; lower it, or say that it may with seccomp: [+@exec]", e.Limits.Files, programFD)
}

// Trees that hold more than any one command needs. Whoever writes to the first
// owns the host. The directories of /usr stand there by both of their names.
var (
	writeTrees = strings.Fields(`/ /bin /boot /dev /etc /lib /lib32 /lib64 /libx32 /proc /root /sbin /sys
		/usr /usr/bin /usr/lib /usr/lib32 /usr/lib64 /usr/libx32 /usr/sbin`)
	readTrees = strings.Fields("/ /dev /etc /proc /sys")
)

// near returns where a part of the rule at n was written when that is in this
// file, and n otherwise: findings about a rule stand in its file.
func (d *document) near(n *yaml.Node, origin Position) Position {
	if origin.File == d.src.name && origin.Line > 0 {
		return origin
	}
	return d.pos(n)
}

// checkTrees reports grants of whole system directories. Single files in them
// are what a rule should name.
func (d *document) checkTrees(n *yaml.Node, r *draftRule) {
	fs := r.Effect.FS
	for _, l := range []struct {
		name     string
		severity Severity
		granted  []string
		trees    []string
	}{
		{"read", SeverityWarning, fs.Read, readTrees},
		{"write", SeverityError, fs.Write, writeTrees},
		{"exec", SeverityWarning, fs.Exec, readTrees},
	} {
		for _, p := range l.granted {
			if slices.Contains(l.trees, p) {
				at := d.near(n, r.Origin("run.fs."+l.name, p))
				d.report(l.severity, at.Line, at.Column, "P-PATHSELF",
					"fs.%s grants all of %s; name the files or directories in it that the command needs", l.name, p)
			}
		}
	}
}

// checkSameUID reports callers who can have the uid of their own command. They
// may signal and trace it, and use whatever it has: no capability is needed
// for that when it has none either (ptrace(2), "Ptrace access mode checking").
func (d *document) checkSameUID(r *draftRule) {
	e := r.Effect
	if e.UID == 0 {
		return // a caller who is root needs no command for anything
	}
	own := d.groupsOf(e.User)
	for _, c := range r.Callers {
		who := ""
		switch {
		case c.unknown:
			continue
		case c.byUser && c.uid == e.UID:
			who = "the caller " + c.User
		case !c.byUser && c.byGroup && slices.Contains(own, c.gid):
			who = fmt.Sprintf("the caller group %s, of which the account %s is a member,", c.Group, e.User)
		default:
			continue
		}
		const remedy = "give the command an account that no caller has, such as the run_user rootgate-run"
		lacks := func(gid uint32) bool { return !slices.Contains(own, gid) && (!c.byGroup || c.gid != gid) }
		if lacks(e.GID) || slices.ContainsFunc(e.Groups, lacks) {
			d.report(SeverityError, r.Pos.Line, r.Pos.Column, "C-SAMEUID",
				"%s can have the uid %d of the command, trace it, and use groups of it that the account does not have; %s",
				who, e.UID, remedy)
			continue
		}
		d.report(SeverityWarning, r.Pos.Line, r.Pos.Column, "C-SAMEUID",
			"%s can have the uid %d of the command, and may signal and trace it; %s", who, e.UID, remedy)
	}
}

// groupsOf returns all groups that the account of an effect has by itself, none
// when it is a number. user is as in Effect.User.
func (l *loading) groupsOf(user string) []uint32 {
	if user == RunUser {
		return append(slices.Clone(l.runGroups), l.runUser.gid)
	}
	if _, gid, ok := l.accounts.User(user); ok && !canonicalInt.MatchString(user) {
		return append(slices.Clone(l.accounts.Groups(user)), gid)
	}
	return nil
}
