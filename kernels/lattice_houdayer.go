package kernels

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/rng"
	"cavity/kernels/internal/multispin"
)

// latticeHoudayer exchanges clusters between copies.
type latticeHoudayer struct {
	op
	lattice                       Lattice
	systems, copies, temperatures int
	stream                        uint16
}

// LatticeHoudayer is one round of isoenergetic cluster moves between the copies of every system of a lattice: the moves of
// Houdayer, with its pairs and its random numbers, on spins of 64 systems a word.
//
//	spins   uint64 [sites, Words]
//	ladder  int32  [LadderRows, systems, copies, temperatures]
//
// The value is the new spins. Couplings of a system must be those of all its copies.
func LatticeHoudayer(l Lattice, stream uint16, spins, ladder *gorgonia.Node) (*gorgonia.Node, error) {
	const name = "lattice houdayer"
	l.CouplingWords = 0
	in, err := latticeInputs(name, l, spins, nil)
	if err == nil {
		err = operand(name, "ladder", ladder, tensor.Int32, LadderRows, anySize, anySize, anySize)
	}
	if err != nil {
		return nil, err
	}
	s := ladder.Shape()
	k := &latticeHoudayer{lattice: l, systems: s[1], copies: s[2], temperatures: s[3], stream: stream}
	if k.copies < 2 {
		return nil, fmt.Errorf("%s: %d copies of each system: at least 2", name, k.copies)
	}
	if l.Shared {
		return nil, fmt.Errorf("%s: copies are compared, so they cannot share random numbers", name)
	}
	if err := latticeHolds(name, l, k.systems, k.copies*k.temperatures); err != nil {
		return nil, err
	}
	in = append(in, ladder)
	k.op = newOp(fmt.Sprintf("LatticeHoudayer{%v, stream %d}", latticeForm(l), stream), tensor.Uint64, spins.Shape(), in...)
	return gorgonia.ApplyOp(k, in...)
}

// InPlace is the spins.
func (k *latticeHoudayer) InPlace() int { return 0 }

// tasks is the number of pairs of walkers that a round may compare.
func (k *latticeHoudayer) tasks() int { return k.systems * (k.copies / 2) * k.temperatures }

// pair gives the walkers of a pair and its random word; there is none for the last copy at some passes.
func (k *latticeHoudayer) pair(c *engine.Clock, s rng.Stream, ladder []int32, task int) (a, b int, word uint32, ok bool) {
	t, pairs := k.temperatures, k.copies/2
	system, rest := task/(pairs*t), task%(pairs*t)
	first, at := 2*(rest/t), rest%t
	if k.copies > 2 {
		first += int(c.Pass & 1)
	}
	if first+1 >= k.copies {
		return 0, 0, 0, false
	}
	base := (system*k.copies + first) * t
	walkers := ladder[LadderWalker*k.systems*k.copies*t+base:]
	return base + int(walkers[at]), base + t + int(walkers[t+at]), s.Uint32(uint64(base + at)), true
}

// Host is the definition.
func (k *latticeHoudayer) Host(c engine.Clock, out engine.Buffer, in []engine.Buffer) error {
	spins, ladder := engine.Slice[uint64](out), engine.Slice[int32](in[1])
	if err := checkWalkers("lattice houdayer", ladder, in[1].Len()/LadderRows, k.temperatures); err != nil {
		return err
	}
	for task := range k.tasks() {
		if a, b, word, ok := k.pair(&c, c.Stream(k.stream), ladder, task); ok {
			k.exchange(spins, a, b, word)
		}
	}
	return nil
}

// exchange turns a cluster of the spins that differ in two systems, in both.
func (k *latticeHoudayer) exchange(spins []uint64, a, b int, word uint32) {
	l := k.lattice
	var differ []int
	left := map[int]bool{}
	for i := range l.Spins() {
		if l.Spin(spins, a, i) != l.Spin(spins, b, i) {
			differ = append(differ, i)
			left[i] = true
		}
	}
	if len(differ) == 0 {
		return
	}
	cluster := []int{differ[uint64(word)*uint64(len(differ))>>32]}
	delete(left, cluster[0])
	for n := 0; n < len(cluster); n++ {
		for axis := range l.Dims() {
			for _, j := range []int{l.Next(cluster[n], axis), l.Previous(cluster[n], axis)} {
				if left[j] {
					delete(left, j)
					cluster = append(cluster, j)
				}
			}
		}
	}
	for _, i := range cluster {
		l.Turn(spins, a, i)
		l.Turn(spins, b, i)
	}
}

// Bind lays the systems side by side, moves clusters of pairs, and puts the spins back.
func (k *latticeHoudayer) Bind(w engine.Workers, out engine.Buffer, in []engine.Buffer) (func(*engine.Clock) error, error) {
	columns, err := multispin.NewColumns(k.lattice, engine.Slice[uint64](out), w)
	if err != nil {
		return nil, err
	}
	clusters, err := multispin.NewClusters(k.lattice, w.N())
	if err != nil {
		return nil, err
	}
	ladder := engine.Slice[int32](in[1])
	var clock *engine.Clock
	var s rng.Stream
	task := func(task, worker int) {
		if a, b, word, ok := k.pair(clock, s, ladder, task); ok {
			clusters.Exchange(columns, a, b, word, worker)
		}
	}
	return func(c *engine.Clock) error {
		if err := checkWalkers("lattice houdayer", ladder, in[1].Len()/LadderRows, k.temperatures); err != nil {
			return err
		}
		clock, s = c, c.Stream(k.stream)
		columns.TakeSpins()
		w.Do(k.tasks(), task)
		columns.PutSpins()
		return nil
	}, nil
}
