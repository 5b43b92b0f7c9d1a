package kerneltest

import (
	"gorgonia.org/gorgonia"

	"cavity/engine/rng"
	"cavity/kernels"
)

func init() {
	Cases = append(Cases, Case{Name: "error function", Steps: 1, Rel: 1e-14, Abs: 1e-300, Build: func(b *Builder) map[string]*gorgonia.Node {
		x := make([]float64, 1401)
		for i := range x {
			x[i] = float64(i-700) / 100
		}
		return map[string]*gorgonia.Node{"y": b.Ok(kernels.Erf(b.In("x", x, len(x))))}
	}}, Case{Name: "correlations of ragged blocks", Steps: 1, Abs: 1e-3, Rel: 1e-4, Build: func(b *Builder) map[string]*gorgonia.Node {
		single, _ := logits(8 * 42)
		x, y := b.In("x", single[:5*42], 5, 42), b.In("y", single[5*42:], 3, 42)
		return map[string]*gorgonia.Node{"blocks": b.Ok(kernels.CorrelateBlocks(2, x, y)), "all": b.Ok(kernels.Correlate(x, y))}
	}}, Case{Name: "factor of a process that begins at rest", Steps: 4, Abs: 1e-9, Build: restingFactor},
		Case{Name: "field factors at their limits", Steps: 1, Rel: 1e-6, Abs: 1e-9, Build: fieldFactorLimits},
		processCase("process with memory, one piece", 24, 64), processCase("process with memory, ragged pieces", 20, 1024+64))
}

// restingFactor has no variance in its first two steps, so that no time is a pivot until the third. Its sums are of integers, exact in any order.
func restingFactor(b *Builder) map[string]*gorgonia.Node {
	const n, m = 4, 128
	history := make([]float32, n*m)
	for k := range m {
		history[2*m+k], history[3*m+k] = float32(k%3-1), float32(k%5-2)
	}
	factor := b.In("factor", make([]float64, (n+2)*(n+3)), n+2, n+3)
	return map[string]*gorgonia.Node{"factor": b.Ok(kernels.CausalRow(2, 1e-2, factor, b.In("history", history, n, m)))}
}

// fieldFactorLimits are covariances that the rules for pivots decide: one that is not positive by 1e-3, less than the thousandfold
// of its jitter; one with a pivot of 0; and one that is negative by exactly what rounding is allowed without jitter.
func fieldFactorLimits(b *Builder) map[string]*gorgonia.Node {
	factor := func(name string, jitter float64, c ...float64) *gorgonia.Node {
		return b.Ok(kernels.FieldFactor(1, 0, jitter, b.In(name, c, 3, 3)))
	}
	return map[string]*gorgonia.Node{
		"lifted": factor("not positive", 1e-5, 1, 1.0005, .5, 1.0005, 1, .5, .5, .5, 1),
		"idle":   factor("no pivot", 0, 0, .3, 0, .3, 1, .2, 0, .2, 2),
		"edge":   factor("barely negative", 0, -1e-12, .3, 0, .3, 1, .2, 0, .2, 2),
	}
}

// processCase is a population of trajectories with a field drawn from its own correlation and a memory of its own response.
// Fast sums are float32 in another order, so it holds only to rounding; the steps are few enough for that not to grow.
func processCase(name string, n, m int) Case {
	return Case{Name: name, Steps: n, Abs: 2e-4, Rel: 1e-4, Build: func(b *Builder) map[string]*gorgonia.Node {
		past, err := kernels.PlanPast(n, 2)
		b.Ok(nil, err)
		x0 := make([]float32, m)
		rng.At(5, 0, rng.SetupStage, 1).FillFloat32(x0, 0)
		zeros := func(name string, shape ...int) *gorgonia.Node {
			size := 1
			for _, s := range shape {
				size *= s
			}
			return b.In(name, make([]float32, size), shape...)
		}
		x := b.In("x", x0, m)
		phi := b.Ok(gorgonia.Tanh(x))
		slope := b.Ok(gorgonia.Sub(gorgonia.NewConstant(float32(1)), b.Ok(gorgonia.HadamardProd(phi, phi))))
		history := b.Ok(kernels.Record(zeros("history", n, m), phi))
		factor := b.Ok(kernels.CausalRow(2, 1e-2, b.In("factor", make([]float64, (n+2)*(n+3)), n+2, n+3), history))
		bank := b.Ok(kernels.CausalField(zeros("bank", n+1, m), factor, b.Ok(kernels.NormalLike(x, 1))))
		field := b.Ok(gorgonia.Slice(bank, gorgonia.S(n)))
		state := zeros("state", past.Slots+1, past.Slots+1, m)
		r := b.Ok(kernels.ResponseRow(past, b.In("r", make([]float64, n*n), n, n), state, slope))
		moved := b.Ok(kernels.ResponseStep(past, .9, .005, state, r, slope, phi))
		force := b.Ok(gorgonia.Slice(b.Ok(gorgonia.Slice(moved, gorgonia.S(past.Slots))), gorgonia.S(past.Slots)))
		scaled := func(c float32, v *gorgonia.Node) *gorgonia.Node {
			return b.Ok(gorgonia.Mul(v, gorgonia.NewConstant(c)))
		}
		next := b.Ok(gorgonia.Add(b.Ok(gorgonia.Add(scaled(.9, x), scaled(.1, field))), scaled(.005, force)))
		c := b.Ok(kernels.Correlate(history, history))
		return map[string]*gorgonia.Node{
			"x": next, "history": history, "factor": factor, "bank": bank, "r": r, "state": moved, "c": c,
			"lower":  b.Ok(kernels.FieldFactor(2, .5, 1e-5, c)),
			"blocks": b.Ok(kernels.CorrelateBlocks(2, history, history)),
			"j":      b.Ok(kernels.Elliptic(1.5, -.3, 3, zeros("like", 2, 70, 70))),
			"before": b.Ok(kernels.Recall(history)), "erf": b.Ok(kernels.Erf(x)),
		}
	}}
}
