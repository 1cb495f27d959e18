package importer_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rootgate-project/rootgate/policy"
	"github.com/rootgate-project/rootgate/policy/argv"
	"github.com/rootgate-project/rootgate/policy/importer"
)

var update = flag.Bool("update", false, "write the counts of differences, and golden files, again")

const samples = "testdata/rootwrap"

// sample is a request with rootwrap's verdict for one set of filters.
type sample struct {
	argv    []string
	verdict string
	filter  string // that matched
	mutated bool
}

// lines decodes a file of JSON, an object a line.
func lines[T any](t *testing.T, name string) []T {
	t.Helper()
	f, err := os.Open(filepath.Join(samples, name))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var out []T
	scanner := bufio.NewScanner(f)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		var v T
		if err := json.Unmarshal(scanner.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
	if err := scanner.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// readSamples returns the requests by set of filters, and what each project was
// seen to run.
func readSamples(t *testing.T) (bySet map[string][]sample, observed map[string][][]string) {
	t.Helper()
	bySet, observed = make(map[string][]sample), make(map[string][][]string)
	for _, r := range lines[struct {
		Argv     []string
		Verdicts map[string]string
	}](t, "requests.jsonl") {
		projects := make(map[string]bool)
		for set, v := range r.Verdicts {
			verdict, filter, _ := strings.Cut(v, ":")
			bySet[set] = append(bySet[set], sample{r.Argv, verdict, filter, false})
			projects[projectOf(set)] = true
		}
		for p := range projects {
			observed[p] = append(observed[p], r.Argv)
		}
	}
	for _, r := range lines[struct {
		Set, Verdict, Filter string
		Argv                 []string
	}](t, "mutated.jsonl") {
		bySet[r.Set] = append(bySet[r.Set], sample{r.Argv, r.Verdict, r.Filter, true})
	}
	return bySet, observed
}

func projectOf(set string) string {
	set, _, _ = strings.Cut(strings.TrimPrefix(set, "debian12-"), "@")
	return set
}

// readFilters returns the filter files of a set.
func readFilters(t *testing.T, set string) []importer.Source {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(samples, "filters", set, "*"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no filters in %s: %v", set, err)
	}
	var out []importer.Source
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, importer.Source{Name: filepath.Base(name), Data: data})
	}
	return out
}

// tally counts differences, and what rootwrap allows by a line with a rule.
type tally struct {
	mu             sync.Mutex
	processes      map[string]string // the programs of processes, by pid
	differences    map[string]int
	allowed, total map[bool]int // by whether the request was mutated
}

// TestDifferential decides every sample by the policy that its filters become.
// Nothing that rootwrap denies is allowed, and each request that it allows and
// the policy does not is of a class of the table, which says why.
func TestDifferential(t *testing.T) {
	bySet, observed := readSamples(t)
	counts := &tally{processes: readProcesses(t), differences: make(map[string]int), allowed: make(map[bool]int), total: make(map[bool]int)}
	t.Run("sets", func(t *testing.T) {
		for _, set := range slices.Sorted(maps.Keys(bySet)) {
			t.Run(set, func(t *testing.T) {
				t.Parallel()
				compareSet(t, counts, set, bySet[set], observed[projectOf(set)])
			})
		}
	})
	if t.Failed() {
		return
	}
	for _, mutated := range []bool{false, true} {
		t.Logf("mutated %v: of %d requests that a line with a rule matches, %d are allowed", mutated, counts.total[mutated], counts.allowed[mutated])
	}
	if counts.total[false] < 500 || counts.allowed[false]*10 < counts.total[false]*9 {
		t.Errorf("of %d real requests that rootwrap allows by a line with a rule, %d are allowed; want 9 of 10", counts.total[false], counts.allowed[false])
	}
	checkTable(t, counts.differences)
}

