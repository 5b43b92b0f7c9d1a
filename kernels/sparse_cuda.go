package kernels

import (
	"cavity/engine"
	"cavity/engine/cuda"
	code "cavity/kernels/cuda"
	"cavity/kernels/internal/sparse"
)

// sparseGraphs are the graphs of a model on the device: offsets, neighbours, order and colours, system after system.
type sparseGraphs struct {
	offsets, neighbours, order, colours engine.Buffer
	model                               []byte
	entries, each                       int   // of a graph's neighbours; 1 when every system has its own graph
	widest                              []int // sites of every colour, in the system that has most
}

func newSparseGraphs(d cuda.Device, m sparse.Model) (g sparseGraphs, err error) {
	var offsets, neighbours, order, colours []int32
	g.widest = make([]int, m.Colours)
	g.entries = 1
	for _, t := range m.Graphs {
		g.entries = max(g.entries, m.Entries, len(t.Neighbours))
	}
	for _, t := range m.Graphs {
		offsets = append(offsets, t.Offsets...)
		neighbours = append(append(neighbours, t.Neighbours...), make([]int32, g.entries-len(t.Neighbours))...)
		order = append(order, t.Order...)
		for c := range m.Colours + 1 {
			colours = append(colours, t.Colours[min(c, len(t.Colours)-1)])
			if c > 0 {
				n := len(colours)
				g.widest[c-1] = max(g.widest[c-1], int(colours[n-1]-colours[n-2]))
			}
		}
	}
	for _, x := range []struct {
		to   *engine.Buffer
		data []int32
	}{{&g.offsets, offsets}, {&g.neighbours, neighbours}, {&g.order, order}, {&g.colours, colours}} {
		if *x.to, err = d.Upload(x.data); err != nil {
			return g, err
		}
	}
	if len(m.Graphs) > 1 {
		g.each = 1
	}
	g.model = words(m.Sites, g.entries, m.Colours, LaneStride(m.Replicas), m.Replicas, g.each)
	return g, nil
}

// CUDA is a thread a site of the colour and a replica, a launch a colour.
func (k *sparseSweep) CUDA(d cuda.Device, out engine.Buffer, in []engine.Buffer) ([]cuda.Launch, error) {
	m := k.model
	g, err := newSparseGraphs(d, m)
	if err != nil {
		return nil, err
	}
	var ls []cuda.Launch
	for c, sites := range g.widest {
		l := cuda.Threads(code.Sparse, "sparse_sweep", sites*m.Replicas, out, in[1], in[2], in[3], in[4], g.offsets, g.neighbours, g.order, g.colours,
			g.model, uint32(in[3].Len()), uint32(k.rule), uint32(c), systemsBefore, cuda.Stream(k.stream))
		l.Grid[1] = m.Systems
		ls = append(ls, l)
	}
	return ls, nil
}

// CUDA is a thread a replica.
func (k *sparseEnergy) CUDA(d cuda.Device, out engine.Buffer, in []engine.Buffer) ([]cuda.Launch, error) {
	g, err := newSparseGraphs(d, k.model)
	if err != nil {
		return nil, err
	}
	n := out.Len()
	return []cuda.Launch{cuda.Threads(code.Sparse, "sparse_energy", n, out, in[0], in[1], in[2], g.offsets, g.neighbours, g.model, uint32(n))}, nil
}

// CUDA is a warp an overlap.
func (k *linkOverlaps) CUDA(d cuda.Device, out engine.Buffer, in []engine.Buffer) ([]cuda.Launch, error) {
	g, err := newSparseGraphs(d, k.model)
	if err != nil {
		return nil, err
	}
	n := out.Len()
	return []cuda.Launch{cuda.Threads(code.Sparse, "sparse_links", 32*n, out, in[0], ladderWalkers(in[1]), g.offsets, g.neighbours, g.model, uint32(k.copies), uint32(k.temperatures), uint32(n))}, nil
}
