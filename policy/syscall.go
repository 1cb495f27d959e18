package policy

import (
	_ "embed"
	"strings"
)

//go:embed syscalls.txt
var syscallList string

// syscallNames are the system calls of Linux on x86_64 and arm64, sorted.
var syscallNames = strings.Fields(syscallList)

// seccompSets are the named sets that the sandbox has.
var seccompSets = strings.Fields("@daemon @default @exec @iptables @mount @netlink @netns @raw")

// defaultSeccomp is the set that every command has.
const defaultSeccomp = "@default"

// hostSets work only without Landlock, which refuses every mount once it
// handles one right of the file system.
var hostSets = []string{"@mount", "@netns"}

// refusedSyscalls lists, by reason, the calls that no policy may name.
var refusedSyscalls = []struct{ why, names string }{
	{"it loads or runs code in the kernel", "bpf kexec_load kexec_file_load init_module finit_module delete_module"},
	{"operations in the ring pass by the filter", "io_uring_setup io_uring_enter io_uring_register"},
	{"it reads or steers other processes", "ptrace process_vm_readv process_vm_writev process_madvise kcmp pidfd_getfd"},
	{"kernel keyrings reach beyond the command", "keyctl add_key request_key"},
	{
		"it reaches files past the checks of their paths (CVE-2014-3519)",
		"open_by_handle_at name_to_handle_at lookup_dcookie fanotify_init",
	},
	{"it measures the kernel and other processes", "perf_event_open syslog"},
	{"kernel exploits are built with it", "userfaultfd vmsplice modify_ldt remap_file_pages"},
	{
		"it moves memory of other processes or binds it to nodes",
		"mbind set_mempolicy set_mempolicy_home_node migrate_pages move_pages",
	},
	{"its memory could hold a program that nobody checked", "memfd_create memfd_secret"},
	{
		"it changes the state of the whole host",
		"acct quotactl quotactl_fd swapon swapoff reboot settimeofday clock_settime adjtimex clock_adjtime " +
			"sethostname setdomainname vhangup iopl ioperm",
	},
	{"it is obsolete", "uselib ustat sysfs _sysctl nfsservctl"},
	{"it changes the root directory", "chroot pivot_root"},
	{
		"name the set @mount",
		"mount umount2 fsopen fsconfig fsmount fspick move_mount open_tree open_tree_attr mount_setattr",
	},
	{"name the set @netns", "setns unshare"},
	{"a filter cannot see its flags; the C library falls back to clone", "clone3"},
	{"a filter cannot see its flags; the C library falls back to openat", "openat2"},
	{"starting programs is what the set @exec is for", "execveat"},
}

// refusedSyscall returns why no policy may name a call, or "" when it may.
func refusedSyscall(name string) string {
	for _, r := range refusedSyscalls {
		for call := range strings.FieldsSeq(r.names) {
			if call == name {
				return r.why
			}
		}
	}
	return ""
}
