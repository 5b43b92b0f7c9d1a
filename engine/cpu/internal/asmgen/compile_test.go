package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// compiled translates the function f of a file of definitions and lists its values.
func compiled(t *testing.T, source string) (text string, failure any) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "f.go"), []byte("package vec\n"+source), 0o644); err != nil {
		t.Fatal(err)
	}
	defer func() { failure = recover() }()
	form := newFormula(32)
	c := compiler{parseDefinitions(dir, "f.go"), form, map[string]bool{"fma": true}}
	var args []operand
	for range c.funcs["f"].Type.Params.List[0].Names {
		args = append(args, operand{value: form.add("in", uint64(len(args)))})
	}
	return describe(form.needed(c.apply("f", args))), nil
}

// describe writes one value after another, operands a, b, c and results 0, 1, … by number.
func describe(values []*value) string {
	name := map[*value]string{}
	var lines []string
	for _, v := range values {
		if v.op == "in" {
			name[v] = string(rune('a' + v.bits))
			continue
		}
		line := v.op
		if v.op == "cmp" || v.op == "shl" {
			line += fmt.Sprintf(":%#x", v.bits)
		}
		for _, a := range v.args {
			if a.op == "const" {
				line += fmt.Sprintf(" %v", math.Float32frombits(uint32(a.bits)))
			} else {
				line += " " + name[a]
			}
		}
		name[v] = fmt.Sprint(len(lines))
		lines = append(lines, line)
	}
	return strings.Join(lines, "; ")
}

func TestCompile(t *testing.T) {
	const head = "func f(a, b, c float32) float32 "
	const fma = "\nfunc fma32(a, b, c float32) float32 { return 0 }"
	for _, c := range []struct{ name, source, want string }{
		{"arithmetic in order", head + "{ return (a + b) / (a - c) }", "add a b; sub a c; div 0 1"},
		{"equal values once", head + "{ return (a + b) / (a + b) }", "add a b; div 0 0"},
		{"a rounded product may be added", head + "{ return float32(a*b) + c }", "mul a b; add 0 c"},
		{"negated factor", head + "{ return fma32(-a, b, c) }" + fma, "fnma a b c"},
		{"upper clamp keeps NaN", head + "{\n if a > 2 {\n a = 2\n }\n return a }", "min 2 a"},
		{"lower clamp keeps NaN", head + "{\n if a < 2 {\n a = 2\n }\n return a }", "max 2 a"},
		{"smaller", head + "{\n if a < b {\n return a\n }\n return b }", "min a b"},
		{"larger", head + "{\n if a > b {\n return a\n }\n return b }", "max a b"},
		{"negation is true of NaN", head + "{\n if !(a < b) {\n return c\n }\n return b }", "cmp:0x15 a b; sel 0 c b"},
		{"first return wins", head + "{\n if a == 1 {\n return b\n }\n if a == 2 {\n return c\n }\n return a }", "cmp:0x0 a 2; sel 0 c a; cmp:0x0 a 1; sel 2 b 1"},
		{"calls are inlined", head + "{ return g(a, g(b, c)) }\nfunc g(x, y float32) float32 { return x - y }", "sub b c; sub a 0"},
		{"constants are exact", "const third = 1.0 / 3\n" + head + "{ return a + third*3 }", "add a 1"},
	} {
		if got, failure := compiled(t, c.source); got != c.want || failure != nil {
			t.Errorf("%s: %q (%v), want %q", c.name, got, failure, c.want)
		}
	}
}

// TestCompileRejects: what another processor would compute differently, and what the language of definitions lacks.
func TestCompileRejects(t *testing.T) {
	for _, c := range []struct{ source, want string }{
		{"func f(a, b, c float32) float32 { return a*b + c }", "fuse"},
		{"func f(a, b, c float32) float32 {\n p := a * b\n return c - p }", "fuse"},
		{"func f(a, b, c float32) float32 {\n p := c\n if a > b {\n p = a * b\n }\n return c - p }", "fuse"},
		{"func f(a float32) float32 {\n for {\n }\n }", "statement"},
		{"func f(a float32) float32 { return g(a) }\nvar g func(float32) float32", "no definition of g"},
	} {
		if got, failure := compiled(t, c.source); failure == nil || !strings.Contains(fmt.Sprint(failure), c.want) {
			t.Errorf("%s: %q, %v, want a complaint with %q", c.source, got, failure, c.want)
		}
	}
}
