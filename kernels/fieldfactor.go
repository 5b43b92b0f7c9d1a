package kernels

import (
	"fmt"
	"math"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
)

// fieldFactor is a Cholesky factorisation.
type fieldFactor struct {
	op
	n              int
	gain, variance float64
	jitter         float64
}

// FieldFactor is the lower triangular factor L, float32 [n, n], of the covariance
//
//	L Lᵀ = gain C + (variance + jitter gain C(i, i)) δ(i, k)
//
// of a correlation matrix C, float64 [n, n], computed in float64. The relative jitter lifts the rounding of covariances of low rank;
// a pivot that is negative beyond it is an error.
func FieldFactor(gain, variance, jitter float64, c *gorgonia.Node) (*gorgonia.Node, error) {
	if err := operand("field factor", "c", c, tensor.Float64, anySize, anySize); err != nil {
		return nil, err
	}
	n := c.Shape()[0]
	if c.Shape()[1] != n {
		return nil, fmt.Errorf("field factor: c of shape %v is not square", c.Shape())
	}
	form := fmt.Sprintf("FieldFactor{gain %x, variance %x, jitter %x}", gain, variance, jitter)
	return gorgonia.ApplyOp(&fieldFactor{newOp(form, tensor.Float32, c.Shape(), c), n, gain, variance, jitter}, c)
}

// Host is the definition: by rows, so that every inner product runs along two of them.
func (k *fieldFactor) Host(_ engine.Clock, out engine.Buffer, in []engine.Buffer) error {
	return k.factor(engine.Slice[float32](out), engine.Slice[float64](in[0]), make([]float64, k.n*k.n))
}

// Bind allocates the float64 factor once.
func (k *fieldFactor) Bind(_ engine.Workers, out engine.Buffer, in []engine.Buffer) (func(*engine.Clock) error, error) {
	o, c, l := engine.Slice[float32](out), engine.Slice[float64](in[0]), make([]float64, k.n*k.n)
	return func(*engine.Clock) error { return k.factor(o, c, l) }, nil
}

func (k *fieldFactor) factor(out []float32, c, l []float64) error {
	n := k.n
	clear(out)
	for i := range n {
		a := l[i*n : i*n+i+1]
		for j := range i {
			b, sum := l[j*n:j*n+j+1], k.gain*c[i*n+j]
			for q, x := range b[:j] {
				sum -= a[q] * x
			}
			if b[j] > 0 {
				sum /= b[j]
			} else {
				sum = 0
			}
			a[j] = sum
		}
		d := k.gain*c[i*n+i]*(1+k.jitter) + k.variance
		floor := d * k.jitter
		for _, x := range a[:i] {
			d -= x * x
		}
		if d < -math.Max(1e3*floor, 1e-12) || math.IsNaN(d) {
			return fmt.Errorf("field factor: the covariance is not positive at row %d: %v is left", i, d)
		}
		a[i] = math.Sqrt(math.Max(d, floor))
		for j, x := range a {
			out[i*n+j] = float32(x)
		}
	}
	return nil
}
