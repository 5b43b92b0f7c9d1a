package kernels

import (
	"gorgonia.org/gorgonia"

	"cavity/engine"
	"cavity/engine/cpu/level"
	"cavity/engine/rng"
	"cavity/kernels/internal/chance"
	"cavity/kernels/internal/sparse"
)

// Wolff turns one cluster of every replica: that of a random site, with the bonds of SwendsenWang. In external fields the
// turn is accepted with probability min(1, exp(-2 Σ b_i s_i/T)) over the cluster. Operands as for SwendsenWang. (Wolff 1989,
// doi:10.1103/PhysRevLett.62.361.)
//
// Edges have the numbers e that SwendsenWang gives them. The threshold ℓ of edge e in replica r, counted over all systems,
// comes from the word Uint32(Site(r) + e) of the stream, the first site from e = E + n and the acceptance from e = E + n + 1:
// edges that are neighbours in the list share the blocks of the generator, and are drawn 64 at a time.
func Wolff(g *Graph, stream uint16, state, weights, external, beta, index *gorgonia.Node) (*gorgonia.Node, error) {
	return cluster("Wolff", true, g, stream, state, weights, external, beta, index)
}

// A wolffWalk grows the clusters of one worker's replicas.
type wolffWalk struct {
	*clusterMove
	part       sparse.Part
	edgeOf     []int32
	lane       int    // of the replica
	item       uint64 // of edge 0 in the stream
	stream     rng.Stream
	draw       chance.Drawer
	thresholds []float32 // of all edges
	drawn      []bool    // blocks of thresholds
	columns    []int8    // spins of a group of replicas, those of each side by side; 0 for sites of the cluster
	queue      []int32   // sites of the cluster in the order in which they were found
}

// wolffGroup is how many replicas' spins are copied side by side at a time: a row of them is one line of the cache.
const wolffGroup = chance.Lanes

func (k *clusterMove) newWolff() *wolffWalk {
	blocks := (k.most + chance.Run - 1) / chance.Run
	x := &wolffWalk{clusterMove: k, thresholds: make([]float32, blocks*chance.Run), drawn: make([]bool, blocks),
		columns: make([]int8, min(wolffGroup, k.model.Replicas)*k.column()), queue: make([]int32, k.model.Sites+1)}
	x.draw.Init(level.Of())
	return x
}

// column is the distance of two replicas' spins: off powers of two, which would share lines of the cache.
func (k *clusterMove) column() int { return (k.model.Sites+63)&^63 + 64 }

// load copies the spins of count replicas from first on.
func (x *wolffWalk) load(a *sparse.Arrays, system, first, count int) {
	n, lanes, stride := x.model.Sites, x.model.Lanes(), x.column()
	for i := range n {
		column := x.columns[i:]
		for r, s := range a.State[(system*n+i)*lanes+first:][:count] {
			column[r*stride] = int8(s)
		}
	}
}

// at begins a replica.
func (x *wolffWalk) at(a *sparse.Arrays, system, replica int, s rng.Stream) {
	x.part, x.lane, x.stream = x.model.System(a, system), replica, s
	x.item = rng.Site(uint32(x.model.Element(system, replica)))
	x.edgeOf = x.clusterMove.edgeOf[min(system, len(x.clusterMove.edgeOf)-1)]
	clear(x.drawn)
}

func (x *wolffWalk) word(e int) uint32 { return x.stream.Uint32(x.item + uint64(e)) }

// fill draws the thresholds of a block.
func (x *wolffWalk) fill(block int32) {
	x.drawn[block] = true
	x.draw.Run(Metropolis, (*[chance.Run]float32)(x.thresholds[block*chance.Run:]), x.item+uint64(block)*chance.Run, x.part.HalfT[x.lane])
}

// grow finds the cluster of the random site of a replica with the given spins and turns it.
func (x *wolffWalk) grow(spins []int8) {
	n, lanes := x.model.Sites, x.model.Lanes()
	p, queue := &x.part, x.queue
	queue[0] = int32(uint64(x.word(x.most+n)) * uint64(n) >> 32)
	spins[queue[0]] = 0
	field, found := float32(0), 1
	for at := 0; at < found; at++ {
		i := queue[at]
		s := p.State[int(i)*lanes+x.lane]
		field += p.External[i] * s
		for k := p.Offsets[i]; k < p.Offsets[i+1]; k++ {
			j, e := p.Neighbours[k], x.edgeOf[k]
			if !x.drawn[e/chance.Run] {
				x.fill(e / chance.Run)
			}
			// No threshold is below 0, so that a site of the cluster is not found again. Chance decides, so no branch does.
			bond := 0
			if p.Weights[k]*s*float32(spins[j]) > x.thresholds[e] {
				bond = 1
			}
			spins[j] &= int8(bond - 1)
			queue[found] = j
			found += bond
		}
	}
	if field > Metropolis.Threshold(x.word(x.most+n+1), p.HalfT[x.lane]) {
		return
	}
	for _, i := range queue[:found] {
		s := &p.State[int(i)*lanes+x.lane]
		*s = -*s
	}
}

// plainWolff is the definition: every edge draws its own word.
func (k *clusterMove) plainWolff(c engine.Clock, out engine.Buffer, in []engine.Buffer) error {
	halfT := make([]float32, k.model.Systems*k.model.Replicas)
	if err := halfTemperatures(halfT, engine.Slice[float64](in[3]), engine.Slice[int32](in[4])); err != nil {
		return err
	}
	a, x := sparseArrays(out, in, halfT), k.newWolff()
	for q := range k.model.Systems {
		for r := range k.model.Replicas {
			x.load(&a, q, r, 1)
			x.at(&a, q, r, c.Stream(k.stream))
			for e := range x.most {
				x.thresholds[e], x.drawn[e/chance.Run] = Metropolis.Threshold(x.word(e), x.part.HalfT[r]), true
			}
			x.grow(x.columns)
		}
	}
	return nil
}

// bindWolff splits the replicas, sixteen to a task.
func (k *clusterMove) bindWolff(w engine.Workers, out engine.Buffer, in []engine.Buffer) (func(*engine.Clock) error, error) {
	m := k.model
	beta, index := engine.Slice[float64](in[3]), engine.Slice[int32](in[4])
	halfT := make([]float32, len(index))
	a := sparseArrays(out, in, halfT)
	walks := make([]*wolffWalk, w.N())
	for i := range walks {
		walks[i] = k.newWolff()
	}
	groups := (m.Replicas + wolffGroup - 1) / wolffGroup
	var s rng.Stream
	task := func(t, worker int) {
		x := walks[worker]
		system, first := t/groups, t%groups*wolffGroup
		count := min(wolffGroup, m.Replicas-first)
		x.load(&a, system, first, count)
		x.draw.Start(s, nil)
		for r := range count {
			x.at(&a, system, first+r, s)
			x.grow(x.columns[r*k.column():])
		}
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
