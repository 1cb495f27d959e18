package importer

import (
	"path"
	"slices"
	"strings"
)

// Directories that rootwrap looks programs up in, by default. A policy names
// one path: that of Debian, which other merged systems share.
var (
	sbinPrograms = strings.Fields(`
		aoe-discover aoe-revalidate arptables badblocks blkid blockdev brctl bridge conntrack conntrackd cryptsetup
		dibbler-client dmsetup dnsmasq e2fsck ebrctl ebtables ethtool fdisk fsck haproxy hwclock ip
		ip6tables ip6tables-restore ip6tables-save ipset iptables iptables-restore iptables-save iscsiadm
		kpartx keepalived losetup lvchange lvconvert lvcreate lvdisplay lvextend lvremove lvrename lvresize lvs
		mkfs mkfs.ext2 mkfs.ext3 mkfs.ext4 mkfs.ntfs mkfs.xfs mkswap modprobe multipath multipathd nft ntfsresize
		parted partprobe pvcreate pvresize pvremove pvs radvd resize2fs rmmod route sfdisk sgdisk sysctl
		tc tgt-admin tgtadm tune2fs tunctl vconfig vgchange vgcreate vgdisplay vgremove vgs vgscan wipefs xfs_growfs
		zfs zpool`)
	netlinkPrograms = strings.Fields(`brctl bridge conntrack conntrackd ebrctl ethtool ip ipset route tc tunctl vconfig`)
	tablePrograms   = strings.Fields(`arptables ebtables ip6tables ip6tables-restore ip6tables-save iptables
		iptables-restore iptables-save nft`)
	rawPrograms     = strings.Fields(`arping ping ping6`)
	storagePrograms = strings.Fields(`blkid blockdev cryptsetup dmsetup e2fsck fdisk iscsiadm kpartx losetup lvchange
		lvconvert lvcreate lvdisplay lvextend lvremove lvrename lvresize lvs mkfs mkfs.ext3 mkfs.ext4 mkfs.ntfs mkswap multipath
		multipathd parted partprobe pvcreate pvremove pvresize pvs resize2fs sfdisk sgdisk tune2fs vgchange vgcreate
		vgremove vgs wipefs`)
	// harmless are programs that do the same good whatever their arguments.
	harmless = strings.Fields(`dhcp_release dhcp_release6 false sleep sync true`)
	// interpreters run what their arguments say: to be allowed to kill one is
	// to be allowed to kill every program written in its language.
	interpreters = strings.Fields(`bash dash perl platform-python python ruby sh`)
)

// programPath returns the absolute path of the program that a line names.
func programPath(name string) string {
	switch {
	case strings.HasPrefix(name, "/bin/"), strings.HasPrefix(name, "/sbin/"):
		return "/usr" + name // the same file wherever /usr is merged
	case strings.HasPrefix(name, "/"):
		return name
	case slices.Contains(sbinPrograms, name):
		return "/usr/sbin/" + name
	}
	return "/usr/bin/" + name
}

// isInterpreter reports whether a program runs other programs' texts, with or
// without a version in its name.
func isInterpreter(name string) bool {
	name = strings.TrimRight(path.Base(name), "0123456789.")
	return slices.Contains(interpreters, name)
}

// profile is a set of effects that generated files share.
type profile struct{ name, why, run string }

// profiles are those of generated files. What a program of no other kind needs
// beyond the identity is for its operator to say.
var profiles = []profile{
	{"netlink", "they configure the network through netlink", "caps: [net_admin], seccomp: ['@default', '@netlink']"},
	{"tables", "they replace tables of the packet filter", "caps: [net_admin, net_raw], seccomp: ['@default', '@netlink', '@iptables']"},
	{"raw", "they send packets of their own making", "caps: [net_raw], seccomp: ['@default', '@raw']"},
	{"storage", "they configure block devices", "caps: [sys_admin, sys_rawio]"},
	{"signals", "they signal processes of other users", "caps: [kill]"},
	{"plain", "the source grants all of root; this grants the identity alone", ""},
}

// profileOf returns the name of the profile of a program.
func profileOf(program string) string {
	name := path.Base(program)
	switch {
	case slices.Contains(netlinkPrograms, name):
		return "netlink"
	case slices.Contains(tablePrograms, name):
		return "tables"
	case slices.Contains(rawPrograms, name):
		return "raw"
	case slices.Contains(storagePrograms, name):
		return "storage"
	case name == "kill":
		return "signals"
	}
	return "plain"
}
