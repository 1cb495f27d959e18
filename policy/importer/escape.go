package importer

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/rootgate-project/rootgate/policy"
)

// escapeBatch bounds the programs that are asked about at once: a load shows so
// many findings and no more.
const escapeBatch = 32

// proveUnsafe gives lines that allow any arguments the shortest request by which
// their program does more than its name says, where that is known.
func (b *build) proveUnsafe(ctx context.Context) {
	var programs []string
	for _, d := range b.drafts {
		if d.naive == anyArguments && !slices.Contains(programs, d.program) {
			programs = append(programs, d.program)
		}
	}
	found := make(map[string]policy.Finding)
	for batch := range slices.Chunk(programs, escapeBatch) {
		for _, f := range b.escapes(ctx, batch) {
			name := strings.TrimPrefix(string(f.Rule), "r")
			var n int
			if _, err := fmt.Sscan(name, &n); err == nil && n < len(batch) && found[batch[n]].Witness == nil {
				found[batch[n]] = f
			}
		}
	}
	for _, d := range b.drafts {
		if f, ok := found[d.program]; ok && d.naive == anyArguments && d.admits(f.Witness) {
			d.line.Witness = f.Witness
			_, how, _ := strings.Cut(f.Message, "known escape: ")
			how, _, _ = strings.Cut(how, ": [")
			d.line.Reason += "; a known escape is " + how
		}
	}
}

// escapes returns what a check finds in rules that take any arguments.
func (b *build) escapes(ctx context.Context, programs []string) []policy.Finding {
	w := &writer{}
	w.line("version: 1\ncallers: []\nrules:")
	for i, p := range programs {
		w.line("  - id: r%d\n    exec: %s\n    argv: |\n      %s", i, p, anyArguments)
	}
	file := policy.File{Name: "any.yaml", Data: []byte(w.b.String())}
	_, findings := policy.Load(ctx, []policy.File{file}, policy.Options{Accounts: accounts{}})
	return slices.DeleteFunc(findings, func(f policy.Finding) bool { return f.ID != "P-ESCAPE" || f.Witness == nil })
}
