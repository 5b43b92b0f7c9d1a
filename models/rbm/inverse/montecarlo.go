package inverse

import (
	"context"
	"fmt"
	"math"

	"cavity/engine/rng"
)

// MonteCarlo climbs the likelihood by the gradient ⟨s_i s_j⟩_data - ⟨s_i s_j⟩_model whose second term is the mean over
// persistent chains, each moved by one sweep of heat bath a step; rates fall as 1/(1 + step/Settle). (Ackley, Hinton, Sejnowski
// 1985; Tieleman 2008.)
type MonteCarlo struct {
	Chains int     // 0: 500
	Steps  int     // 0: 2,000
	Rate   float64 // 0: .2
	Settle int     // 0: Steps/10
	Seed   uint64
}

// Learn starts from the naive mean-field fields of uncoupled spins. The result is the average over the second half of the steps.
func (c MonteCarlo) Learn(ctx context.Context, data Moments) (Model, error) {
	for p, def := range map[*int]int{&c.Chains: 500, &c.Steps: 2000} {
		if *p == 0 {
			*p = def
		}
	}
	if c.Rate == 0 {
		c.Rate = .2
	}
	if c.Settle == 0 {
		c.Settle = max(1, c.Steps/10)
	}
	if c.Chains < 1 || c.Steps < 2 || !(c.Rate > 0) || c.Settle < 1 {
		return Model{}, fmt.Errorf("inverse: %d chains, %d steps, rate %v, settling in %d: at least 1, 2, a positive rate and 1", c.Chains, c.Steps, c.Rate, c.Settle)
	}
	n := data.N
	m, mean := New(n), New(n)
	for i, x := range data.Mean {
		m.H[i] = math.Atanh(max(-.999, min(.999, x)))
	}
	spins := make([]int8, c.Chains*n)
	for e := range spins {
		spins[e] = 1 - 2*int8(rng.At(c.Seed, 0, rng.SetupStage, 0).Uint32(uint64(e))>>31)
	}
	half := c.Steps / 2
	for step := range c.Steps {
		if step%32 == 0 && ctx.Err() != nil {
			return m, ctx.Err()
		}
		model := Moments{n, make([]float64, n), make([]float64, n*n)}
		r := rng.At(c.Seed, uint64(step), 0, 1)
		for k := range c.Chains {
			s := spins[k*n : (k+1)*n]
			m.sweep(s, r, uint64(k*n))
			model.add(s, 1/float64(c.Chains))
		}
		rate := c.Rate / (1 + float64(step)/float64(c.Settle))
		for i := range n {
			m.H[i] += rate * (data.Mean[i] - model.Mean[i])
			for j := range i {
				m.Set(i, j, m.J[i*n+j]+rate*(data.Products[i*n+j]-model.Products[i*n+j]))
			}
		}
		if step >= half {
			share := 1 / float64(c.Steps-half)
			for e, x := range m.J {
				mean.J[e] += share * x
			}
			for i, x := range m.H {
				mean.H[i] += share * x
			}
		}
	}
	return mean, nil
}

// sweep moves every spin once by the heat bath.
func (m Model) sweep(s []int8, r rng.Stream, at uint64) {
	for i := range s {
		f := m.H[i]
		for j, y := range s {
			f += m.J[i*m.N+j] * float64(y)
		}
		s[i] = -1
		if r.Float64(at+uint64(i))*(1+math.Exp(-2*f)) < 1 {
			s[i] = 1
		}
	}
}
