package kernels

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
)

// laneSlices compares the copies of every system slice by slice.
type laneSlices struct {
	op
	side, dims           int
	copies, temperatures int
}

// LaneSliceOverlaps is LatticeSliceOverlaps for a state whose lanes are replicas: Σ s_i^a s_i^b over each slice of the periodic
// side^dims lattice perpendicular to an axis, float64 [systems, pairs, temperatures, dims·side], slices along x first. Pairs are
// in the order of LaneOverlaps; sites are the state's first rows, numbered with x fastest.
func LaneSliceOverlaps(side, dims int, state, ladder *gorgonia.Node) (*gorgonia.Node, error) {
	const name = "slice overlaps"
	if err := operand(name, "ladder", ladder, tensor.Int32, LadderRows, anySize, anySize, anySize); err != nil {
		return nil, err
	}
	systems, c, t := ladder.Shape()[1], ladder.Shape()[2], ladder.Shape()[3]
	if side < 1 || dims < 1 || dims > 3 || side > 1<<16 {
		return nil, fmt.Errorf("%s: side %d in %d dimensions: at least 1 and at most 3 dimensions", name, side, dims)
	}
	n := 1
	for range dims {
		n *= side
	}
	if err := laneState(name, n, c*t, state); err != nil {
		return nil, err
	}
	if c < 2 || state.Shape()[0] != systems {
		return nil, fmt.Errorf("%s: %d copies of %d systems beside a state of %d: at least 2 copies of the same systems", name, c, systems, state.Shape()[0])
	}
	form := fmt.Sprintf("LaneSliceOverlaps{%d, %d}", side, dims)
	o := newOp(form, tensor.Float64, tensor.Shape{systems, c * (c - 1) / 2, t, dims * side}, state, ladder)
	return gorgonia.ApplyOp(&laneSlices{o, side, dims, c, t}, state, ladder)
}

// Host is the definition.
func (k *laneSlices) Host(_ engine.Clock, out engine.Buffer, in []engine.Buffer) error {
	for q := range in[0].Shape[0] {
		k.system(out, in, q)
	}
	return nil
}

func (k *laneSlices) system(out engine.Buffer, in []engine.Buffer, system int) {
	rows, lanes := in[0].Shape[1], in[0].Shape[2]
	c, t, width := k.copies, k.temperatures, k.dims*k.side
	pairs := c * (c - 1) / 2
	w := engine.Slice[int32](in[1])[(LadderWalker*in[1].Shape[1]+system)*c*t:][:c*t]
	sums := engine.Slice[float64](out)[system*pairs*t*width:][:pairs*t*width]
	clear(sums)
	sites := 1
	for range k.dims {
		sites *= k.side
	}
	for i := range sites {
		s := engine.Slice[float32](in[0])[(system*rows+i)*lanes:][:c*t]
		pair := sums
		for b := 1; b < c; b++ {
			for a := range b {
				for j := range t {
					both := float64(s[a*t+int(w[a*t+j])] * s[b*t+int(w[b*t+j])])
					for axis, at := 0, i; axis < k.dims; axis++ {
						pair[j*width+axis*k.side+at%k.side] += both
						at /= k.side
					}
				}
				pair = pair[t*width:]
			}
		}
	}
}

// Bind splits the systems.
func (k *laneSlices) Bind(w engine.Workers, out engine.Buffer, in []engine.Buffer) (func(*engine.Clock) error, error) {
	task := func(q, _ int) { k.system(out, in, q) }
	return func(*engine.Clock) error { w.Do(in[0].Shape[0], task); return nil }, nil
}
