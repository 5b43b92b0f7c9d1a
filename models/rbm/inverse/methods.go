package inverse

import (
	"context"
	"fmt"
	"math"
	"sort"

	"cavity/engine/rng"
)

// Methods are the names by which Solve knows the ways to find a model, from the cheapest to the dearest.
var Methods = []string{"meanfield", "tap", "bethe", "pl", "exact", "montecarlo"}

// Solve finds a model by the method of a name. decay is that of the pseudo-likelihood, and the seed that of Monte Carlo.
func (s Samples) Solve(ctx context.Context, method string, decay float64, seed uint64) (Model, error) {
	if method == "pl" {
		return s.PseudoLikelihood(decay)
	}
	m, err := s.Moments()
	if err != nil {
		return Model{}, err
	}
	switch method {
	case "meanfield":
		return m.MeanField()
	case "tap":
		return m.TAP()
	case "bethe":
		return m.Bethe()
	case "exact":
		return m.Exact()
	case "montecarlo":
		return MonteCarlo{Seed: seed}.Learn(ctx, m)
	}
	return Model{}, fmt.Errorf("inverse: method %q: one of %q", method, Methods)
}

// Glass is a model with normal fields and couplings, of deviations field and strength/√N.
func Glass(n int, strength, field float64, seed uint64) Model {
	m := New(n)
	r := rng.At(seed, 0, rng.SetupStage, 2)
	for i := range n {
		m.H[i] = field * r.Normal64(uint64(i))
		for j := range i {
			m.Set(i, j, strength/math.Sqrt(float64(n))*r.Normal64(uint64(n+i*n+j)))
		}
	}
	return m
}

// Draw draws independent samples from the enumerated law of at most 20 spins.
func (m Model) Draw(count int, seed uint64) (Samples, error) {
	p, err := m.Distribution()
	if err != nil {
		return Samples{}, err
	}
	total := 0.0
	for k := range p {
		total += p[k]
		p[k] = total
	}
	s := Samples{N: m.N, Spins: make([]int8, count*m.N)}
	r := rng.At(seed, 0, rng.SetupStage, 3)
	for c := range count {
		k := sort.SearchFloat64s(p, r.Float64(uint64(c))*total)
		spinsOf(min(k, len(p)-1), s.Spins[c*m.N:(c+1)*m.N])
	}
	return s, nil
}

// Distance is the root mean square difference of two models' couplings, and of their fields.
func (m Model) Distance(o Model) (couplings, fields float64) {
	pairs := 0.0
	for i := range m.N {
		fields += (m.H[i] - o.H[i]) * (m.H[i] - o.H[i]) / float64(m.N)
		for j := range i {
			d := m.J[i*m.N+j] - o.J[i*m.N+j]
			couplings, pairs = couplings+d*d, pairs+1
		}
	}
	return math.Sqrt(couplings / pairs), math.Sqrt(fields)
}
