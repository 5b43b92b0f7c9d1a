package modes

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"cavity/engine/cpu/gemm"
)

// ParticipationRatio is the number of dimensions over which the variance of a representation spreads,
// D = (tr C)² / tr C², C the covariance of activities a [samples, units]; 1 ≤ D ≤ units. With centred false the mean is not
// subtracted. tr C² of M samples exceeds its limit by about (tr C)²/M, which is
// subtracted; samples must be many more than D.
func ParticipationRatio(a []float64, units int, centred bool) (float64, error) {
	m := len(a) / units
	if m < 2 || len(a) != m*units {
		return 0, fmt.Errorf("modes: participation ratio of %d numbers in %d units: two samples at least", len(a), units)
	}
	if centred {
		a = centre(a, units)
	}
	c, err := gram(a, a, m, units, units)
	if err != nil {
		return 0, err
	}
	var trace, square float64
	for i := range units {
		trace += c[i*units+i]
	}
	for _, x := range c {
		square += x * x
	}
	square -= trace * trace / float64(m)
	if !(square > 0) {
		return math.NaN(), fmt.Errorf("modes: %d samples are too few for the participation ratio of %d units", m, units)
	}
	return trace * trace / square, nil
}

// centre subtracts the mean of every unit, in a copy.
func centre(a []float64, units int) []float64 {
	mean := make([]float64, units)
	for i, x := range a {
		mean[i%units] += x
	}
	out := make([]float64, len(a))
	for i, x := range a {
		out[i] = x - mean[i%units]*float64(units)/float64(len(a))
	}
	return out
}

// gram is AᵀB, A [m, n] and B [m, k].
func gram(a, b []float64, m, n, k int) ([]float64, error) {
	c := make([]float64, n*k)
	return c, gemm.Multiply(gemm.Spec{M: n, N: k, K: m, TransA: true, Alpha: 1}, a, b, c)
}

// A Probe is a linear classifier of a representation: ridge regression of one-hot labels on activities with a constant,
// the coefficients solving (AᵀA + λ tr(AᵀA)/n · 1) B = AᵀY. Its accuracy says how linearly separable the classes are.
type Probe struct {
	units, classes int
	coefficients   *mat.Dense
}

// ridge is λ.
const ridge = 1e-4

// Fit learns from activities a [samples, units].
func Fit(a []float64, labels []uint8, units, classes int) (*Probe, error) {
	m := len(labels)
	if m == 0 || len(a) != m*units {
		return nil, fmt.Errorf("modes: a probe of %d numbers in %d units with %d labels", len(a), units, m)
	}
	x, y := extended(a, units), make([]float64, m*classes)
	for k, l := range labels {
		y[k*classes+int(l)] = 1
	}
	n := units + 1
	xx, err := gram(x, x, m, n, n)
	if err != nil {
		return nil, err
	}
	xy, err := gram(x, y, m, n, classes)
	if err != nil {
		return nil, err
	}
	trace := 0.0
	for i := range n {
		trace += xx[i*n+i]
	}
	for i := range n {
		xx[i*n+i] += ridge * trace / float64(n)
	}
	var f mat.Cholesky
	if !f.Factorize(mat.NewSymDense(n, xx)) {
		return nil, fmt.Errorf("modes: the normal equations of a probe are singular")
	}
	p := &Probe{units: units, classes: classes, coefficients: new(mat.Dense)}
	return p, f.SolveTo(p.coefficients, mat.NewDense(n, classes, xy))
}

// extended appends a constant 1 to every sample.
func extended(a []float64, units int) []float64 {
	x := make([]float64, 0, len(a)/units*(units+1))
	for k := 0; k < len(a); k += units {
		x = append(append(x, a[k:k+units]...), 1)
	}
	return x
}

// Accuracy is the share of samples whose largest response is their label's.
func (p *Probe) Accuracy(a []float64, labels []uint8) (float64, error) {
	m, n := len(labels), p.units+1
	if m == 0 || len(a) != m*p.units {
		return 0, fmt.Errorf("modes: a probe of %d units on %d numbers with %d labels", p.units, len(a), m)
	}
	z := make([]float64, m*p.classes)
	if err := gemm.Multiply(gemm.Spec{M: m, N: p.classes, K: n, Alpha: 1}, extended(a, p.units), p.coefficients.RawMatrix().Data, z); err != nil {
		return 0, err
	}
	right := 0
	for k, l := range labels {
		if largest(z[k*p.classes:(k+1)*p.classes]) == int(l) {
			right++
		}
	}
	return float64(right) / float64(m), nil
}
