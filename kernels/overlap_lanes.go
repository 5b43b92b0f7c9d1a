package kernels

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
)

// laneMagnetisation is the mean spin of every replica of a state whose lanes are replicas.
type laneMagnetisation struct {
	op
	sites, replicas int
}

// LaneMagnetisation is m = (1/n) Σ_i s_i of every replica, float64 [systems, replicas], of a state float32
// [systems, at least n, LaneStride(replicas)] whose first n rows are the spins of the sites.
func LaneMagnetisation(n, replicas int, state *gorgonia.Node) (*gorgonia.Node, error) {
	if err := laneState("magnetisation", n, replicas, state); err != nil {
		return nil, err
	}
	o := newOp(fmt.Sprintf("LaneMagnetisation{%d, %d}", n, replicas), tensor.Float64, tensor.Shape{state.Shape()[0], replicas}, state)
	return gorgonia.ApplyOp(&laneMagnetisation{o, n, replicas}, state)
}

func laneState(kernel string, n, replicas int, state *gorgonia.Node) error {
	if err := operand(kernel, "state", state, tensor.Float32, anySize, anySize, LaneStride(replicas)); err != nil {
		return err
	}
	if n < 1 || n > state.Shape()[1] {
		return fmt.Errorf("%s: %d sites in a state of %d rows", kernel, n, state.Shape()[1])
	}
	return nil
}

// Host is the definition.
func (k *laneMagnetisation) Host(_ engine.Clock, out engine.Buffer, in []engine.Buffer) error {
	rows, lanes := in[0].Shape[1], in[0].Shape[2]
	for system := range in[0].Shape[0] {
		m := engine.Slice[float64](out)[system*k.replicas:][:k.replicas]
		clear(m)
		for i := range k.sites {
			for r, s := range engine.Slice[float32](in[0])[(system*rows+i)*lanes:][:k.replicas] {
				m[r] += float64(s)
			}
		}
		for r := range m {
			m[r] /= float64(k.sites)
		}
	}
	return nil
}

// laneOverlaps compares the copies of every system.
type laneOverlaps struct {
	op
	sites, copies, temperatures int
}

// LaneOverlaps is DenseOverlaps for a state whose lanes are replicas, as LaneMagnetisation takes it: float64
// [systems, pairs, temperatures], q = (1/n) Σ_i s_i^a s_i^b.
func LaneOverlaps(n int, state, ladder *gorgonia.Node) (*gorgonia.Node, error) {
	const name = "overlaps"
	if err := operand(name, "ladder", ladder, tensor.Int32, LadderRows, anySize, anySize, anySize); err != nil {
		return nil, err
	}
	systems, c, t := ladder.Shape()[1], ladder.Shape()[2], ladder.Shape()[3]
	if err := laneState(name, n, c*t, state); err != nil {
		return nil, err
	}
	if c < 2 || state.Shape()[0] != systems {
		return nil, fmt.Errorf("%s: %d copies of %d systems beside a state of %d: at least 2 copies of the same systems", name, c, systems, state.Shape()[0])
	}
	o := newOp(fmt.Sprintf("LaneOverlaps{%d}", n), tensor.Float64, tensor.Shape{systems, c * (c - 1) / 2, t}, state, ladder)
	return gorgonia.ApplyOp(&laneOverlaps{o, n, c, t}, state, ladder)
}

// Host is the definition.
func (k *laneOverlaps) Host(_ engine.Clock, out engine.Buffer, in []engine.Buffer) error {
	rows, lanes := in[0].Shape[1], in[0].Shape[2]
	c, t := k.copies, k.temperatures
	if err := checkWalkers("overlaps", engine.Slice[int32](in[1]), in[1].Len()/LadderRows, t); err != nil {
		return err
	}
	walkers := engine.Slice[int32](in[1])[LadderWalker*in[1].Shape[1]*c*t:]
	for system := range in[0].Shape[0] {
		w := walkers[system*c*t:][:c*t]
		q := engine.Slice[float64](out)[system*c*(c-1)/2*t:][:c*(c-1)/2*t]
		clear(q)
		for i := range k.sites {
			s := engine.Slice[float32](in[0])[(system*rows+i)*lanes:][:c*t]
			pair := q
			for b := 1; b < c; b++ {
				for a := range b {
					for j := range t {
						pair[j] += float64(s[a*t+int(w[a*t+j])] * s[b*t+int(w[b*t+j])])
					}
					pair = pair[t:]
				}
			}
		}
		for j := range q {
			q[j] /= float64(k.sites)
		}
	}
	return nil
}
