package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/font/liberation"
)

// Every letter of a label is in the font of the figures, which draws nothing where it has no sign: ⟨x x⟩ once came out as "x x".
func TestLettersOfFigures(t *testing.T) {
	sans := font.NewCache(liberation.Collection()).Lookup(font.Font{Typeface: "Liberation", Variant: "Sans"}, 12)
	labels := 0
	for _, dir := range []string{".", "../../bench", "../../models/rbm", "../../models/dmft", "../../models/rbm/synapse", "../../models/rbm/boltzmann"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, text := range texts(file) {
				labels++
				for _, letter := range text {
					if i, err := sans.Face.GlyphIndex(nil, letter); i == 0 || err != nil {
						t.Errorf("%s: the font has no %q of %q", name, letter, text)
					}
				}
			}
		}
	}
	if labels < 100 {
		t.Errorf("only %d labels were found", labels)
	}
}

// texts are the strings in the labels, names and titles of a file.
func texts(file *ast.File) (found []string) {
	ast.Inspect(file, func(n ast.Node) bool {
		pair, ok := n.(*ast.KeyValueExpr)
		if !ok {
			return true
		}
		key, ok := pair.Key.(*ast.Ident)
		if !ok || key.Name != "Label" && key.Name != "Name" && key.Name != "Title" {
			return true
		}
		ast.Inspect(pair.Value, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if text, err := strconv.Unquote(lit.Value); err == nil {
					found = append(found, text)
				}
			}
			return true
		})
		return true
	})
	return found
}
