package spin

import (
	"fmt"
	"math"
)

// Kaufman is the exact solution of the ferromagnetic Ising model (J = 1) on the periodic L×L square lattice, L ≥ 2:
//
//	Z = ½ (2 sinh 2K)^{L²/2} (Π 2cosh(Lγ_{2r+1}/2) + Π 2sinh(Lγ_{2r+1}/2) + Π 2cosh(Lγ_{2r}/2) + Π 2sinh(Lγ_{2r}/2))
//	cosh γ_r = cosh 2K coth 2K - cos(πr/L),   γ_0 = 2K + ln tanh K,   K = 1/T,   r = 0 … L-1
//
// with energy and specific heat from its first two derivatives in K, carried along exactly. AbsM, M2 and M4 are not known
// and are NaN. (Kaufman 1949, doi:10.1103/PhysRev.76.1232; Ferdinand, Fisher 1969, doi:10.1103/PhysRev.185.832.)
// On a lattice with L = 2 every bond counts twice, as the periodic sum does.
func Kaufman(l int, temperature float64) (Exact, error) {
	if l < 2 || l > 1<<14 {
		return Exact{}, fmt.Errorf("spin: lattice side %d: 2 to %d", l, 1<<14)
	}
	if err := CheckTemperatures([]float64{temperature}); err != nil {
		return Exact{}, err
	}
	n := float64(l) * float64(l)
	if 1/temperature > frozen {
		logZ := math.Ln2 + 2*n/temperature
		return Exact{Temperature: temperature, LogZ: logZ, Energy: -2, FreeEnergy: -temperature * logZ / n,
			AbsM: math.NaN(), M2: math.NaN(), M4: math.NaN()}, nil
	}
	k := jet{1 / temperature, 1, 0}
	two := k.times(2)
	sh, ch := two.sinh(), two.cosh()
	base := ch.mul(ch).div(sh) // cosh 2K coth 2K
	half := float64(l) / 2
	// Logarithms of the four products but for the factor r = 0 of the last one, which changes sign at Tc.
	var c1, s1, c0, s0 jet
	for r := 0; r < l; r++ {
		odd := base.add(-math.Cos(math.Pi * float64(2*r+1) / float64(l))).acosh().times(half)
		c1, s1 = c1.plus(odd.log2cosh()), s1.plus(odd.log2sinh())
		if r > 0 {
			even := base.add(-math.Cos(2 * math.Pi * float64(r) / float64(l))).acosh().times(half)
			c0, s0 = c0.plus(even.log2cosh()), s0.plus(even.log2sinh())
		}
	}
	zero := two.plus(k.tanh().log()).times(half)
	c0 = c0.plus(zero.log2cosh())
	top := max(c1.f, s1.f, c0.f, s0.f)
	sum := c1.add(-top).exp().plus(s1.add(-top).exp()).plus(c0.add(-top).exp())
	sum = sum.plus(zero.sinhTimes(s0.add(-top)).times(2))
	logZ := sum.log().add(top - math.Ln2).plus(sh.times(2).log().times(n / 2))
	t := temperature
	return Exact{Temperature: t, LogZ: logZ.f, Energy: -logZ.d / n, SpecificHeat: logZ.dd / (t * t * n), FreeEnergy: -t * logZ.f / n,
		AbsM: math.NaN(), M2: math.NaN(), M4: math.NaN()}, nil
}

// frozen is the K from which the lowest excitations, e^{-8K} of the ground states' weight, are below every float64 beside it, and
// even their specific heat 64 K² e^{-8K} is none.
const frozen = 95

// jet is a value with its first two derivatives in K.
type jet struct{ f, d, dd float64 }

func (a jet) plus(b jet) jet      { return jet{a.f + b.f, a.d + b.d, a.dd + b.dd} }
func (a jet) add(x float64) jet   { return jet{a.f + x, a.d, a.dd} }
func (a jet) times(x float64) jet { return jet{a.f * x, a.d * x, a.dd * x} }
func (a jet) mul(b jet) jet {
	return jet{a.f * b.f, a.d*b.f + a.f*b.d, a.dd*b.f + 2*a.d*b.d + a.f*b.dd}
}
func (a jet) div(b jet) jet { return a.mul(b.of(1/b.f, -1/(b.f*b.f), 2/(b.f*b.f*b.f))) }

// of is the chain rule for a function with value g and derivatives g′, g″ at a.f.
func (a jet) of(g, g1, g2 float64) jet { return jet{g, g1 * a.d, g2*a.d*a.d + g1*a.dd} }

// sinhTimes is sinh a · exp b, also where only the product is within the range of numbers.
func (a jet) sinhTimes(b jet) jet {
	switch {
	case a.f > 1:
		return a.log2sinh().plus(b).exp().times(.5)
	case a.f < -1:
		return a.times(-1).log2sinh().plus(b).exp().times(-.5)
	}
	return a.sinh().mul(b.exp())
}

func (a jet) sinh() jet { return a.of(math.Sinh(a.f), math.Cosh(a.f), math.Sinh(a.f)) }
func (a jet) cosh() jet { return a.of(math.Cosh(a.f), math.Sinh(a.f), math.Cosh(a.f)) }
func (a jet) exp() jet  { e := math.Exp(a.f); return a.of(e, e, e) }
func (a jet) log() jet  { return a.of(math.Log(a.f), 1/a.f, -1/(a.f*a.f)) }
func (a jet) tanh() jet {
	t := math.Tanh(a.f)
	return a.of(t, 1-t*t, -2*t*(1-t*t))
}

// acosh of a.f > 1, as ln(x + √(x²-1)) without loss near 1.
func (a jet) acosh() jet {
	y := a.f - 1
	root := math.Sqrt(y * (y + 2))
	return a.of(math.Log1p(y+root), 1/root, -a.f/(root*root*root))
}

func (a jet) log2cosh() jet {
	t := math.Tanh(a.f)
	return a.of(math.Abs(a.f)+math.Log1p(math.Exp(-2*math.Abs(a.f))), t, 1-t*t)
}

// log2sinh is ln(2 sinh a.f) for a.f > 0.
func (a jet) log2sinh() jet {
	c := 1 / math.Tanh(a.f)
	return a.of(a.f+math.Log(-math.Expm1(-2*a.f)), c, 1-c*c)
}
