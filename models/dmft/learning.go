package dmft

import (
	"context"
	"fmt"
	"math"

	"cavity/engine/rng"
)

// Loss is a convex loss of the margin h, which is positive for a correct answer.
type Loss struct {
	Name string
	// Value is ℓ(h), Slope is ℓ'(h), Curvature is ℓ''(h).
	Value, Slope, Curvature func(h float64) float64
}

// The losses that have names.
var (
	// Logistic is log(1 + e^{-h}).
	Logistic = Loss{
		Name: "logistic",
		Value: func(h float64) float64 {
			return math.Max(-h, 0) + math.Log1p(math.Exp(-math.Abs(h)))
		},
		Slope: func(h float64) float64 { return -1 / (1 + math.Exp(h)) },
		Curvature: func(h float64) float64 {
			c := 2 * math.Cosh(h/2)
			return 1 / (c * c)
		},
	}
	// Square is (1-h)²/2.
	Square = Loss{
		Name:      "square",
		Value:     func(h float64) float64 { return (1 - h) * (1 - h) / 2 },
		Slope:     func(h float64) float64 { return h - 1 },
		Curvature: func(float64) float64 { return 1 },
	}
)

// Perceptron learns to classify a mixture of two Gaussian clouds by stochastic gradient descent, in the limit of many dimensions d.
//
// There are α d examples x = y (ρ v/√d) + z with the label y = ±1, a fixed direction v with |v|² = d and normal noise z; with ρ = 0 labels
// are random. The margin is h = y w·x/√d, and with independent choices s = 1 of examples with the probability b in every step,
//
//	w(t+1) = (1 - rate·decay) w(t) - rate Σ_μ (s_μ/b) ℓ'(h_μ) y_μ x_μ/√d.
//
// The two cavities close (Mignacco, Krzakala, Urbani, Zdeborová, NeurIPS 2020, in discrete time): with f = (s/b) ℓ'(h),
//
//	h(t) = ρ m(t) + u(t) - rate Σ_{s<t} R_w(t,s) f(s),   <u(t) u(t')> = C_w(t,t'),
//	w(t+1) = (1 - rate·decay) w(t) - rate [ξ(t) + α Σ_{s≤t} R_f(t,s) w(s) + α ρ <f(t)> v],   <ξ(t) ξ(t')> = α <f(t) f(t')>.
//
// The weights' process is linear and is solved exactly, the margin's by a population of trajectories.
type Perceptron struct {
	Loss                Loss
	Alpha, Signal       float64 // α = examples/d, ρ
	Rate, Decay         float64
	Batch               float64 // b; 1 is gradient descent on all examples
	Online              bool    // every step takes α d fresh examples: no example is met twice and the memory vanishes
	Norm                float64 // standard deviation of the initial weights
	Steps, Trajectories int
	Seed                uint64
}

// Learning is the course of learning at t = 0, ..., Steps-1.
type Learning struct {
	Loss       []float64 // <ℓ(h)> over the training set (over the fresh examples when online)
	TrainError []float64 // the fraction of training examples with h < 0
	TestError  []float64 // the same for new examples, H(ρ m/√C_w)
	Alignment  []float64 // m = w·v/d
	Norm       []float64 // C_w(t,t) = |w|²/d
	C, R       []float64 // C_w(t,t') and R_w(t,t') at t Steps + t'
}

func (p Perceptron) check() error {
	for _, v := range []struct {
		name  string
		x     float64
		above bool
	}{{"alpha", p.Alpha, true}, {"rate", p.Rate, true}, {"decay", p.Decay, false}, {"signal", p.Signal, false}, {"norm", p.Norm, false}} {
		if !(v.x >= 0) || math.IsInf(v.x, 0) || v.above && v.x == 0 {
			return fmt.Errorf("dmft: perceptron: %s = %v, want a finite positive number", v.name, v.x)
		}
	}
	switch {
	case p.Loss.Slope == nil:
		return fmt.Errorf("dmft: perceptron: no loss: want logistic or square")
	case !(p.Batch > 0 && p.Batch <= 1):
		return fmt.Errorf("dmft: perceptron: batch %v, want more than 0 and at most 1", p.Batch)
	case p.Steps < 1 || p.Trajectories < 1:
		return fmt.Errorf("dmft: perceptron: %d steps with %d trajectories, want at least 1 each", p.Steps, p.Trajectories)
	}
	need := 4 * float64(p.Trajectories) * float64(p.Steps) * float64(p.Steps+6)
	return checkMemory(need, fmt.Sprintf("perceptron: %d steps with %d trajectories", p.Steps, p.Trajectories), "fewer of either")
}

// Solve computes the mean-field course of learning in one causal pass.
func (p Perceptron) Solve(ctx context.Context) (*Learning, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	s := newLearner(p)
	for t := range p.Steps {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		s.draw(t)
		s.measure(t)
		if t+1 < p.Steps {
			s.weights(t)
		}
	}
	return &s.out, nil
}

// learner is the state of Solve. Rows of trajectories are contiguous.
type learner struct {
	Perceptron
	n       int
	out     Learning
	cf, rf  []float64   // <f f> and <∂f(t)/∂P(s)>, n × n
	lower   []float64   // Cholesky factor of C_w, n × n
	normals [][]float32 // of the margins' Gaussian parts
	f       [][]float32 // f(t) of every trajectory
	h       []float64
	tangent [][][]float32 // ∂f(r)/∂P(s) of every trajectory, at [r][s]
}

