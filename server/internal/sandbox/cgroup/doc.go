// Package cgroup refuses to reuse a leaf that was ever killed, to touch a
// subtree whose owner is alive, and to report a tree as dead on any evidence
// but the kernel's.
//
// It keeps one subtree of the version 2 hierarchy for one daemon:
//
//	rootgate-PID-RANDOM/     locked with flock while the daemon or its guardian lives
//	    guard/               the guardian, out of reach of the executions' kill
//	    run/                 cgroup.kill here ends every execution at once
//	        1/ 2/ …          one leaf for each execution, prepared ahead
//
// No controller is switched on: the subtree exists to name the processes of a
// command, and to kill all of them however they fork.
package cgroup
