package kernels

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/cpu/gemm"
)

// correlate averages products of rows over a population.
type correlate struct {
	op
	n, l, m int
}

// Correlate is C[i, k] = (1/m) Σ a[i, m] b[k, m], float64 [n, l] of float32 [n, m] and [l, m]; sums over 1,024 trajectories
// are float32, sums of these float64.
func Correlate(a, b *gorgonia.Node) (*gorgonia.Node, error) {
	if err := operand("correlate", "a", a, tensor.Float32, anySize, anySize); err != nil {
		return nil, err
	}
	n, m := a.Shape()[0], a.Shape()[1]
	if err := operand("correlate", "b", b, tensor.Float32, anySize, m); err != nil {
		return nil, err
	}
	l := b.Shape()[0]
	k := &correlate{newOp("Correlate{}", tensor.Float64, tensor.Shape{n, l}, a, b), n, l, m}
	return gorgonia.ApplyOp(k, a, b)
}

// Host is the definition.
func (k *correlate) Host(_ engine.Clock, out engine.Buffer, in []engine.Buffer) error {
	c, a, b := engine.Slice[float64](out), engine.Slice[float32](in[0]), engine.Slice[float32](in[1])
	for i := range k.n {
		for j := range k.l {
			sum := 0.
			for m := range k.m {
				sum += float64(a[i*k.m+m]) * float64(b[j*k.m+m])
			}
			c[i*k.l+j] = sum / float64(k.m)
		}
	}
	return nil
}

// Bind multiplies pieces of the population as matrices.
func (k *correlate) Bind(w engine.Workers, out engine.Buffer, in []engine.Buffer) (func(*engine.Clock) error, error) {
	c, a, b := engine.Slice[float64](out), engine.Slice[float32](in[0]), engine.Slice[float32](in[1])
	part := make([]float32, k.n*k.l)
	spec := gemm.Spec{M: k.n, N: k.l, K: min(piece, k.m), TransB: true, Alpha: 1, LdA: k.m, LdB: k.m, Workers: w.N()}
	whole, err := gemm.New32(spec)
	if err != nil {
		return nil, fmt.Errorf("correlate: %w", err)
	}
	rest := whole
	if spec.K = k.m % piece; spec.K != 0 {
		if rest, err = gemm.New32(spec); err != nil {
			return nil, fmt.Errorf("correlate: %w", err)
		}
	}
	return func(*engine.Clock) error {
		clear(c)
		for lo := 0; lo < k.m; lo += piece {
			p := whole
			if lo+piece > k.m {
				p = rest
			}
			p.RunOn(w, a[lo:], b[lo:], part)
			for i, x := range part {
				c[i] += float64(x)
			}
		}
		for i := range c {
			c[i] /= float64(k.m)
		}
		return nil
	}, nil
}
