package kernels

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
)

// denseEnergy is the energy of every replica from its spins and fields.
type denseEnergy struct {
	op
	replicas, stride int
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
	k := &denseEnergy{newOp("DenseEnergy{}", tensor.Float64, tensor.Shape{s[0], s[2]}, state, external), s[2], s[3]}
	return gorgonia.ApplyOp(k, state, external)
}

// Host is the definition.
func (k *denseEnergy) Host(_ engine.Clock, out engine.Buffer, in []engine.Buffer) error {
	for i := range out.Len() {
		k.replica(engine.Slice[float64](out), engine.Slice[float32](in[0]), engine.Slice[float32](in[1]), i)
	}
	return nil
}

// replica writes the energy of replica i of all.
func (k *denseEnergy) replica(energy []float64, state, external []float32, i int) {
	system, r := i/k.replicas, i%k.replicas
	n := k.stride
	s := state[(2*system*k.replicas+r)*n:][:n]
	h := state[((2*system+1)*k.replicas+r)*n:][:n]
	b := external[system*n:][:n]
	var sum [8]float64
	for ; len(s) >= 8; s, h, b = s[8:], h[8:], b[8:] {
		for l := range 8 {
			sum[l] += float64(float64(s[l]) * (float64(h[l]) + float64(b[l])))
		}
	}
	total := 0.0
	for _, x := range sum {
		total += x
	}
	energy[i] = -total / 2
}

// Bind splits the replicas.
func (k *denseEnergy) Bind(w engine.Workers, out engine.Buffer, in []engine.Buffer) (func(*engine.Clock) error, error) {
	energy, state, external := engine.Slice[float64](out), engine.Slice[float32](in[0]), engine.Slice[float32](in[1])
	task := func(i, _ int) { k.replica(energy, state, external, i) }
	return func(*engine.Clock) error { w.Do(len(energy), task); return nil }, nil
}
