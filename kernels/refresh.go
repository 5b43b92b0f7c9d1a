package kernels

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/kernels/internal/lowrank"
	"cavity/kernels/internal/signs"
)

// bitPairs counts the sum over pairs of spins.
type bitPairs struct {
	op
	model signs.Model
}

// BitPairs is a state of BitSweep whose sum over pairs is counted from its spins: what spins that were put there by other means
// need before their energy is taken. Operands as for BitSweep.
func BitPairs(replicas int, state, couplings, external *gorgonia.Node) (*gorgonia.Node, error) {
	const name = "bit pairs"
	if err := operand(name, "external", external, tensor.Float32, anySize, anySize); err != nil {
		return nil, err
	}
	m := signs.Model{Systems: external.Shape()[0], Sites: external.Shape()[1], Replicas: replicas, Strength: 1}
	w := BitWords(m.Sites)
	if err := first(
		operand(name, "state", state, tensor.Uint64, m.Systems, w+1, LaneStride(replicas)),
		operand(name, "couplings", couplings, tensor.Uint64, m.Systems, m.Sites, w),
	); err != nil {
		return nil, err
	}
	k := &bitPairs{newOp(fmt.Sprintf("BitPairs{%d}", replicas), tensor.Uint64, state.Shape(), state, couplings, external), m}
	return gorgonia.ApplyOp(k, state, couplings, external)
}

// InPlace is the state.
func (k *bitPairs) InPlace() int { return 0 }

// Host is the definition.
func (k *bitPairs) Host(_ engine.Clock, out engine.Buffer, in []engine.Buffer) error {
	signs.Pairs(k.model, engine.Slice[uint64](out), engine.Slice[uint64](in[1]), engine.Slice[float32](in[2]))
	return nil
}

// Bind is the vectorised count of package signs.
func (k *bitPairs) Bind(w engine.Workers, out engine.Buffer, in []engine.Buffer) (func(*engine.Clock) error, error) {
	s := signs.NewSweeper(k.model, Metropolis, w)
	s.Set(engine.Slice[uint64](out), engine.Slice[uint64](in[1]), engine.Slice[float32](in[2]), make([]float32, k.model.Systems*k.model.Replicas))
	return func(*engine.Clock) error { s.Pairs(); return nil }, nil
}

// hopfieldOverlaps counts the overlaps with the patterns.
type hopfieldOverlaps struct {
	op
	model lowrank.Model
}

// HopfieldOverlaps is a state of HopfieldSweep whose overlaps with the patterns are counted from its spins, as BitPairs does.
// Operands as for HopfieldSweep.
func HopfieldOverlaps(p, replicas int, state, patterns *gorgonia.Node) (*gorgonia.Node, error) {
	const name = "hopfield overlaps"
	if p < 1 {
		return nil, fmt.Errorf("%s: %d patterns: at least 1", name, p)
	}
	if err := operand(name, "patterns", patterns, tensor.Float32, anySize, anySize, PatternStride(p)); err != nil {
		return nil, err
	}
	m := lowrank.Model{Systems: patterns.Shape()[0], Sites: patterns.Shape()[1], Patterns: p, Replicas: replicas}
	if err := operand(name, "state", state, tensor.Float32, m.Systems, m.Sites+PatternStride(p), LaneStride(replicas)); err != nil {
		return nil, err
	}
	k := &hopfieldOverlaps{newOp(fmt.Sprintf("HopfieldOverlaps{%d, %d}", p, replicas), tensor.Float32, state.Shape(), state, patterns), m}
	return gorgonia.ApplyOp(k, state, patterns)
}

// InPlace is the state.
func (k *hopfieldOverlaps) InPlace() int { return 0 }

// Host is the definition; a count of all overlaps costs a sweep or less and is rare.
func (k *hopfieldOverlaps) Host(_ engine.Clock, out engine.Buffer, in []engine.Buffer) error {
	lowrank.Overlaps(k.model, engine.Slice[float32](out), engine.Slice[float32](in[1]))
	return nil
}
