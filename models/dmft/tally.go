package dmft

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"cavity/kernels"
)

// tally averages populations.
type tally struct {
	n, count              int
	c, r                  []float64
	response, covariance  []float64  // for Novikov's theorem
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
	if run.problem.Novikov {
		if t.response == nil {
			t.response, t.covariance = make([]float64, t.n*t.n), make([]float64, t.n*t.n)
		}
		if err := addSlot(run, "drive response", t.response); err != nil {
			return err
		}
		if err := addSlot(run, "drive covariance", t.covariance); err != nil {
			return err
		}
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

func addSlot(run *processRun, slot string, sum []float64) error {
	x := make([]float64, len(sum))
	if err := run.prog.Read(slot, x); err != nil {
		return err
	}
	for i, v := range x {
		sum[i] += v
	}
	return nil
}

// novikov solves <φ(i) γ(k)> = dt Σ_l R(i, l) <γ(l) γ(k)> for R, where γ is all of the noise.
func (t *tally) novikov(dt float64) ([]float64, error) {
	var chol mat.Cholesky
	if !chol.Factorize(mat.NewSymDense(t.n, t.covariance)) {
		return nil, fmt.Errorf("dmft: Novikov's theorem: the covariance of %d times is singular with %d trajectories", t.n, t.trajectories*t.count)
	}
	var r mat.Dense
	if err := chol.SolveTo(&r, mat.NewDense(t.n, t.n, t.response).T()); err != nil {
		return nil, fmt.Errorf("dmft: Novikov's theorem: %w", err)
	}
	out := make([]float64, t.n*t.n)
	for i := range t.n {
		for k := range t.n {
			out[i*t.n+k] = r.At(k, i) / dt
		}
	}
	return out, nil
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
		s.T[i] = GridTime(i, run.problem.Step)
	}
	if past != nil {
		s.Residual = past.Residual(t.r)
	}
	if t.response != nil {
		var err error
		if s.Novikov, err = t.novikov(run.problem.Step); err != nil {
			return nil, err
		}
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
