package openblas

import (
	"fmt"
	"runtime"
	"unsafe"

	"github.com/ebitengine/purego"

	"cavity/engine/cpu/gemm"
)

// A Plan is a product C = α op(A) op(B) + β C ready to run, as gemm.Plan. It may not run twice at the same time.
type Plan[T gemm.Float] struct {
	spec                gemm.Spec
	fn                  uintptr
	cells               cells[T]
	a, b, c             *T // while it runs: on the heap, so that their addresses stay
	args                [15]uintptr
	needA, needB, needC int
}

// cells is what the Fortran interface takes by address. Integers are 64 bits wide: little-endian, a library with 32-bit integers reads them too.
type cells[T gemm.Float] struct {
	transA, transB [8]byte
	m, n, k        int64
	ldA, ldB, ldC  int64
	alpha, beta    T
}

// New32 prepares a product in float32. Workers and Workspace of s are not used, Stream is an error.
func (l *Library) New32(s gemm.Spec) (*Plan[float32], error) { return newPlan[float32](l.sgemm, s) }

// New64 is New32 in float64.
func (l *Library) New64(s gemm.Spec) (*Plan[float64], error) { return newPlan[float64](l.dgemm, s) }

func newPlan[T gemm.Float](fn uintptr, s gemm.Spec) (*Plan[T], error) {
	s, err := s.Complete()
	if err != nil {
		return nil, err
	}
	if s.Stream {
		return nil, fmt.Errorf("openblas: products cannot be streamed by rows")
	}
	p := &Plan[T]{spec: s, fn: fn}
	p.needA, p.needB, p.needC = s.Lengths()
	// Row-major C = op(A) op(B) is column-major Cᵀ = op(B)ᵀ op(A)ᵀ.
	p.cells = cells[T]{m: int64(s.N), n: int64(s.M), k: int64(s.K), ldA: leading(s.LdB), ldB: leading(s.LdA), ldC: leading(s.LdC), alpha: T(s.Alpha), beta: T(s.Beta)}
	p.cells.transA[0], p.cells.transB[0] = letter(s.TransB), letter(s.TransA)
	return p, nil
}

// leading is a leading dimension as BLAS wants it, at least 1.
func leading(n int) int64 { return int64(max(n, 1)) }

func letter(trans bool) byte {
	if trans {
		return 'T'
	}
	return 'N'
}

// Run computes the product of a and b into c. It panics when a slice is shorter than the plan's shape needs.
func (p *Plan[T]) Run(a, b, c []T) {
	if len(a) < p.needA || len(b) < p.needB || len(c) < p.needC {
		panic(fmt.Sprintf("openblas: slices of %d, %d and %d elements; %d, %d and %d are needed", len(a), len(b), len(c), p.needA, p.needB, p.needC))
	}
	if p.needC == 0 {
		return
	}
	for i := range p.spec.Batch {
		if p.needA > 0 && p.needB > 0 {
			p.a, p.b = &a[i*p.spec.StrideA], &b[i*p.spec.StrideB]
		}
		p.c = &c[i*p.spec.StrideC]
		p.call()
	}
	p.a, p.b, p.c = nil, nil, nil
}

func (p *Plan[T]) call() {
	q := &p.cells
	const letters = 1 // the hidden lengths of the two letters
	p.args = [...]uintptr{address(&q.transA), address(&q.transB), address(&q.m), address(&q.n), address(&q.k), address(&q.alpha),
		address(p.b), address(&q.ldA), address(p.a), address(&q.ldB), address(&q.beta), address(p.c), address(&q.ldC), letters, letters}
	purego.SyscallN(p.fn, p.args[:]...)
	runtime.KeepAlive(p)
}

// address is for objects on the heap, which do not move, kept alive by the plan.
func address[T any](p *T) uintptr { return uintptr(unsafe.Pointer(p)) }
