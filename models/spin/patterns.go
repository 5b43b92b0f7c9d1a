package spin

import (
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/kernels"
)

// patternCarrier holds a Hopfield model by its patterns: single flips that follow the overlaps, or rounds of block sampling
// of spins and overlaps as in a restricted Boltzmann machine.
type patternCarrier struct {
	floats
	model Hopfield
	gibbs bool
}

func newPatterns(m Hopfield, b batch, gibbs bool) (carrier, error) {
	if gibbs {
		b.rule = kernels.HeatBath
	}
	rows := m.N + kernels.PatternStride(m.P)
	return &patternCarrier{floats{lanes{b, rows}}, m, gibbs}, nil
}

func (c *patternCarrier) name() string {
	if c.gibbs {
		return "patterns, block Gibbs sampling"
	}
	return "patterns, integer overlaps"
}

func (c *patternCarrier) bytes() int64 {
	patterns, state := int64(c.n)*int64(kernels.PatternStride(c.model.P)), int64(c.rows)*int64(c.width())
	return 4 * int64(c.systems) * (patterns + state + int64(c.n))
}

func (c *patternCarrier) patterns(g *graph) node {
	return g.Typed("patterns", tensor.Float32, c.systems, c.n, kernels.PatternStride(c.model.P))
}

func (c *patternCarrier) refresh(g *graph) node {
	return g.Do(func() (node, error) {
		return kernels.HopfieldOverlaps(c.model.P, c.walkers(), c.state(g), c.patterns(g))
	})
}

func (c *patternCarrier) sweep(g *graph) node {
	patterns := c.patterns(g)
	index := g.indexOf(g.ladder())
	return g.Do(func() (node, error) {
		if c.gibbs {
			return kernels.HopfieldGibbs(c.model.P, sweepStream, c.state(g), patterns, c.external(g), g.beta(), index)
		}
		return kernels.HopfieldSweep(c.model.P, c.rule, sweepStream, c.state(g), patterns, c.external(g), g.beta(), index)
	})
}

func (c *patternCarrier) energies(g *graph) node {
	return g.Do(func() (node, error) { return kernels.HopfieldEnergy(c.model.P, c.walkers(), c.state(g), c.external(g)) })
}

func (c *patternCarrier) fill(p *engine.Program) error {
	stride := kernels.PatternStride(c.model.P)
	patterns := make([]float32, c.systems*c.n*stride)
	for i := range c.systems {
		xi, err := c.model.Patterns(c.seed, i)
		if err != nil {
			return err
		}
		for k, x := range xi {
			patterns[(i*c.n+k%c.n)*stride+k/c.n] = float32(x)
		}
	}
	return p.Write("patterns", patterns)
}

// infinite is Σ_{i<j} J_ij², from the overlaps of the patterns: Σ_ij J_ij² = (1/N²) Σ_μν (ξ^μ·ξ^ν)², less the diagonal (P/N)².
func (c *patternCarrier) infinite(system int) float64 {
	xi, err := c.model.Patterns(c.seed, system)
	if err != nil {
		return 0 // Check has passed
	}
	n, sum := c.n, 0.0
	for a := range c.model.P {
		for b := range a + 1 {
			dot := 0
			for i, x := range xi[a*n : (a+1)*n] {
				dot += int(x) * int(xi[b*n+i])
			}
			square := float64(dot) * float64(dot)
			if a != b {
				square *= 2
			}
			sum += square
		}
	}
	p, size := float64(c.model.P), float64(n)
	return (sum/(size*size) - p*p/size) / 2
}

func (c *patternCarrier) disordered() bool { return c.systems > 1 }
