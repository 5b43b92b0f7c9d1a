package vec

import (
	"unsafe"

	"cavity/engine/cpu/level"
)

// A Dtype is the type of the elements.
type Dtype uint8

const (
	Float32 Dtype = iota
	Float64
)

// Size is the number of bytes of an element.
func (d Dtype) Size() uintptr { return 4 << d }

// String returns the name of the Go type.
func (d Dtype) String() string { return [...]string{"float32", "float64"}[d] }

// A Func computes out[i] = op(a[i], b[i], c[i]) for 0 <= i < n. An operand whose letter in the pattern is s is one element, the same for all i;
// operands that the op does not have are ignored and may be nil. out may be one of the vectors, but must not overlap one at another position.
// Nothing before or past the n elements is read or written. A Func does not allocate, and cannot be
// interrupted by the scheduler: call it by tiles.
type Func func(n int, out, a, b, c unsafe.Pointer)

// An Op names an elementwise function and its number of operands.
type Op struct {
	Name  string
	Arity int
}

// Find returns the Func of an op of Ops for the CPU level in use. The pattern has one letter an operand, v for a vector and s for a scalar,
// at least one of them v: "v", "vs", "vsv". All levels give the same bits, except for the payload and sign of a NaN.
func Find(op, pattern string, dtype Dtype) (Func, bool) {
	name := op + "." + pattern
	var f Func
	var ok bool
	switch level.Of() {
	case level.AVX512:
		f, ok = [...]map[string]Func{avx512F32, avx512F64}[dtype][name]
	case level.AVX2:
		f, ok = [...]map[string]Func{avx2F32, avx2F64}[dtype][name]
	}
	if ok {
		return f, true
	}
	return findPortable(op, pattern, dtype)
}

// Ops lists every op that Find knows, unary ones first.
func Ops() []Op {
	ops := make([]Op, 0, len(unary)+len(binary)+len(ternary))
	for _, o := range unary {
		ops = append(ops, Op{o.name, 1})
	}
	for _, o := range binary {
		ops = append(ops, Op{o.name, 2})
	}
	for _, o := range ternary {
		ops = append(ops, Op{o.name, 3})
	}
	return ops
}

// Patterns lists the patterns of an op with the given number of operands, 1 to 3.
func Patterns(arity int) []string {
	if arity < 1 || arity > 3 {
		return nil
	}
	return [][]string{1: {"v"}, 2: {"vv", "vs", "sv"}, 3: {"vvv", "vvs", "vsv", "svv", "vss", "svs", "ssv"}}[arity]
}
