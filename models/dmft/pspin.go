package dmft

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Monomial is one term of a spherical model's covariance, Weight · C^P / 2.
type Monomial struct {
	P      int
	Weight float64
}

// PSpin is a spherical spin glass, Σ s_i² = N, with Gaussian energies of covariance N f(C) at overlap C,
// f(C) = ½ Σ Weight C^P: one term is the pure p-spin, several are a mixed model. Energies are per spin.
//
// After a quench from T = ∞ its correlation and response, R(t,t')= 0 for t < t', obey
//
//	∂_t C(t,t') = -z C + ∫_0^{t'} f'(C(t,s)) R(t',s) ds + ∫_0^t f''(C(t,s)) R(t,s) C(s,t') ds
//	∂_t R(t,t') = -z R + ∫_{t'}^t f''(C(t,s)) R(t,s) R(s,t') ds
//	z(t) = T + ∫_0^t [f'(C) + C f''(C)] R(t,s) ds,    e(t) = -∫_0^t f'(C) R(t,s) ds,    C(t,t) = R(t,t⁺) = 1
//
// (Crisanti, Horner, Sommers 1993; Cugliandolo, Kurchan, Phys. Rev. Lett. 71, 173, 1993).
type PSpin struct {
	Terms       []Monomial
	Temperature float64
}

// PurePSpin is the model with f(C) = C^p/2.
func PurePSpin(p int, temperature float64) PSpin {
	return PSpin{Terms: []Monomial{{P: p, Weight: 1}}, Temperature: temperature}
}

// ParseTerms reads a mixed model such as "3:0.5,4:0.5": p and weight of every term.
func ParseTerms(text string) ([]Monomial, error) {
	var terms []Monomial
	for _, part := range strings.Split(text, ",") {
		p, weight, ok := strings.Cut(strings.TrimSpace(part), ":")
		n, err1 := strconv.Atoi(p)
		w, err2 := strconv.ParseFloat(weight, 64)
		if !ok || err1 != nil || err2 != nil {
			return nil, fmt.Errorf("dmft: term %q, want p:weight such as 3:0.5", part)
		}
		terms = append(terms, Monomial{n, w})
	}
	return terms, nil
}

// String names the model: "p = 3" or "f = (0.5 C^3 + 0.5 C^4)/2".
func (m PSpin) String() string {
	if len(m.Terms) == 1 && m.Terms[0].Weight == 1 {
		return fmt.Sprintf("p = %d", m.Terms[0].P)
	}
	var parts []string
	for _, t := range m.Terms {
		parts = append(parts, fmt.Sprintf("%v C^%d", t.Weight, t.P))
	}
	return "f = (" + strings.Join(parts, " + ") + ")/2"
}

// Check reports what is wrong with the model.
func (m PSpin) Check() error { return m.check() }

func (m PSpin) check() error {
	if len(m.Terms) == 0 {
		return fmt.Errorf("dmft: p-spin: no terms")
	}
	for _, t := range m.Terms {
		if t.P < 2 || t.P > 64 || !(t.Weight > 0) || math.IsInf(t.Weight, 0) {
			return fmt.Errorf("dmft: p-spin: term p = %d with weight %v, want p from 2 to 64 and a positive weight", t.P, t.Weight)
		}
	}
	if !(m.Temperature >= 0) || math.IsInf(m.Temperature, 0) {
		return fmt.Errorf("dmft: p-spin: temperature %v, want a finite number ≥ 0", m.Temperature)
	}
	return nil
}

// CheckStep refuses a time step at which the fastest relaxation, of rate about z, would be unstable. At low
// temperature z → T - p e is largest, and e is bounded by the ground state, well above -√(2 f'(1)) here.
func (m PSpin) CheckStep(step float64) error {
	rate := m.Temperature + 2*math.Sqrt(m.curvature(1))
	if !(step > 0) || step*rate > 1 {
		return fmt.Errorf("dmft: p-spin: step %v, want 0 < step ≤ %.3g: relaxation has the rate %.3g", step, 1/rate, rate)
	}
	return nil
}

