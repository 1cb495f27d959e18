// Package program pins executables, and refuses every file that someone other
// than root could have put there.
//
// A path is walked component by component with openat(O_PATH|O_NOFOLLOW);
// symbolic links are read and followed by this package, so that each directory,
// each link and the file itself is looked at before it is used. Refused are: a
// component that root does not own, one that its group or others can write
// (a sticky directory is accepted, since what others own in it is refused and
// what root owns there they cannot replace), a file that is not regular, not
// executable, a script, or of another machine, a file system mounted noexec or
// served by a process (FUSE), and a digest that is not the one asked for.
//
// What was checked is a descriptor, and the descriptor is what the launcher
// runs: replacing the path between check and launch changes nothing.
//
// What is not refused: setuid and setgid bits and file capabilities, because
// no_new_privs takes their effect away. A program with file capabilities needs
// them from its rule all the same, or execveat fails with EPERM (see
// [Program.FileCapabilities]). POSIX access lists need no look of their own:
// a list that lets anybody write shows in the group bits of the mode (acl(5)).
//
// The same walk without any link opens policy files: [OpenTrusted].
package program
