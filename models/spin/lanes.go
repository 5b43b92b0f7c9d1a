package spin

import (
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/kernels"
)

// lanes is what carriers share whose rows are sites and whose columns are walkers: state [systems, rows, width].
type lanes struct {
	batch
	rows int // sites, and what a sampler keeps beside them
}

// width is the number of columns, at least walkers.
func (l lanes) width() int { return kernels.LaneStride(l.walkers()) }

func (l lanes) follows() bool { return false }

func (l lanes) follow(*graph, node) map[string]node { return nil }

func (l lanes) retune(*engine.Program, []float64) error { return nil }

// each gives the first spins of every walker.
func (l lanes) each(run int, f func(system, walker int, s []int8)) {
	s := make([]int8, l.n)
	for i := range l.systems {
		for w := range l.walkers() {
			l.randomSpins(run, i, w, s)
			f(i, w, s)
		}
	}
}

// floats are lanes of spins as float32.
type floats struct{ lanes }

func (l floats) state(g *graph) node {
	return g.Typed("state", tensor.Float32, l.systems, l.rows, l.width())
}

func (l floats) external(g *graph) node { return g.Typed("external", tensor.Float32, l.systems, l.n) }

func (l floats) observe(g *graph) map[string]node {
	m := g.Do(func() (node, error) { return kernels.LaneMagnetisation(l.n, l.walkers(), l.state(g)) })
	next := map[string]node{"magnetisation": g.Do(func() (node, error) { return kernels.ByTemperature(g.ladder(), m) })}
	if l.copies > 1 {
		next["overlap"] = g.Do(func() (node, error) { return kernels.LaneOverlaps(l.n, l.state(g), g.ladder()) })
	}
	return next
}

func (l floats) randomise(p *engine.Program, run int) error {
	state := make([]float32, l.systems*l.rows*l.width())
	l.each(run, func(system, walker int, s []int8) {
		for k, x := range s {
			state[(system*l.rows+k)*l.width()+walker] = float32(x)
		}
	})
	return p.Write("state", state)
}

func (l floats) resample(g *graph, parents node) node {
	return g.Do(func() (node, error) { return kernels.LaneResample(l.state(g), parents) })
}

func (l floats) spins(from reader, of []walker, s [][]int8) error {
	state, err := read[float32](from, "state")
	if err != nil {
		return err
	}
	for i, w := range of {
		for k := range s[i] {
			s[i][k] = int8(state[(w.system*l.rows+k)*l.width()+w.number])
		}
	}
	return nil
}

// read is a slot's contents.
func read[T engine.Element](from reader, slot string) ([]T, error) {
	x := make([]T, from.Slots()[slot].Len())
	return x, from.Read(slot, x)
}
