package inverse

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// PseudoLikelihood maximises Σ_i ⟨ln P(s_i | the other spins)⟩ - l2 Σ J²: a logistic regression for every spin by Newton's method,
// the two values found for each coupling being averaged. It is consistent: from the exact probabilities of all
// states it finds the model itself. (Ravikumar, Wainwright, Lafferty 2010; Aurell, Ekeberg 2012.)
func (s Samples) PseudoLikelihood(l2 float64) (Model, error) {
	w, err := s.check()
	if err != nil {
		return Model{}, err
	}
	if !(l2 >= 0) {
		return Model{}, fmt.Errorf("inverse: decay %v: not negative", l2)
	}
	out, found := New(s.N), make([]float64, s.N*s.N)
	for i := range s.N {
		theta, err := s.regress(i, w, l2)
		if err != nil {
			return out, fmt.Errorf("inverse: spin %d: %w", i, err)
		}
		out.H[i], theta[i] = theta[i], 0
		copy(found[i*s.N:], theta)
	}
	for i := range s.N {
		for j := range i {
			out.Set(i, j, (found[i*s.N+j]+found[j*s.N+i])/2)
		}
	}
	return out, nil
}

// regress finds the couplings of spin i and, in place i, its field: P(s_i | others) = σ(2 s_i θ·x) with x the others and 1.
func (s Samples) regress(i int, w []float64, l2 float64) ([]float64, error) {
	theta, x := make([]float64, s.N), make([]float64, s.N)
	for range 100 {
		gradient, hessian := mat.NewVecDense(s.N, nil), mat.NewSymDense(s.N, nil)
		for k, p := range w {
			if p == 0 {
				continue
			}
			spins := s.Spins[k*s.N : (k+1)*s.N]
			f := 0.0
			for j, y := range spins {
				if x[j] = float64(y); j == i {
					x[j] = 1
				}
				f += theta[j] * x[j]
			}
			mean := math.Tanh(f)
			v := mat.NewVecDense(s.N, x)
			gradient.AddScaledVec(gradient, p*(float64(spins[i])-mean), v)
			hessian.SymRankOne(hessian, p*(1-mean*mean), v)
		}
		for j := range s.N {
			if j != i {
				gradient.SetVec(j, gradient.AtVec(j)-2*l2*theta[j])
				hessian.SetSym(j, j, hessian.At(j, j)+2*l2)
			}
		}
		if mat.Norm(gradient, math.Inf(1)) < 1e-11 {
			return theta, nil
		}
		var chol mat.Cholesky
		var step mat.VecDense
		if !chol.Factorize(hessian) || chol.SolveVecTo(&step, gradient) != nil {
			break
		}
		size := min(1, 2/mat.Norm(&step, math.Inf(1)))
		for j := range theta {
			theta[j] += size * step.AtVec(j)
		}
	}
	return nil, fmt.Errorf("the pseudo-likelihood has no maximum at finite couplings: too few samples, or give a decay")
}
