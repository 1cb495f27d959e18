// Package landlock builds Landlock rulesets, and refuses a command the files
// that no rule names, however privileged its uid.
//
// A [View] is prepared when a policy is loaded: each path of its rules is held
// by an O_PATH descriptor. A launch asks it for a ruleset, which the child
// applies to itself. Landlock rules stand for inodes, not for paths: a file
// that a package manager or useradd renames into place is another inode, so
// [View.Refresh] looks at the paths before each launch.
//
// Every file system right that the kernel and this package know is handled, so
// that what no rule gives is refused. Never given, whatever the rule: making
// character and block devices, making symbolic links (they lead others out of
// the view), and ioctl on devices.
//
// What Landlock does not see, on any kernel so far: stat, chmod, chown, utime,
// extended attributes, flock, connecting to a socket by its path (before ABI
// 9), and descriptors that are open already. Ownership, seccomp and the
// launcher's closing of descriptors stand there. A child in a domain that
// handles any file system right cannot mount: such commands get [HostView].
package landlock
