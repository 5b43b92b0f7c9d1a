package kernels

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/rng"
	"cavity/kernels/internal/sparse"
)

// houdayer exchanges clusters between copies.
type houdayer struct {
	op
	model                sparse.Model
	copies, temperatures int
	stream               uint16
}

// Houdayer is one round of isoenergetic cluster moves between the copies of every system on a graph.
//
//	state   float32 [systems, n, LaneStride(copies·temperatures)]  spins ±1
//	ladder  int32   [LadderRows, systems, copies, temperatures]
//
// The value is the new state. At every temperature copies a and b = a+1 are compared (a = 0, 2, … at even passes, a = 1, 3,
// … at odd ones; always 0 and 1 where there are only two): a random site where their spins differ is chosen, and the connected
// cluster of such sites around it is exchanged between the copies. The sum of their energies stays, external fields
// included, so the move needs no acceptance. It helps where the sites that differ do not percolate: in low dimensions and
// at low temperatures. (Houdayer 2001, doi:10.1007/PL00011151; Zhu, Ochoa, Katzgraber 2015,
// doi:10.1103/PhysRevLett.115.077201.)
//
// The site is number ⌊w·count/2³²⌋ of those that differ, in order, w being word
// (system·copies + a)·temperatures + k of the stream at temperature k.
func Houdayer(g *Graph, stream uint16, state, ladder *gorgonia.Node) (*gorgonia.Node, error) {
	const name = "houdayer"
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
	form := fmt.Sprintf("Houdayer{graph %016x, stream %d}", g.sum, stream)
	k := &houdayer{newOp(form, tensor.Float32, state.Shape(), state, ladder), m, c, t, stream}
	return gorgonia.ApplyOp(k, state, ladder)
}

// InPlace is the state.
func (k *houdayer) InPlace() int { return 0 }

// Host is the definition.
func (k *houdayer) Host(c engine.Clock, out engine.Buffer, in []engine.Buffer) error {
	f, err := k.Bind(alone{}, out, in)
	if err != nil {
		return err
	}
	return f(&c)
}

// Bind splits the pairs of replicas. It is the definition too.
func (k *houdayer) Bind(w engine.Workers, out engine.Buffer, in []engine.Buffer) (func(*engine.Clock) error, error) {
	state, ladder := engine.Slice[float32](out), engine.Slice[int32](in[1])
	queues := make([][]int32, w.N())
	for i := range queues {
		queues[i] = make([]int32, k.model.Sites)
	}
	pairs := k.copies / 2
	var s rng.Stream
	var odd int
	task := func(t, worker int) {
		system, rest := t/(pairs*k.temperatures), t%(pairs*k.temperatures)
		a := 2*(rest/k.temperatures) + odd
		if a+1 < k.copies {
			k.pair(s, state, ladder, system, a, rest%k.temperatures, queues[worker])
		}
	}
	return func(c *engine.Clock) error {
		if err := checkWalkers("houdayer", ladder, in[1].Len()/LadderRows, k.temperatures); err != nil {
			return err
		}
		s, odd = c.Stream(k.stream), 0
		if k.copies > 2 {
			odd = int(c.Pass & 1)
		}
		w.Do(k.model.Systems*pairs*k.temperatures, task)
		return nil
	}, nil
}

// pair moves a cluster between copies a and a+1 of a system at one temperature. Sites leave the set of those that differ
// when their spins have been exchanged, which leaves them different: a cluster's sites are marked by doubled spins until it
// is complete.
func (k *houdayer) pair(stream rng.Stream, state []float32, ladder []int32, system, a, temperature int, queue []int32) {
	n, lanes, t := k.model.Sites, k.model.Lanes(), k.temperatures
	walkers := ladder[(LadderWalker*k.model.Systems+system)*k.copies*t:]
	x := state[system*n*lanes+a*t+int(walkers[a*t+temperature]):]
	y := state[system*n*lanes+(a+1)*t+int(walkers[(a+1)*t+temperature]):]
	count := 0
	for i := range n {
		if x[i*lanes] != y[i*lanes] {
			count++
		}
	}
	if count == 0 {
		return
	}
	word := stream.Uint32(uint64((system*k.copies+a)*t + temperature))
	skip := int(uint64(word) * uint64(count) >> 32)
	seed := int32(0)
	for i := range n {
		if x[i*lanes] != y[i*lanes] {
			if skip == 0 {
				seed = int32(i)
				break
			}
			skip--
		}
	}
	g := &k.model.Graphs[min(system, len(k.model.Graphs)-1)]
	queue = append(queue[:0], seed)
	x[int(seed)*lanes] *= 2
	for at := 0; at < len(queue); at++ {
		i := queue[at]
		for _, j := range g.Neighbours[g.Offsets[i]:g.Offsets[i+1]] {
			if u := &x[int(j)*lanes]; *u == -y[int(j)*lanes] {
				*u *= 2
				queue = append(queue, j)
			}
		}
	}
	for _, i := range queue {
		x[int(i)*lanes], y[int(i)*lanes] = y[int(i)*lanes], -y[int(i)*lanes]
	}
}
