package gemm

import "unsafe"

const (
	fewRows   = 4 // rows of the products that are made of dot products
	dotVector = 2 // smallest depth in vectors for which dot products pay
)

// turn makes a product with few columns one with few rows, Cᵀ = op(B)ᵀ op(A)ᵀ, where those have a fast path: dot products where
// the rows of A lie along k, tiles that read A in place where they lie across.
func (p *Plan[T]) turn() {
	s := &p.spec
	p.turned, p.colC = false, 1
	if p.needA == 0 || p.needB == 0 {
		return
	}
	along := p.set.dots != nil && s.N <= fewRows && s.K >= dotVector*p.set.lanes && !s.TransA
	across := s.N == 1 && s.LdC == 1 && s.TransA
	if s.N >= s.M || s.Stream || p.sparse != nil || p.binary != nil || !along && !across {
		return
	}
	p.turned = true
	s.M, s.N = s.N, s.M
	s.LdA, s.LdB = s.LdB, s.LdA
	s.TransA, s.TransB = !s.TransB, !s.TransA
	s.StrideA, s.StrideB = s.StrideB, s.StrideA
	s.LdC, p.colC = 1, s.LdC
	p.needA, p.needB = p.needB, p.needA
}

// isDotted reports whether the product is made of dot products.
func (p *Plan[T]) isDotted() bool {
	s := &p.spec
	return p.set.dots != nil && s.M <= fewRows && s.TransB && s.K >= dotVector*p.set.lanes && !s.Stream
}

// dotProducts computes columns j0 to j1 of a product with few rows.
func (p *Plan[T]) dotProducts(worker int, a, b, c []T, j0, j1 int) {
	s, size, l := &p.spec, sizeOf[T](), &p.lanes[worker]
	x := &l.dot
	*x = dotArgs[T]{k: s.K, rowA: s.LdA * size, rowB: s.LdB * size, rowC: s.LdC * size, colC: p.colC * size, a: unsafe.SliceData(a), alpha: p.alpha, beta: p.beta}
	if p.colA != 1 { // the few rows are copied to where they are contiguous
		copied := (*T)(p.ws.private[worker].start)
		to := unsafe.Slice(copied, s.M*s.K)
		for i := range s.M {
			for k := range s.K {
				to[i*s.K+k] = a[k*p.colA+i]
			}
		}
		x.a, x.rowA = copied, s.K*size
	}
	kernels := &p.set.dots[s.M]
	for j := j0; j < j1; {
		x.b, x.c = ptr(b, j*s.LdB), ptr(c, j*p.colC)
		if j+kernels.many <= j1 {
			kernels.several(x)
			j += kernels.many
		} else {
			kernels.one(x)
			j++
		}
	}
}
