// Package kernels holds Cavity's own gorgonia operations: one kernel, one file, each with its definition in plain Go
// (Host), the fast CPU version that must equal it (Bind) and, where it exists, its CUDA form.
//
// A kernel is applied to nodes by the function of its name, which checks dtypes and shapes:
//
//	h, err := kernels.Bernoulli(logits, 1)
//
// # Spins
//
// Spin models choose the form of state whose field costs least; each form has its sweep, energies, magnetisations and
// overlaps, and all of them share one ladder of temperatures (NewLadder, Exchange, ByTemperature):
//
//	DenseSweep     couplings of any size between all pairs: O(n) an accepted flip, little a rejected one
//	BitSweep       couplings ±J between all pairs, as bits: O(n/64) an attempted flip, for the largest systems
//	HopfieldSweep  p patterns instead of couplings: O(p) a flip; HopfieldGibbs and HopfieldLittle on the same state
//	SparseSweep    a Graph of any degree; SwendsenWang, Wolff and Houdayer on the same state
//	LatticeSweep   periodic lattices with couplings ±1, replicas packed in the bits of words
//
// DenseBytes, BitBytes and SparseBytes say beforehand how much memory a run takes.
package kernels

import (
	"fmt"
	"hash"
	"hash/fnv"

	"github.com/chewxy/hm"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// op supplies the methods of gorgonia.Op, which are the same for every kernel once its inputs are known. Its printed form
// holds the kernel's name with every parameter, so that equal forms mean equal operations: gorgonia merges by this hash.
type op struct {
	form  string
	in    []hm.Type
	sizes []tensor.Shape
	dtype tensor.Dtype
	shape tensor.Shape
}

// newOp describes an operation named with all its parameters, from the nodes to which it will be applied.
func newOp(form string, dt tensor.Dtype, shape tensor.Shape, in ...*gorgonia.Node) op {
	o := op{form: form, dtype: dt, shape: shape.Clone()}
	for _, n := range in {
		o.in = append(o.in, typeOf(n.Dtype(), n.Shape()))
		o.sizes = append(o.sizes, n.Shape().Clone())
	}
	return o
}

func typeOf(dt tensor.Dtype, shape tensor.Shape) hm.Type {
	if shape.Dims() == 0 {
		return dt
	}
	return gorgonia.TensorType{Dims: shape.Dims(), Of: dt}
}

// Arity is the number of inputs.
func (o op) Arity() int { return len(o.in) }

// Type is the function type from the inputs to the output.
func (o op) Type() hm.Type {
	ts := append(append([]hm.Type{}, o.in...), typeOf(o.dtype, o.shape))
	if len(ts) == 1 {
		return ts[0]
	}
	return hm.NewFnType(ts...)
}

// InferShape is the output's shape; the inputs must have the shapes with which the kernel was made.
func (o op) InferShape(in ...gorgonia.DimSizer) (tensor.Shape, error) {
	for i, d := range in {
		if s, ok := d.(tensor.Shape); ok && !s.Eq(o.sizes[i]) {
			return nil, fmt.Errorf("%s: input %d has shape %v, not %v", o.form, i, s, o.sizes[i])
		}
	}
	return o.shape.Clone(), nil
}

// Do is an error: a kernel's value may depend on the clock, so only the engine runs it.
func (o op) Do(...gorgonia.Value) (gorgonia.Value, error) {
	return nil, fmt.Errorf("%s: kernels run in a Program of package engine, not in a gorgonia machine", o.form)
}

// ReturnsPtr, CallsExtern and OverwritesInput tell gorgonia that the output has memory of its own.
func (o op) ReturnsPtr() bool { return true }

// CallsExtern is true so that a machine hands the operation memory.
func (o op) CallsExtern() bool { return true }

// OverwritesInput is -1: none.
func (o op) OverwritesInput() int { return -1 }

// String is the kernel's name with every parameter.
func (o op) String() string { return o.form }

// WriteHash writes the printed form and the shapes.
func (o op) WriteHash(h hash.Hash) {
	fmt.Fprintf(h, "cavity %s %v %v %v", o.form, o.sizes, o.dtype, o.shape)
}

// Hashcode is the 32-bit hash by which gorgonia finds equal operations.
func (o op) Hashcode() uint32 {
	h := fnv.New32a()
	o.WriteHash(h)
	return h.Sum32()
}
