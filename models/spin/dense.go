package spin

import (
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/kernels"
)

// denseCarrier holds the whole matrix of couplings and every walker's local fields: SK, Hopfield, any small instance.
type denseCarrier struct {
	batch
	samples []Couplings
}

func (d *denseCarrier) name() string { return "dense couplings, float32 fields" }

func (d *denseCarrier) bytes() int64 { return kernels.DenseBytes(d.systems, d.n, d.walkers()) }

func (d *denseCarrier) state(g *graph) node {
	return g.slot("state", tensor.Float32, d.systems, 2, d.walkers(), kernels.DenseStride(d.n))
}

func (d *denseCarrier) external(g *graph) node {
	return g.slot("external", tensor.Float32, d.systems, kernels.DenseStride(d.n))
}

func (d *denseCarrier) sweep(g *graph) node {
	couplings := g.slot("couplings", tensor.Float32, d.systems, d.n, kernels.DenseStride(d.n))
	index := g.indexOf(g.ladder())
	return g.make(func() (node, error) {
		return kernels.DenseSweep(d.rule, sweepStream, d.state(g), couplings, d.external(g), g.beta(), index)
	})
}

func (d *denseCarrier) follows() bool { return false }

func (d *denseCarrier) follow(*graph, node) map[string]node { return nil }

func (d *denseCarrier) retune(*engine.Program, []float64) error { return nil }

func (d *denseCarrier) energies(g *graph) node {
	return g.make(func() (node, error) { return kernels.DenseEnergy(d.state(g), d.external(g)) })
}

func (d *denseCarrier) observe(g *graph) map[string]node {
	m := g.make(func() (node, error) { return kernels.DenseMagnetisation(d.n, d.state(g)) })
	next := map[string]node{"magnetisation": g.make(func() (node, error) { return kernels.ByTemperature(g.ladder(), m) })}
	if d.copies > 1 {
		next["overlap"] = g.make(func() (node, error) { return kernels.DenseOverlaps(d.n, d.state(g), g.ladder()) })
	}
	return next
}

func (d *denseCarrier) fill(p *engine.Program) error {
	ld := kernels.DenseStride(d.n)
	couplings := make([]float32, 0, d.systems*d.n*ld)
	external := make([]float32, d.systems*ld)
	state := make([]float32, d.systems*2*d.walkers()*ld)
	s := make([]int8, d.n)
	for i, c := range d.samples {
		couplings = append(couplings, c.Dense(ld)...)
		for k, h := range c.Fields {
			external[i*ld+k] = float32(h)
		}
		for w := range d.walkers() {
			d.randomSpins(i, w, s)
			row := state[(2*i*d.walkers()+w)*ld:]
			for k, x := range s {
				row[k] = float32(x)
			}
		}
	}
	for slot, x := range map[string]any{"couplings": couplings, "external": external, "state": state} {
		if err := p.Write(slot, x); err != nil {
			return err
		}
	}
	return nil
}

func (d *denseCarrier) spins(p *engine.Program, system, walker int, s []int8) error {
	ld := kernels.DenseStride(d.n)
	state := make([]float32, d.systems*2*d.walkers()*ld)
	if err := p.Read("state", state); err != nil {
		return err
	}
	for i, x := range state[(2*system*d.walkers()+walker)*ld:][:d.n] {
		s[i] = int8(x)
	}
	return nil
}

// infinite is the variance of H at infinite temperature, ΣJ² + Σh².
func (d *denseCarrier) infinite(system int) float64 { return d.samples[system].variance() }

func (d *denseCarrier) disordered() bool { return differ(d.samples) }
