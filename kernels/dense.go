package kernels

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/kernels/internal/dense"
)

// RefreshEvery is how often sweeps compute the fields of float32 couplings from scratch: at passes 0, 256, 512, …
// Between two of them rounding makes the fields drift by about 1e-7 of their size times the root of the flips.
const RefreshEvery = 256

// DenseStride is the length in floats of the rows of n columns that the dense kernels take: a multiple of 16 that avoids
// rows 4,096 bytes apart. Columns from n on are zero.
func DenseStride(n int) int { return dense.Stride(n) }

// DenseBytes is the memory in bytes that a sweep of systems × replicas copies of n spins with float32 couplings needs.
func DenseBytes(systems, n, replicas int) int64 {
	ld := int64(DenseStride(n))
	return int64(systems) * 4 * ld * (int64(n) + 2*int64(replicas) + 1)
}

// denseSweep visits every spin of every replica once, sites in order.
type denseSweep struct {
	op
	batch  dense.Batch
	rule   Rule
	stream uint16
}

// DenseSweep is one sweep of H = -Σ_{i<j} J_ij s_i s_j - Σ_i b_i s_i in all systems and replicas at once.
//
//	state      float32 [systems, 2, replicas, stride]  spins ±1, then local fields h_i = Σ_j J_ij s_j + b_i
//	couplings  float32 [systems, n, stride]            symmetric, zero diagonal
//	external   float32 [systems, stride]               b
//	beta       float64 [temperatures]                  1/T, not negative
//	index      int32   [systems, replicas]             which temperature a replica has
//
// with stride = DenseStride(n). The value is the new state. The fields follow each accepted flip in float32 and are
// computed from scratch every RefreshEvery passes, the first one included, so a state needs only its spins to begin.
// Replica r of system q takes element Site(i) + 64·⌈replicas/64⌉·q + r of the stream at site i.
// Decisions and roundings are the same on every backend: so is the trajectory.
func DenseSweep(rule Rule, stream uint16, state, couplings, external, beta, index *gorgonia.Node) (*gorgonia.Node, error) {
	b, err := denseBatch("dense sweep", state, couplings, external)
	if err != nil {
		return nil, err
	}
	if err := first(
		operand("dense sweep", "beta", beta, tensor.Float64, anySize),
		operand("dense sweep", "index", index, tensor.Int32, b.Systems, b.Replicas),
	); err != nil {
		return nil, err
	}
	form := fmt.Sprintf("DenseSweep{%d, stream %d}", rule, stream)
	k := &denseSweep{newOp(form, tensor.Float32, state.Shape(), state, couplings, external, beta, index), b, rule, stream}
	return gorgonia.ApplyOp(k, state, couplings, external, beta, index)
}

// denseBatch reads the size of a dense problem from its arrays.
func denseBatch(kernel string, state, couplings, external *gorgonia.Node) (dense.Batch, error) {
	if err := operand(kernel, "couplings", couplings, tensor.Float32, anySize, anySize, anySize); err != nil {
		return dense.Batch{}, err
	}
	c := couplings.Shape()
	ld := DenseStride(c[1])
	if c[2] != ld {
		return dense.Batch{}, fmt.Errorf("%s: %d spins need rows of %d floats, not %d", kernel, c[1], ld, c[2])
	}
	if err := first(
		operand(kernel, "state", state, tensor.Float32, c[0], 2, anySize, ld),
		operand(kernel, "external", external, tensor.Float32, c[0], ld),
	); err != nil {
		return dense.Batch{}, err
	}
	return dense.Batch{Systems: c[0], Sites: c[1], Replicas: state.Shape()[2]}, nil
}

// InPlace is the state.
func (k *denseSweep) InPlace() int { return 0 }

// Host is the definition.
func (k *denseSweep) Host(c engine.Clock, out engine.Buffer, in []engine.Buffer) error {
	halfT := make([]float32, in[4].Len())
	if err := halfTemperatures(halfT, engine.Slice[float64](in[3]), engine.Slice[int32](in[4])); err != nil {
		return err
	}
	state, j := engine.Slice[float32](out), engine.Slice[float32](in[1])
	if c.Pass%RefreshEvery == 0 {
		dense.Fields(k.batch, state, j, engine.Slice[float32](in[2]))
	}
	dense.Sweep(k.batch, k.rule, c.Stream(k.stream), state, j, halfT)
	return nil
}

// Bind is the blocked sweep of package dense.
func (k *denseSweep) Bind(w engine.Workers, out engine.Buffer, in []engine.Buffer) (func(*engine.Clock) error, error) {
	s := dense.NewSweeper(k.batch, k.rule, w)
	state, j, external := engine.Slice[float32](out), engine.Slice[float32](in[1]), engine.Slice[float32](in[2])
	beta, index := engine.Slice[float64](in[3]), engine.Slice[int32](in[4])
	halfT := make([]float32, len(index))
	return func(c *engine.Clock) error {
		if err := halfTemperatures(halfT, beta, index); err != nil {
			return err
		}
		if c.Pass%RefreshEvery == 0 {
			s.Fields(state, j, external)
		}
		s.Sweep(c.Stream(k.stream), state, j, halfT)
		return nil
	}, nil
}

// denseFields computes the fields from the spins.
type denseFields struct {
	op
	batch dense.Batch
}

// DenseFields is a state whose local fields are computed from its spins: what a move that turns spins by other means than
// DenseSweep needs before the next sweep. Operands as for DenseSweep.
func DenseFields(state, couplings, external *gorgonia.Node) (*gorgonia.Node, error) {
	b, err := denseBatch("dense fields", state, couplings, external)
	if err != nil {
		return nil, err
	}
	k := &denseFields{newOp("DenseFields{}", tensor.Float32, state.Shape(), state, couplings, external), b}
	return gorgonia.ApplyOp(k, state, couplings, external)
}

// InPlace is the state.
func (k *denseFields) InPlace() int { return 0 }

// Host is the definition.
func (k *denseFields) Host(_ engine.Clock, out engine.Buffer, in []engine.Buffer) error {
	dense.Fields(k.batch, engine.Slice[float32](out), engine.Slice[float32](in[1]), engine.Slice[float32](in[2]))
	return nil
}

// Bind is the blocked sum of package dense.
func (k *denseFields) Bind(w engine.Workers, out engine.Buffer, in []engine.Buffer) (func(*engine.Clock) error, error) {
	s := dense.NewSweeper(k.batch, Metropolis, w)
	state, j, external := engine.Slice[float32](out), engine.Slice[float32](in[1]), engine.Slice[float32](in[2])
	return func(*engine.Clock) error { s.Fields(state, j, external); return nil }, nil
}
