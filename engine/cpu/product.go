package cpu

import (
	"gorgonia.org/tensor"

	"cavity/engine"
	"cavity/engine/cpu/gemm"
)

// product prepares a product of package gemm, or of the library that the backend was given.
func (b *Backend) product(p *engine.Product) (engine.Launch, error) {
	spec := gemm.Spec{M: p.M, N: p.N, K: p.K, TransA: p.TransA, TransB: p.TransB, Alpha: p.Alpha, Beta: p.Beta, LdA: p.LDA, LdB: p.LDB,
		Batch: p.Batch, StrideA: p.StrideA, StrideB: p.StrideB, StrideC: p.M * p.N, Workers: b.pool.N(), Workspace: b.space}
	spec.Sparse = p.MaybeSparse && p.A.Dtype == tensor.Float32 && !p.TransB && p.Batch == 1 && b.Library == nil
	spec.Binary = p.MaybeSparse && p.A.Dtype == tensor.Float32 && p.Batch == 1 && b.Library == nil
	if p.A.Dtype == tensor.Float64 {
		return multiply(b, p, spec, b.library64())
	}
	return multiply(b, p, spec, b.library32())
}

func (b *Backend) library32() func(gemm.Spec) (Runner[float32], error) {
	if b.Library == nil {
		return nil
	}
	return b.Library.Product32
}

func (b *Backend) library64() func(gemm.Spec) (Runner[float64], error) {
	if b.Library == nil {
		return nil
	}
	return b.Library.Product64
}

func multiply[T gemm.Float](b *Backend, p *engine.Product, spec gemm.Spec, library func(gemm.Spec) (Runner[T], error)) (engine.Launch, error) {
	x, y, z := engine.Slice[T](p.A), engine.Slice[T](p.B), engine.Slice[T](p.C)
	if library != nil {
		plan, err := library(spec)
		if err != nil {
			return nil, err
		}
		return func(*engine.Clock) error { plan.Run(x, y, z); return nil }, nil
	}
	plan, err := gemm.New[T](spec)
	if err != nil {
		return nil, err
	}
	return func(*engine.Clock) error { plan.RunOn(b.pool, x, y, z); return nil }, nil
}
