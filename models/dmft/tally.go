package dmft

import (
	"math"

	"cavity/kernels"
)

// tally averages populations.
type tally struct {
	n, count              int
	c, r                  []float64
	diagonal, mean, sq    []Estimate // sums and sums of squares until solution
	trajectories, planned int
}

func newTally(p Problem) *tally {
	n := p.Steps()
	return &tally{n: n, c: make([]float64, n*n), r: make([]float64, n*n), diagonal: make([]Estimate, n), mean: make([]Estimate, n), sq: make([]Estimate, n),
		trajectories: p.Trajectories, planned: p.Populations}
}

func (t *tally) add(run *processRun) error {
	c, r, err := run.read()
	if err != nil {
		return err
	}
	t.count++
	for i := range c {
		t.c[i] += c[i]
		t.r[i] += r[i]
	}
	for i := range t.n {
		for _, v := range []struct {
			e *Estimate
			x float64
		}{{&t.diagonal[i], c[i*t.n+i]}, {&t.mean[i], run.mean[i]}, {&t.sq[i], run.square[i]}} {
			v.e.Mean += v.x
			v.e.Err += v.x * v.x
		}
	}
	return nil
}

func (t *tally) solution(run *processRun, past *kernels.Past) (*Solution, error) {
	k := float64(t.count)
	for i := range t.c {
		t.c[i] /= k
		t.r[i] /= k
	}
	for _, es := range [][]Estimate{t.diagonal, t.mean, t.sq} {
		for i := range es {
			m := es[i].Mean / k
			es[i] = Estimate{m, math.Sqrt(math.Max(0, es[i].Err/k-m*m) / (k - 1))}
		}
	}
	s := &Solution{T: make([]float64, t.n), C: t.c, R: t.r, Diagonal: t.diagonal, Mean: t.mean, Variance: t.sq,
		Trajectories: t.trajectories, Populations: t.count}
	for i := range s.T {
		s.T[i] = float64(i) * run.problem.Step
	}
	if past != nil {
		s.Residual = past.Residual(t.r)
	}
	slots := run.prog.Slots()
	if _, ok := slots["factor"]; ok {
		factor := make([]float64, (t.n+2)*(t.n+3))
		if err := run.prog.Read("factor", factor); err != nil {
			return nil, err
		}
		last := factor[t.n*(t.n+3):]
		s.Pivots = int(last[t.n] + last[t.n+2])
	}
	return s, nil
}
