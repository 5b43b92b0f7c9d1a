package spin

import (
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/kernels"
)

// sparseCarrier holds a graph of any degree, visited colour by colour, with walkers in the lanes of a vector.
type sparseCarrier struct {
	floats
	graph   *kernels.Graph
	samples []Couplings
	edges   int
	side    int // of a lattice, else 0
	dims    int
}

func newSparse(m Model, b batch, samples []Couplings) (carrier, error) {
	c := &sparseCarrier{floats: floats{lanes{b, b.n}}, samples: samples}
	if l, ok := m.(Lattice); ok {
		c.side, c.dims = l.Side(), l.Dims()
	}
	same := true
	for i := range samples {
		same = same && samePairs(samples[i], samples[0])
		c.edges = max(c.edges, len(samples[i].Bonds))
	}
	if same {
		samples = samples[:1]
	}
	lists := make([][]kernels.Edge, len(samples))
	for i := range samples {
		for _, x := range samples[i].Bonds {
			lists[i] = append(lists[i], kernels.Edge{I: x.I, J: x.J})
		}
	}
	var err error
	c.graph, err = kernels.NewGraph(b.n, lists...)
	return c, err
}

// samePairs reports whether two instances couple the same pairs in the same order.
func samePairs(a, b Couplings) bool {
	if len(a.Bonds) != len(b.Bonds) {
		return false
	}
	for k, x := range a.Bonds {
		if x.I != b.Bonds[k].I || x.J != b.Bonds[k].J {
			return false
		}
	}
	return true
}

func (c *sparseCarrier) name() string { return "sparse graph in colours, float32 couplings" }

func (c *sparseCarrier) bytes() int64 {
	return kernels.SparseBytes(c.systems, c.n, c.edges, c.walkers()) + int64(c.systems)*int64(c.edges)*bytesOfBond
}

func (c *sparseCarrier) weights(g *graph) node {
	return g.Typed("weights", tensor.Float32, c.systems, c.graph.Entries())
}

func (c *sparseCarrier) sweep(g *graph) node {
	index := g.indexOf(g.ladder())
	return g.Do(func() (node, error) {
		switch c.move {
		case SwendsenWang:
			return kernels.SwendsenWang(c.graph, sweepStream, c.state(g), c.weights(g), c.external(g), g.beta(), index)
		case Wolff:
			return kernels.Wolff(c.graph, sweepStream, c.state(g), c.weights(g), c.external(g), g.beta(), index)
		}
		return kernels.SparseSweep(c.graph, c.rule, sweepStream, c.state(g), c.weights(g), c.external(g), g.beta(), index)
	})
}

func (c *sparseCarrier) refresh(*graph) node { return nil }

// houdayer is the state after a round of cluster moves between copies.
func (c *sparseCarrier) houdayer(g *graph) node {
	return g.Do(func() (node, error) { return kernels.Houdayer(c.graph, houdayerStream, c.state(g), g.ladder()) })
}

func (c *sparseCarrier) energies(g *graph) node {
	return g.Do(func() (node, error) {
		return kernels.SparseEnergy(c.graph, c.walkers(), c.state(g), c.weights(g), c.external(g))
	})
}

func (c *sparseCarrier) observe(g *graph) map[string]node {
	next := c.floats.observe(g)
	if c.copies < 2 {
		return next
	}
	next["link_overlap"] = g.Do(func() (node, error) { return kernels.LinkOverlaps(c.graph, c.state(g), g.ladder()) })
	if c.side > 0 {
		next["slices"] = g.Do(func() (node, error) { return kernels.LaneSliceOverlaps(c.side, c.dims, c.state(g), g.ladder()) })
	}
	return next
}

func (c *sparseCarrier) fill(p *engine.Program) error {
	weights, external := make([]float32, c.systems*c.graph.Entries()), make([]float32, c.systems*c.n)
	for i, sample := range c.samples {
		list := make([]float32, len(sample.Bonds))
		for k, b := range sample.Bonds {
			list[k] = float32(b.Strength)
		}
		if err := c.graph.Spread(i, list, weights[i*c.graph.Entries():(i+1)*c.graph.Entries()]); err != nil {
			return err
		}
		for k, h := range sample.Fields {
			external[i*c.n+k] = float32(h)
		}
	}
	if err := p.Write("weights", weights); err != nil {
		return err
	}
	return p.Write("external", external)
}

func (c *sparseCarrier) infinite(system int) float64 { return c.samples[system].variance() }

func (c *sparseCarrier) disordered() bool { return differ(c.samples) }
