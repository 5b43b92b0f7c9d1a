package bench

import (
	"context"
	"fmt"
	"math"
	"sync"

	"cavity/engine"
	"cavity/engine/stats"
	"cavity/kernels"
	"cavity/models/spin"
)

// walkers is how many replicas every sampler of spins runs together: a word of a lattice.
const walkers = 64

// frozen is one instance of a spin glass for every seed and sample, so that several seeds of a sampler and several systems of
// a run are the same problem.
type frozen struct{ spin.EdwardsAnderson }

const instanceSeed = 7

func (f frozen) Strengths(uint64, int) (func(bond int) float64, error) {
	return f.EdwardsAnderson.Strengths(instanceSeed, 0)
}

func (f frozen) Couplings(uint64, int) (spin.Couplings, error) {
	return f.EdwardsAnderson.Couplings(instanceSeed, 0)
}

// A contest is samplers of one model at the temperature cold; ladders go from there to hot.
type contest struct {
	model     spin.Model
	cold, hot float64
	exact     func() (e, f float64, err error) // per spin; nil: not known
	seek      bool                             // the lowest energy, in place of averages at cold
}

func (c contest) ferromagnet() bool {
	_, is := c.model.(spin.Ising)
	return is
}

var tc = 2 / math.Log(1+math.Sqrt2)

func init() {
	magnet := contest{model: spin.Ising{L: 32, D: 2}, cold: tc, hot: 3.2, exact: func() (float64, float64, error) {
		x, err := spin.Kaufman(32, tc)
		return x.Energy, x.FreeEnergy, err
	}}
	glass := frozen{spin.EdwardsAnderson{L: 4, D: 2, Gaussian: true}}
	small := contest{model: glass, cold: .3, hot: 3, exact: func() (float64, float64, error) {
		c, err := glass.Couplings(0, 0)
		if err != nil {
			return 0, 0, err
		}
		x, _, err := spin.Enumerate(c, []float64{.3})
		if err != nil {
			return 0, 0, err
		}
		return x[0].Energy, x[0].FreeEnergy, nil
	}}
	large := contest{model: frozen{spin.EdwardsAnderson{L: 8, D: 3}}, cold: .5, hot: 2, seek: true}
	for _, c := range []contest{magnet, small, large} {
		c.register()
	}
}

// register adds a case for each sampler that applies.
func (c contest) register() {
	plain := []float64{c.cold}
	geometric, linear := must(spin.Geometric(c.cold, c.hot, 16)), must(spin.Linear(c.cold, c.hot, 16))
	type entry struct {
		name  string
		t     spin.Tempering
		adapt bool
	}
	list := []entry{
		{"Metropolis", spin.Tempering{Temperatures: plain}, false},
		{"heat bath", spin.Tempering{Temperatures: plain, Rule: kernels.HeatBath}, false},
		{"tempering, geometric ladder", spin.Tempering{Temperatures: geometric}, false},
		{"tempering, linear ladder", spin.Tempering{Temperatures: linear}, false},
		{"tempering, adapted ladder", spin.Tempering{Temperatures: geometric}, true},
	}
	if c.ferromagnet() {
		list = append(list, entry{"Swendsen-Wang", spin.Tempering{Temperatures: plain, Move: spin.SwendsenWang}, false},
			entry{"Wolff", spin.Tempering{Temperatures: plain, Move: spin.Wolff}, false})
	} else {
		list = append(list, entry{"tempering + Houdayer, geometric ladder", spin.Tempering{Temperatures: geometric, Houdayer: true, Copies: 2}, false})
	}
	for _, e := range list {
		e.t.Model = c.model
		e.t.Copies = max(1, e.t.Copies)
		e.t.Systems = walkers / e.t.Copies / len(e.t.Temperatures)
		c.add(e.name, func(b engine.Backend, o Budget) ([]Row, error) {
			if c.seek {
				return c.seeking(o, func(seed uint64) (search, error) { return temperingSearch(e.t, e.adapt, seed, b) })
			}
			return c.averages(e.name, o, func(seed uint64) (chains, error) { return temperingChains(e.t, e.adapt, seed, b) })
		})
	}
	if !c.seek {
		if !c.ferromagnet() {
			c.add("population annealing", c.population)
		}
		return
	}
	for _, a := range []spin.Annealing{
		{Model: c.model, Hot: c.hot, Cold: .2, Steps: 200, Sweeps: 10, Walkers: walkers},
		{Model: c.model, Population: true, Cold: .2, Sweeps: 10, Walkers: 16 * walkers},
	} {
		name := "simulated annealing"
		if a.Population {
			name = "population annealing"
		}
		c.add(name, func(b engine.Backend, o Budget) ([]Row, error) {
			return c.seeking(o, func(seed uint64) (search, error) { return annealingSearch(a, seed, b) })
		})
	}
}

func (c contest) add(name string, trial func(b engine.Backend, o Budget) ([]Row, error)) {
	at := fmt.Sprintf("%s at T=%.4g", c.model.Name(), c.cold)
	if c.seek {
		at = c.model.Name()
	}
	register(Case{Suite: "samplers", Name: at + ", " + name, Trial: trial})
}

func (c contest) averages(curve string, o Budget, start func(seed uint64) (chains, error)) ([]Row, error) {
	e, f, err := c.exact()
	if err != nil {
		return nil, err
	}
	s := study{figure: fmt.Sprintf("energy per spin of %s at T=%.4g", c.model.Name(), c.cold), observables: []observable{{"e", e}}, free: f}
	if c.ferromagnet() { // the slow mode of a magnet; that of a glass is not its magnetisation
		s.observables = append(s.observables, observable{"m²", math.NaN()})
	}
	return s.rows(curve, o, start)
}

