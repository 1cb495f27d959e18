// Package policy decides which token sequences may run, for whom, and with
// what effect.
//
// It refuses to guess. What no rule spells out is denied; a request that two
// rules allow with different effects is denied; a file with one unknown key,
// one wrong type or one failing test gives no snapshot at all. The zero
// Decision denies. There are no deny rules and no default callers, and the
// order of files, rules and lines means nothing.
//
// The package is pure: it reads no file, no clock and no environment, starts
// nothing and knows no transport. Facts about the host, such as where a path
// leads, are not its business: a Decision carries the captures for which the
// server has to ask the kernel.
//
// A Snapshot is immutable and safe for concurrent use.
package policy
