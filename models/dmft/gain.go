package dmft

import (
	"fmt"
	"math"
	"sort"
	"strings"
)

// Gain is the nonlinearity φ of a network. Its functions are pure.
type Gain struct {
	// Name is what [ParseGain] understands and what run folders record.
	Name string
	// Phi is φ(x), Slope is φ'(x), Primitive is ∫_0^x φ(y) dy.
	Phi, Slope, Primitive func(x float64) float64
	// Smooth tells that φ is analytic on the real line, so that the trapezoid rule converges exponentially.
	Smooth bool
	// Odd tells that φ(-x) = -φ(x); the stationary state of mean zero exists only then.
	Odd bool
}

// The gains that have names.
var (
	// Tanh is φ(x) = tanh x.
	Tanh = Gain{
		Name: "tanh",
		Phi:  math.Tanh,
		Slope: func(x float64) float64 {
			t := math.Tanh(x)
			return 1 - t*t
		},
		// log cosh x, without overflow and without cancellation near zero.
		Primitive: func(x float64) float64 {
			a := math.Abs(x)
			if a < .25 {
				s := math.Sinh(a / 2)
				return math.Log1p(2 * s * s)
			}
			return a + math.Log1p(math.Exp(-2*a)) - math.Ln2
		},
		Smooth: true, Odd: true,
	}
	// Erf is φ(x) = erf x = (2/√π) ∫_0^x e^{-y²} dy.
	Erf = Gain{
		Name:  "erf",
		Phi:   math.Erf,
		Slope: func(x float64) float64 { return 2 / math.Sqrt(math.Pi) * math.Exp(-x*x) },
		Primitive: func(x float64) float64 {
			return x*math.Erf(x) + math.Expm1(-x*x)/math.Sqrt(math.Pi)
		},
		Smooth: true, Odd: true,
	}
	// Linear is φ(x) = x.
	Linear = Gain{
		Name:      "linear",
		Phi:       func(x float64) float64 { return x },
		Slope:     func(float64) float64 { return 1 },
		Primitive: func(x float64) float64 { return x * x / 2 },
		Smooth:    true, Odd: true,
	}
	// ReLU is φ(x) = max(0, x).
	ReLU = Gain{
		Name: "relu",
		Phi:  func(x float64) float64 { return math.Max(0, x) },
		Slope: func(x float64) float64 {
			if x > 0 {
				return 1
			}
			return 0
		},
		Primitive: func(x float64) float64 {
			x = math.Max(0, x)
			return x * x / 2
		},
	}
	// Clip is the piecewise linear φ(x) = max(-1, min(1, x)).
	Clip = Gain{
		Name: "clip",
		Phi:  func(x float64) float64 { return math.Max(-1, math.Min(1, x)) },
		Slope: func(x float64) float64 {
			if x > -1 && x < 1 {
				return 1
			}
			return 0
		},
		Primitive: func(x float64) float64 {
			a := math.Abs(x)
			if a < 1 {
				return a * a / 2
			}
			return a - .5
		},
		Odd: true,
	}
)

var gains = map[string]Gain{"tanh": Tanh, "erf": Erf, "linear": Linear, "relu": ReLU, "clip": Clip}

// ParseGain returns the gain of that name; an unknown name is an error that lists the known ones.
func ParseGain(name string) (Gain, error) {
	if g, ok := gains[name]; ok {
		return g, nil
	}
	names := make([]string, 0, len(gains))
	for n := range gains {
		names = append(names, n)
	}
	sort.Strings(names)
	return Gain{}, fmt.Errorf("dmft: unknown phi %q, want one of %s", name, strings.Join(names, ", "))
}
