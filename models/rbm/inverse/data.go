package inverse

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Model is fields H [N] and symmetric couplings J [N·N] with zeros on the diagonal; the temperature is in them.
type Model struct {
	N int
	H []float64
	J []float64
}

// New is the model of N free spins.
func New(n int) Model { return Model{n, make([]float64, n), make([]float64, n*n)} }

// Set sets a coupling.
func (m Model) Set(i, j int, x float64) { m.J[i*m.N+j], m.J[j*m.N+i] = x, x }

// Samples are configurations of N spins ±1, [samples·N], with weights; nil weights are equal ones.
type Samples struct {
	N       int
	Spins   []int8
	Weights []float64
}

// check finds samples that cannot be used and returns the weights, normalised.
func (s Samples) check() ([]float64, error) {
	if s.N < 2 || len(s.Spins) == 0 || len(s.Spins)%s.N != 0 {
		return nil, fmt.Errorf("inverse: %d spin values in samples of %d spins: a whole number of samples of at least 2 spins", len(s.Spins), s.N)
	}
	count := len(s.Spins) / s.N
	if s.Weights != nil && len(s.Weights) != count {
		return nil, fmt.Errorf("inverse: %d weights for %d samples", len(s.Weights), count)
	}
	for e, x := range s.Spins {
		if x != 1 && x != -1 {
			return nil, fmt.Errorf("inverse: spin %d of sample %d is %d: +1 or -1", e%s.N, e/s.N, x)
		}
	}
	w, total := make([]float64, count), 0.0
	for k := range w {
		if w[k] = 1; s.Weights != nil {
			w[k] = s.Weights[k]
		}
		if !(w[k] >= 0) || math.IsInf(w[k], 0) {
			return nil, fmt.Errorf("inverse: weight %d is %v", k, w[k])
		}
		total += w[k]
	}
	if total == 0 {
		return nil, fmt.Errorf("inverse: all weights are zero")
	}
	for k := range w {
		w[k] /= total
	}
	return w, nil
}

// Moments are means ⟨s_i⟩ and products ⟨s_i s_j⟩.
type Moments struct {
	N        int
	Mean     []float64
	Products []float64 // [N·N], 1 on the diagonal
}

// Moments averages the samples.
func (s Samples) Moments() (Moments, error) {
	w, err := s.check()
	if err != nil {
		return Moments{}, err
	}
	m := Moments{s.N, make([]float64, s.N), make([]float64, s.N*s.N)}
	for k, p := range w {
		m.add(s.Spins[k*s.N:(k+1)*s.N], p)
	}
	return m, nil
}

func (m Moments) add(spins []int8, p float64) {
	for i, x := range spins {
		m.Mean[i] += p * float64(x)
		row := m.Products[i*m.N:]
		for j, y := range spins {
			row[j] += p * float64(x*y)
		}
	}
}

// inverseCovariance is C⁻¹ with C_ij = ⟨s_i s_j⟩ - ⟨s_i⟩⟨s_j⟩.
func (m Moments) inverseCovariance() (*mat.Dense, error) {
	for i, x := range m.Mean {
		if !(math.Abs(x) < 1) {
			return nil, fmt.Errorf("inverse: spin %d never turns in the data: its mean is %.6g", i, x)
		}
	}
	c := mat.NewDense(m.N, m.N, nil)
	for i := range m.N {
		for j := range m.N {
			c.Set(i, j, m.Products[i*m.N+j]-m.Mean[i]*m.Mean[j])
		}
	}
	var inv mat.Dense
	if err := inv.Inverse(c); err != nil {
		return nil, fmt.Errorf("inverse: the covariance of the data cannot be inverted (fewer samples than spins?): %w", err)
	}
	return &inv, nil
}
