package landlock

import (
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"sync"
)

// Spec says what a view holds.
type Spec struct {
	// Interpreter is the program's ELF interpreter: read and executed. Empty
	// for a static program.
	Interpreter string
	// Rules are those of the policy.
	Rules []PathRule
	// Base replaces the base view. Nil stands for Base(), an empty slice for
	// no base at all.
	Base []PathRule
	// Files shares what is open with other views. Nil: this view has its own.
	Files *Files
}

// FDRule gives access to an open file or directory for one launch.
type FDRule struct {
	File   *os.File // O_PATH is enough; stays the caller's
	Access Access
}

// Call is what one launch needs beyond the view.
type Call struct {
	// Program is the pinned executable: read and executed. It stays the
	// caller's. Nil gives none.
	Program *os.File
	Rules   []FDRule
	// Late says that the child will add rules itself. The ruleset is then
	// made for this launch alone.
	Late bool
}

// View is a prepared set of rules, safe for concurrent use. The zero View is not
// usable.
type View struct {
	abi   int
	host  bool
	files *Files

	mu     sync.RWMutex
	closed bool
	rules  []opened
	// ready is the ruleset for launches without rules of their own. It is
	// shared and never written to again.
	ready        *os.File
	readyProgram *os.File
}

// errClosed is what a closed view answers.
var errClosed = errors.New("landlock view is closed")

// NewView opens every path of a specification. Without Landlock the error is an
// [*ABIError]; a path that is missing and not optional is an fs.ErrNotExist.
func NewView(spec Spec) (*View, error) {
	abi, err := ABI()
	if err != nil {
		return nil, err
	}
	return newView(spec, abi)
}

func newView(spec Spec, abi int) (*View, error) {
	if abi < abiFiles {
		return nil, &ABIError{Have: abi, Need: abiFiles}
	}
	rules := spec.Base
	if rules == nil {
		rules = Base()
	}
	rules = append(slices.Clip(rules), spec.Rules...)
	if spec.Interpreter != "" {
		rules = append(rules, PathRule{Path: spec.Interpreter, Access: Read | Exec})
	}
	v := &View{abi: abi, files: spec.Files}
	for _, rule := range rules {
		o := opened{rule: rule}
		err := checkRule(rule)
		if err == nil {
			o, err = spec.Files.open(rule)
		}
		v.rules = append(v.rules, o)
		if err != nil {
			_ = v.Close() // the rules opened so far; the first error tells
			return nil, fmt.Errorf("prepare landlock view: %w", err)
		}
	}
	return v, nil
}

func checkRule(rule PathRule) error {
	if !path.IsAbs(rule.Path) || path.Clean(rule.Path) != rule.Path {
		return fmt.Errorf("%q is not an absolute, clean path", rule.Path)
	}
	return checkAccess(rule.Access, rule.Path)
}

func checkAccess(access Access, name string) error {
	if access == 0 || access&^allAccess != 0 {
		return fmt.Errorf("rule for %q gives access %#x", name, uint8(access))
	}
	return nil
}

// HostView returns the view of commands that must mount: no right on files is
// handled, since a domain that handles any cannot mount, and only the scopes
// hold. Before ABI 6 there are no scopes, and the kernel refuses a ruleset that
// handles nothing; the error is an [*ABIError] then, and a launch without
// ruleset is all there is. What the scopes give (no signal to another command
// of the same uid, no tracing of it) is lost there, and only another uid for
// each such rule makes up for it.
func HostView() (*View, error) {
	abi, err := ABI()
	if err != nil {
		return nil, err
	}
	return hostView(abi)
}

func hostView(abi int) (*View, error) {
	if abi < abiScopes {
		return nil, &ABIError{Have: abi, Need: abiScopes}
	}
	return &View{abi: abi, host: true}, nil
}

// ABI returns the Landlock version that the view was made for.
func (v *View) ABI() int { return v.abi }

// Scoped reports whether the view keeps signals and abstract sockets in.
func (v *View) Scoped() bool { return Scopes(v.abi) != 0 }

// Files reports whether the view limits access to files; a host view does not.
func (v *View) Files() bool { return !v.host }

// Rights returns the bits of a late rule, as landlock_add_rule takes them.
func (v *View) Rights(access Access, directory bool) uint64 {
	if v.host {
		return 0
	}
	return Rights(access, directory, v.abi)
}

// Close gives back all descriptors. Rulesets handed out stay usable.
func (v *View) Close() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	var errs []error
	for i := range v.rules {
		errs = append(errs, v.rules[i].close())
	}
	errs = append(errs, v.drop())
	v.rules, v.closed = nil, true
	return errors.Join(errs...)
}

// drop forgets the shared ruleset. The caller holds mu.
func (v *View) drop() error {
	if v.ready == nil {
		return nil
	}
	err := v.ready.Close()
	v.ready, v.readyProgram = nil, nil
	return err
}
