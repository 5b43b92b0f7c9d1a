package dmft

import (
	"context"
	"fmt"
	"math"
	"math/cmplx"

	"gonum.org/v1/gonum/mat"

	"cavity/engine"
)

// CriticalPoint is a point of the transition to chaos: the coupling strength G at noise Sigma, where Δ(0) is Delta0.
type CriticalPoint struct{ G, Sigma, Delta0 float64 }

// CriticalCoupling is the coupling g_c at which the largest Lyapunov exponent crosses zero for noise σ.
// There the force on the particle vanishes at its start, Δ(0) = g² <φ²> (Schuecker, Goedeke, Helias 2018, eq. 20),
// and with V(Δ(0)) = -σ⁴/8 the line is parametrised by Δ(0); at σ = 0 it starts at g φ'(0) = 1.
func CriticalCoupling(gain Gain, sigma float64) (CriticalPoint, error) {
	if gain.Name == Linear.Name || !gain.Odd {
		return CriticalPoint{}, fmt.Errorf("dmft: critical coupling of phi %s: only odd saturating functions (tanh, erf, clip) have a chaotic phase", gain.Name)
	}
	if !(sigma >= 0) || math.IsInf(sigma, 0) {
		return CriticalPoint{}, fmt.Errorf("dmft: critical coupling: sigma = %v, want a finite number ≥ 0", sigma)
	}
	if sigma == 0 {
		return CriticalPoint{G: 1 / gain.Slope(0)}, nil
	}
	rule := quadratureFor(gain)
	at := func(delta0 float64) (g2, sigma4 float64) {
		g2 = delta0 / rule.mean(delta0, func(x float64) float64 { p := gain.Phi(x); return p * p })
		return g2, 8 * (delta0*delta0/2 - g2*primitiveVariance(rule, gain, delta0))
	}
	want := math.Pow(sigma, 4)
	low, high := 0., 1.
	for {
		if _, s4 := at(high); s4 > want {
			break
		}
		low, high = high, 2*high
	}
	for i := 0; i < 100 && high-low > 1e-14*high; i++ {
		mid := (low + high) / 2
		if _, s4 := at(mid); s4 < want {
			low = mid
		} else {
			high = mid
		}
	}
	delta0 := (low + high) / 2
	g2, _ := at(delta0)
	return CriticalPoint{G: math.Sqrt(g2), Sigma: sigma, Delta0: delta0}, nil
}

// EllipseEdge is the largest real part of the spectrum of g J, g(1+η): eigenvalues of J fill the ellipse with the half axes
// 1+η and 1-η uniformly (Sommers, Crisanti, Sompolinsky, Stein 1988).
func EllipseEdge(g, eta float64) float64 { return g * (1 + eta) }

// Spectrum is the eigenvalues of the matrix J of the network's first realisation, which the first of several devices draws. Its cost grows
// like N³.
func (w Network) Spectrum(ctx context.Context, b engine.Backend) ([]complex128, error) {
	w.Realisations = 1
	if s, ok := b.(engine.Several); ok {
		b = s.Devices()[0]
	}
	j, err := w.Couplings(ctx, b)
	if err != nil {
		return nil, err
	}
	a := mat.NewDense(w.N, w.N, nil)
	for i, x := range j {
		a.Set(i/w.N, i%w.N, float64(x))
	}
	var e mat.Eigen
	if !e.Factorize(a, mat.EigenNone) {
		return nil, fmt.Errorf("dmft: the eigenvalues of %d by %d couplings did not converge", w.N, w.N)
	}
	return e.Values(nil), nil
}

// InEllipse tells whether an eigenvalue of g J lies in the ellipse widened by the given relative margin.
func InEllipse(z complex128, g, eta, margin float64) bool {
	x, y := real(z)/(g*(1+eta)*(1+margin)), imag(z)/(g*(1-eta)*(1+margin))
	switch {
	case eta == 1:
		return math.Abs(x) <= 1 && imag(z) == 0
	case eta == -1:
		return math.Abs(y) <= 1 && real(z) == 0
	}
	return cmplx.Abs(complex(x, y)) <= 1
}
