package kernels

import (
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/cuda"
	code "cavity/kernels/cuda"
)

// CUDA is a thread a bond and replica, or for Wolff a thread a replica.
func (k *clusterMove) CUDA(d cuda.Device, out engine.Buffer, in []engine.Buffer) ([]cuda.Launch, error) {
	m := k.model
	g, err := newSparseGraphs(d, m)
	if err != nil {
		return nil, err
	}
	model, temperatures := words(m.Sites, g.entries, k.most, m.Lanes(), m.Replicas, g.each), uint32(in[3].Len())
	if k.one {
		return k.wolffCUDA(d, g, model, out, in)
	}
	var edges []int32
	for _, list := range k.edges {
		for _, e := range list {
			edges = append(edges, e.i, e.j, e.entry)
		}
		for range k.most - len(list) {
			edges = append(edges, -1, -1, -1)
		}
	}
	list, err := d.Upload(append(edges, -1, -1, -1)) // never empty
	if err != nil {
		return nil, err
	}
	parent, err := d.Alloc(tensor.Int32, m.Systems*(m.Sites+1)*m.Replicas)
	if err != nil {
		return nil, err
	}
	ls := []cuda.Launch{
		cuda.Threads(code.Cluster, "cluster_reset", (m.Sites+1)*m.Replicas, parent, model),
		cuda.Threads(code.Cluster, "cluster_bonds", (k.most+m.Sites)*m.Replicas, parent, out, in[1], in[2], in[3], in[4], list, model, temperatures, cuda.Stream(k.stream)),
		cuda.Threads(code.Cluster, "cluster_turn", m.Sites*m.Replicas, out, parent, model, cuda.Stream(k.stream)),
	}
	for i := range ls {
		ls[i].Grid[1] = m.Systems
	}
	return ls, nil
}

func (k *clusterMove) wolffCUDA(d cuda.Device, g sparseGraphs, model []byte, out engine.Buffer, in []engine.Buffer) ([]cuda.Launch, error) {
	m := k.model
	var edgeOf []int32
	for _, of := range k.edgeOf {
		edgeOf = append(append(edgeOf, of...), make([]int32, g.entries-len(of))...)
	}
	of, err := d.Upload(edgeOf)
	if err != nil {
		return nil, err
	}
	marks, err := d.Alloc(tensor.Int32, 2*m.Systems*m.Replicas*m.Sites)
	if err != nil {
		return nil, err
	}
	half := marks.Len() / 2
	return []cuda.Launch{cuda.Threads(code.Cluster, "cluster_wolff", m.Systems*m.Replicas, out, in[1], in[2], in[3], in[4], g.offsets, g.neighbours, of,
		marks.View(0, half), marks.View(half, half), model, uint32(in[3].Len()), uint32(m.Systems), cuda.Stream(k.stream)).InBlocksOf(128)}, nil
}

// CUDA is a thread a pair of replicas.
func (k *houdayer) CUDA(d cuda.Device, out engine.Buffer, in []engine.Buffer) ([]cuda.Launch, error) {
	m := k.model
	g, err := newSparseGraphs(d, m)
	if err != nil {
		return nil, err
	}
	all := m.Systems * (k.copies / 2) * k.temperatures
	queue, err := d.Alloc(tensor.Int32, all*m.Sites)
	if err != nil {
		return nil, err
	}
	odd := cuda.Word(func(c *engine.Clock) uint32 {
		if k.copies > 2 {
			return uint32(c.Pass & 1)
		}
		return 0
	})
	return []cuda.Launch{cuda.Threads(code.Cluster, "cluster_houdayer", all, out, ladderWalkers(in[1]), g.offsets, g.neighbours, queue,
		words(m.Sites, g.entries, 0, m.Lanes(), m.Replicas, g.each), uint32(k.copies), uint32(k.temperatures), uint32(all), odd, cuda.Stream(k.stream)).InBlocksOf(128)}, nil
}
