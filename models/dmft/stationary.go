package dmft

import (
	"fmt"
	"math"
)

// Stationary is a stationary state of the mean-field equations at η = 0, zero mean and zero input
// (Sompolinsky, Crisanti, Sommers, Phys. Rev. Lett. 61, 259, 1988; with noise: Schuecker, Goedeke, Helias, Phys. Rev. X 8, 041029, 2018).
//
// The autocorrelation Δ(τ) = <x(t) x(t+τ)> moves like a particle,
//
//	Δ'' = -∂V/∂Δ,  V(Δ) = -Δ²/2 + g² ∫_0^Δ C_φ(D) dD,  C_φ(D) = <φ(x) φ(y)> at covariance D,
//
// that starts at Δ(0) with the velocity -σ²/2 and comes to rest at Δ = 0, which fixes Δ(0) by V(Δ(0)) = -σ⁴/8.
type Stationary struct {
	// Gain is φ, which must be odd. G is the strength g of the couplings, Sigma the strength σ of the noise.
	Gain     Gain
	G, Sigma float64

	// Delta0 is Δ(0), CPhi0 is C_φ(0) = <φ²>.
	Delta0, CPhi0 float64
	// Tau holds the times of Delta, uniformly spaced from 0 until Δ has decayed by twelve decades or for 4,000 decay times.
	Tau, Delta []float64
	// GroundEnergy is E0, the lowest level of -d²/dτ² + 1 - g² <φ'φ'>(τ), and
	// Lyapunov the largest Lyapunov exponent -1 + √(1-E0) in units of 1/time.
	GroundEnergy, Lyapunov float64

	correlation, slopes cheb
}

// tauStep is the step of the particle's motion; its Runge-Kutta error is below 1e-10.
const tauStep = .01

// SolveStationary computes the stationary state. It fails if φ is not odd, if the only state is
// the fixed point x = 0 (σ = 0 and g φ'(0) ≤ 1), or if φ grows so fast that no state exists.
func SolveStationary(gain Gain, g, sigma float64) (*Stationary, error) {
	s := &Stationary{Gain: gain, G: g, Sigma: sigma}
	switch {
	case !gain.Odd:
		return nil, fmt.Errorf("dmft: stationary state of phi %s: only odd functions (tanh, erf, linear, clip) have one of mean zero", gain.Name)
	case !(g >= 0) || math.IsInf(g, 0):
		return nil, fmt.Errorf("dmft: stationary state: g = %v, want a finite number ≥ 0", g)
	case !(sigma >= 0) || math.IsInf(sigma, 0):
		return nil, fmt.Errorf("dmft: stationary state: sigma = %v, want a finite number ≥ 0", sigma)
	case sigma == 0 && g*gain.Slope(0) <= 1:
		return nil, fmt.Errorf("dmft: stationary state: g phi'(0) = %v ≤ 1 without noise: the network falls to x = 0", g*gain.Slope(0))
	}
	rule := quadratureFor(gain)
	var err error
	if s.Delta0, err = s.findVariance(rule); err != nil {
		return nil, err
	}
	s.expand(rule)
	s.roll()
	s.GroundEnergy = s.groundState()
	s.Lyapunov = -1 + math.Sqrt(1-s.GroundEnergy)
	return s, nil
}

// quadratureFor resolves kinks of φ with a finer step.
func quadratureFor(gain Gain) gaussRule {
	if gain.Smooth {
		return newGaussRule(gaussStep)
	}
	return newGaussRule(gaussStep / 8)
}

// balance is V(Δ0; Δ0) + σ⁴/8 = -Δ0²/2 + g² Var Φ(√Δ0 z) + σ⁴/8, whose positive root is Δ(0).
func (s *Stationary) balance(rule gaussRule, delta0 float64) float64 {
	return -delta0*delta0/2 + s.G*s.G*primitiveVariance(rule, s.Gain, delta0) + math.Pow(s.Sigma, 4)/8
}

// primitiveVariance is the variance of ∫φ at x = √v z; it is ∫_0^v C_φ(D) dD.
func primitiveVariance(rule gaussRule, gain Gain, v float64) float64 {
	mean := rule.mean(v, gain.Primitive)
	return rule.mean(v, func(x float64) float64 {
		d := gain.Primitive(x) - mean
		return d * d
	})
}

func (s *Stationary) findVariance(rule gaussRule) (float64, error) {
	low, high := 1e-12, 1.
	if s.Sigma == 0 {
		// Just above the transition Δ(0) is of order g φ'(0) - 1; far below it the balance is positive.
		low = 1e-3 * math.Min(1, s.G*s.Gain.Slope(0)-1)
	}
	if s.balance(rule, low) <= 0 {
		return 0, fmt.Errorf("dmft: stationary state: g = %v is too close to the transition to be resolved", s.G)
	}
	for s.balance(rule, high) > 0 {
		low, high = high, 2*high
		if high > 1e6 {
			return 0, fmt.Errorf("dmft: stationary state: phi %s with g = %v has no stationary state, its activity grows without bound", s.Gain.Name, s.G)
		}
	}
	for i := 0; i < 200 && high-low > 1e-15*high; i++ {
		if mid := (low + high) / 2; s.balance(rule, mid) > 0 {
			low = mid
		} else {
			high = mid
		}
	}
	return (low + high) / 2, nil
}

