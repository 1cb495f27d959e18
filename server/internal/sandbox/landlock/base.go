package landlock

// PathRule gives access to what stands at a path.
type PathRule struct {
	Path   string // absolute; symbolic links are followed
	Access Access
	// Optional rules are skipped while nothing stands at the path, and take
	// effect with the first Refresh after something does.
	Optional bool
	// fixed rules are not looked at again once they are open: nobody renames
	// another file there, and a launch pays for each look.
	fixed bool
}

// Base returns the rules that every view has unless it says otherwise: what an
// ordinary program reads to start and to look up names. Directories stand for
// what is in them, so that an upgrade does not make them stale; of /etc only
// single names are given, because Landlock cannot take /etc/shadow out again.
// Nothing of /var, /home, /root, /opt, /tmp, /srv and /run but /run/netns.
func Base() []PathRule {
	var rules []PathRule
	for _, path := range []string{
		"/usr/lib", "/lib", "/lib64", "/usr/share", "/proc", "/sys",
		"/dev/urandom", "/dev/random", "/dev/zero", "/dev/full",
		"/etc/ld.so.conf.d", "/etc/ssl/certs", "/etc/alternatives", "/etc/iproute2",
	} {
		rules = append(rules, PathRule{Path: path, Access: Read, Optional: true, fixed: true})
	}
	for _, path := range []string{
		"/run/netns", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/nsswitch.conf", "/etc/passwd",
		"/etc/group", "/etc/hosts", "/etc/host.conf", "/etc/resolv.conf", "/etc/gai.conf",
		"/etc/services", "/etc/protocols", "/etc/localtime",
	} {
		rules = append(rules, PathRule{Path: path, Access: Read, Optional: true})
	}
	return append(rules, PathRule{Path: "/dev/null", Access: Read | Write, Optional: true, fixed: true})
}
