package kernels

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/cpu/gemm"
)

// correlate averages products of rows over blocks of a population.
type correlate struct {
	op
	blocks, n, l, m int // m trajectories in each block
}

// Correlate is C[i, k] = (1/m) Σ a[i, m] b[k, m], float64 [n, l] of float32 [n, m] and [l, m]; sums over 1,024 trajectories
// are float32, sums of these float64.
func Correlate(a, b *gorgonia.Node) (*gorgonia.Node, error) {
	return newCorrelate(1, a, b, func(n, l int) tensor.Shape { return tensor.Shape{n, l} })
}

// CorrelateBlocks divides the population into equal blocks and correlates each: float64 [blocks, n, l].
func CorrelateBlocks(blocks int, a, b *gorgonia.Node) (*gorgonia.Node, error) {
	return newCorrelate(blocks, a, b, func(n, l int) tensor.Shape { return tensor.Shape{blocks, n, l} })
}

func newCorrelate(blocks int, a, b *gorgonia.Node, shape func(n, l int) tensor.Shape) (*gorgonia.Node, error) {
	if err := operand("correlate", "a", a, tensor.Float32, anySize, anySize); err != nil {
		return nil, err
	}
	n, m := a.Shape()[0], a.Shape()[1]
	if err := operand("correlate", "b", b, tensor.Float32, anySize, m); err != nil {
		return nil, err
	}
	if blocks < 1 || m%blocks != 0 {
		return nil, fmt.Errorf("correlate: %d trajectories do not make %d equal blocks", m, blocks)
	}
	l := b.Shape()[0]
	k := &correlate{newOp(fmt.Sprintf("Correlate{%d blocks}", blocks), tensor.Float64, shape(n, l), a, b), blocks, n, l, m / blocks}
	return gorgonia.ApplyOp(k, a, b)
}

// Host is the definition.
func (k *correlate) Host(_ engine.Clock, out engine.Buffer, in []engine.Buffer) error {
	c, a, b := engine.Slice[float64](out), engine.Slice[float32](in[0]), engine.Slice[float32](in[1])
	all := k.blocks * k.m
	for q := range k.blocks {
		for i := range k.n {
			for j := range k.l {
				sum := 0.
				for m := q * k.m; m < (q+1)*k.m; m++ {
					sum += float64(a[i*all+m]) * float64(b[j*all+m])
				}
				c[(q*k.n+i)*k.l+j] = sum / float64(k.m)
			}
		}
	}
	return nil
}

// Bind multiplies pieces of the population as matrices.
func (k *correlate) Bind(w engine.Workers, out engine.Buffer, in []engine.Buffer) (func(*engine.Clock) error, error) {
	c, a, b := engine.Slice[float64](out), engine.Slice[float32](in[0]), engine.Slice[float32](in[1])
	part := make([]float32, k.n*k.l)
	all := k.blocks * k.m
	spec := gemm.Spec{M: k.n, N: k.l, K: min(piece, k.m), TransB: true, Alpha: 1, LdA: all, LdB: all, Workers: w.N()}
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
		for q := range k.blocks {
			block := c[q*k.n*k.l : (q+1)*k.n*k.l]
			for lo := 0; lo < k.m; lo += piece {
				p := whole
				if lo+piece > k.m {
					p = rest
				}
				p.RunOn(w, a[q*k.m+lo:], b[q*k.m+lo:], part)
				for i, x := range part {
					block[i] += float64(x)
				}
			}
		}
		for i := range c {
			c[i] /= float64(k.m)
		}
		return nil
	}, nil
}
