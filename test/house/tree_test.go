// Package house refuses changes that break the plan of the house: who may import
// whom, how long a file may be. It reads the source files themselves. A test that
// asks `go list` is answered from the test cache, which does not see the files
// behind the answer.
package house

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/rootgate-project/rootgate"

// root is the top of the module, relative to the working directory of the tests.
const root = "../.."

// source is one Go file of the module.
type source struct {
	path      string // relative to the top, with slashes
	pkg       string // folder, relative to the top
	imports   []string
	lines     int
	test      bool
	generated bool
	syntax    *ast.File
}

// files returns every file below the top by its path relative to it, without what
// is built or belongs to git, nor modules of their own.
func files(t *testing.T) []string {
	t.Helper()
	out, err := walk()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func walk() ([]string, error) {
	var out []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel := filepath.ToSlash(strings.TrimPrefix(strings.TrimPrefix(path, root), string(filepath.Separator)))
		switch {
		case d.IsDir() && (rel == ".git" || rel == ".cache" || rel == "bin" || rel == "test/bench/results"):
			return filepath.SkipDir
		case d.Type().IsRegular():
			out = append(out, rel)
		}
		return nil
	})
	if err == nil && len(out) < 10 {
		err = fmt.Errorf("got %d files below %s, want the whole module", len(out), root)
	}
	return out, err
}

// sources returns every Go file of the module, parsed.
func sources(t *testing.T) []source {
	t.Helper()
	out, err := parseOnce()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

var parseOnce = sync.OnceValues(parse)

func parse() ([]source, error) {
	paths, err := walk()
	if err != nil {
		return nil, err
	}
	fset := token.NewFileSet()
	var out []source
	for _, path := range paths {
		if !strings.HasSuffix(path, ".go") || strings.Contains(path, "/testdata/") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			return nil, err
		}
		syntax, err := parser.ParseFile(fset, path, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		s := source{
			path: path, pkg: filepath.ToSlash(filepath.Dir(path)), lines: bytes.Count(text, []byte("\n")),
			test: strings.HasSuffix(path, "_test.go"), generated: ast.IsGenerated(syntax), syntax: syntax,
		}
		for _, spec := range syntax.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return nil, err
			}
			s.imports = append(s.imports, name)
		}
		out = append(out, s)
	}
	return out, nil
}

// within reports whether path is one of trees or lies below one of them. A tree
// that ends in "/." stands for that folder alone.
func within(path string, trees ...string) bool {
	for _, tree := range trees {
		if exact, ok := strings.CutSuffix(tree, "/."); ok {
			if path == exact {
				return true
			}
		} else if path == tree || strings.HasPrefix(path, tree+"/") {
			return true
		}
	}
	return false
}

func TestWithin(t *testing.T) {
	tests := []struct {
		path, tree string
		want       bool
	}{
		{"server", "server", true},
		{"server/audit", "server", true},
		{"servers", "server", false},
		{"server", "server/audit", false},
		{"server", "server/.", true},
		{"server/audit", "server/.", false},
	}
	for _, tt := range tests {
		if got := within(tt.path, tt.tree); got != tt.want {
			t.Errorf("within(%q, %q) = %v, want %v", tt.path, tt.tree, got, tt.want)
		}
	}
}
