package kerneltest

import (
	"gorgonia.org/gorgonia"

	"cavity/engine/rng"
	"cavity/kernels"
)

func init() {
	Cases = append(Cases, layersCase(" float32", func(x []float64) any {
		y := make([]float32, len(x))
		for i := range x {
			y[i] = float32(x[i])
		}
		return y
	}), layersCase(" float64", func(x []float64) any { return x }))
}

// layersCase samples the two layers of a machine in turn. Its weights are multiples of 1/8: fields are exact in any order of summation,
// so every backend draws the same units, fused or not.
func layersCase(dtype string, convert func([]float64) any) Case {
	return Case{Name: "sampled layers" + dtype, Steps: 3, Build: func(b *Builder) map[string]*gorgonia.Node {
		const rows, visible, hidden = 9, 70, 67
		s := rng.At(31, 0, rng.SetupStage, 1)
		values := func(n int, f func(w uint32) float64, at uint64) any {
			x := make([]float64, n)
			for i := range x {
				x[i] = f(s.Uint32(at<<32 + uint64(i)))
			}
			return convert(x)
		}
		eighths := func(w uint32) float64 { return (float64(w%9) - 4) / 8 }
		v := b.In("v", values(rows*visible, func(w uint32) float64 { return float64(w & 1) }, 0), rows, visible)
		w := b.In("w", values(visible*hidden, eighths, 1), visible, hidden)
		c, d := b.In("c", values(hidden, eighths, 2), hidden), b.In("d", values(visible, eighths, 3), visible)
		up := b.Ok(gorgonia.BroadcastAdd(b.Ok(gorgonia.Mul(v, w)), c, nil, []byte{0}))
		h := b.Ok(kernels.Bernoulli(up, 1))
		down := b.Ok(gorgonia.BroadcastAdd(b.Ok(gorgonia.Mul(h, b.Ok(gorgonia.Transpose(w, 1, 0)))), d, nil, []byte{0}))
		return map[string]*gorgonia.Node{"v": b.Ok(kernels.Bernoulli(down, 2)), "h": h, "spins": b.Ok(kernels.BernoulliSpin(up, 3)), "field": up}
	}}
}
