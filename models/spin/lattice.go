package spin

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/kernels"
)

// latticeCarrier holds ±1 couplings on a square or cubic lattice as bits: 64 walkers a word, each with its own temperature,
// or, for a few large ferromagnets, 64 strips of one walker a word.
type latticeCarrier struct {
	batch
	model   Lattice
	lattice kernels.Lattice
	side    int
	differ  bool
}

// newLattice is nil when the instances are not ±1 couplings on a lattice of even side, at least 4.
func newLattice(m Lattice, b batch) (*latticeCarrier, error) {
	if m.Side()%2 != 0 || m.Side() < 4 {
		return nil, nil
	}
	plus, differ := true, false
	var first func(int) float64
	for i := range b.systems {
		f, err := m.Strengths(b.seed, i)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			first = f
		}
		for k := range m.Dims() * b.n {
			x := f(k)
			if x != 1 && x != -1 {
				return nil, nil
			}
			plus = plus && x == 1
			differ = differ || i > 0 && first(k) != x
		}
	}
	c := &latticeCarrier{batch: b, model: m, side: m.Side(), differ: differ}
	c.lattice = kernels.Lattice{Words: (b.systems*b.walkers() + 63) / 64, Shared: b.shared}
	for range m.Dims() {
		c.lattice.Size = append(c.lattice.Size, m.Side())
	}
	switch {
	case !plus && !differ:
		c.lattice.CouplingWords = 1
	case !plus:
		c.lattice.CouplingWords = c.lattice.Words
	case b.systems*b.walkers() <= 8 && m.Side()%128 == 0 && !b.shared:
		c.lattice.Size[0] /= 64
		c.lattice.Words, c.lattice.Strips = b.systems*b.walkers(), true
	}
	return c, nil
}

func (c *latticeCarrier) name() string {
	switch {
	case c.lattice.Strips:
		return "multi-spin lattice, 64 strips a word"
	case c.lattice.Shared:
		return "multi-spin lattice, 64 samples a word that share random numbers"
	}
	return "multi-spin lattice, 64 walkers a word"
}

func (c *latticeCarrier) bytes() int64 {
	l := c.lattice
	return 8 * int64(l.Sites()) * int64(l.Words+l.Dims()*l.CouplingWords)
}

func (c *latticeCarrier) state(g *graph) node {
	return g.Typed("state", tensor.Uint64, c.lattice.Sites(), c.lattice.Words)
}

func (c *latticeCarrier) couplings(g *graph) node {
	if c.lattice.CouplingWords == 0 {
		return nil
	}
	return g.Typed("couplings", tensor.Uint64, c.lattice.Dims(), c.lattice.Sites(), c.lattice.CouplingWords)
}

func (c *latticeCarrier) classes() int { return kernels.LatticeClasses(c.rule, c.lattice.Dims()) }

func (c *latticeCarrier) sweep(g *graph) node {
	shape := []int{kernels.LatticePlanes, c.classes(), c.lattice.Words}
	if c.lattice.Shared {
		shape = shape[1:]
	}
	thresholds := g.Typed("thresholds", tensor.Uint64, shape...)
	return g.Do(func() (node, error) {
		return kernels.LatticeSweep(c.lattice, c.rule, sweepStream, c.state(g), c.couplings(g), thresholds)
	})
}

func (c *latticeCarrier) refresh(*graph) node { return nil }

// houdayer is the state after a round of cluster moves between copies.
func (c *latticeCarrier) houdayer(g *graph) node {
	return g.Do(func() (node, error) {
		return kernels.LatticeHoudayer(c.lattice, houdayerStream, c.state(g), g.ladder())
	})
}

func (c *latticeCarrier) follows() bool { return true }

// follow gives every walker the thresholds of the temperature that a ladder assigns to it.
func (c *latticeCarrier) follow(g *graph, ladder node) map[string]node {
	table := g.Typed("table", tensor.Uint64, c.temperatures, c.classes())
	index := g.indexOf(ladder)
	if c.lattice.Shared { // one temperature: that of a word's first sample is that of the word
		index = g.Do(func() (node, error) { return gorgonia.Slice(index, gorgonia.S(0, c.lattice.Words)) })
	}
	return map[string]node{"thresholds": g.Do(func() (node, error) { return kernels.LatticeThresholds(c.lattice, c.rule, table, index) })}
}

func (c *latticeCarrier) retune(p *engine.Program, betas []float64) error {
	table, err := kernels.LatticeTable(c.rule, c.lattice.Dims(), betas)
	if err != nil {
		return err
	}
	return p.Write("table", table)
}

