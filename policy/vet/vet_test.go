package vet

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/rootgate-project/rootgate/policy"
)

const head = "version: 1\ncallers: [{user: alice}]\nrules:\n"

func run(t *testing.T, name, rules string) Report {
	t.Helper()
	return Run(t.Context(), []policy.File{{Name: name, Data: []byte(head + rules)}}, Options{})
}

const (
	clean   = "  - {id: a, exec: /bin/true, argv: '', tests: {allow: ['true']}}\n"
	warned  = "  - {id: a, exec: /bin/true, argv: ''}\n"
	noted   = "  - {id: a, why: x, accept: [T-DASH], exec: /bin/true, argv: '', tests: {allow: ['true']}}\n"
	refused = "  - {id: a, exec: /bin/true, argv: ''}\n  - {id: b, exec: /bin/true, argv: '', run: {nice: 1}}\n"
)

func TestFailed(t *testing.T) {
	for _, c := range []struct {
		name, rules     string
		strict, lenient bool
	}{
		{"clean", clean, false, false},
		{"warning", warned, true, false},
		{"accepted", strings.Replace(warned, "id: a", "id: a, why: x, accept: [A-NOTEST]", 1), false, false},
		{"note", noted, false, false},
		{"error", refused, true, true},
		{"nonsense", "nonsense", true, true},
	} {
		if r := run(t, "p.yaml", c.rules); r.Failed(true) != c.strict || r.Failed(false) != c.lenient {
			t.Errorf("%s: %v, %v: %v", c.name, r.Failed(true), r.Failed(false), r.Findings)
		}
	}
	if !(Report{}).Failed(false) {
		t.Error("the zero report passes")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if r := Run(ctx, []policy.File{{Name: "p", Data: []byte(head + clean)}}, Options{}); !r.Failed(false) {
		t.Error("a run that was cancelled passes")
	}
}

func TestText(t *testing.T) {
	if got, want := run(t, "p.yaml", clean).Text(), "1 files, 1 rules, 1 lines: clean\n"; got != want {
		t.Errorf("got %q", got)
	}
	want := `p.yaml:5:36: E A-OVERLAP: rules a:1 and b:1 both accept [true] with different effects (nice 0 and 1); the first stands at p.yaml:4, the second at p.yaml:5
      - {id: b, exec: /bin/true, argv: '', run: {nice: 1}}
                                       ^
    for example: true
1 files: refused: 1 errors, 0 warnings, 0 notes
`
	if got := run(t, "p.yaml", refused).Text(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	r := Report{Findings: policy.Findings{{ID: "X", File: "a\x1b[2J", Line: 1, Column: 2, Message: "b\nc", Excerpt: "d\x07\ne", Witness: []string{"", "f g", "\x00"}}}}
	want = "a\\x1b[2J:1:2: E X: b\\nc\n    d\\a\n    e\n    for example: \"\" \"f g\" \"\\x00\"\n0 files: refused: 1 errors, 0 warnings, 0 notes\n"
	if got := r.Text(); got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestJSON(t *testing.T) {
	got, err := run(t, "p.yaml", clean).JSON()
	if err != nil || string(got) != "{\n  \"findings\": []\n}\n" {
		t.Errorf("%s, %v", got, err)
	}
	got, err = run(t, "p.yaml", warned+"  - {id: b, exec: /bin/x, argv: |\n}").JSON()
	if err != nil || !json.Valid(got) {
		t.Errorf("%s, %v", got, err)
	}
	got, err = run(t, "p.yaml", refused).JSON()
	want := `{
  "findings": [
    {
      "id": "A-OVERLAP",
      "severity": "E",
      "file": "p.yaml",
      "line": 5,
      "column": 36,
      "rule": "b",
      "message": "rules a:1 and b:1 both accept [true] with different effects (nice 0 and 1); the first stands at p.yaml:4, the second at p.yaml:5",
      "witness": [
        "true"
      ]
    }
  ]
}
`
	if err != nil || string(got) != want {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestGitHub(t *testing.T) {
	r := Report{Findings: policy.Findings{
		{ID: "A-X", File: "a,b:c\n.yaml", Line: 1, Column: 2, Message: "50% of\n::error::x", Witness: []string{"ip", "a b"}},
		{ID: "B", Severity: policy.SeverityWarning, File: "p.yaml", Message: "w"},
		{ID: "C", Severity: policy.SeverityNote, Message: "n"},
	}}
	want := "::error file=a%2Cb%3Ac%0A.yaml,line=1,col=2,title=A-X::50%25 of%0A::error::x%0Afor example: ip \"a b\"\n" +
		"::warning file=p.yaml,title=B::w\n::notice title=C::n\n"
	if got := r.GitHub(); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestSARIF(t *testing.T) {
	r := Report{Findings: policy.Findings{
		{ID: "Z", File: "/etc/a b.yaml", Line: 3, Column: 4, Rule: "r", Message: "m", Witness: []string{"x"}},
		{ID: "A", Severity: policy.SeverityWarning, File: "p.d/10%.yaml", Message: "w"},
		{ID: "Z", Severity: policy.SeverityNote, Message: "n"},
	}}
	got, err := r.SARIF()
	if err != nil {
		t.Fatal(err)
	}
	var log struct {
		Version string
		Runs    []struct {
			Tool struct {
				Driver struct{ Rules []struct{ ID string } }
			}
			Results []struct {
				RuleID    string
				RuleIndex int
				Level     string
				Message   struct{ Text string }
				Locations []struct {
					PhysicalLocation struct {
						ArtifactLocation struct{ URI string }
						Region           *struct{ StartLine, StartColumn int }
					}
				}
			}
		}
	}
	if err := json.Unmarshal(got, &log); err != nil || log.Version != "2.1.0" || len(log.Runs) != 1 || len(log.Runs[0].Results) != 3 {
		t.Fatalf("%v\n%s", err, got)
	}
	rules, res := log.Runs[0].Tool.Driver.Rules, log.Runs[0].Results
	for i, level := range []string{"error", "warning", "note"} {
		if res[i].Level != level || res[i].RuleID != r.Findings[i].ID || rules[res[i].RuleIndex].ID != res[i].RuleID {
			t.Errorf("result %d: %+v of %+v", i, res[i], rules)
		}
	}
	first := res[0].Locations[0].PhysicalLocation
	if first.ArtifactLocation.URI != "file:///etc/a%20b.yaml" || first.Region.StartLine != 3 || first.Region.StartColumn != 4 || res[0].Message.Text != "m\nfor example: x" {
		t.Errorf("%+v", res[0])
	}
	if second := res[1].Locations[0].PhysicalLocation; second.ArtifactLocation.URI != "p.d/10%25.yaml" || second.Region != nil {
		t.Errorf("%+v", second)
	}
	if res[2].Locations != nil || !strings.Contains(string(got), `"results": [`) {
		t.Errorf("%s", got)
	}
	if empty, err := (Report{}).SARIF(); err != nil || !strings.Contains(string(empty), `"results": []`) || !strings.Contains(string(empty), `"rules": []`) {
		t.Errorf("%s, %v", empty, err)
	}
}
