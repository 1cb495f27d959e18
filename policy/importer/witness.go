package importer

import (
	"path"
	"strings"
)

// witnesses are, for programs that are often allowed with any arguments, the
// arguments of a request that no author meant to allow: it runs another
// program, or reads or writes a file of the caller's choice.
var witnesses = map[string]string{
	"bash":              "-c id",
	"blkid":             "-c /etc/cron.d/x",
	"brctl":             "addif br0 eth0",
	"cat":               "/etc/shadow",
	"chmod":             "4755 /bin/sh",
	"chown":             "nobody /etc/shadow",
	"conntrack":         "-F",
	"conntrackd":        "-C /tmp/x.conf",
	"cp":                "/tmp/x /etc/cron.d/x",
	"cryptsetup":        "luksOpen --key-file /etc/shadow /dev/sda x",
	"dd":                "if=/tmp/x of=/dev/sda",
	"dibbler-client":    "run -w /tmp/x",
	"dnsmasq":           "--dhcp-script=/tmp/x",
	"ebtables":          "--atomic-file /etc/cron.d/x --atomic-save",
	"env":               "id",
	"ethtool":           "-f eth0 x",
	"find":              "/ -exec id ;",
	"guestmount":        "-a /dev/sda -i /mnt",
	"haproxy":           "-f /tmp/x.cfg",
	"hexdump":           "-C /etc/shadow",
	"ip":                "vrf exec default id",
	"ip6tables":         "--modprobe=/tmp/x -t nat -L",
	"ip6tables-restore": "--modprobe=/tmp/x /tmp/rules",
	"ip6tables-save":    "-f /etc/cron.d/x",
	"ipset":             "-file /etc/cron.d/x save",
	"iptables":          "--modprobe=/tmp/x -t nat -L",
	"iptables-restore":  "--modprobe=/tmp/x /tmp/rules",
	"iptables-save":     "-f /etc/cron.d/x",
	"keepalived":        "-f /tmp/x.conf",
	"kill":              "-9 -1",
	"ln":                "-sf /tmp/x /etc/cron.d/x",
	"losetup":           "/dev/loop0 /etc/shadow",
	"lvs":               "--config global{x=1}",
	"mkdir":             "/etc/x",
	"mkfs":              "-t ../../tmp/x /dev/sda",
	"mkfs.ext4":         "-d / /dev/sda",
	"mount":             "--bind /tmp/x /etc",
	"mv":                "/tmp/x /etc/cron.d/x",
	"nsenter":           "-t 1 -a id",
	"ovs-ofctl":         "snoop unix:/tmp/x",
	"ovs-vsctl":         "--log-file=/etc/cron.d/x show",
	"ovsdb-client":      "--log-file=/etc/cron.d/x list-dbs",
	"parted":            "/dev/sda mklabel gpt",
	"privsep-helper":    "--privsep_context os.system --privsep_sock_path /tmp/x",
	"qemu-img":          "convert -O raw /etc/shadow /tmp/x",
	"radvd":             "-C /tmp/x.conf -l /etc/cron.d/x -m logfile",
	"readlink":          "/root/x",
	"rm":                "-rf /etc",
	"route":             "add default gw 10.0.0.1",
	"sed":               "1e id",
	"sysctl":            "-w kernel.core_pattern=|/tmp/x",
	"tar":               "-xf /tmp/x --to-command=id",
	"tcpdump":           "-z /tmp/x -w /tmp/y -G 1",
	"tee":               "/etc/cron.d/x",
	"touch":             "/etc/x",
	"tune2fs":           "-z /etc/cron.d/x /dev/sda",
	"umount":            "/",
	"vtysh":             "-c 'start-shell bash'",
}

// witness returns a command line that a line allows which takes any arguments.
func witness(program string) []string {
	name := path.Base(program)
	args, ok := witnesses[name]
	if !ok {
		args = "--any-option /etc/shadow"
	}
	out := []string{name}
	for i, part := range strings.Split(args, "'") {
		if i%2 == 1 {
			out = append(out, part)
			continue
		}
		out = append(out, strings.Fields(part)...)
	}
	return out
}

// chooses says, for programs, after which of their words a value chooses what
// the program runs or reads its orders from. Text of any form must not stand
// there.
func chooses(program, before string) bool {
	switch path.Base(program) {
	case "haproxy":
		return before == "-f"
	case "vtysh":
		return before == "-c" || before == "-f"
	case "ln", "cp", "mv", "cat", "tee", "ploop", "prl_disk_tool":
		return true
	}
	return false
}
