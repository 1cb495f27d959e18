package schema

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// object is a mapping that the schema describes.
type object struct {
	Title      string                     `json:"title"`
	Properties map[string]json.RawMessage `json:"properties"`
	Defs       map[string]object          `json:"$defs"`
	Additional any                        `json:"additionalProperties"`
}

// described returns the keys of every mapping of the schema, by its title.
func described(t *testing.T) map[string][]string {
	t.Helper()
	var root object
	if err := json.Unmarshal([]byte(JSON), &root); err != nil {
		t.Fatal(err)
	}
	out := make(map[string][]string)
	for _, o := range append(slices.Collect(maps.Values(root.Defs)), root) {
		if o.Properties == nil {
			continue
		}
		if o.Title == "" || out[o.Title] != nil {
			t.Errorf("the title %q of a mapping is empty or stands twice", o.Title)
		}
		if o.Additional != false {
			t.Errorf("%s allows keys that it does not name", o.Title)
		}
		out[o.Title] = slices.Sorted(maps.Keys(o.Properties))
		for key, p := range o.Properties {
			if !strings.Contains(string(p), `"description"`) && !strings.Contains(string(p), `"$ref"`) {
				t.Errorf("%s: %s has no description", o.Title, key)
			}
		}
	}
	return out
}

// read returns the keys of every mapping that the loader reads, and of those the
// keys that it keeps for later, by what it calls the mapping. It reads the
// source: the tables are not for others.
func read(t *testing.T) (keys, later map[string][]string) {
	t.Helper()
	keys, later = make(map[string][]string), make(map[string][]string)
	names, err := filepath.Glob("../*.go")
	if err != nil || len(names) == 0 {
		t.Fatalf("no sources: %v", err)
	}
	for _, name := range names {
		// Our own data about programs is no part of a policy.
		if strings.HasSuffix(name, "_test.go") || filepath.Base(name) == "knowledge.go" {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			lit, ok := n.(*ast.CompositeLit)
			if !ok {
				return true
			}
			if id, ok := lit.Type.(*ast.Ident); !ok || id.Name != "schema" {
				return true
			}
			fields := make(map[string][]string)
			for _, e := range lit.Elts {
				kv := e.(*ast.KeyValueExpr) //nolint:errcheck,forcetypeassert // the tables have keys; a test may panic
				fields[kv.Key.(*ast.Ident).Name] = texts(kv.Value)
			}
			what := strings.Join(fields["what"], " ")
			keys[what], later[what] = fields["keys"], fields["later"]
			return true
		})
	}
	// The one table that is made of another.
	keys["netns"] = append(slices.Clone(keys["a type"]), "required")
	later["netns"] = later["a type"]
	return keys, later
}

// texts returns the words of all strings in an expression.
func texts(e ast.Expr) []string {
	var out []string
	ast.Inspect(e, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if s, err := strconv.Unquote(lit.Value); err == nil {
				out = append(out, strings.Fields(s)...)
			}
		}
		return true
	})
	return out
}

// TestKeys holds the schema to the keys that the loader knows.
func TestKeys(t *testing.T) {
	got := described(t)
	want, later := read(t)
	if len(want) < 15 {
		t.Fatalf("%d mappings were found in the loader", len(want))
	}
	for what, keys := range want {
		if got[what] == nil {
			t.Errorf("policy.v1.json describes no mapping with the title %q", what)
		}
		for _, key := range keys {
			if !slices.Contains(got[what], key) {
				t.Errorf("policy.v1.json: %s has no key %q, which the loader reads", what, key)
			}
		}
	}
	for what, keys := range got {
		for _, key := range keys {
			if !slices.Contains(want[what], key) && !slices.Contains(later[what], key) {
				t.Errorf("policy.v1.json: %s has the key %q, which the loader does not know", what, key)
			}
		}
	}
}
