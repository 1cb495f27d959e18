// Package sandbox refuses to launch a command without a system call filter and
// a Landlock ruleset, with anything of the daemon's (environment, descriptors,
// limits, signals, credentials), or while nobody stands ready to kill it when
// the daemon dies.
//
// It knows no policy. A Spec is plain data and open descriptors; Launcher turns
// it into a process and its tree, and Process ends both. The child is cloned in
// this process, sharing its memory while the launching thread is suspended, and
// runs child.c: one sentence for each step, in the order that makes them hold.
//
// Unsafe code and C stand in the files named _unsafe_linux.go and in the C
// files beside them.
package sandbox
