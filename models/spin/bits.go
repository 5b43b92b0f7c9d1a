package spin

import (
	"math"

	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/kernels"
)

// bitCarrier holds couplings of one size, and spins, as bits: the ±1 SK model with many spins.
type bitCarrier struct {
	lanes
	learned
	model    Matrix
	strength float64
}

func (c *bitCarrier) name() string { return "couplings and spins as bits, integer fields" }

// bytes counts the scratch memory in which one sample is made.
func (c *bitCarrier) bytes() int64 {
	return kernels.BitBytes(c.systems, c.n, c.walkers()) + 8*int64(c.n)*int64(kernels.BitWords(c.n))
}

func (c *bitCarrier) state(g *graph) node {
	return g.Typed("state", tensor.Uint64, c.systems, c.rows, c.width())
}

func (c *bitCarrier) external(g *graph) node {
	return g.Typed("external", tensor.Float32, c.systems, c.n)
}

func (c *bitCarrier) couplings(g *graph) node {
	return g.Typed("couplings", tensor.Uint64, c.systems, c.n, kernels.BitWords(c.n))
}

func (c *bitCarrier) refresh(g *graph) node {
	return g.Do(func() (node, error) { return kernels.BitPairs(c.walkers(), c.state(g), c.couplings(g), c.external(g)) })
}

func (c *bitCarrier) sweep(g *graph) node {
	couplings := c.couplings(g)
	index := g.indexOf(g.ladder())
	return g.Do(func() (node, error) {
		return kernels.BitSweep(c.strength, c.rule, sweepStream, c.state(g), couplings, c.external(g), g.beta(), index)
	})
}

func (c *bitCarrier) energies(g *graph) node {
	return g.Do(func() (node, error) { return kernels.BitEnergy(c.strength, c.walkers(), c.state(g), c.external(g)) })
}

func (c *bitCarrier) observe(g *graph) map[string]node {
	m := g.Do(func() (node, error) { return kernels.BitMagnetisation(c.n, c.walkers(), c.state(g)) })
	next := map[string]node{"magnetisation": g.Do(func() (node, error) { return kernels.ByTemperature(g.ladder(), m) })}
	if c.copies > 1 {
		next["overlap"] = g.Do(func() (node, error) { return kernels.BitOverlaps(c.n, c.state(g), g.ladder()) })
	}
	return next
}

func (c *bitCarrier) fill(p *engine.Program) error {
	w := kernels.BitWords(c.n)
	couplings := make([]uint64, c.n*w)
	row := make([]float64, c.n)
	for i := range c.systems {
		write, err := c.model.Rows(c.seed, i)
		if err != nil {
			return err
		}
		c.begin()
		clear(couplings)
		for a := range c.n {
			write(a, row)
			c.row(row[a+1:])
			line := couplings[a*w : (a+1)*w]
			for j := a + 1; j < c.n; j++ {
				line[j/64] |= (^math.Float64bits(row[j]) >> 63) << (j % 64)
			}
		}
		mirror(couplings, c.n, w)
		if err := p.WriteAt("couplings", i*c.n*w, couplings); err != nil {
			return err
		}
	}
	return nil
}

func (c *bitCarrier) randomise(p *engine.Program, run int) error {
	state := make([]uint64, c.systems*c.rows*c.width())
	c.each(run, func(system, walker int, s []int8) {
		for k, x := range s {
			if x > 0 {
				state[(system*c.rows+k/64)*c.width()+walker] |= 1 << (k % 64)
			}
		}
	})
	return p.Write("state", state)
}

// mirror copies the bits above the diagonal of an n×n matrix, in rows of w words, below it, in blocks of 64×64.
func mirror(m []uint64, n, w int) {
	var block [64]uint64
	for a := 0; a < n; a += 64 {
		for b := a; b < n; b += 64 {
			clear(block[:])
			for i := a; i < min(a+64, n); i++ {
				block[i-a] = m[i*w+b/64]
			}
			transpose64(&block)
			for j := b; j < min(b+64, n); j++ {
				m[j*w+a/64] |= block[j-b]
			}
		}
	}
}

// transpose64 exchanges bit i of word j with bit j of word i, by halves, quarters, … (Warren, Hacker's Delight, section 7-3).
func transpose64(x *[64]uint64) {
	mask := uint64(1)<<32 - 1
	for half := 32; half > 0; half >>= 1 {
		for i := 0; i < 64; i = (i + half + 1) &^ half {
			t := (x[i]>>half ^ x[i+half]) & mask
			x[i] ^= t << half
			x[i+half] ^= t
		}
		mask ^= mask << (half >> 1)
	}
}

// unit is twice the least change of the energy, 2J times the local field.
func (c *bitCarrier) unit() float64 { return 4 * c.strength }

func (c *bitCarrier) resample(g *graph, parents node) node {
	return g.Do(func() (node, error) { return kernels.LaneResample(c.state(g), parents) })
}

func (c *bitCarrier) spins(from reader, of []walker, s [][]int8) error {
	state, err := read[uint64](from, "state")
	if err != nil {
		return err
	}
	for i, w := range of {
		for k := range s[i] {
			s[i][k] = 2*int8(state[(w.system*c.rows+k/64)*c.width()+w.number]>>(k%64)&1) - 1
		}
	}
	return nil
}
