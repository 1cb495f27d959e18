package policy

import (
	"slices"
	"strings"

	"github.com/rootgate-project/rootgate/policy/argv"
)

// RuleID names a rule; it is unique in a policy.
type RuleID string

// ProfileName names a profile of a file.
type ProfileName string

// Rule is one resolved rule: its profile is merged into Effect, its callers are
// its own or those of its file. Rules are shared by all users of a snapshot and
// must not be changed.
type Rule struct {
	ID       RuleID
	Why      string // the author's reason; may be empty
	Pos      Position
	Programs []Program    // at least one, in the order written
	Profile  ProfileName  // "base" unless the rule names another
	Callers  []CallerSpec // empty: nobody may call it directly
	// Overrides are the rules, sorted, from which this one takes the requests that
	// both accept.
	Overrides []RuleID
	Effect    Effect
	Netns     Netns
	Env       Env
	Cwd       []string // roots below which a request may choose its directory, sorted
	CwdOwner  CwdOwner // of the directory that a request chooses
	Stdin     Stdin
	Signals   []string    // names without SIG that a caller may send, sorted
	Lines     []Line      // Lines[i].Number == i+1
	Types     []NamedType // that the lines name, sorted by name
	Accept    []string    // checks whose warnings the rule accepts
	// AllowTests and DenyTests count the tests of the rule.
	AllowTests, DenyTests int

	Chain []RuleID // rules whose commands its lines nest, sorted; empty: its lines nest none
	Wrap  Wrapper  // what the server does itself instead of executing the program
	// Inner are the rules of the nested commands, the outermost first, in a rule
	// that was made of a chain; see Executable. Empty in all others.
	Inner []*Rule

	origins origins
	key     string // everything that a request cannot choose; see decide
	nest    *nest  // nil in a rule as it was written
}

// Program is a file that a rule runs.
type Program struct {
	Path   string   // absolute and canonical, as the rule writes it
	SHA256 []string // lowercase hex digests of which the file must have one; empty: any
}

// CwdOwner says who may own a directory that a request chooses. The zero value
// admits any owner.
type CwdOwner struct {
	Caller bool     // whoever asks
	Names  []string // accounts, by name or number, sorted
	ids    []uint32 // of Names
}

// String returns the owners in the notation of policies, empty for any.
func (o CwdOwner) String() string {
	names := o.Names
	if o.Caller {
		names = append([]string{ownerCaller}, names...)
	}
	if len(names) == 0 {
		return ""
	}
	return "[" + strings.Join(names, ", ") + "]"
}

// Line is one usage line: one alternative of a rule.
type Line struct {
	Number int    // from 1 within its rule as written
	Text   string // as written, continuations joined by a space
	Pos    Position
}

// CallerSpec admits callers that meet all of its conditions. The zero value
// admits nobody.
type CallerSpec struct {
	User  string // empty: any user; a number stands for a uid
	Group string // empty: any group; a number stands for a gid
	// Unit is the systemd service that the caller runs in; one "*" in it stands
	// for any characters. Empty: anywhere.
	Unit string

	byUser, byGroup bool
	uid, gid        uint32
	// unknown marks a name that no account has: the spec admits nobody.
	unknown bool
}

func (s CallerSpec) admits(c Caller) bool {
	if !s.possible() || s.byUser && c.UID != s.uid || s.Unit != "" && !inUnit(s.Unit, c.Unit) {
		return false
	}
	return !s.byGroup || c.GID == s.gid || slices.Contains(c.Groups, s.gid)
}

// Profiles returns the profiles that are merged into the rule's effect, base
// first.
func (r *Rule) Profiles() []ProfileName {
	return append([]ProfileName{baseProfile}, r.Effect.profiles...)
}

func (r *Rule) admits(c Caller) bool {
	for _, s := range r.Callers {
		if s.admits(c) {
			return true
		}
	}
	return false
}

// Netns says whether a request may name a network namespace. The zero value
// forbids it.
type Netns struct {
	Type     *argv.Type // nil: a request may name none
	Required bool       // whether it must name one
}

// Env is the environment of a rule's commands. Nothing else gets in.
type Env struct {
	Set  []EnvVar  // sorted by name
	Pass []EnvPass // sorted by name, no name that Set has
}

// EnvVar is a variable with its value.
type EnvVar struct{ Name, Value string }

// EnvPass is a variable that a request may give.
type EnvPass struct {
	Name string
	Type *argv.Type
}

// Command is one usage line that a caller may run.
type Command struct {
	Rule       RuleID
	Line       int
	Programs   []string // paths, as the rule writes them
	Usage      string
	TakesStdin bool
	Netns      string   // the type of namespace names, empty: none
	Env        []string // names that may be passed, sorted
	Why        string
}
