package policy

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/rootgate-project/rootgate/policy/argv"
)

// maxTests bounds the tests of one rule.
const maxTests = 200

// testCase is one test of a rule.
type testCase struct {
	node   *yaml.Node
	allow  bool
	req    Request
	stdin  []byte
	caller *Caller // nil: anybody whom the rule admits
}

// readTests reads "tests: {allow: [...], deny: [...]}".
func (d *document) readTests(n *yaml.Node, programs []Program) []testCase {
	f, ok := d.fields(n, schema{what: "tests", keys: []string{"allow", "deny"}})
	if !ok {
		return nil
	}
	var out []testCase
	for _, kind := range []string{"allow", "deny"} {
		v, ok := f[kind]
		if !ok {
			continue
		}
		items, ok := d.list(v.value, "tests."+kind)
		if !ok {
			continue
		}
		for _, item := range items {
			if t, ok := d.readTest(item, programs); ok {
				t.allow = kind == "allow"
				out = append(out, t)
			}
		}
	}
	if len(out) > maxTests {
		d.fail(n, "F-LIMIT", "%d tests, the limit is %d a rule", len(out), maxTests)
		return nil
	}
	return out
}

func (d *document) readTest(n *yaml.Node, programs []Program) (t testCase, ok bool) {
	t.node = n
	if n.Kind == yaml.MappingNode {
		t, ok = d.readTestMap(n)
	} else {
		t.req.Argv, ok = d.testArgv(n)
	}
	if !ok {
		return t, false
	}
	if len(t.req.Argv) > 0 && !slices.ContainsFunc(programs, func(p Program) bool {
		return t.req.Argv[0] == p.Path || t.req.Argv[0] == path.Base(p.Path)
	}) {
		d.fail(n, "A-NOTEST", "the test runs %q, which is no program of the rule", clip(t.req.Argv[0]))
		return t, false
	}
	return t, true
}

// testArgv reads the arguments of a test: text that is split at spaces, or a
// list of exact tokens.
func (d *document) testArgv(n *yaml.Node) ([]string, bool) {
	if n.Kind == yaml.SequenceNode {
		out := make([]string, 0, len(n.Content))
		for _, c := range n.Content {
			s, ok := d.text(c, "a token of a test")
			if !ok {
				return nil, false
			}
			out = append(out, s)
		}
		return out, true
	}
	s, ok := d.text(n, "a test")
	if !ok {
		return nil, false
	}
	out, err := argv.SplitTest(s)
	if err != nil {
		d.fail(n, "A-NOTEST", "test: %s", clipLong(err.Error()))
		return nil, false
	}
	return out, true
}

var testSchema = schema{what: "a test", keys: strings.Fields("argv netns env cwd stdin caller")}

func (d *document) readTestMap(n *yaml.Node) (t testCase, ok bool) {
	t.node = n
	f, ok := d.fields(n, testSchema)
	if !ok {
		return t, false
	}
	before := d.out.counts[SeverityError]
	if v, ok := f["argv"]; ok {
		t.req.Argv, _ = d.testArgv(v.value)
	} else {
		d.lacks(n, testSchema, "F-VALUE", "a test has no argv:")
	}
	if v, ok := f["netns"]; ok {
		t.req.Netns, _ = d.text(v.value, "netns")
	}
	if v, ok := f["cwd"]; ok {
		t.req.Cwd, _ = d.text(v.value, "cwd")
	}
	if v, ok := f["stdin"]; ok {
		s, _ := d.text(v.value, "stdin")
		t.stdin, t.req.Stdin = []byte(s), true
	}
	if v, ok := f["env"]; ok {
		t.req.Env = make(map[string]string)
		for _, p := range d.mapping(v.value, "env") {
			t.req.Env[p.key.Value], _ = d.text(p.value, "env "+clip(p.key.Value))
		}
	}
	if v, ok := f["caller"]; ok {
		t.caller = d.testCaller(v.value)
	}
	return t, d.out.counts[SeverityError] == before
}

