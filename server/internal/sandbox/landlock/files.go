package landlock

import "sync"

// Files keeps what the rules of several views name, each open once. Every
// descriptor of the server is copied and closed again in each launch, so that a
// hundred views of one base view would cost more than the launch itself. Safe for
// concurrent use. What it opened is closed when nothing refers to it any more.
type Files struct {
	mu     sync.Mutex
	byPath map[string]opened
}

// NewFiles returns an empty set.
func NewFiles() *Files { return &Files{byPath: make(map[string]opened)} }

// open opens what a rule names, or shares what another view has open and what
// still stands there. A nil Files opens for one view alone.
func (f *Files) open(rule PathRule) (opened, error) {
	o := opened{rule: rule}
	if f == nil {
		return o, o.open()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if have, ok := f.byPath[rule.Path]; ok {
		have.rule = rule
		if stale, err := have.stale(); err == nil && !stale {
			return have, nil
		}
	}
	if err := o.open(); err != nil {
		return o, err
	}
	if o.shared = o.file != nil; o.shared {
		f.byPath[rule.Path] = o
	}
	return o, nil
}
