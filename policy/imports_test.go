package policy

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestImports holds the package to its purity. It lives here and reads the
// sources itself: a test elsewhere would be answered from the test cache.
func TestImports(t *testing.T) {
	allowed := strings.Fields(`
		bytes cmp context crypto/sha256 embed encoding/binary encoding/hex errors fmt
		hash/fnv io io/fs maps math path regexp slices strconv strings sync time unicode unicode/utf8
		go.yaml.in/yaml/v4 go.yaml.in/yaml/v4/plugin/loaderlimits
		github.com/rootgate-project/rootgate/policy/argv
		github.com/rootgate-project/rootgate/policy/escapes`)
	// The clock is reached through packages that are needed for their types.
	clock := strings.Fields("time.Now time.Since time.Until time.After time.AfterFunc time.Sleep " +
		"time.NewTimer time.NewTicker time.Tick context.WithTimeout context.WithDeadline")
	names, err := filepath.Glob("*.go")
	if err != nil || len(names) == 0 {
		t.Fatalf("no sources: %v", err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range f.Imports {
			if path, _ := strconv.Unquote(spec.Path.Value); !slices.Contains(allowed, path) {
				t.Errorf("%s imports %s", name, path)
			}
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				if pkg, ok := sel.X.(*ast.Ident); ok && slices.Contains(clock, pkg.Name+"."+sel.Sel.Name) {
					t.Errorf("%s reads the clock: %s.%s", name, pkg.Name, sel.Sel.Name)
				}
			}
			if fn, ok := n.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s has an init function", name)
			}
			return true
		})
	}
}
