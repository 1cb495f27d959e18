package policy

import (
	"slices"
	"strings"

	"github.com/rootgate-project/rootgate/policy/argv"
)

// What rules grant that deserves a look by itself.
var (
	// rootCaps are capabilities that whoever has them can become root with
	// (capabilities(7)).
	rootCaps = strings.Fields("bpf dac_override dac_read_search mac_admin mac_override mknod setfcap setgid setpcap setuid " +
		"sys_admin sys_boot sys_module sys_ptrace sys_rawio")
	// barredCaps are for system calls that no filter lets pass; see
	// refusedSyscalls.
	barredCaps = strings.Fields("bpf perfmon sys_boot sys_chroot sys_module sys_pacct sys_time syslog")
	// socketSets let a command open sockets.
	socketSets = strings.Fields("@daemon @iptables @netlink @raw")
	// loginGroups hold people, and whatever runs in their sessions.
	loginGroups = strings.Fields("adm admin audio cdrom games lpadmin nobody nogroup operator plugdev root staff sudo users video wheel")
	// sharedTrees are directories in which others than root make entries.
	sharedTrees = strings.Fields("/dev/shm /home /run/lock /run/user /tmp /var/crash /var/lock /var/tmp")
)

// view reports, for vet, what one rule says that needs no proof.
func (r *draftRule) view() {
	r.doc.rule = r.ID
	defer func() { r.doc.rule = "" }()
	r.viewCaps()
	r.viewCallers()
	for i, line := range r.lines {
		for _, h := range line.Placeholders() {
			if h.Type.Name() == "path" {
				r.viewPath(h, r.Lines[i].Pos)
			}
		}
	}
}

func (r *draftRule) warn(sev Severity, pos Position, id, format string, args ...any) {
	if pos.File == "" {
		pos = r.Pos
	}
	r.doc.reportAt(sev, pos, id, format, args...)
}

func (r *draftRule) viewCaps() {
	e := r.Effect
	for _, c := range e.Caps {
		pos := r.Origin("run.caps", c)
		switch {
		case slices.Contains(barredCaps, c):
			r.warn(SeverityWarning, pos, "R-SECCOMP", "%s has the capability %s, which is for system calls that no filter lets pass; drop it", r.ID, c)
		case slices.Contains(rootCaps, c):
			r.warn(SeverityWarning, pos, "R-CAPS", "%s has the capability %s, which is as good as root; say who needs it", r.ID, c)
		case c == "net_raw" && !slices.ContainsFunc(e.Seccomp, func(s string) bool { return s == "@raw" || s == "@iptables" || s == "@daemon" }):
			r.warn(SeverityWarning, pos, "R-SECCOMP", "%s has the capability net_raw, which needs raw sockets, and its filter refuses them; add @raw, or drop it", r.ID)
		}
	}
	if e.Net == NetHost && len(e.Caps) == 0 && r.Netns.Type == nil && slices.ContainsFunc(e.Seccomp, func(s string) bool { return slices.Contains(socketSets, s) }) {
		r.warn(SeverityNote, r.Origin("run.net", ""), "R-NET", "the commands of %s have no capability and the network of the host; with net: none they have an empty one", r.ID)
	}
}

func (r *draftRule) viewCallers() {
	for _, c := range r.Callers {
		if !c.byUser && slices.Contains(loginGroups, c.Group) {
			r.warn(SeverityWarning, r.Origin("callers", ""), "C-ANY", "the caller group %s holds people who log in, and all that runs in their sessions; name an account or a group of the service's own", c.Group)
		}
	}
}

func (r *draftRule) viewPath(h argv.Placeholder, pos Position) {
	p := h.Type.Params()
	for _, root := range p.Under {
		if covers("/dev", root) && !covers("/dev/shm", root) && p.FileKind != argv.KindBlock && p.FileKind != argv.KindChar {
			r.warn(SeverityWarning, pos, "P-DEV", "<%s> may be anything below %s, sockets and shared memory among it; say kind: block or kind: char", h.Name, root)
		}
		shared := slices.ContainsFunc(sharedTrees, func(tree string) bool {
			return covers(tree, root) || covers(root, tree) && root != "/" && root != "/dev"
		})
		if shared && len(p.Owner) == 0 && !p.BindFD {
			r.warn(SeverityWarning, pos, "P-SYMLINKDIR", "others than root make entries below %s, and may swap what <%s> names; say owner: or bind: fd", root, h.Name)
		}
	}
}