// temperingChains observes the energies per spin at the lowest temperature, and the squared magnetisation if that is asked for:
// one of each system, the mean over its copies.
func temperingChains(t spin.Tempering, adapt bool, seed uint64, b engine.Backend) (chains, error) {
	t.Seed = seed
	s, err := t.Start(b)
	if err != nil {
		return chains{}, err
	}
	ctx, m := context.Background(), s.Measure()
	ladder := make([]int32, s.Program.Slots()["ladder"].Len())
	c := chains{count: t.Systems, per: t.Copies, step: func(n int) error { return s.Step(ctx, n) },
		observe: func(x [][]float64) error {
			if err := m.Take(); err != nil {
				return err
			}
			for o := range x {
				clear(x[o])
			}
			for i := range t.Systems {
				for k := range t.Copies {
					x[0][i] += m.Energy(i, k, 0) / float64(t.Model.Spins()*t.Copies)
					if len(x) > 1 {
						x[1][i] += math.Pow(m.Magnetisation(i, k, 0), 2) / float64(t.Copies)
					}
				}
			}
			return nil
		},
		ready: func() error { m = s.Measure(); return s.Reset() },
		check: func() error { return sameEnergies(s) }}
	if len(t.Temperatures) == 1 {
		return c, nil
	}
	if adapt {
		c.tune = s.Adapt
	}
	c.trips = func() (float64, error) {
		total, cells := 0.0, len(ladder)/kernels.LadderRows
		err := s.Program.Read("ladder", ladder)
		for _, n := range ladder[kernels.LadderTrips*cells : (kernels.LadderTrips+1)*cells] {
			total += float64(n)
		}
		return total, err
	}
	c.free = func() (stats.Estimate, error) {
		r, err := m.Results()
		if err != nil {
			return stats.Estimate{}, err
		}
		return stats.Estimate{Value: r.FreeEnergy[0].Mean, Err: r.FreeEnergy[0].Err}, nil
	}
	return c, nil
}

// population repeats population annealing down to cold for the time of each repeat.
func (c contest) population(b engine.Backend, o Budget) ([]Row, error) {
	_, exact, err := c.exact()
	if err != nil {
		return nil, err
	}
	var free []stats.Estimate
	for seed := range o.Seeds {
		a, err := spin.Annealing{Model: c.model, Population: true, Cold: c.cold, Sweeps: 10, Walkers: 4 * walkers, Runs: 4096, Seed: uint64(seed) + 1}.Start(b)
		if err != nil {
			return nil, err
		}
		for began := o.Clock(); !a.Done() && (o.Clock()-began < o.Length || a.Run == 0); {
			if err := a.Next(context.Background()); err != nil {
				return nil, err
			}
		}
		r, err := a.Results(math.NaN())
		if err != nil {
			return nil, err
		}
		f := r.FreeEnergy[len(r.FreeEnergy)-1]
		free = append(free, stats.Estimate{Value: f.Mean, Err: f.Err})
	}
	return []Row{freeError(free, exact)}, nil
}

// seeking asks for the lowest energy that a long tempering finds.
func (c contest) seeking(o Budget, start func(seed uint64) (search, error)) ([]Row, error) {
	target, err := lowestOf(c)
	if err != nil {
		return nil, err
	}
	row, err := timeToTarget(target, o, start)
	return []Row{row}, err
}

var (
	lowest   = map[string]float64{}
	lowestMu sync.Mutex
)

// lowestOf is the lowest energy that two long temperings agree on; it is kept.
func lowestOf(c contest) (float64, error) {
	lowestMu.Lock()
	defer lowestMu.Unlock()
	if e, known := lowest[c.model.Name()]; known {
		return e, nil
	}
	b, err := engine.Open("cpu", engine.Options{Workers: 1})
	if err != nil {
		return 0, err
	}
	defer b.Close()
	var found [2]float64
	for k := range found {
		t := spin.Tempering{Model: c.model, Temperatures: must(spin.Geometric(c.cold, c.hot, 16)), Systems: 4, Copies: 1}
		next, err := temperingSearch(t, false, uint64(1000+k), b)
		if err != nil {
			return 0, err
		}
		for range 4000 {
			if found[k], _, err = next(); err != nil {
				return 0, err
			}
		}
	}
	if found[0] != found[1] {
		return 0, fmt.Errorf("two long temperings of %s end at energies %v and %v", c.model.Name(), found[0], found[1])
	}
	lowest[c.model.Name()] = found[0]
	return found[0], nil
}

// temperingSearch looks at all energies every ten steps, and adapts the ladder at growing intervals.
func temperingSearch(t spin.Tempering, adapt bool, seed uint64, b engine.Backend) (search, error) {
	t.Seed = seed
	s, err := t.Start(b)
	if err != nil {
		return nil, err
	}
	ctx, m, least, looks := context.Background(), s.Measure(), math.Inf(1), 0
	return func() (float64, bool, error) {
		if err := s.Step(ctx, 10); err != nil {
			return 0, false, err
		}
		if err := m.Take(); err != nil {
			return 0, false, err
		}
		for i := range t.Systems {
			for c := range t.Copies {
				for k := range t.Temperatures {
					least = min(least, m.Energy(i, c, k))
				}
			}
		}
		if looks++; adapt && looks >= 16 && looks&(looks-1) == 0 {
			return least, false, s.Adapt()
		}
		return least, false, nil
	}, nil
}

// annealingSearch goes down once.
func annealingSearch(a spin.Annealing, seed uint64, b engine.Backend) (search, error) {
	a.Seed = seed
	s, err := a.Start(b)
	if err != nil {
		return nil, err
	}
	return func() (float64, bool, error) {
		err := s.Next(context.Background())
		best, _ := s.Best(0)
		return best.Energy, s.Done(), err
	}, nil
}
