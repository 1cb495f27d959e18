package policy

import "testing"

// TestMatchersOfStrings: requests that lists of strings and expressions are
// known to let through. A rule written with care refuses each of them, and the
// naive conversion is refused by the check that is named, or by the grammar.
func TestMatchersOfStrings(t *testing.T) {
	for _, c := range []struct {
		name, program, tight string
		request              []string
		naive, check         string
	}{
		{"a program in a VRF", "/sbin/ip", "link show", []string{"ip", "vrf", "exec", "default", "id"}, "[<x:any>]...", "P-ESCAPE"},
		{"a program in a namespace, behind an option", "/sbin/ip", "netns (add|del) <n:netns>", []string{"ip", "-n", "netns", "netns", "exec", "netns", "id"}, "[<x:any>]...", "P-ESCAPE"},
		{"commands of a file", "/sbin/ip", "link show", []string{"ip", "-b", "/tmp/x"}, "-b <f:str>", "P-ESCAPE"},
		{"out of /dev", "/sbin/blockdev", "--getsize64 <d:path(/dev)>", []string{"blockdev", "--getsize64", "/dev/../etc/shadow"}, "--getsize64 <d:re(/dev/.*)>", "T-TRAVERSE"},
		{"an alternative without brackets", "/sbin/service", "nginx (start|stop)", []string{"service", "nginx", "start", "--evil"}, "nginx <a:re(start --evil|stop)>", ""},
		{"a newline behind a number", "/bin/sleep", "<n:int(0..3600)>", []string{"sleep", "5\n"}, "<n:re(\\d+)>", "T-UNBOUNDED"},
		{"out of /etc", "/usr/bin/privsep-helper", "--config-file <f:path(/etc/nova)>", []string{"privsep-helper", "--config-file", "/etc/x/../../tmp/evil.conf"}, "--config-file <f:re(/etc/.*)>", "T-TRAVERSE"},
		{"a rule that nothing meets", "/usr/bin/privsep-helper", "--config-file <f:path(/etc/neutron)>", []string{"privsep-helper", "--config-file", "/etc/(?!\\.\\.).*"}, "--config-file <f:re(/etc/(?!\\.\\.).*)>", "T-REGEX"},
		{"a directory of like name", "/bin/chown", "nova <f:path(/var/lib/images)>", []string{"chown", "nova", "/var/lib/images-evil/x"}, "nova <f:re(/var/lib/images.*)>", "T-PATHRE"},
		{"the value of a variable", "/usr/bin/env", "LC_ALL=C lvs", []string{"env", "LC_ALL=C", "LVM_SYSTEM_DIR=/tmp/evil", "lvs"}, "<e:re([A-Z_]+=.*)> lvs [<x:any>]...", "T-PATHRE"},
		{"arguments behind the command", "/usr/bin/env", "PROCESS_TAG=x haproxy -f /etc/haproxy/haproxy.cfg", []string{"env", "PROCESS_TAG=x", "haproxy", "-C", "/tmp", "x"}, "PROCESS_TAG=x <c:any>...", "P-ESCAPE"},
		{"fields that nobody reads", "/usr/bin/drv_cfg", "--query_guid", []string{"drv_cfg", "--anything"}, "[<x:any>]...", "T-DASH"},
		{"an option in the place of a path", "/usr/bin/find", "<d:path(/var/lib)> -inum <n:int(1..99)>", []string{"find", "-delete", "-inum", "5"}, "<d:any> -inum <n:int(1..99)>", "T-DASH"},
		{"a command line behind an expression", "/bin/sh", "-c 'rm -f /x'", []string{"sh", "-c", "rm -f /x; id; echo /*.conf"}, "-c <c:re(rm -f /.*/\\*\\.conf)>", "P-ESCAPE"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tight := load(t, one(c.program, c.tight))
			if d := tight.Decide(alice, Request{Argv: c.request}); d.Allowed() {
				t.Errorf("%q is allowed", c.request)
			}
			if c.check == "" {
				return
			}
			found := vetted(t, one(c.program, c.naive))
			if len(findingsOf(found, c.check)) == 0 {
				t.Errorf("the naive rule: got %v, want %s", found, c.check)
			}
		})
	}
}