// Covariance is f(c).
func (m PSpin) Covariance(c float64) float64 {
	sum := 0.
	for _, t := range m.Terms {
		sum += t.Weight / 2 * power(c, t.P)
	}
	return sum
}

// slope is f'(c), curvature is f”(c).
func (m PSpin) slope(c float64) float64 {
	sum := 0.
	for _, t := range m.Terms {
		sum += t.Weight / 2 * float64(t.P) * power(c, t.P-1)
	}
	return sum
}

func (m PSpin) curvature(c float64) float64 {
	sum := 0.
	for _, t := range m.Terms {
		sum += t.Weight / 2 * float64(t.P*(t.P-1)) * power(c, t.P-2)
	}
	return sum
}

// power is c^n for small n ≥ 0.
func power(c float64, n int) float64 {
	x := 1.
	for ; n > 0; n-- {
		x *= c
	}
	return x
}

// Threshold describes the aging state that a quench below the dynamical temperature approaches.
type Threshold struct {
	Overlap float64 // the plateau q of C, where f”(q)(1-q)² = T²
	Ratio   float64 // X of the aging regime, dχ/dC = -X/T below q
	Energy  float64 // -[f(1) - f(q) + X f(q)] / T
}

// Threshold computes the aging state with one time sector (Cugliandolo, Kurchan 1993): q is the largest root of f”(q)(1-q)² = T²,
// X = (1-q)/q [q f”(q)/f'(q) - 1]. It fails at and above the dynamical temperature, and is exact for pure models with p ≥ 3.
func (m PSpin) Threshold() (Threshold, error) {
	if err := m.check(); err != nil {
		return Threshold{}, err
	}
	T := m.Temperature
	if T == 0 {
		return Threshold{}, fmt.Errorf("dmft: p-spin threshold: temperature 0 is a limit, want a small positive one")
	}
	marginal := func(q float64) float64 { return m.curvature(q)*(1-q)*(1-q) - T*T }
	// The maximum of the left side is the dynamical temperature; q lies between it and 1.
	best := 0.
	for q := 0.; q < 1; q += 1e-4 {
		if marginal(q) > marginal(best) {
			best = q
		}
	}
	if marginal(best) <= 0 || best == 0 {
		return Threshold{}, fmt.Errorf("dmft: p-spin threshold: temperature %v is not below the dynamical temperature %.6g, or there is none", T, m.DynamicalTemperature())
	}
	low, high := best, 1.
	for i := 0; i < 100; i++ {
		if q := (low + high) / 2; marginal(q) > 0 {
			low = q
		} else {
			high = q
		}
	}
	q := (low + high) / 2
	x := (1 - q) / q * (q*m.curvature(q)/m.slope(q) - 1)
	e := -(m.Covariance(1) - m.Covariance(q) + x*m.Covariance(q)) / T
	return Threshold{Overlap: q, Ratio: x, Energy: e}, nil
}

// DynamicalTemperature is the temperature below which a quench never equilibrates, where q/[(1-q)] T² = (1-q) f'(q)
// first has a root q > 0: T_d² = max f'(q)(1-q)/q over 0 < q < 1.
func (m PSpin) DynamicalTemperature() float64 {
	g := func(q float64) float64 { return m.slope(q) * (1 - q) / q }
	best := 1e-4
	for q := 1e-4; q < 1; q += 1e-4 {
		if g(q) > g(best) {
			best = q
		}
	}
	low, high := math.Max(best-1e-4, 1e-9), math.Min(best+1e-4, 1)
	for i := 0; i < 100; i++ {
		a, b := low+(high-low)/3, high-(high-low)/3
		if g(a) < g(b) {
			low = a
		} else {
			high = b
		}
	}
	return math.Sqrt(g((low + high) / 2))
}
