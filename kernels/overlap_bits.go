package kernels

import (
	"fmt"
	"math/bits"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
)

// bitOverlaps compares the copies of every system of a state of bits.
type bitOverlaps struct {
	op
	sites, copies, temperatures int
}

// BitOverlaps is DenseOverlaps for a state of BitSweep: float64 [systems, pairs, temperatures], q = (1/n) Σ_i s_i^a s_i^b.
func BitOverlaps(n int, state, ladder *gorgonia.Node) (*gorgonia.Node, error) {
	const name = "bit overlaps"
	if err := operand(name, "ladder", ladder, tensor.Int32, LadderRows, anySize, anySize, anySize); err != nil {
		return nil, err
	}
	systems, c, t := ladder.Shape()[1], ladder.Shape()[2], ladder.Shape()[3]
	if err := operand(name, "state", state, tensor.Uint64, systems, BitWords(n)+1, LaneStride(c*t)); err != nil {
		return nil, err
	}
	if c < 2 {
		return nil, fmt.Errorf("%s: %d copies: at least 2", name, c)
	}
	o := newOp(fmt.Sprintf("BitOverlaps{%d}", n), tensor.Float64, tensor.Shape{systems, c * (c - 1) / 2, t}, state, ladder)
	return gorgonia.ApplyOp(&bitOverlaps{o, n, c, t}, state, ladder)
}

// Host is the definition.
func (k *bitOverlaps) Host(_ engine.Clock, out engine.Buffer, in []engine.Buffer) error {
	c, t := k.copies, k.temperatures
	rows, lanes := in[0].Shape[1], in[0].Shape[2]
	if err := checkWalkers("bit overlaps", engine.Slice[int32](in[1]), in[1].Len()/LadderRows, t); err != nil {
		return err
	}
	walkers := engine.Slice[int32](in[1])[LadderWalker*in[1].Shape[1]*c*t:]
	q := engine.Slice[float64](out)
	for system := range in[0].Shape[0] {
		s, w := engine.Slice[uint64](in[0])[system*rows*lanes:], walkers[system*c*t:]
		for b := 1; b < c; b++ {
			for a := range b {
				for j := range t {
					x, y := a*t+int(w[a*t+j]), b*t+int(w[b*t+j])
					differ := 0
					for i := range rows - 1 {
						differ += bits.OnesCount64(s[i*lanes+x] ^ s[i*lanes+y])
					}
					q[j] = 1 - 2*float64(differ)/float64(k.sites)
				}
				q = q[t:]
			}
		}
	}
	return nil
}

// bitMagnetisation is the mean spin of every replica of a state of bits.
type bitMagnetisation struct {
	op
	sites, replicas int
}

// BitMagnetisation is m = (1/n) Σ_i s_i of every replica, float64 [systems, replicas], of a state of BitSweep.
func BitMagnetisation(n, replicas int, state *gorgonia.Node) (*gorgonia.Node, error) {
	if err := operand("bit magnetisation", "state", state, tensor.Uint64, anySize, BitWords(n)+1, LaneStride(replicas)); err != nil {
		return nil, err
	}
	o := newOp(fmt.Sprintf("BitMagnetisation{%d, %d}", n, replicas), tensor.Float64, tensor.Shape{state.Shape()[0], replicas}, state)
	return gorgonia.ApplyOp(&bitMagnetisation{o, n, replicas}, state)
}

// Host is the definition.
func (k *bitMagnetisation) Host(_ engine.Clock, out engine.Buffer, in []engine.Buffer) error {
	rows, lanes := in[0].Shape[1], in[0].Shape[2]
	for i := range engine.Slice[float64](out) {
		s := engine.Slice[uint64](in[0])[i/k.replicas*rows*lanes+i%k.replicas:]
		up := 0
		for w := range rows - 1 {
			up += bits.OnesCount64(s[w*lanes])
		}
		engine.Slice[float64](out)[i] = 2*float64(up)/float64(k.sites) - 1
	}
	return nil
}
