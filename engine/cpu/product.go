package cpu

import (
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/cpu/gemm"
)

// product prepares a dense product, or a sparse one where the left operand may be mostly zeros.
func (b *Backend) product(p *engine.Product) (engine.Launch, error) {
	if b.Multiply != nil {
		run, err := b.Multiply.Prepare(p)
		if err != nil {
			return nil, err
		}
		return func(*engine.Clock) error { return run() }, nil
	}
	if p.A.Dtype == tensor.Float64 {
		return multiply[float64](b, p)
	}
	return multiply[float32](b, p)
}

func multiply[T gemm.Float](b *Backend, p *engine.Product) (engine.Launch, error) {
	spec := gemm.Spec{M: p.M, N: p.N, K: p.K, TransA: p.TransA, TransB: p.TransB, Alpha: p.Alpha, Beta: p.Beta, LdA: p.LDA, LdB: p.LDB,
		Batch: p.Batch, StrideA: p.StrideA, StrideB: p.StrideB, StrideC: p.M * p.N, Workers: b.pool.N(), Workspace: b.space}
	plan, err := gemm.New[T](spec)
	if err != nil {
		return nil, err
	}
	x, y, z := engine.Slice[T](p.A), engine.Slice[T](p.B), engine.Slice[T](p.C)
	return func(*engine.Clock) error { plan.RunOn(b.pool, x, y, z); return nil }, nil
}
