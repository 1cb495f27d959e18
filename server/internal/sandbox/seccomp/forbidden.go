package seccomp

// forbidden maps each call that no policy may name to the reason. What stands
// in a set of sets.go all the same (mount, setns) is to be had by that set.
func forbidden() map[string]string {
	refused := make(map[string]string)
	refuse := func(why string, names ...string) {
		for _, name := range names {
			refused[name] = why
		}
	}
	refuse("it loads or runs code in the kernel",
		"bpf", "kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module")
	refuse("operations in the ring pass by the filter",
		"io_uring_setup", "io_uring_enter", "io_uring_register")
	refuse("it reads or steers other processes",
		"ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "kcmp", "pidfd_getfd")
	refuse("kernel keyrings reach beyond the command",
		"keyctl", "add_key", "request_key")
	refuse("it opens files past the checks of their paths (CVE-2014-3519)",
		"open_by_handle_at", "name_to_handle_at", "lookup_dcookie")
	refuse("it watches and stops every access to a file system", "fanotify_init")
	refuse("it measures the kernel and other processes", "perf_event_open", "syslog")
	refuse("it is a building block of kernel exploits",
		"userfaultfd", "vmsplice", "modify_ldt", "remap_file_pages")
	refuse("it moves memory of other processes or pins it to nodes",
		"mbind", "set_mempolicy", "set_mempolicy_home_node", "migrate_pages", "move_pages")
	refuse("the memory could hold a program that was never checked",
		"memfd_create", "memfd_secret")
	refuse("it changes the state of the whole host",
		"acct", "quotactl", "quotactl_fd", "swapon", "swapoff", "reboot", "settimeofday",
		"clock_settime", "adjtimex", "clock_adjtime", "sethostname", "setdomainname", "vhangup")
	refuse("it gives access to hardware ports", "iopl", "ioperm")
	refuse("it is obsolete", "uselib", "ustat", "sysfs", "_sysctl", "nfsservctl")
	refuse("it changes the root directory", "chroot", "pivot_root")
	refuse("mounting is what the set @mount is for",
		"mount", "umount2", "umount", "fsopen", "fsconfig", "fsmount", "fspick", "move_mount",
		"open_tree", "open_tree_attr", "mount_setattr")
	refuse("entering and making namespaces is what the set @netns is for", "setns", "unshare")
	refuse("its flags cannot be seen by a filter, so it is answered with ENOSYS; name clone", "clone3")
	refuse("its flags cannot be seen by a filter, so it is answered with ENOSYS; name openat", "openat2")
	refuse("it is admitted for the checked program only; starting others is what @exec is for", "execveat")
	return refused
}

// answeredENOSYS lists the calls for which libc has a fallback that it takes on
// ENOSYS and on nothing else.
func answeredENOSYS() []string { return []string{"clone3", "openat2"} }
