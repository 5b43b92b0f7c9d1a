package bench

import (
	"context"
	"fmt"
	"math"

	"cavity/engine"
	"cavity/models/spin"
)

func init() {
	wide, err := spin.Geometric(.9, 2, 32)
	if err != nil {
		panic(err) // constants
	}
	dense, err := spin.Geometric(.3, 1.5, 32)
	if err != nil {
		panic(err)
	}
	for _, l := range []int{16, 32} {
		register(
			Case{Suite: "spin", Name: fmt.Sprintf("ea3d L=%d, 16 samples × 32 temperatures, exchange every sweep", l), Unit: "flips/ns", Only: processorAndCUDA, Target: 7, Slow: l == 32,
				Start: tempering(spin.Tempering{Model: spin.EdwardsAnderson{L: l, D: 3}, Temperatures: wide, Systems: 16, Copies: 1, Seed: 1}, nil)},
			Case{Suite: "spin", Name: fmt.Sprintf("ea3d L=%d, 1 sample × 32 temperatures × 2 copies", l), Unit: "flips/ns", Only: processorAndCUDA, Target: 4,
				Start: tempering(spin.Tempering{Model: spin.EdwardsAnderson{L: l, D: 3}, Temperatures: wide, Copies: 2, Seed: 1}, nil)},
		)
	}
	register(Case{Suite: "spin", Name: "ising2d L=1024 at T=2.5", Unit: "flips/ns", Only: processorAndCUDA, Target: 8,
		Start: tempering(spin.Tempering{Model: spin.Ising{L: 1024, D: 2}, Temperatures: []float64{2.5}, Copies: 1, Seed: 1}, kaufman(1024))})
	for n, target := range map[int]float64{512: .055, 1024: .035, 4096: .0065} {
		register(Case{Suite: "spin", Name: fmt.Sprintf("sk N=%d, 32 temperatures", n), Unit: "flips/ns", Only: processorAndCUDA, Target: target, Slow: n > 1024,
			Start: tempering(spin.Tempering{Model: spin.SherringtonKirkpatrick{N: n}, Temperatures: dense, Copies: 1, Seed: 1}, nil)})
	}
	register(Case{Suite: "spin", Name: "hopfield N=2000 P=100, 32 temperatures", Unit: "flips/ns", Only: processorAndCUDA, Target: .03,
		Start: tempering(spin.Tempering{Model: spin.Hopfield{N: 2000, P: 100}, Temperatures: dense, Copies: 1, Seed: 1}, nil)})
	for _, l := range []int{32, 64, 128, 256} {
		register(Case{Suite: "spin", Name: fmt.Sprintf("step of ising2d L=%d, 64 temperatures", l), Family: "ising2d steps", Size: float64(l), Unit: "ms", Only: processorAndCUDA, Slow: l > 128,
			Start: tempering(spin.Tempering{Model: spin.Ising{L: l, D: 2}, Temperatures: must(spin.Linear(1.8, 3, 64)), Copies: 1, Seed: 1}, nil)})
	}
}

func must(t []float64, err error) []float64 {
	if err != nil {
		panic(err)
	}
	return t
}

// tempering times steps of sweep and exchange. The verification recomputes the energies of the final states from the spins
// and the couplings, and applies the model's own test, if it has one, to a measurement of more steps.
func tempering(t spin.Tempering, test func(s *spin.Sampler) error) func(b engine.Backend) (*Work, error) {
	return func(b engine.Backend) (*Work, error) {
		s, err := t.Start(b)
		if err != nil {
			return nil, err
		}
		ctx := context.Background()
		return &Work{Step: func(n int) error { return s.Step(ctx, n) }, Amount: s.Flips(), Verify: func() error {
			if err := sameEnergies(s); err != nil || test == nil {
				return err
			}
			return test(s)
		}}, nil
	}
}

// sameEnergies recomputes H at the first and the last temperature of the first sample.
func sameEnergies(s *spin.Sampler) error {
	m := s.Measure()
	if err := m.Take(); err != nil {
		return err
	}
	c, err := s.Model.Couplings(s.Seed, 0)
	if err != nil {
		return err
	}
	state := make([]int8, c.N)
	for _, k := range []int{0, len(s.Temperatures) - 1} {
		if err := m.State(0, 0, k, state); err != nil {
			return err
		}
		want := c.Energy(state)
		if got := m.Energy(0, 0, k); math.Abs(got-want) > 1e-4*float64(c.N) {
			return fmt.Errorf("energy %v of a state whose energy is %v", got, want)
		}
	}
	return nil
}

// kaufman holds the energy to the exact one within five errors (false alarm 6e-7).
func kaufman(l int) func(s *spin.Sampler) error {
	return func(s *spin.Sampler) error {
		m := s.Measure()
		if err := (spin.Campaign{Sampler: s, Measurement: m, Warmup: s.Program.Steps() + 200, Steps: 400, Every: 2}).Do(context.Background()); err != nil {
			return err
		}
		r, err := m.Results()
		if err != nil {
			return err
		}
		x, err := spin.Kaufman(l, s.Temperatures[0])
		if err != nil {
			return err
		}
		if d := math.Abs(r.Energy[0].Mean - x.Energy); d > 5*r.Energy[0].Err {
			return fmt.Errorf("energy %v ± %v, exact %v", r.Energy[0].Mean, r.Energy[0].Err, x.Energy)
		}
		return nil
	}
}
