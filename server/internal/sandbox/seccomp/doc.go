// Package seccomp compiles named sets of system calls to BPF programs, and
// refuses everything that no set names.
//
// A program refuses: every system call that is not listed (EPERM), every
// system call of another architecture and of the x32 ABI (the process is
// killed), the calls that carry their arguments where no filter can look
// (clone3 and openat2, answered with ENOSYS so that libc falls back to the
// older call), and every number above the highest one known when the package
// was written (ENOSYS, which is what an older kernel would say). Some calls
// cannot be had by any name; forbidden.go says which, and why.
//
// Always admitted are exit, exit_group (a filter that denies them makes the
// child spin) and execveat of exactly one descriptor, [ProgramFD], with an
// empty path: the program that the launcher verified, and no other.
//
// The work is shared between libseccomp and this package. libseccomp knows the
// names and numbers and lays out the binary search tree. It cannot say "number
// above N", allows one comparison of an argument in a rule, and compares 64
// bits where the kernel looks at 32. So a call with conditions is given to
// libseccomp with a mark for an action, and assemble.go replaces the mark by a
// jump to a block of our own that compares the low 32 bits.
//
// What a filter cannot see: memory behind pointers, hence paths, socket
// addresses and clone3's flags. Those belong to Landlock, mount namespaces and
// capabilities.
package seccomp
