package stats

import (
	"fmt"
	"math"
)

// Integral is a running integral of a measured quantity.
type Integral struct {
	Value      []float64 // from the first abscissa to each
	Err        []float64 // statistical error, the measurements being independent
	Quadrature []float64 // estimate of the error of the rule itself: with slopes the whole end correction, which is a generous one
}

// Integrate integrates y over x from x[0] to each x[i]. slope may be nil; else it holds dy/dx at each x, and the rule is that of the cubic
// through values and slopes (the trapezoid with its end correction),
//
//	∫ = h/2·(y₀+y₁) + h²/12·(y₀'-y₁'),
//
// of fourth order instead of second. For the free energy take x = β, y = ⟨E⟩ and slope = -Var(E): ln Z(β) = ln Z(β₀) - ∫⟨E⟩ dβ
// (ThermodynamicIntegration). x must rise; err holds the standard errors of y, or is nil for exact values.
func Integrate(x, y, err, slope []float64) (Integral, error) {
	if e := checkIntegrand(x, y, err, slope); e != nil {
		return Integral{}, e
	}
	n := len(x)
	r := Integral{make([]float64, n), make([]float64, n), make([]float64, n)}
	var variance float64 // of all points before the last, whose weights are final
	for i := 1; i < n; i++ {
		h := x[i] - x[i-1]
		step := h / 2 * (y[i-1] + y[i])
		var gap float64
		if slope != nil {
			gap = h * h / 12 * (slope[i-1] - slope[i])
			step += gap
		} else {
			gap = trapezoidGap(x, y, i)
		}
		r.Value[i] = r.Value[i-1] + step
		r.Quadrature[i] = r.Quadrature[i-1] + math.Abs(gap)
		if err != nil {
			before := h
			if i > 1 {
				before = x[i] - x[i-2]
			}
			variance += before * before / 4 * err[i-1] * err[i-1]
			r.Err[i] = math.Sqrt(variance + h*h/4*err[i]*err[i])
		}
	}
	return r, nil
}

// trapezoidGap estimates h³/12 times the second derivative in panel i from the parabola through its ends and a neighbour.
func trapezoidGap(x, y []float64, i int) float64 {
	a := i - 2
	if a < 0 {
		a = i + 1
	}
	if a >= len(x) {
		return 0
	}
	h := x[i] - x[i-1]
	second := 2 * ((y[i]-y[i-1])/h - (y[i-1]-y[a])/(x[i-1]-x[a])) / (x[i] - x[a])
	return h * h * h / 12 * second
}

func checkIntegrand(x, y, err, slope []float64) error {
	if len(x) < 2 || len(y) != len(x) || err != nil && len(err) != len(x) || slope != nil && len(slope) != len(x) {
		return fmt.Errorf("stats: integral over %d abscissas of %d values, %d errors and %d slopes", len(x), len(y), len(err), len(slope))
	}
	names := [...]string{"abscissa", "value", "error", "slope"}
	for i, s := range [...][]float64{x, y, err, slope} {
		if e := finite(names[i], s); e != nil {
			return e
		}
	}
	for i := 1; i < len(x); i++ {
		if !(x[i] > x[i-1]) {
			return fmt.Errorf("stats: abscissa %d is %v after %v, they must rise", i, x[i], x[i-1])
		}
	}
	return nil
}

// ThermodynamicIntegration gives ln Z at each beta from the energies there: ln Z(β_i) = lnZ0 - ∫ ⟨E⟩ dβ from beta[0], where ln Z is lnZ0
// (N ln 2 for N Ising spins at β = 0). energy holds estimates of the TOTAL energy, variance its variances (N·c·T² with the specific heat c
// a spin) or nil; with them the rule is of fourth order. quadrature estimates its error, as in Integral.
func ThermodynamicIntegration(lnZ0 float64, beta []float64, energy []Estimate, variance []float64) (lnZ []Estimate, quadrature []float64, err error) {
	y, e := make([]float64, len(energy)), make([]float64, len(energy))
	for i, v := range energy {
		y[i], e[i] = v.Value, v.Err
	}
	var slope []float64
	for _, v := range variance {
		slope = append(slope, -v)
	}
	r, err := Integrate(beta, y, e, slope)
	if err != nil {
		return nil, nil, err
	}
	lnZ = make([]Estimate, len(beta))
	for i := range lnZ {
		lnZ[i] = Estimate{lnZ0 - r.Value[i], r.Err[i]}
	}
	return lnZ, r.Quadrature, nil
}
