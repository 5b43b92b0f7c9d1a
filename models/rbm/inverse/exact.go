package inverse

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// MaxExact is the largest number of spins whose states are enumerated in every step.
const MaxExact = 12

// Distribution is the probabilities of all 2^N states, spin i being +1 where bit i is set.
func (m Model) Distribution() ([]float64, error) {
	if m.N > 20 {
		return nil, fmt.Errorf("inverse: %d spins: at most 20 are enumerated", m.N)
	}
	p, most := make([]float64, 1<<m.N), math.Inf(-1)
	s := make([]int8, m.N)
	for k := range p {
		spinsOf(k, s)
		for i, x := range s {
			f := m.H[i]
			for j := range i {
				f += m.J[i*m.N+j] * float64(s[j])
			}
			p[k] += f * float64(x)
		}
		most = max(most, p[k])
	}
	total := 0.0
	for k := range p {
		p[k] = math.Exp(p[k] - most)
		total += p[k]
	}
	for k := range p {
		p[k] /= total
	}
	return p, nil
}

func spinsOf(k int, s []int8) {
	for i := range s {
		s[i] = int8(k>>i&1)*2 - 1
	}
}

// States are all configurations with their probabilities: samples without noise.
func (m Model) States() (Samples, error) {
	p, err := m.Distribution()
	if err != nil {
		return Samples{}, err
	}
	s := Samples{N: m.N, Spins: make([]int8, len(p)*m.N), Weights: p}
	for k := range p {
		spinsOf(k, s.Spins[k*m.N:(k+1)*m.N])
	}
	return s, nil
}

// Exact maximises the likelihood by Newton's method with enumerated moments; it is concave, so the solution is the only one.
// It fails where the data put no weight on some states so that couplings would be infinite.
func (m Moments) Exact() (Model, error) {
	if m.N > MaxExact {
		return Model{}, fmt.Errorf("inverse: %d spins: the exact gradient is enumerated up to %d; use MonteCarlo or PseudoLikelihood", m.N, MaxExact)
	}
	out := New(m.N)
	target := features(m.Mean, m.Products)
	for range 100 {
		states, err := out.States()
		if err != nil {
			return out, err
		}
		mean, fisher := fisherOf(states, len(target))
		gradient, worst := mat.NewVecDense(len(target), nil), 0.0
		for k, x := range target {
			gradient.SetVec(k, x-mean[k])
			worst = max(worst, math.Abs(x-mean[k]))
		}
		if worst < 1e-12 {
			return out, nil
		}
		var chol mat.Cholesky
		var step mat.VecDense
		if !chol.Factorize(fisher) {
			break
		}
		if err := chol.SolveVecTo(&step, gradient); err != nil {
			break
		}
		size := min(1, 1/mat.Norm(&step, math.Inf(1))) // no parameter moves by more than 1
		k := 0
		for i := range m.N {
			out.H[i] += size * step.AtVec(k)
			k++
			for j := range i {
				out.Set(i, j, out.J[i*m.N+j]+size*step.AtVec(k))
				k++
			}
		}
	}
	return out, fmt.Errorf("inverse: the likelihood has no maximum at finite couplings: the data leave out states")
}

// features lists s_i and s_i s_j (j < i) in the order of the parameters.
func features(mean, products []float64) (f []float64) {
	for i, x := range mean {
		f = append(f, x)
		f = append(f, products[i*len(mean):i*len(mean)+i]...)
	}
	return f
}

// fisherOf is the mean and the covariance of the features.
func fisherOf(s Samples, n int) ([]float64, *mat.SymDense) {
	mean, fisher := make([]float64, n), mat.NewSymDense(n, nil)
	f := make([]float64, n)
	for k, p := range s.Weights {
		spins, at := s.Spins[k*s.N:(k+1)*s.N], 0
		for i, x := range spins {
			f[at] = float64(x)
			at++
			for _, y := range spins[:i] {
				f[at] = float64(x * y)
				at++
			}
		}
		fisher.SymRankOne(fisher, p, mat.NewVecDense(n, f))
		for a, x := range f {
			mean[a] += p * x
		}
	}
	fisher.SymRankOne(fisher, -1, mat.NewVecDense(n, mean))
	return mean, fisher
}
