package policy

import "github.com/rootgate-project/rootgate/policy/argv"

// Caller is who asks, as the kernel says; never what a request claims.
type Caller struct {
	UID, GID uint32
	Groups   []uint32 // supplementary, in any order
	Unit     string   // the systemd service it runs in; empty: in none
}

// Request is what a caller asks for.
type Request struct {
	Argv  []string          // argv[0] is the program, by path or by basename
	Env   map[string]string // variables to pass
	Cwd   string            // empty: the rule's own
	Netns string            // empty: the server's own
	Stdin bool              // bytes are or will be given on standard input
}

// Verdict says whether a request may run. Only Allow allows.
type Verdict uint32

// The verdicts. Allow has half of its bits set, so that neither a zero value
// nor a flipped bit allows anything.
const (
	Deny  Verdict = 0
	Allow Verdict = 0x5AA5C33C
)

// Reason is a stable code, the ErrorInfo.reason of a refusal.
type Reason string

// The reasons of a Denial. Further codes of the contract belong to the server.
const (
	ReasonInvalidArgv      Reason = "INVALID_ARGV"
	ReasonInvalidEnv       Reason = "INVALID_ENV"
	ReasonNoRule           Reason = "NO_RULE"
	ReasonNoSuchSubcommand Reason = "NO_SUCH_SUBCOMMAND"
	ReasonValueNotOfType   Reason = "VALUE_NOT_OF_TYPE"
	ReasonValueOutOfRange  Reason = "VALUE_OUT_OF_RANGE"
	ReasonPathNotCanonical Reason = "PATH_NOT_CANONICAL"
	ReasonDuplicateOption  Reason = "DUPLICATE_OPTION"
	ReasonMissingArgument  Reason = "MISSING_ARGUMENT"
	ReasonExtraArgument    Reason = "EXTRA_ARGUMENT"
	ReasonValueMismatch    Reason = "VALUE_MISMATCH"
	ReasonAmbiguous        Reason = "AMBIGUOUS"
	ReasonNever            Reason = "NEVER"
	ReasonEnvNotAllowed    Reason = "ENV_NOT_ALLOWED"
	ReasonCwdNotAllowed    Reason = "CWD_NOT_ALLOWED"
	ReasonStdinNotAllowed  Reason = "STDIN_NOT_ALLOWED"
	ReasonNetnsNotAllowed  Reason = "NETNS_NOT_ALLOWED"
	ReasonNetnsRequired    Reason = "NETNS_REQUIRED"
	ReasonInnerNotAllowed  Reason = "INNER_NOT_ALLOWED"
)

// Decision is the answer to a request. The zero Decision denies.
type Decision struct {
	Verdict Verdict
	// Rule and Line are what allowed the request or, when it is denied, what
	// came nearest: nil and 0 when nothing did. Line counts from 1. Of a nested
	// command it is the rule whose program is executed: with wrappers around it
	// the first that is none.
	Rule *Rule
	Line int

	// The following are set only when the request is allowed.

	Program  string         // path of the program as the rule writes it
	SHA256   []string       // digests of which the program must have one; empty: any
	Argv     []string       // what to execute: the program's basename, then its arguments in the request
	Effect   Effect         // that of Rule, with what wrappers change in it
	Env      []string       // NAME=value, sorted; the whole environment
	Cwd      string         // absolute and canonical
	Owners   []uint32       // uids of which one must own Cwd; empty: anybody may
	Netns    string         // name of a network namespace; empty: none named
	Captures []argv.Capture // values of placeholders; Arg counts from the first argument, so Argv[Arg+1] holds it

	// Chain is all rules and lines of a nested command, the outermost first: it is
	// that one which admits the caller. Nil when the command is not nested.
	Chain []Link
	// Skip is how many tokens of Request.Argv stand in front of the program that
	// is executed: wrappers with their arguments. Request.Argv[Skip+i] is Argv[i].
	Skip int
	// Outer are the values of placeholders in those tokens. What a type holds a
	// value to holds for them as well. Arg+1 is the index into Request.Argv.
	Outer []argv.Capture

	// Denial says why; zero when the request is allowed.
	Denial Denial
}

// Allowed reports whether the request may run.
func (d Decision) Allowed() bool { return d.Verdict == Allow }

// Denial says what failed and what was expected. It holds lexical facts only,
// of rules that the caller may use.
type Denial struct {
	Reason Reason
	// ArgvIndex is the index into Request.Argv at which the request stopped
	// matching: -1 when the reason does not lie in argv, len(Argv) when more
	// was expected.
	ArgvIndex int
	// Expected is what would have been accepted there.
	Expected []argv.Expect
	// Nearest are at most three lines, best first.
	Nearest []Nearest
	// Message is one sentence.
	Message string
	// DidYouMean is a word that would have been accepted there, or empty.
	DidYouMean string
	// Escape says what the request is known to make its program do, as in "ip:
	// runs a program in a VRF". Empty for other requests, and for programs that
	// no rule for the caller runs.
	Escape string
}

// Nearest is a line that a refused request came near to.
type Nearest struct {
	Rule    *Rule
	Line    int
	Usage   string
	Pos     Position
	Matched int // arguments after argv[0] that it accepted
}

// Error returns Message, so that a denial can travel as an error.
func (d Denial) Error() string { return string(d.Reason) + ": " + d.Message }
