package kernels

import (
	"fmt"
	"math"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
)

// rectified computes something of the law with density proportional to exp(xh - h²/2) on h ≥ 0, element by element.
type rectified struct {
	op
	stream uint16
	first  uint64 // number that element 0 takes
	what   rectifiedWhat
	value  func(x, u float64) float64
	random bool
}

// rectifiedWhat numbers the three for the CUDA version.
type rectifiedWhat uint8

const (
	rectifiedIsSample rectifiedWhat = iota
	rectifiedIsMean
	rectifiedIsLog
)

// Rectified samples from the normal law of mean x and variance 1 restricted to h ≥ 0, element by element, by inverting the
// tail: h = x - Φ⁻¹((1-u)Φ(x)) with element e's uniform number u of the stream. Below x = -37, where Φ underflows, the law is
// exponential with the rate -x to 1 part in x².
func Rectified(x *gorgonia.Node, stream uint16) (*gorgonia.Node, error) {
	return newRectified(fmt.Sprintf("Rectified{stream %d}", stream), x, &rectified{what: rectifiedIsSample, stream: stream, value: rectifiedSample, random: true})
}

// RectifiedMean is the mean of that law, x + φ(x)/Φ(x).
func RectifiedMean(x *gorgonia.Node) (*gorgonia.Node, error) {
	return newRectified("RectifiedMean", x, &rectified{what: rectifiedIsMean, value: func(x, _ float64) float64 { return rectifiedMean(x) }})
}

// RectifiedLogPartition is x²/2 + ln Φ(x), the logarithm of ∫ exp(xh - h²/2) dh / √2π over h ≥ 0.
func RectifiedLogPartition(x *gorgonia.Node) (*gorgonia.Node, error) {
	return newRectified("RectifiedLogPartition", x, &rectified{what: rectifiedIsLog, value: func(x, _ float64) float64 { return rectifiedLog(x) }})
}

func newRectified(form string, x *gorgonia.Node, k *rectified) (*gorgonia.Node, error) {
	if err := needFloat(form, x); err != nil {
		return nil, err
	}
	k.op = newOp(form, x.Dtype(), x.Shape(), x)
	return gorgonia.ApplyOp(k, x)
}

// mills is the series 1 - 1/x² + 3/x⁴ - 15/x⁶ + 105/x⁸ - 945/x¹⁰ of -x Φ(x)/φ(x), good to 1e-11 below x = -20.
func mills(x float64) float64 {
	i := 1 / (x * x)
	return 1 - i*(1-3*i*(1-5*i*(1-7*i*(1-9*i))))
}

func rectifiedLog(x float64) float64 {
	if x > -20 {
		return x*x/2 + math.Log(math.Erfc(-x/math.Sqrt2)/2)
	}
	return math.Log(mills(x)/-x) - math.Log(2*math.Pi)/2
}

func rectifiedMean(x float64) float64 {
	if x > -20 {
		return x + math.Exp(-x*x/2)/math.Sqrt(math.Pi/2)/math.Erfc(-x/math.Sqrt2)
	}
	m := mills(x)
	return -x * (1 - m) / m
}

func rectifiedSample(x, u float64) float64 {
	if x < -37 {
		return math.Log1p(-u) / x
	}
	if x < -3 { // Erfcinv knows 1-y only, not y
		return max(0, x-normalTail(math.Log1p(-u)+rectifiedLog(x)-x*x/2))
	}
	return max(0, x+math.Sqrt2*math.Erfcinv((1-u)*math.Erfc(-x/math.Sqrt2)))
}

// normalTail is the y with ln Φ(y) = l, for l below -2, by Newton's method: ln Φ is concave, its slope φ(y)/Φ(y).
func normalTail(l float64) float64 {
	y := -math.Sqrt(-2 * l)
	for range 50 {
		step := (rectifiedLog(y) - y*y/2 - l) / (rectifiedMean(y) - y)
		y -= step
		if math.Abs(step) <= 1e-15*math.Abs(y) {
			break
		}
	}
	return y
}

// Host is the definition, in float64 and rounded to the dtype.
func (k *rectified) Host(c engine.Clock, out engine.Buffer, in []engine.Buffer) error {
	s := c.Stream(k.stream)
	u := func(e int) float64 {
		if !k.random {
			return 0
		}
		return s.Float64(k.first + uint64(e))
	}
	if out.Dtype == tensor.Float64 {
		for e, x := range engine.Slice[float64](in[0]) {
			engine.Slice[float64](out)[e] = k.value(x, u(e))
		}
		return nil
	}
	o := engine.Slice[float32](out)
	for e, x := range engine.Slice[float32](in[0]) {
		o[e] = float32(k.value(float64(x), u(e)))
	}
	return nil
}