func compareSet(t *testing.T, counts *tally, set string, requests []sample, observed [][]string) {
	t.Helper()
	const caller = "agent"
	r, err := importer.Rootwrap(t.Context(), readFilters(t, set), importer.Options{Caller: caller, Observed: observed})
	if err != nil {
		t.Fatal(err)
	}
	s, findings := policy.Load(t.Context(), r.Files, policy.Options{Accounts: accounts{}})
	if err := findings.Err(); err != nil {
		t.Fatalf("the policy does not load: %v", err)
	}
	lines := make(map[string]importer.Line)
	for _, l := range r.Report.Lines {
		if was, ok := lines[l.Name]; !ok || l.Status > was.Status {
			lines[l.Name] = l
		}
	}
	matched := make(map[string]bool)
	for _, q := range requests {
		if q.verdict == "match" {
			matched[strings.Join(q.argv, "\x00")] = true
		}
	}
	counts.mu.Lock()
	defer counts.mu.Unlock()
	for _, q := range requests {
		d := s.Decide(policy.Caller{UID: 1000, GID: 1000}, policy.Request{Argv: q.argv})
		if d.Allowed() && !signalled(counts.processes, d, q.argv) {
			d = policy.Decision{}
		}
		if q.verdict != "match" {
			// A rule is for a program; a request may name it by its path as well.
			byName := append([]string{filepath.Base(d.Program)}, q.argv[min(1, len(q.argv)):]...)
			if d.Allowed() && (q.argv[0] != d.Program || !matched[strings.Join(byName, "\x00")]) {
				t.Errorf("%q is %s by rootwrap and allowed by %s:%d", q.argv, q.verdict, d.Rule.ID, d.Line)
			}
			if d.Allowed() {
				counts.differences[class(q, "", "its program by its path")]++
			}
			continue
		}
		line, ok := lines[q.filter]
		status := line.Status.String()
		if !ok {
			status = "built in"
		}
		if line.Status >= importer.Narrowed {
			counts.total[q.mutated]++
			if d.Allowed() {
				counts.allowed[q.mutated]++
			}
		}
		if !d.Allowed() {
			counts.differences[class(q, status+" "+kindOf(line), causeOf(q.argv))]++
		}
	}
}

// readProcesses returns the processes of the host on which rootwrap decided.
func readProcesses(t *testing.T) map[string]string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(samples, "processes.json"))
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]string
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// signalled stands in for the server, which looks at the process that a request
// means to signal.
func signalled(processes map[string]string, d policy.Decision, args []string) bool {
	for _, c := range d.Captures {
		if c.Type.Name() == "pid" && !slices.Contains(c.Type.Params().Exe, processes[args[c.Arg+1]]) {
			return false
		}
	}
	return true
}

// kindOf is the class of a filter.
func kindOf(l importer.Line) string {
	_, rest, _ := strings.Cut(l.Source, ": ")
	kind, _, _ := strings.Cut(rest, ",")
	return kind
}

// causeOf says what a request has that no rule admits.
func causeOf(args []string) string {
	if err := argv.CheckTokens(args); err != nil {
		return "characters or length"
	}
	for _, a := range args {
		if strings.Contains("/"+a+"/", "/../") {
			return "component .."
		}
	}
	return "values and shape"
}

func class(q sample, line, cause string) string {
	kind := "real"
	if q.mutated {
		kind = "mutated"
	}
	return strings.Join([]string{kind, strings.TrimSpace(line), cause}, "\t")
}

// checkTable compares counted differences with the table of reasons.
func checkTable(t *testing.T, got map[string]int) {
	t.Helper()
	name := filepath.Join(samples, "differences.tsv")
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	type row struct {
		count  int
		reason string
	}
	want := make(map[string]row)
	for line := range strings.Lines(string(data)) {
		f := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if strings.HasPrefix(line, "#") || len(f) != 5 {
			continue
		}
		var r row
		if _, err := fmt.Sscan(f[3], &r.count); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		r.reason = f[4]
		want[strings.Join(f[:3], "\t")] = r
	}
	var b bytes.Buffer
	b.WriteString("# kind of request\tline of the source\tcause\tcount\treason\n")
	for _, key := range slices.Sorted(maps.Keys(got)) {
		fmt.Fprintf(&b, "%s\t%d\t%s\n", key, got[key], want[key].reason)
		if want[key].count != got[key] || want[key].reason == "" {
			t.Errorf("%q: %d differences, the table has %d with the reason %q", key, got[key], want[key].count, want[key].reason)
		}
	}
	for key := range want {
		if got[key] == 0 {
			t.Errorf("%q: no such difference any more", key)
		}
	}
	if *update {
		if err := os.WriteFile(name, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// accounts are those of a host on which every name is known.
type accounts struct{}

func (accounts) User(name string) (uid, gid uint32, ok bool) {
	if name == "root" {
		return 0, 0, true
	}
	return 1000, 1000, true
}

func (a accounts) Group(name string) (gid uint32, ok bool) {
	_, gid, ok = a.User(name)
	return gid, ok
}

func (accounts) Groups(string) []uint32 { return nil }

// The policy of Debian 12's neutron, and what is said about it, are kept word by
// word: whoever changes the importer sees what changes for an operator.
func TestGoldenNeutron(t *testing.T) {
	r, err := importer.Rootwrap(t.Context(), readFilters(t, "debian12-neutron"), importer.Options{Caller: "neutron"})
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{"report.txt": []byte(r.Report.String())}
	for _, f := range r.Files {
		files[f.Name] = f.Data
	}
	for name, got := range files {
		name = filepath.Join("testdata/golden/debian12-neutron", name)
		if *update {
			if err := os.WriteFile(name, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
	}
}
