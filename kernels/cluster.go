package kernels

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/cpu/level"
	"cavity/engine/rng"
	"cavity/kernels/internal/chance"
	"cavity/kernels/internal/sparse"
)

// clusterMove turns clusters of spins that are joined by random bonds.
type clusterMove struct {
	op
	model  sparse.Model
	edges  [][]clusterEdge // of every graph
	edgeOf [][]int32       // of every graph: the edge of an entry
	most   int             // edges of the largest graph
	stream uint16
	one    bool // Wolff
}

// A clusterEdge joins two sites and knows one of its two weights.
type clusterEdge struct{ i, j, entry int32 }

// SwendsenWang turns every cluster of one replica with probability 1/2. Operands as for SparseSweep. An edge is a bond with
// probability 1 - exp(-2 J_ij s_i s_j/T) if that is positive; a site is bound to the external field with probability
// 1 - exp(-2 b_i s_i/T), and what is bound to the field stays. The move is right for any couplings and quick for those
// without frustration. (Swendsen and Wang 1987, doi:10.1103/PhysRevLett.58.86.)
//
// Edges are numbered by their lower site and then as its neighbours are. A bond holds where J_ij s_i s_j > ℓ, the threshold
// of package chance drawn at "site" e for edge e, at E + i for the field of site i (E edges in the largest graph); the coin
// of a cluster is the lowest bit at E + n + its lowest site.
func SwendsenWang(g *Graph, stream uint16, state, weights, external, beta, index *gorgonia.Node) (*gorgonia.Node, error) {
	return cluster("SwendsenWang", false, g, stream, state, weights, external, beta, index)
}

func cluster(name string, one bool, g *Graph, stream uint16, state, weights, external, beta, index *gorgonia.Node) (*gorgonia.Node, error) {
	if err := first(
		operand(name, "index", index, tensor.Int32, anySize, anySize),
		operand(name, "beta", beta, tensor.Float64, anySize),
	); err != nil {
		return nil, err
	}
	m, err := g.model(name, index.Shape()[0], index.Shape()[1], state, weights, external)
	if err != nil {
		return nil, err
	}
	form := fmt.Sprintf("%s{graph %016x, stream %d}", name, g.sum, stream)
	k := &clusterMove{op: newOp(form, tensor.Float32, state.Shape(), state, weights, external, beta, index), model: m, stream: stream, one: one}
	for _, t := range g.topologies {
		edges, edgeOf := numberEdges(&t)
		k.edges, k.edgeOf = append(k.edges, edges), append(k.edgeOf, edgeOf)
		k.most = max(k.most, len(edges))
	}
	return gorgonia.ApplyOp(k, state, weights, external, beta, index)
}

// numberEdges lists the edges by their lower site, and the edge of every entry of the lists of neighbours.
func numberEdges(t *sparse.Topology) (edges []clusterEdge, of []int32) {
	of = make([]int32, len(t.Neighbours))
	for i := range int32(len(t.Offsets) - 1) {
		for k := t.Offsets[i]; k < t.Offsets[i+1]; k++ {
			if j := t.Neighbours[k]; j > i {
				of[k] = int32(len(edges))
				edges = append(edges, clusterEdge{i, j, k})
			}
		}
	}
	for e, x := range edges {
		at := t.Offsets[x.j]
		for t.Neighbours[at] != x.i {
			at++
		}
		of[at] = int32(e)
	}
	return edges, of
}

// InPlace is the state.
func (k *clusterMove) InPlace() int { return 0 }

// Host is the definition.
func (k *clusterMove) Host(c engine.Clock, out engine.Buffer, in []engine.Buffer) error {
	if k.one {
		return k.plainWolff(c, out, in)
	}
	f, err := k.Bind(alone{}, out, in)
	if err != nil {
		return err
	}
	return f(&c)
}

// alone is one worker.
type alone struct{}

func (alone) N() int { return 1 }
func (alone) Do(tasks int, f func(task, worker int)) {
	for t := range tasks {
		f(t, 0)
	}
}

