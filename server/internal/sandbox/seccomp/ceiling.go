package seccomp

import "golang.org/x/sys/unix"

// Bits of clone's first argument. A new namespace is never had by clone; a
// child that becomes the caller's sibling (CLONE_PARENT) would be the daemon's
// own and no descendant of the command.
const (
	cloneNamespaces = unix.CLONE_NEWNS | unix.CLONE_NEWCGROUP | unix.CLONE_NEWUTS |
		unix.CLONE_NEWIPC | unix.CLONE_NEWUSER | unix.CLONE_NEWPID | unix.CLONE_NEWNET
	cloneRefused = cloneNamespaces | unix.CLONE_PARENT
)

const setIDBits = unix.S_ISUID | unix.S_ISGID

// createBits say that open looks at its mode argument. Without them it holds
// whatever the register held. __O_TMPFILE is O_TMPFILE without O_DIRECTORY.
const (
	tmpfileBit = unix.O_TMPFILE &^ unix.O_DIRECTORY
	createBits = unix.O_CREAT | tmpfileBit
)

// ceiling is the condition under which a call is admitted at most when a policy
// or one of our sets names it without a condition of its own. Only the sets of
// sets.go go beyond it, each for its own families.
func ceiling(name string) condition {
	switch name {
	case "ioctl":
		// Input pushed into the caller's terminal: TIOCSTI (CVE-2017-5226),
		// TIOCLINUX (CVE-2023-1523), also with bit 32 set (CVE-2019-10063).
		// TIOCSETD loads line disciplines.
		return when(except(1, unix.TIOCSTI, tiocLINUX, unix.TIOCSETD))
	case "prctl":
		return when(only(0, prctls()...))
	case "clone":
		return when(without(0, cloneRefused))
	case "personality":
		return when(only(0, 0, allBits)) // 0xffffffff only asks
	case "prlimit64":
		// pid 0 is the caller. Another process of the same uid may be
		// another command.
		return when(only(0, 0))
	case "chmod", "fchmod", "creat":
		return when(without(1, setIDBits))
	case "fchmodat", "fchmodat2":
		return when(without(2, setIDBits))
	case "open":
		return condition{{without(1, createBits)}, {without(2, setIDBits)}}
	case "openat":
		return condition{{without(2, createBits)}, {without(3, setIDBits)}}
	case "mknod":
		return when(plainNode(1))
	case "mknodat":
		return when(plainNode(2))
	case "seccomp":
		// A listener of the child's own would decide in its own favour.
		return condition{
			{only(0, unix.SECCOMP_GET_ACTION_AVAIL)},
			{only(0, unix.SECCOMP_SET_MODE_FILTER), without(1, unix.SECCOMP_FILTER_FLAG_NEW_LISTENER)},
		}
	case "socket":
		return condition{
			{only(0, unix.AF_UNIX, unix.AF_INET, unix.AF_INET6)},
			{
				only(0, unix.AF_NETLINK),
				only(2, unix.NETLINK_ROUTE, unix.NETLINK_SOCK_DIAG, unix.NETLINK_XFRM,
					unix.NETLINK_NETFILTER, unix.NETLINK_GENERIC),
			},
		}
	case "socketpair":
		return when(only(0, unix.AF_UNIX))
	}
	return nil
}

// tiocLINUX is TIOCLINUX, which x/sys does not name.
const tiocLINUX = 0x541c

// plainNode admits regular files (also type 0), FIFOs and sockets with no
// setuid or setgid bit: no device, which would be a door to the disk.
func plainNode(arg int) test {
	return masked(arg, unix.S_IFMT|setIDBits, 0, unix.S_IFREG, unix.S_IFIFO, unix.S_IFSOCK)
}

// prctls lists what a program may ask of prctl. Not in it, among others:
// PR_SET_PDEATHSIG (would survive the daemon), PR_SET_MM, PR_SET_PTRACER,
// PR_SET_SECCOMP, PR_SET_CHILD_SUBREAPER (would keep its orphans from being
// reaped), PR_SET_SYSCALL_USER_DISPATCH.
func prctls() []uint32 {
	return []uint32{
		unix.PR_GET_PDEATHSIG,
		unix.PR_GET_DUMPABLE,
		unix.PR_SET_DUMPABLE,
		unix.PR_GET_KEEPCAPS,
		unix.PR_SET_KEEPCAPS,
		unix.PR_SET_NAME,
		unix.PR_GET_NAME,
		unix.PR_GET_SECCOMP,
		unix.PR_CAPBSET_READ,
		unix.PR_CAPBSET_DROP,
		unix.PR_GET_SECUREBITS,
		unix.PR_SET_TIMERSLACK,
		unix.PR_SET_NO_NEW_PRIVS,
		unix.PR_GET_NO_NEW_PRIVS,
		unix.PR_CAP_AMBIENT, // securebits are locked: nothing can be raised
		unix.PR_SET_VMA,     // names of anonymous mappings; allocators use it
	}
}
