package main

import (
	"fmt"
	"unicode"
)

// vectors writes every op of package vec for one level and lane width: for each pattern of operands one function of type vec.Func.
func vectors(v isa, t elem) func(*source) {
	return func(s *source) {
		defs := readDefinitions()
		s.goDecl("import \"unsafe\"\n")
		e := &emitter{source: s, isa: v, elem: t, pool: newPool("constants")}
		table := ""
		for _, d := range defs.ops {
			f := newFormula(8 * t.size)
			c := compiler{defs, f, v.native()}
			args := make([]operand, d.arity)
			for i := range args {
				args[i].value = f.add("in", uint64(i))
			}
			result := c.apply(map[int]string{4: d.f32, 8: d.f64}[t.size], args)
			for _, p := range patterns[d.arity] {
				name := v.level() + title(d.name) + title(p) + t.tag
				e.function(name, f, result, p)
				table += fmt.Sprintf("\t%q: %s,\n", d.name+"."+p, name)
			}
		}
		s.data(e.pool.name, e.pool.words...)
		if !v.masks {
			maskTable(s)
		}
		s.goDecl("var %sF%s = map[string]Func{\n%s}\n", v.level(), t.tag, table)
	}
}

// patterns must be those of vec.Patterns.
var patterns = [][]string{1: {"v"}, 2: {"vv", "vs", "sv"}, 3: {"vvv", "vvs", "vsv", "svv", "vss", "svs", "ssv"}}

func title(s string) string { return string(unicode.ToUpper(rune(s[0]))) + s[1:] }

// native lists the functions of ieee.go that are one instruction.
func (v isa) native() map[string]bool {
	return map[string]bool{"fma": true, "sqrt": true, "scale": v.masks}
}

// level is the name of package level's constant.
func (v isa) level() string { return map[bool]string{true: "avx512", false: "avx2"}[v.masks] }

// A pool collects the constants of a file.
type pool struct {
	name  string
	words []uint32
	at    map[string]int
}

func newPool(name string) *pool { return &pool{name: name, at: map[string]int{}} }

// offset is the place of a constant, in bytes.
func (p *pool) offset(bits uint64, size int) int {
	key := fmt.Sprint(bits, size)
	if o, ok := p.at[key]; ok {
		return o
	}
	o := 4 * len(p.words)
	p.words = append(p.words, uint32(bits))
	if size == 8 {
		p.words = append(p.words, uint32(bits>>32))
	}
	p.at[key] = o
	return o
}

// An emitter writes the functions of one file.
type emitter struct {
	*source
	isa
	elem
	pool *pool
}

func (e *emitter) lanes() int { return e.bytes / e.size }

// integer is the ending of integer instructions.
func (e *emitter) integer() string { return map[int]string{4: "D", 8: "Q"}[e.size] }

// maskAt is the register that holds the mask of the tail where there are no mask registers; values use those below.
const maskAt = 15

var pointers = [...]string{"SI", "R8", "R9"}

// function writes a loop over the groups of vectors of n elements without masks, then over single vectors with one.
func (e *emitter) function(name string, f *formula, result *value, pattern string) {
	b := newBody(e, f, result, pattern)
	e.text(name, "(n int, out, a, b, c unsafe.Pointer)", 40)
	e.op("MOVQ n+0(FP), CX")
	e.op("MOVQ out+8(FP), DI")
	for i := range pattern {
		e.op("MOVQ %c+%d(FP), %s", 'a'+i, 16+8*i, pointers[i])
	}
	b.prologue()
	step := b.unroll * e.lanes()
	e.op("XORQ AX, AX")
	e.op("SUBQ $%d, CX", step)
	e.op("JLT tail")
	e.op("PCALIGN $32")
	e.label("loop")
	b.emit(b.unroll, false)
	e.op("ADDQ $%d, AX", b.unroll*e.bytes)
	e.op("SUBQ $%d, CX", step)
	e.op("JGE loop")
	e.label("tail")
	e.op("ADDQ $%d, CX", step)
	e.op("JLE done")
	e.label("rest")
	e.tailMask()
	b.emit(1, true)
	e.op("ADDQ $%d, AX", e.bytes)
	e.op("SUBQ $%d, CX", e.lanes())
	e.op("JGT rest")
	e.label("done")
	e.ret()
}

// tailMask selects the first CX lanes, or all.
func (e *emitter) tailMask() {
	e.op("MOVQ $%d, DX", e.lanes())
	e.op("CMPQ CX, DX")
	e.op("CMOVQLT CX, DX")
	e.mask(e.source, e.elem, "DX", maskAt)
}
