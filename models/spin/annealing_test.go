package spin

import (
	"bytes"
	"context"
	"math"
	"strings"
	"testing"

	"cavity/engine"
)

func anneal(t testing.TB, a Annealing, workers int) *Annealer {
	t.Helper()
	b, err := engine.Open("cpu", engine.Options{Workers: workers})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	s, err := a.Start(b)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func finish(t testing.TB, s *Annealer) Annealed {
	t.Helper()
	for !s.Done() {
		if err := s.Next(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	r, err := s.Results(math.NaN())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Free energies and energies of population annealing at every temperature of its schedule against enumeration, for every way
// to hold the walkers. About 150 comparisons at 4.5 jackknife errors of 24 runs (Student's t): false alarm about 3e-2 if they
// were independent; along one schedule they are nearly one comparison, and it is below 2e-3.
func TestPopulationAgainstEnumeration(t *testing.T) {
	for _, a := range []Annealing{
		{Model: EdwardsAnderson{L: 4, D: 2}},
		{Model: EdwardsAnderson{L: 4, D: 2, Gaussian: true}},
		{Model: SherringtonKirkpatrick{N: 12}},
		{Model: SherringtonKirkpatrick{N: 12, Binary: true}, Layout: "bits"},
		{Model: Hopfield{N: 12, P: 2}, Layout: "patterns"},
	} {
		a.Population, a.Cold, a.Walkers, a.Runs, a.Sweeps, a.Seed = true, .5, 200, 24, 4, 3
		s := anneal(t, a, 1)
		r := finish(t, s)
		c, err := a.Model.Couplings(a.Seed, 0)
		if err != nil {
			t.Fatal(err)
		}
		exact, ground, err := Enumerate(c, r.Temperatures)
		if err != nil {
			t.Fatal(err)
		}
		for k, x := range exact {
			within(t, a.Model.Name()+" f", r.FreeEnergy[k], x.FreeEnergy)
			within(t, a.Model.Name()+" e", r.Energy[k], x.Energy)
		}
		if math.Abs(r.Ground[0].Energy-ground.Energy) > 1e-5*float64(c.N) {
			t.Errorf("%s: lowest energy %v, ground state %v", a.Model.Name(), r.Ground[0].Energy, ground.Energy)
		}
		if e := c.Energy(s.spins[0]); math.Abs(e-ground.Energy) > 1e-5*float64(c.N) {
			t.Errorf("%s: the lowest state has energy %v, not %v", a.Model.Name(), e, ground.Energy)
		}
		last := r.Families[len(r.Families)-1]
		if !(last > 1 && last < 100) {
			t.Errorf("%s: mean family size %v at the end", a.Model.Name(), last)
		}
	}
}

// Simulated annealing finds ground states, and the share of walkers that do gives the time to target.
func TestAnnealingFindsGroundStates(t *testing.T) {
	for _, a := range []Annealing{
		{Model: EdwardsAnderson{L: 4, D: 2}, Systems: 2},
		{Model: SherringtonKirkpatrick{N: 16}, Geometric: true, Systems: 2},
		{Model: Hopfield{N: 16, P: 3}},
	} {
		a.Hot, a.Cold, a.Steps, a.Sweeps, a.Walkers, a.Runs, a.Seed = 3, .1, 30, 2, 32, 2, 5
		s := anneal(t, a, 1)
		r := finish(t, s)
		for q, g := range r.Ground {
			c, err := a.Model.Couplings(a.Seed, q)
			if err != nil {
				t.Fatal(err)
			}
			_, ground, err := Enumerate(c, []float64{1})
			if err != nil {
				t.Fatal(err)
			}
			if math.Abs(g.Energy-ground.Energy) > 1e-5*float64(c.N) || math.Abs(c.Energy(s.spins[q])-ground.Energy) > 1e-5*float64(c.N) {
				t.Errorf("%s: lowest energy %v, ground state %v", a.Model.Name(), g.Energy, ground.Energy)
			}
		}
		if !(r.Success > .1 && r.Success <= 1) || !(r.TimeToTarget.Mean >= 60 && r.TimeToTarget.Mean < 4000) {
			t.Errorf("%s: success %v, time to target %v", a.Model.Name(), r.Success, r.TimeToTarget)
		}
		if r, err := s.Results(-1e9); err != nil || !math.IsNaN(r.TimeToTarget.Mean) || r.Success != 0 {
			t.Errorf("an impossible target was reached in %v (%v)", r.TimeToTarget, err)
		}
	}
}

// Time to target from counted successes: 3 of 8 walkers, 20 sweeps.
func TestTimeToTarget(t *testing.T) {
	s := &Annealer{Annealing: Annealing{Systems: 1, Walkers: 4, Sweeps: 2, Runs: 2}, schedule: make([]float64, 10), batch: batch{n: 5},
		best: []Ground{{Energy: -3}}, lowest: []float64{-3, -1, -3, -2, -2, -2, -3, 0}}
	got, p := s.timeToTarget(2, math.NaN())
	want := 20 * math.Log(.01) / math.Log(5./8)
	slope := want / math.Log(8./5) / (5. / 8) // dt/dp
	if math.Abs(got.Mean-want) > 1e-9 || math.Abs(got.Err-slope*math.Sqrt(3./8*5/8/8)) > 1e-9 || p != 3./8 {
		t.Errorf("%v with success %v, want %v", got, p, want)
	}
}

// Systematic resampling gives every walker its weight on average and at most one more or less than its weight; survivors
// keep their places.
func TestParents(t *testing.T) {
	weights := []float64{.2, 1.7, 0, 2.6, .5, 1}
	mean := make([]float64, len(weights))
	const draws = 1000
	for d := range draws {
		from := make([]int32, len(weights))
		parents(from, weights, (float64(d)+.5)/draws)
		count := make([]int, len(weights))
		for _, x := range from {
			count[x]++
		}
		for i, c := range count {
			mean[i] += float64(c) / draws
			if c > 0 && from[i] != int32(i) {
				t.Fatalf("walker %d survives but its place is taken by %d", i, from[i])
			}
			if math.Abs(float64(c)-weights[i]) > 1 {
				t.Fatalf("walker %d of weight %v has %d descendants", i, weights[i], c)
			}
		}
	}
	for i, m := range mean {
		if math.Abs(m-weights[i]) > 2e-3 {
			t.Errorf("walker %d of weight %v has %v descendants on average", i, weights[i], m)
		}
	}
}

// An annealing that is saved in the middle of a run and loaded elsewhere ends in the same bytes, with any number of workers.
func TestAnnealingResumes(t *testing.T) {
	for _, population := range []bool{false, true} {
		a := Annealing{Model: EdwardsAnderson{L: 4, D: 3}, Population: population, Hot: 3, Cold: .6, Steps: 8, Sweeps: 2, Walkers: 20, Systems: 2, Runs: 3, Seed: 2}
		bytesOf := func(s *Annealer) []byte {
			var b bytes.Buffer
			if err := s.Program.Save(&b); err != nil {
				t.Fatal(err)
			}
			if err := s.Save(&b); err != nil {
				t.Fatal(err)
			}
			return b.Bytes()
		}
		whole := anneal(t, a, 1)
		finish(t, whole)
		want := bytesOf(whole)
		for _, stop := range []int{3, 13} {
			first := anneal(t, a, 2)
			for range stop {
				if err := first.Next(context.Background()); err != nil {
					t.Fatal(err)
				}
			}
			second := anneal(t, a, 1)
			in := bytes.NewReader(bytesOf(first))
			if err := second.Program.Load(in); err != nil {
				t.Fatal(err)
			}
			if err := second.Load(in); err != nil {
				t.Fatal(err)
			}
			finish(t, second)
			if !bytes.Equal(bytesOf(second), want) {
				t.Fatalf("population %v: other bytes after a stop at %d", population, stop)
			}
		}
		raw := bytesOf(whole)
		in := bytes.NewReader(raw[:len(raw)-3])
		other := anneal(t, a, 1)
		if err := other.Program.Load(in); err != nil {
			t.Fatal(err)
		}
		if err := other.Load(in); err == nil {
			t.Error("a truncated annealing was loaded")
		}
	}
}

func TestAnnealingRefused(t *testing.T) {
	b, err := engine.Open("cpu", engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	m := Ising{L: 4, D: 2}
	for want, a := range map[string]Annealing{
		"no model":                     {Cold: 1},
		"must be positive":             {Model: m, Hot: 2},
		"first must be above":          {Model: m, Hot: 1, Cold: 2},
		"at least 2 walkers":           {Model: m, Cold: 1, Population: true, Walkers: 1},
		"at least 1 each":              {Model: m, Hot: 2, Cold: 1, Steps: -1},
		"between 0 and 0.9":            {Model: m, Cold: 1, Population: true, Culling: 1},
		"2 to 8192":                    {Model: Ising{L: 1, D: 2}, Hot: 2, Cold: 1},
		"8.61 GB of memory are needed": {Model: SherringtonKirkpatrick{N: 32768}, Hot: 2, Cold: 1, Memory: 1e9},
		"no patterns":                  {Model: m, Hot: 2, Cold: 1, Layout: "gibbs"},
		"first must be above t":        {Model: m, Hot: math.Inf(1), Cold: 1},
	} {
		if _, err := a.Start(b); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q", err, want)
		}
	}
}
