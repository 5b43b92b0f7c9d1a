package modes

import (
	"fmt"
	"math"
)

// A BinaryPerceptron is a perceptron of N binary weights with means m_i that learns αN random patterns of a teacher
// with binary weights by variational mean-field inference: each pattern weighs H(-y ξ·m/√(N - m·m))^β, H the normal
// tail. (Li, Huang, Zou, Huang 2023, Phys. Rev. E; first task.)
type BinaryPerceptron struct {
	Alpha, Beta float64
}

// Overlaps of the typical solution: of two solutions' means, of means and teacher, and <m²>.
type Overlaps struct{ Q, R, QStar float64 }

// Solve finds the replica-symmetric saddle point of
//
//	q q̂/2 - r r̂ - q* q̂* + E_z ln ∫_{-1}^{1} dm/2 exp[(q̂*-q̂/2) m² + √q̂ z m + r̂ m]
//	+ 2α E_z H(zr/√(q-r²)) ln E_x H^β((√(q*-q) x + √q z)/√(1-q*))
//
// by damped iteration: order parameters from their conjugates by moments of m, the conjugates from derivatives of the last term.
// Means over normal numbers are trapezium sums in steps of .1, over ±7 and, inside the logarithm, from 7 below the peak of
// the integrand, which lies far below 0 for large β; that over m is Simpson's rule of 500 intervals.
func (p BinaryPerceptron) Solve() (Overlaps, error) {
	if !(p.Alpha > 0) || !(p.Beta > 0) {
		return Overlaps{}, fmt.Errorf("modes: perceptron with α = %v and β = %v: both must be positive", p.Alpha, p.Beta)
	}
	o := Overlaps{.5, .4, .6}
	for range 2000 {
		hq, hr, hs := p.conjugates(o)
		next := siteMoments(hq, hr, hs)
		const keep = .5
		moved := math.Abs(next.Q-o.Q) + math.Abs(next.R-o.R) + math.Abs(next.QStar-o.QStar)
		o = Overlaps{keep*o.Q + (1-keep)*next.Q, keep*o.R + (1-keep)*next.R, keep*o.QStar + (1-keep)*next.QStar}
		if math.IsNaN(moved) {
			return o, fmt.Errorf("modes: the saddle point of α = %v, β = %v became NaN", p.Alpha, p.Beta)
		}
		if moved < 1e-9 {
			return o, nil
		}
	}
	return o, fmt.Errorf("modes: the saddle point of α = %v, β = %v did not converge in 2000 steps", p.Alpha, p.Beta)
}

// data is the last term of the potential.
func (p BinaryPerceptron) data(o Overlaps) float64 {
	wide := math.Sqrt(max(o.Q-o.R*o.R, 1e-12))
	a, b, c := math.Sqrt(o.QStar-o.Q), math.Sqrt(o.Q), math.Sqrt(1-o.QStar)
	return 2 * p.Alpha * normalSum(func(z float64) float64 {
		// where H is a normal law's tail the integrand peaks here, many standard deviations from 0 for z of some units
		peak := min(0, -p.Beta*a*b*z/(c*c+p.Beta*a*a))
		return normalTail(z*o.R/wide) * logNormalSum(peak, func(x float64) float64 { return p.Beta * logTail((a*x+b*z)/c) })
	})
}

// conjugates are q̂ = -2 ∂/∂q, r̂ = ∂/∂r and q̂* = ∂/∂q* of the last term, by central differences.
func (p BinaryPerceptron) conjugates(o Overlaps) (hq, hr, hs float64) {
	const h = 1e-4
	slope := func(move func(o *Overlaps, d float64)) float64 {
		a, b := o, o
		move(&a, h)
		move(&b, -h)
		return (p.data(a) - p.data(b)) / (2 * h)
	}
	return -2 * slope(func(o *Overlaps, d float64) { o.Q += d }), slope(func(o *Overlaps, d float64) { o.R += d }), slope(func(o *Overlaps, d float64) { o.QStar += d })
}

// siteMoments are E_z <m>², E_z <m> and E_z <m²> under exp[(q̂*-q̂/2) m² + √q̂ z m + r̂ m] on -1 … 1.
func siteMoments(hq, hr, hs float64) (o Overlaps) {
	root := math.Sqrt(max(hq, 0))
	const fine = 4 // <m> turns from -1 to 1 within 1/√q̂ of a z
	for k := -half * fine; k <= half*fine; k++ {
		z := float64(k) * step / fine
		w := step / fine * math.Exp(-z*z/2) / math.Sqrt(2*math.Pi)
		m, square := interval(hs-hq/2, root*z+hr)
		o.Q, o.R, o.QStar = o.Q+w*m*m, o.R+w*m, o.QStar+w*square
	}
	return o
}

// interval is <m> and <m²> under exp(a m² + b m) on -1 … 1, by Simpson's rule.
func interval(a, b float64) (mean, square float64) {
	const n = 500 // the integrand falls by a factor e within 1/60 of an end
	top := math.Max(math.Max(a+b, a-b), 0)
	if a < 0 && math.Abs(b) < -2*a {
		top = math.Max(top, -b*b/(4*a))
	}
	var w0, w1, w2 float64
	for k := 0; k <= n; k++ {
		m := -1 + 2*float64(k)/n
		w := float64(2 + 2*(k%2))
		if k == 0 || k == n {
			w = 1
		}
		w *= math.Exp(a*m*m + b*m - top)
		w0, w1, w2 = w0+w, w1+w*m, w2+w*m*m
	}
	return w1 / w0, w2 / w0
}

func normalTail(x float64) float64 { return math.Erfc(x/math.Sqrt2) / 2 }

// logTail is ln H(x), by the first terms of its asymptotic series where H leaves the range of numbers.
func logTail(x float64) float64 {
	if x < 30 {
		return math.Log(normalTail(x))
	}
	return -x*x/2 - math.Log(x*math.Sqrt(2*math.Pi)) - 1/(x*x)
}

// The grid of means over a standard normal number.
const half, step = 70, .1

// normalSum is E f(z).
func normalSum(f func(float64) float64) float64 {
	sum := 0.0
	for k := -half; k <= half; k++ {
		z := float64(k) * step
		sum += f(z) * math.Exp(-z*z/2)
	}
	return sum * step / math.Sqrt(2*math.Pi)
}

// logNormalSum is ln E exp f(z), without leaving the range of numbers, over a grid that begins below the peak.
func logNormalSum(peak float64, f func(float64) float64) float64 {
	top, sum := math.Inf(-1), 0.0
	for k := int(peak/step) - half; k <= half; k++ {
		z := float64(k) * step
		t := f(z) - z*z/2
		if t > top {
			sum *= math.Exp(top - t)
			top = t
		}
		sum += math.Exp(t - top)
	}
	return top + math.Log(sum*step/math.Sqrt(2*math.Pi))
}
