package kernels

import (
	"fmt"
	"math"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/kernels/internal/signs"
)

// BitWords is the number of 64-bit words for n spins or couplings kept as bits.
func BitWords(n int) int { return signs.Words(n) }

// BitBytes is the memory in bytes that a sweep of systems × replicas copies of n spins with couplings kept as bits needs.
func BitBytes(systems, n, replicas int) int64 {
	w := int64(BitWords(n))
	return int64(systems) * (8*w*int64(n) + 8*(w+1)*int64(LaneStride(replicas)) + 4*int64(n))
}

// bitSweep visits every spin of a model with couplings of one size.
type bitSweep struct {
	op
	model  signs.Model
	rule   Rule
	stream uint16
}

// BitSweep is one sweep, sites in order, of
//
//	H = -J Σ_{i<j} ε_ij s_i s_j - Σ_i b_i s_i,   ε_ij = ±1,  J = strength
//
// with couplings and spins kept as bits, for large n: an eighth of a byte a coupling.
//
//	state      uint64  [systems, w + 1, LaneStride(replicas)]  bit i%64 of word i/64: s_i = +1; then Σ_{i<j} ε_ij s_i s_j (signed)
//	couplings  uint64  [systems, n, w]                         bit j%64 of word j/64 of row i: ε_ij = +1; symmetric, zero on the
//	                                                           diagonal and beyond n
//	external   float32 [systems, n]                            b
//	beta       float64 [temperatures]                          1/T, not negative
//	index      int32   [systems, replicas]                     which temperature a replica has
//
// with w = BitWords(n). The value is the new state. The sum over pairs is counted from the spins every RefreshEvery passes,
// the first one included, so a state needs only its spins to begin. Fields are integers, below 2^24 (n ≤ 2^24).
func BitSweep(strength float64, rule Rule, stream uint16, state, couplings, external, beta, index *gorgonia.Node) (*gorgonia.Node, error) {
	const name = "bit sweep"
	if math.IsNaN(strength) || math.IsInf(strength, 0) {
		return nil, fmt.Errorf("%s: couplings of strength %v: a finite number is needed", name, strength)
	}
	if err := first(
		operand(name, "external", external, tensor.Float32, anySize, anySize),
		operand(name, "index", index, tensor.Int32, anySize, anySize),
		operand(name, "beta", beta, tensor.Float64, anySize),
	); err != nil {
		return nil, err
	}
	m := signs.Model{Systems: external.Shape()[0], Sites: external.Shape()[1], Replicas: index.Shape()[1], Strength: float32(strength)}
	w := BitWords(m.Sites)
	if err := first(
		operand(name, "state", state, tensor.Uint64, m.Systems, w+1, LaneStride(m.Replicas)),
		operand(name, "couplings", couplings, tensor.Uint64, m.Systems, m.Sites, w),
		operand(name, "index", index, tensor.Int32, m.Systems, m.Replicas),
	); err != nil {
		return nil, err
	}
	if m.Sites > 1<<24 {
		return nil, fmt.Errorf("%s: %d sites: at most 2^24", name, m.Sites)
	}
	form := fmt.Sprintf("BitSweep{strength %v, rule %d, stream %d}", strength, rule, stream)
	k := &bitSweep{newOp(form, tensor.Uint64, state.Shape(), state, couplings, external, beta, index), m, rule, stream}
	return gorgonia.ApplyOp(k, state, couplings, external, beta, index)
}

// InPlace is the state.
func (k *bitSweep) InPlace() int { return 0 }

// Host is the definition.
func (k *bitSweep) Host(c engine.Clock, out engine.Buffer, in []engine.Buffer) error {
	halfT := make([]float32, in[4].Len())
	if err := halfTemperatures(halfT, engine.Slice[float64](in[3]), engine.Slice[int32](in[4])); err != nil {
		return err
	}
	state, couplings, external := engine.Slice[uint64](out), engine.Slice[uint64](in[1]), engine.Slice[float32](in[2])
	if c.Pass%RefreshEvery == 0 {
		signs.Pairs(k.model, state, couplings, external)
	}
	signs.Sweep(k.model, k.rule, c.Stream(k.stream), state, couplings, external, halfT)
	return nil
}

// Bind is the vectorised count of package signs.
func (k *bitSweep) Bind(w engine.Workers, out engine.Buffer, in []engine.Buffer) (func(*engine.Clock) error, error) {
	s := signs.NewSweeper(k.model, k.rule, w)
	beta, index := engine.Slice[float64](in[3]), engine.Slice[int32](in[4])
	halfT := make([]float32, len(index))
	s.Set(engine.Slice[uint64](out), engine.Slice[uint64](in[1]), engine.Slice[float32](in[2]), halfT)
	return func(c *engine.Clock) error {
		if err := halfTemperatures(halfT, beta, index); err != nil {
			return err
		}
		if c.Pass%RefreshEvery == 0 {
			s.Pairs()
		}
		s.Sweep(c.Stream(k.stream))
		return nil
	}, nil
}

// bitEnergy is the energy of every replica of a state of bits.
type bitEnergy struct {
	op
	model signs.Model
}

// BitEnergy is H of every replica, float64 [systems, replicas], from a state of BitSweep with its sum over pairs.
func BitEnergy(strength float64, replicas int, state, external *gorgonia.Node) (*gorgonia.Node, error) {
	const name = "bit energy"
	if err := operand(name, "external", external, tensor.Float32, anySize, anySize); err != nil {
		return nil, err
	}
	m := signs.Model{Systems: external.Shape()[0], Sites: external.Shape()[1], Replicas: replicas, Strength: float32(strength)}
	if err := operand(name, "state", state, tensor.Uint64, m.Systems, BitWords(m.Sites)+1, LaneStride(replicas)); err != nil {
		return nil, err
	}
	o := newOp(fmt.Sprintf("BitEnergy{strength %v, %d}", strength, replicas), tensor.Float64, tensor.Shape{m.Systems, replicas}, state, external)
	return gorgonia.ApplyOp(&bitEnergy{o, m}, state, external)
}

// Host is the definition.
func (k *bitEnergy) Host(_ engine.Clock, out engine.Buffer, in []engine.Buffer) error {
	m := k.model
	lanes, w := LaneStride(m.Replicas), BitWords(m.Sites)
	for system := range m.Systems {
		h := engine.Slice[float64](out)[system*m.Replicas:][:m.Replicas]
		rows := engine.Slice[uint64](in[0])[system*(w+1)*lanes:]
		for r, pairs := range rows[w*lanes:][:m.Replicas] {
			h[r] = -float64(m.Strength) * float64(int64(pairs))
		}
		for i, b := range engine.Slice[float32](in[1])[system*m.Sites:][:m.Sites] {
			if b != 0 {
				for r, s := range rows[i/64*lanes:][:m.Replicas] {
					h[r] -= float64(b) * float64(int64(s>>(i%64)&1)*2-1)
				}
			}
		}
	}
	return nil
}