// testCaller reads "caller: USER" or "caller: {user: USER, unit: NAME}".
func (d *document) testCaller(n *yaml.Node) *Caller {
	user, unit := n, ""
	if n.Kind == yaml.MappingNode {
		f, ok := d.fields(n, schema{what: "caller", keys: []string{"user", "unit"}})
		if !ok {
			return nil
		}
		v, ok := f["user"]
		if !ok {
			d.fail(n, "F-VALUE", "the caller of a test has no user:")
			return nil
		}
		user = v.value
		if v, ok := f["unit"]; ok {
			unit, _ = d.word(v.value, "unit")
		}
	}
	a, ok := d.knownAccount(user, "caller", false)
	if !ok {
		return nil
	}
	c := &Caller{UID: a.id, GID: a.gid, Unit: unit}
	if !a.byNumber {
		c.Groups = d.accounts.Groups(a.name)
	}
	return c
}

// runTests decides the tests of all rules and reports those that fail, and the
// lines that no allow test exercises.
func (l *loading) runTests(s *Snapshot, drafts []*draftRule) {
	for _, r := range drafts {
		if l.expired(r.Pos.File, r.Pos.Line, "the tests of this rule") {
			return
		}
		r.doc.rule = r.ID
		for _, t := range r.tests {
			r.runTest(s, t)
			s.tests++
		}
		for i, tested := range r.tested {
			if !tested {
				pos := r.Lines[i].Pos
				r.doc.report(SeverityWarning, pos.Line, pos.Column, "A-NOTEST",
					"%s:%d has no allow test", r.ID, i+1)
			}
		}
		if l.cover {
			r.cover(s)
		}
	}
}

// runTest judges a test by its own rule: what another rule would say does not
// make a rule's test pass or fail. An allow test must in addition not be
// ambiguous for a caller of the rule.
func (r *draftRule) runTest(s *Snapshot, t testCase) {
	dec := s.decide(t.req, func(o *Rule) bool {
		return o.ID == r.ID && (t.caller == nil || r.admits(*t.caller))
	})
	if dec.Allowed() && t.req.Stdin {
		if reason, msg := dec.Rule.Stdin.Check(t.stdin); reason != "" {
			dec = Decision{Rule: dec.Rule, Denial: Denial{Reason: reason, ArgvIndex: -1, Message: msg}}
		}
	}
	fail := func(format string, args ...any) {
		f := r.doc.finding(SeverityError, t.node.Line, t.node.Column, "A-NOTEST", "test failed: %s %s",
			clip(quoteAll(t.req.Argv)), fmt.Sprintf(format, args...))
		f.Witness = t.req.Argv
		r.doc.out.add(f)
	}
	switch {
	case t.allow && !dec.Allowed():
		fail("must be allowed, and is denied: %s %s", dec.Denial.Reason, dec.Denial.Message)
	case !t.allow && dec.Allowed():
		fail("must be denied, and is allowed by %s:%d", dec.Rule.ID, dec.Line)
	case t.allow:
		r.markTested(s, t.req)
		if all := s.decide(t.req, r.sharesCaller); all.Denial.Reason == ReasonAmbiguous {
			fail("is ambiguous: %s", all.Denial.Message)
		}
	}
}

// markTested marks every line of the rule that matches the request.
func (r *draftRule) markTested(s *Snapshot, req Request) {
	for _, p := range s.byName[req.Argv[0]] {
		for _, ref := range p.matcher.Match(req.Argv[1:], nil) {
			if written, line := p.rules[ref.Rule].outermost(ref.Line); written == r.Rule {
				r.tested[line-1] = true
				if r.doc.cover {
					r.used.Add(p.matcher, ref, req.Argv[1:])
				}
			}
		}
	}
}

// sharesCaller reports whether one and the same spec admits callers of both
// rules: such a caller may use both.
func (r *draftRule) sharesCaller(o *Rule) bool {
	return o.ID == r.ID || slices.ContainsFunc(o.Callers, func(c CallerSpec) bool {
		return slices.Contains(r.Callers, c)
	})
}