// expand tabulates C_φ and <φ'φ'> as functions of the covariance.
func (s *Stationary) expand(rule gaussRule) {
	const nodes = 48
	s.correlation = newCheb(nodes, s.Delta0, func(c float64) float64 { return rule.pair(s.Delta0, c, s.Gain.Phi) })
	s.slopes = newCheb(nodes, s.Delta0, func(c float64) float64 { return rule.pair(s.Delta0, c, s.Gain.Slope) })
	s.CPhi0 = rule.mean(s.Delta0, func(x float64) float64 { p := s.Gain.Phi(x); return p * p })
}

// CPhi is C_φ at the covariance delta, 0 ≤ delta ≤ Delta0.
func (s *Stationary) CPhi(delta float64) float64 { return s.correlation.at(delta) }

// roll integrates the particle. At first both of its variables move, because the velocity is singular in Δ at
// the turning point; from τ = 1 on the conserved energy gives the velocity, which turns the saddle at Δ = 0 into a sink.
func (s *Stationary) roll() {
	g2 := s.G * s.G
	force := func(d float64) float64 { return d - g2*s.correlation.at(d) }
	potential := s.correlation.integral()
	speed := func(d float64) float64 {
		return -math.Sqrt(math.Max(0, d*d-2*g2*potential.at(d)))
	}
	const settle = 100
	d, v := s.Delta0, -s.Sigma*s.Sigma/2
	s.Tau, s.Delta = append(s.Tau[:0], 0), append(s.Delta[:0], d)
	rest := 1e-12 * s.Delta0
	for i := 1; d > rest && i < 400_000; i++ {
		const h = tauStep
		if i <= settle {
			k1, l1 := v, force(d)
			k2, l2 := v+h/2*l1, force(d+h/2*k1)
			k3, l3 := v+h/2*l2, force(d+h/2*k2)
			k4, l4 := v+h*l3, force(d+h*k3)
			d += h / 6 * (k1 + 2*k2 + 2*k3 + k4)
			v += h / 6 * (l1 + 2*l2 + 2*l3 + l4)
		} else {
			k1 := speed(d)
			k2 := speed(d + h/2*k1)
			k3 := speed(d + h/2*k2)
			k4 := speed(d + h*k3)
			d += h / 6 * (k1 + 2*k2 + 2*k3 + k4)
		}
		s.Tau, s.Delta = append(s.Tau, float64(i)*h), append(s.Delta, d)
	}
}

// At is Δ(τ), by cubic interpolation of the table; beyond its end it is 0.
func (s *Stationary) At(tau float64) float64 {
	x := math.Abs(tau) / tauStep
	n := len(s.Delta)
	i := int(x)
	if i >= n-1 {
		return 0
	}
	first := min(max(i-1, 0), n-4)
	sum := 0.
	for k := first; k < first+4; k++ {
		w := 1.
		for m := first; m < first+4; m++ {
			if m != k {
				w *= (x - float64(m)) / float64(k-m)
			}
		}
		sum += w * s.Delta[k]
	}
	return sum
}

// groundState is the lowest level of -ψ” + W ψ = E ψ, W = 1 - g² <φ'φ'>(Δ(τ)), on the half line with ψ'(0) = 0
// (the ground state is even), from second differences with two steps and Richardson's extrapolation.
func (s *Stationary) groundState() float64 {
	w := make([]float64, len(s.Delta))
	for i, d := range s.Delta {
		w[i] = 1 - s.G*s.G*s.slopes.at(math.Max(0, math.Min(d, s.Delta0)))
	}
	coarse, fine := lowestLevel(w, 2), lowestLevel(w, 1)
	return fine + (fine-coarse)/3
}

// lowestLevel counts eigenvalues below E by the signs of a Sturm sequence and bisects on E.
func lowestLevel(w []float64, stride int) float64 {
	h := tauStep * float64(stride)
	hop := 1 / (h * h)
	low, high := w[0], 0.
	for _, v := range w {
		low, high = math.Min(low, v), math.Max(high, v)
	}
	high++
	below := func(e float64) bool {
		d := w[0] + 2*hop - e
		if d < 0 {
			return true
		}
		off := 2 * hop * hop // the mirror image of the first point doubles its coupling
		for i := stride; i < len(w); i += stride {
			d = w[i] + 2*hop - e - off/d
			if d < 0 {
				return true
			}
			off = hop * hop
		}
		return false
	}
	for i := 0; i < 60; i++ {
		if mid := (low + high) / 2; below(mid) {
			high = mid
		} else {
			low = mid
		}
	}
	return (low + high) / 2
}
