package kernels

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
)

// resample gives every replica the state of its parent.
type resample struct {
	op
	replicas, rows, stride int  // rows of a system: slabs of the dense form, sites and more of the form with lanes
	lanes                  bool // replicas are the last axis, not the middle one
}

// DenseResample is the state float32 [systems, 2, replicas, stride] in which replica r has the spins and fields that replica
// parents[r] had, for parents int32 [systems, replicas]: the step of population annealing.
func DenseResample(state, parents *gorgonia.Node) (*gorgonia.Node, error) {
	const name = "dense resample"
	if err := operand(name, "state", state, tensor.Float32, anySize, 2, anySize, anySize); err != nil {
		return nil, err
	}
	s := state.Shape()
	if err := operand(name, "parents", parents, tensor.Int32, s[0], s[2]); err != nil {
		return nil, err
	}
	k := &resample{newOp("DenseResample{}", tensor.Float32, s, state, parents), s[2], 2, s[3], false}
	return gorgonia.ApplyOp(k, state, parents)
}

// LaneResample is DenseResample for states whose lanes are replicas: float32 or uint64 [systems, rows, LaneStride(replicas)].
func LaneResample(state, parents *gorgonia.Node) (*gorgonia.Node, error) {
	const name = "resample"
	if dt := state.Dtype(); dt != tensor.Float32 && dt != tensor.Uint64 {
		return nil, fmt.Errorf("%s: state of %v: float32 or uint64", name, dt)
	}
	if err := operand(name, "parents", parents, tensor.Int32, anySize, anySize); err != nil {
		return nil, err
	}
	p := parents.Shape()
	if err := operand(name, "state", state, state.Dtype(), p[0], anySize, LaneStride(p[1])); err != nil {
		return nil, err
	}
	s := state.Shape()
	k := &resample{newOp("LaneResample{}", state.Dtype(), s, state, parents), p[1], s[1], s[2], true}
	return gorgonia.ApplyOp(k, state, parents)
}

// Host is the definition.
func (k *resample) Host(_ engine.Clock, out engine.Buffer, in []engine.Buffer) error {
	parents := engine.Slice[int32](in[1])
	for i, p := range parents {
		if p < 0 || int(p) >= k.replicas {
			return fmt.Errorf("resample: replica %d of system %d has parent %d of %d", i%k.replicas, i/k.replicas, p, k.replicas)
		}
	}
	switch {
	case !k.lanes:
		k.dense(engine.Slice[float32](out), engine.Slice[float32](in[0]), parents)
	case out.Dtype == tensor.Float32:
		takeLanes(engine.Slice[float32](out), engine.Slice[float32](in[0]), parents, k)
	default:
		takeLanes(engine.Slice[uint64](out), engine.Slice[uint64](in[0]), parents, k)
	}
	return nil
}

func (k *resample) dense(dst, src []float32, parents []int32) {
	n := k.stride
	for row := range len(dst) / n {
		slab, r := row/k.replicas, row%k.replicas
		p := int(parents[slab/2*k.replicas+r])
		copy(dst[row*n:(row+1)*n], src[(slab*k.replicas+p)*n:])
	}
}

func takeLanes[T float32 | uint64](dst, src []T, parents []int32, k *resample) {
	for row := range len(dst) / k.stride {
		from, to := src[row*k.stride:][:k.stride], dst[row*k.stride:][:k.stride]
		for r, p := range parents[row/k.rows*k.replicas:][:k.replicas] {
			to[r] = from[p]
		}
		clear(to[k.replicas:])
	}
}
