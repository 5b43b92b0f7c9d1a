package main

import "fmt"

// A value is one IEEE or integer operation on a vector's lanes. A formula is the list of values in order of evaluation;
// equal operations on equal arguments are one value.
type value struct {
	op   string // const in add sub mul div sqrt min max fma fnma scale cmp test sel iadd isub shl shr and andnot or xor
	args []*value
	bits uint64 // const: the lane's bits; in: which operand; shl, shr: the distance; cmp: the predicate
}

// predicates are the immediates of VCMPPS; x at predicate+negated is the negation (also true of NaN).
var predicates = map[string]uint64{"==": 0, "!=": 4, "<": 0x11, "<=": 0x12, ">": 0x1e, ">=": 0x1d}
var negated = map[uint64]uint64{0: 4, 4: 0, 0x11: 0x15, 0x12: 0x16, 0x1e: 0x1a, 0x1d: 0x19}

// A formula builds values for lanes of 32 or 64 bits.
type formula struct {
	width  int
	values []*value
	seen   map[string]*value
}

func newFormula(width int) *formula { return &formula{width: width, seen: map[string]*value{}} }

// add returns the value op(args), made shorter where the instructions allow it without changing a bit.
func (f *formula) add(op string, bits uint64, args ...*value) *value {
	switch op {
	case "neg":
		if args[0].op == "const" {
			return f.constant(args[0].bits ^ f.signBit())
		}
		return f.add("xor", 0, args[0], f.constant(f.signBit()))
	case "fma":
		if a := args[0]; a.op == "xor" && a.args[1].op == "const" && a.args[1].bits == f.signBit() {
			return f.add("fnma", 0, a.args[0], args[1], args[2])
		}
	case "sel":
		if c := args[0]; c.op == "cmp" {
			less, then, other := c.bits == predicates["<"], args[1], args[2]
			if less || c.bits == predicates[">"] {
				same, crossed := then == c.args[0] && other == c.args[1], then == c.args[1] && other == c.args[0]
				if same || crossed {
					return f.add(map[bool]string{true: "min", false: "max"}[less == same], 0, then, other)
				}
			}
		}
	case "andnot":
		if args[1].op == "const" {
			return f.add("and", 0, args[0], f.constant(^args[1].bits&(f.signBit()<<1-1)))
		}
	case "not":
		c := args[0]
		if c.op != "cmp" {
			panic("asmgen: only a comparison of floating-point numbers can be negated")
		}
		return f.add("cmp", negated[c.bits], c.args...)
	}
	key := fmt.Sprintf("%s %x", op, bits)
	for _, a := range args {
		key += fmt.Sprintf(" %p", a)
	}
	if v := f.seen[key]; v != nil {
		return v
	}
	v := &value{op: op, args: args, bits: bits}
	f.seen[key] = v
	f.values = append(f.values, v)
	return v
}

func (f *formula) signBit() uint64             { return 1 << (f.width - 1) }
func (f *formula) constant(bits uint64) *value { return f.add("const", bits) }

// needed lists what the result depends on, in order of evaluation, constants left out.
func (f *formula) needed(result *value) []*value {
	need := map[*value]bool{}
	var mark func(v *value)
	mark = func(v *value) {
		if !need[v] {
			need[v] = true
			for _, a := range v.args {
				mark(a)
			}
		}
	}
	mark(result)
	var vs []*value
	var place func(v *value)
	placed := map[*value]bool{}
	place = func(v *value) {
		for _, a := range v.args { // a comparison is made where it is first needed: mask registers are few
			if (a.op == "cmp" || a.op == "test") && !placed[a] {
				place(a)
			}
		}
		placed[v] = true
		vs = append(vs, v)
	}
	for _, v := range f.values {
		if need[v] && v.op != "const" && v.op != "cmp" && v.op != "test" {
			place(v)
		}
	}
	return vs
}