func newLearner(p Perceptron) *learner {
	n := p.Steps
	s := &learner{Perceptron: p, n: n, cf: make([]float64, n*n), rf: make([]float64, n*n), lower: make([]float64, n*n), h: make([]float64, p.Trajectories)}
	o := &s.out
	for _, v := range []*[]float64{&o.Loss, &o.TrainError, &o.TestError, &o.Alignment, &o.Norm} {
		*v = make([]float64, n)
	}
	o.C, o.R = make([]float64, n*n), make([]float64, n*n)
	o.C[0] = p.Norm * p.Norm
	return s
}

// draw finds the margins at t from their past.
func (s *learner) draw(t int) {
	m, n := s.Trajectories, s.n
	row := s.factor(t)
	z := make([]float32, m)
	rng.At(s.Seed, uint64(t), 0, 0).FillNormal32(z, 0)
	s.normals = append(s.normals, z)
	for a := range s.h {
		s.h[a] = s.Signal * s.out.Alignment[t]
	}
	for k, l := range row {
		for a, x := range s.normals[k] {
			s.h[a] += l * float64(x)
		}
	}
	f := make([]float32, m)
	tangents := make([][]float32, t+1)
	for k := range tangents {
		tangents[k] = make([]float32, m)
	}
	if !s.Online {
		for k := range t {
			c := -s.Rate * s.out.R[t*n+k]
			for a, x := range s.f[k] {
				s.h[a] += c * float64(x)
			}
			for q := 0; q <= k; q++ {
				for a, x := range s.tangent[k][q] {
					tangents[q][a] += float32(c) * x
				}
			}
		}
	}
	choose, threshold := rng.At(s.Seed, uint64(t), 0, 1), uint64(math.Round(s.Batch*(1<<32)))
	for a, h := range s.h {
		chosen := 0.
		if choose.Bernoulli(uint64(a), threshold) {
			chosen = 1 / s.Batch
		}
		f[a] = float32(chosen * s.Loss.Slope(h))
		curvature := float32(chosen * s.Loss.Curvature(h))
		tangents[t][a] = 1
		for k := range tangents {
			tangents[k][a] *= curvature
		}
	}
	s.f, s.tangent = append(s.f, f), append(s.tangent, tangents)
}

// factor extends the Cholesky factor of C_w by row t.
func (s *learner) factor(t int) []float64 {
	n := s.n
	row := s.lower[t*n : t*n+t+1]
	if s.Online {
		clear(row) // fresh examples have no past
		row[t] = math.Sqrt(s.out.C[t*n+t])
		return row
	}
	left := s.out.C[t*n+t]
	for k := range t {
		b, x := s.lower[k*n:k*n+k+1], s.out.C[t*n+k]
		for q := range k {
			x -= b[q] * row[q]
		}
		if b[k] > 0 {
			row[k] = x / b[k]
		}
		left -= row[k] * row[k]
	}
	row[t] = math.Sqrt(math.Max(left, 1e-10*s.out.C[t*n+t]))
	return row
}

// measure takes the averages at t.
func (s *learner) measure(t int) {
	m, n := float64(s.Trajectories), s.n
	for _, h := range s.h {
		s.out.Loss[t] += s.Loss.Value(h) / m
		if h < 0 {
			s.out.TrainError[t] += 1 / m
		}
	}
	s.out.Norm[t] = s.out.C[t*n+t]
	s.out.TestError[t] = math.Erfc(s.Signal*s.out.Alignment[t]/math.Sqrt(2*s.out.Norm[t])) / 2
	for k := 0; k <= t; k++ {
		if s.Online && k < t {
			continue
		}
		cf, rf := 0., 0.
		for a, x := range s.f[t] {
			cf += float64(x) * float64(s.f[k][a])
			rf += float64(s.tangent[t][k][a])
		}
		s.cf[t*n+k], s.cf[k*n+t] = cf/m, cf/m
		s.rf[t*n+k] = rf / m
	}
}

// weights advances m, R_w and C_w to t+1.
func (s *learner) weights(t int) {
	n, keep := s.n, 1-s.Rate*s.Decay
	pull := s.Rate * s.Alpha
	mean := 0.
	for _, x := range s.f[t] {
		mean += float64(x) / float64(s.Trajectories)
	}
	o := &s.out
	o.Alignment[t+1] = keep*o.Alignment[t] - pull*s.Signal*mean
	for k := 0; k <= t; k++ {
		o.Alignment[t+1] -= pull * s.rf[t*n+k] * o.Alignment[k]
	}
	for k := 0; k < t; k++ {
		r := keep * o.R[t*n+k]
		for q := k + 1; q <= t; q++ {
			r -= pull * s.rf[t*n+q] * o.R[q*n+k]
		}
		o.R[(t+1)*n+k] = r
	}
	o.R[(t+1)*n+t] = 1
	for j := 0; j <= t+1; j++ {
		c := keep*o.C[t*n+j] - pull*s.Signal*mean*o.Alignment[j]
		for k := 0; k <= t; k++ {
			c -= pull * s.rf[t*n+k] * o.C[k*n+j]
		}
		for k := 0; k < j; k++ {
			c += s.Rate * pull * s.cf[t*n+k] * o.R[j*n+k]
		}
		o.C[(t+1)*n+j], o.C[j*n+t+1] = c, c
	}
}
