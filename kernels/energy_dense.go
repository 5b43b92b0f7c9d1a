package kernels

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/kernels/internal/dense"
)

// denseEnergy is the energy of every replica from its spins and fields.
type denseEnergy struct {
	op
	replicas, stride int
	batch            dense.Batch // of as many sites as a row has room for
}

// DenseEnergy is H of every replica, float64 [systems, replicas], from a state with its fields and the external field b:
//
//	H = -½ Σ_i s_i (h_i + b_i)
//
// in O(n) a replica. The sum runs in eight lanes, site i in lane i mod 8, which are added at the end in order.
func DenseEnergy(state, external *gorgonia.Node) (*gorgonia.Node, error) {
	if err := operand("dense energy", "state", state, tensor.Float32, anySize, 2, anySize, anySize); err != nil {
		return nil, err
	}
	s := state.Shape()
	if err := operand("dense energy", "external", external, tensor.Float32, s[0], s[3]); err != nil {
		return nil, err
	}
	if DenseStride(s[3]) != s[3] {
		return nil, fmt.Errorf("dense energy: rows of %d floats are not those of DenseStride", s[3])
	}
	o := newOp("DenseEnergy{}", tensor.Float64, tensor.Shape{s[0], s[2]}, state, external)
	k := &denseEnergy{o, s[2], s[3], dense.Batch{Systems: s[0], Sites: s[3], Replicas: s[2]}}
	return gorgonia.ApplyOp(k, state, external)
}

// Host is the definition.
func (k *denseEnergy) Host(_ engine.Clock, out engine.Buffer, in []engine.Buffer) error {
	for r := range engine.Slice[float64](out) {
		engine.Slice[float64](out)[r] = dense.Energy(k.batch, engine.Slice[float32](in[0]), engine.Slice[float32](in[1]), r)
	}
	return nil
}

// Bind is the vectorised sum of package dense.
func (k *denseEnergy) Bind(w engine.Workers, out engine.Buffer, in []engine.Buffer) (func(*engine.Clock) error, error) {
	a := dense.NewAccountant(k.batch, w)
	energies, state, external := engine.Slice[float64](out), engine.Slice[float32](in[0]), engine.Slice[float32](in[1])
	return func(*engine.Clock) error { a.Energies(energies, state, external); return nil }, nil
}
