package kernels

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/kernels/internal/sparse"
)

// linkOverlaps compares the bonds of the copies of every system.
type linkOverlaps struct {
	op
	model                sparse.Model
	copies, temperatures int
}

// LinkOverlaps is the overlap of the bonds of every pair of copies at every temperature, float64 [systems, pairs,
// temperatures] in the order of LaneOverlaps:
//
//	q = (1/edges) Σ_{(i,j)} s_i^a s_j^a s_i^b s_j^b
//
// of a state of SparseSweep and a ladder. It is 0 in a system without edges.
func LinkOverlaps(g *Graph, state, ladder *gorgonia.Node) (*gorgonia.Node, error) {
	const name = "link overlaps"
	if err := operand(name, "ladder", ladder, tensor.Int32, LadderRows, anySize, anySize, anySize); err != nil {
		return nil, err
	}
	systems, c, t := ladder.Shape()[1], ladder.Shape()[2], ladder.Shape()[3]
	if err := operand(name, "state", state, tensor.Float32, systems, g.sites, LaneStride(c*t)); err != nil {
		return nil, err
	}
	if n := len(g.topologies); c < 2 || n != 1 && n != systems {
		return nil, fmt.Errorf("%s: %d copies of %d systems on a graph of %d: at least 2 copies, one graph or one a system", name, c, systems, n)
	}
	m := sparse.Model{Systems: systems, Sites: g.sites, Replicas: c * t, Graphs: g.topologies}
	o := newOp(fmt.Sprintf("LinkOverlaps{graph %016x}", g.sum), tensor.Float64, tensor.Shape{systems, c * (c - 1) / 2, t}, state, ladder)
	return gorgonia.ApplyOp(&linkOverlaps{o, m, c, t}, state, ladder)
}

// Host is the definition.
func (k *linkOverlaps) Host(_ engine.Clock, out engine.Buffer, in []engine.Buffer) error {
	if err := k.check(in); err != nil {
		return err
	}
	both := make([]float32, k.model.Sites*k.temperatures)
	for q := range k.model.Systems {
		k.system(out, in, q, both)
	}
	return nil
}

func (k *linkOverlaps) check(in []engine.Buffer) error {
	return checkWalkers("link overlaps", engine.Slice[int32](in[1]), in[1].Len()/LadderRows, k.temperatures)
}

// system compares the copies of system q; both is scratch memory for s^a s^b of every site and temperature.
func (k *linkOverlaps) system(out engine.Buffer, in []engine.Buffer, q int, both []float32) {
	c, t, lanes := k.copies, k.temperatures, in[0].Shape[2]
	n := k.model.Sites
	state := engine.Slice[float32](in[0])[q*n*lanes:][:n*lanes]
	w := engine.Slice[int32](in[1])[(LadderWalker*k.model.Systems+q)*c*t:][:c*t]
	dst := engine.Slice[float64](out)[q*c*(c-1)/2*t:]
	g := &k.model.Graphs[min(q, len(k.model.Graphs)-1)]
	for b := 1; b < c; b++ {
		for a := range b {
			for i := range n {
				for j := range t {
					both[i*t+j] = state[i*lanes+a*t+int(w[a*t+j])] * state[i*lanes+b*t+int(w[b*t+j])]
				}
			}
			sum := dst[:t]
			clear(sum)
			for i := range n {
				x := both[i*t : (i+1)*t]
				for _, j := range g.Neighbours[g.Offsets[i]:g.Offsets[i+1]] {
					if int(j) < i {
						continue // each bond once
					}
					for l, y := range both[int(j)*t : (int(j)+1)*t] {
						sum[l] += float64(x[l] * y)
					}
				}
			}
			for l := range sum {
				if bonds := g.Offsets[n] / 2; bonds > 0 {
					sum[l] /= float64(bonds)
				}
			}
			dst = dst[t:]
		}
	}
}

// Bind splits the systems.
func (k *linkOverlaps) Bind(w engine.Workers, out engine.Buffer, in []engine.Buffer) (func(*engine.Clock) error, error) {
	scratch := make([][]float32, w.N())
	for i := range scratch {
		scratch[i] = make([]float32, k.model.Sites*k.temperatures)
	}
	task := func(q, worker int) { k.system(out, in, q, scratch[worker]) }
	return func(*engine.Clock) error {
		if err := k.check(in); err != nil {
			return err
		}
		w.Do(k.model.Systems, task)
		return nil
	}, nil
}
