package client

import (
	"fmt"
	"syscall"
	"time"

	rootgatev1 "github.com/rootgate-project/rootgate/proto/rootgate/v1"
)

// ProcessState is what is known of a command: its identification as soon as it
// has started, the rest when it has ended. It does not change after [Cmd.Wait].
type ProcessState struct {
	executionID string
	takesStdin  bool
	decision    Decision
	exited      *rootgatev1.Exited
}

// Decision names what allowed a command.
type Decision struct {
	// Rule id, as written in the policy.
	Rule string
	// Line of the rule, from 1.
	Line int
	// Generation of the policy, counted since the server started, from 1.
	Generation uint64
}

// Usage is what a command used.
type Usage struct {
	// Wall time from launch to the death of the whole tree.
	Wall time.Duration
	// CPU time of user and system, of the leader and what it waited for.
	CPU time.Duration
	// MaxRSS is the peak resident memory in bytes; 0 when the host cannot tell.
	MaxRSS uint64
}

// Layer is one layer of the sandbox.
type Layer struct {
	// Name, such as seccomp.
	Name string
	// Enforced says whether the kernel held the command to it.
	Enforced bool
	// Detail, or why it was not enforced.
	Detail string
}

// ExitError is a command that ran and did not exit with 0.
type ExitError struct {
	*ProcessState
	// Stderr holds what the command wrote there, when [Cmd.Output] collected it:
	// at most the first and the last 32 KiB.
	Stderr []byte
}

// Error describes how the command ended.
func (e *ExitError) Error() string { return e.String() }

func (p *ProcessState) status() *rootgatev1.ExitStatus { return p.exited.GetExitStatus() }

// Exited reports whether the command ended by exiting.
func (p *ProcessState) Exited() bool {
	_, ok := p.status().GetStatus().(*rootgatev1.ExitStatus_Code)
	return ok
}

// ExitCode returns the exit code, 0 to 255, or -1 when a signal ended the
// command or its end is not known.
func (p *ProcessState) ExitCode() int {
	if !p.Exited() {
		return -1
	}
	return int(p.status().GetCode())
}

// Success reports whether the command exited with 0.
func (p *ProcessState) Success() bool { return p.ExitCode() == 0 }

// Signal returns the signal that ended the command, or 0.
func (p *ProcessState) Signal() syscall.Signal { return syscall.Signal(p.status().GetSignal()) }

// SeccompKilled reports whether the command made a system call for which its
// profile has it killed.
func (p *ProcessState) SeccompKilled() bool { return p.status().GetSeccompKilled() }

// ExecutionID identifies the execution in the audit log.
func (p *ProcessState) ExecutionID() string { return p.executionID }

// TakesStdin reports whether the rule takes standard input.
func (p *ProcessState) TakesStdin() bool { return p.takesStdin }

// Decision returns what allowed the command.
func (p *ProcessState) Decision() Decision { return p.decision }

// StdoutTruncated reports whether output beyond the rule's limit was dropped.
func (p *ProcessState) StdoutTruncated() bool { return p.exited.GetStdoutTruncated() }

// StderrTruncated reports whether error output beyond the rule's limit was
// dropped.
func (p *ProcessState) StderrTruncated() bool { return p.exited.GetStderrTruncated() }

// Usage returns what the command used.
func (p *ProcessState) Usage() Usage {
	u := p.exited.GetUsage()
	return Usage{Wall: u.GetWall().AsDuration(), CPU: u.GetCpu().AsDuration(), MaxRSS: u.GetMaxRssBytes()}
}

// Enforcement returns every layer of the sandbox, in the order of the launch.
func (p *ProcessState) Enforcement() []Layer {
	var layers []Layer
	for _, l := range p.exited.GetEnforcement().GetLayers() {
		layers = append(layers, Layer{Name: l.GetName(), Enforced: l.GetEnforced(), Detail: l.GetDetail()})
	}
	return layers
}

// String describes how the command ended, as os.ProcessState does.
func (p *ProcessState) String() string {
	switch {
	case p.Exited():
		return fmt.Sprintf("exit status %d", p.ExitCode())
	case p.SeccompKilled():
		return fmt.Sprintf("signal: %v (its seccomp profile forbids a system call that it made)", p.Signal())
	case p.Signal() != 0:
		return fmt.Sprintf("signal: %v", p.Signal())
	default:
		return "end unknown"
	}
}