func (c *latticeCarrier) energies(g *graph) node {
	return g.Do(func() (node, error) {
		return kernels.LatticeEnergy(c.lattice, c.systems, c.walkers(), c.state(g), c.couplings(g))
	})
}

func (c *latticeCarrier) observe(g *graph) map[string]node {
	m := g.Do(func() (node, error) {
		return kernels.LatticeMagnetisation(c.lattice, c.systems, c.walkers(), c.state(g))
	})
	next := map[string]node{"magnetisation": g.Do(func() (node, error) { return kernels.ByTemperature(g.ladder(), m) })}
	if c.copies < 2 {
		return next
	}
	for slot, f := range map[string]func(kernels.Lattice, *gorgonia.Node, *gorgonia.Node) (*gorgonia.Node, error){
		"overlap": kernels.LatticeOverlaps, "link_overlap": kernels.LatticeLinkOverlaps, "slices": kernels.LatticeSliceOverlaps} {
		if slot == "slices" && c.lattice.Strips {
			continue
		}
		next[slot] = g.Do(func() (node, error) { return f(c.lattice, c.state(g), g.ladder()) })
	}
	return next
}

// place is where a bit of the state holds a walker's spin at a site of the lattice.
func (c *latticeCarrier) place(system, walker, site int) (word, bit int) {
	w := system*c.walkers() + walker
	if !c.lattice.Strips {
		return site*c.lattice.Words + w/64, w % 64
	}
	width := c.lattice.Size[0]
	x, row := site%c.side, site/c.side
	return (row*width+x%width)*c.lattice.Words + w, x / width
}

func (c *latticeCarrier) randomise(p *engine.Program, run int) error {
	l := c.lattice
	state := make([]uint64, l.Sites()*l.Words)
	s := make([]int8, c.n)
	for i := range c.systems {
		for w := range c.walkers() {
			c.randomSpins(run, i, w, s)
			for k, x := range s {
				if x < 0 {
					word, bit := c.place(i, w, k)
					state[word] |= 1 << bit
				}
			}
		}
	}
	return p.Write("state", state)
}

func (c *latticeCarrier) resample(g *graph, parents node) node {
	return g.Do(func() (node, error) { return kernels.LatticeResample(c.lattice, c.state(g), parents) })
}

func (c *latticeCarrier) fill(p *engine.Program) error {
	l := c.lattice
	if l.CouplingWords == 0 {
		return nil
	}
	couplings, err := c.couplingBits()
	if err != nil {
		return err
	}
	return p.Write("couplings", couplings)
}

// couplingBits sets a bit for every coupling -1, in the words of all walkers of its system.
func (c *latticeCarrier) couplingBits() ([]uint64, error) {
	l := c.lattice
	bits := make([]uint64, l.Dims()*l.Sites()*l.CouplingWords)
	masks := make([]uint64, l.CouplingWords)
	for i := range c.systems {
		clear(masks)
		for w := i * c.walkers(); w < (i+1)*c.walkers(); w++ {
			masks[w/64%l.CouplingWords] |= 1 << (w % 64)
		}
		first, last := i*c.walkers()/64%l.CouplingWords, ((i+1)*c.walkers()-1)/64%l.CouplingWords
		if !c.differ { // the same in every word
			if i > 0 {
				break
			}
			first, last, masks[0] = 0, 0, ^uint64(0)
		}
		strength, err := c.model.Strengths(c.seed, i)
		if err != nil {
			return nil, err
		}
		for k := range l.Dims() * c.n {
			if strength(k) < 0 {
				for w := first; w <= last; w++ {
					bits[k*l.CouplingWords+w] |= masks[w]
				}
			}
		}
	}
	return bits, nil
}

// infinite is the number of bonds: the variance of H at infinite temperature.
func (c *latticeCarrier) infinite(int) float64 { return float64(c.lattice.Dims() * c.n) }

// unit is the least change of the energy: flips change an even number of bonds by 2 each.
func (c *latticeCarrier) unit() float64 { return 4 }

func (c *latticeCarrier) disordered() bool { return c.differ }

func (c *latticeCarrier) spins(from reader, of []walker, s [][]int8) error {
	state, err := read[uint64](from, "state")
	if err != nil {
		return err
	}
	for i, w := range of {
		for k := range s[i] {
			word, bit := c.place(w.system, w.number, k)
			s[i][k] = 1 - 2*int8(state[word]>>bit&1)
		}
	}
	return nil
}