// Bind splits the replicas, sixteen to a task. For SwendsenWang it is the definition too.
func (k *clusterMove) Bind(w engine.Workers, out engine.Buffer, in []engine.Buffer) (func(*engine.Clock) error, error) {
	if k.one {
		return k.bindWolff(w, out, in)
	}
	m := k.model
	beta, index := engine.Slice[float64](in[3]), engine.Slice[int32](in[4])
	halfT := make([]float32, len(index))
	a := sparseArrays(out, in, halfT)
	scratch := make([]*clusterScratch, w.N())
	for i := range scratch {
		scratch[i] = newClusterScratch(k)
	}
	groups := (m.Replicas + chance.Lanes - 1) / chance.Lanes
	var s rng.Stream
	task := func(t, worker int) {
		x := scratch[worker]
		x.system, x.first = t/groups, t%groups*chance.Lanes
		x.count = min(chance.Lanes, m.Replicas-x.first)
		x.part, x.stream = m.System(&a, x.system), s
		x.run()
	}
	return func(c *engine.Clock) error {
		if err := halfTemperatures(halfT, beta, index); err != nil {
			return err
		}
		s = c.Stream(k.stream)
		w.Do(m.Systems*groups, task)
		return nil
	}, nil
}

// clusterBlock is how many edges' thresholds are drawn together.
const clusterBlock = 64

// clusterScratch is what a worker needs for sixteen replicas of a system.
type clusterScratch struct {
	*clusterMove
	system, first, count int
	part                 sparse.Part
	stream               rng.Stream
	draw                 chance.Drawer
	thresholds           [clusterBlock * chance.Lanes]float32
	parent               [][]int32 // per replica and site, and the external field as site n: a site of the same cluster, not above it
}

func newClusterScratch(k *clusterMove) *clusterScratch {
	x := &clusterScratch{clusterMove: k}
	x.draw.Init(level.Of())
	for range chance.Lanes {
		x.parent = append(x.parent, make([]int32, k.model.Sites+1))
	}
	return x
}

// spin is where the spin of site i and replica r of the group is.
func (x *clusterScratch) spin(i int32, r int) *float32 {
	return &x.part.State[int(i)*x.model.Lanes()+x.first+r]
}

// word is the random word of a replica at a "site".
func (x *clusterScratch) word(site, r int) uint32 {
	return x.stream.Uint32(rng.Site(uint32(site)) + uint64(x.model.Element(x.system, x.first+r)))
}

func (x *clusterScratch) run() {
	n := x.model.Sites
	for r := range x.count {
		for i := range x.parent[r] {
			x.parent[r][i] = int32(i)
		}
	}
	x.draw.Start(x.stream, x.part.HalfT[x.first:][:x.count])
	edges := x.edges[min(x.system, len(x.edges)-1)]
	x.bonds(0, len(edges), func(e int, l []float32) {
		g := edges[e]
		w := x.part.Weights[g.entry]
		for r := range x.count {
			if w**x.spin(g.i, r)**x.spin(g.j, r) > l[r] {
				join(x.parent[r], g.i, g.j)
			}
		}
	})
	x.bonds(x.most, n, func(i int, l []float32) {
		for r := range x.count {
			if x.part.External[i]**x.spin(int32(i), r) > l[r] {
				join(x.parent[r], int32(i), int32(n))
			}
		}
	})
	for r := range x.count {
		x.turn(r)
	}
}

// bonds calls f with the thresholds of n consecutive items, the first of which is the given "site".
func (x *clusterScratch) bonds(site, n int, f func(item int, l []float32)) {
	for at := 0; at < n; at += clusterBlock {
		rows := min(clusterBlock, n-at)
		x.draw.Rows(Metropolis, x.thresholds[:], nil, chance.Lanes, site+at, rows, x.model.Element(x.system, x.first), x.count)
		for q := range rows {
			f(at+q, x.thresholds[q*chance.Lanes:])
		}
	}
}

// root is the lowest site of i's cluster; paths are halved on the way.
func root(parent []int32, i int32) int32 {
	for parent[i] != i {
		parent[i] = parent[parent[i]]
		i = parent[i]
	}
	return i
}

func join(parent []int32, i, j int32) {
	i, j = root(parent, i), root(parent, j)
	parent[max(i, j)] = min(i, j)
}

// turn throws every cluster's coin. Roots come before the other sites of their clusters, so one pass suffices: a root's
// parent entry becomes the coin, -1 for a cluster that turns and -2 for one that stays.
func (x *clusterScratch) turn(r int) {
	p := x.parent[r]
	n := int32(x.model.Sites)
	field := root(p, n)
	for i := range n {
		switch q := p[i]; {
		case q == i && i == field:
			p[i] = -2
		case q == i:
			p[i] = -2 + int32(x.word(x.most+int(n)+int(i), r)&1)
		default:
			p[i] = p[q]
		}
		if p[i] == -1 {
			s := x.spin(i, r)
			*s = -*s
		}
	}
}
