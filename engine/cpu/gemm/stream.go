package gemm

import (
	"fmt"
	"unsafe"
)

// Pack packs all of op(B) for Rows; the plan's Spec must ask for Stream. It panics when b is too short.
func (p *Plan[T]) Pack(b []T) {
	if !p.spec.Stream || len(b) < p.needB {
		panic(fmt.Sprintf("gemm: Pack of %d elements, %d are needed and Stream is %t", len(b), p.needB, p.spec.Stream))
	}
	if p.needB == 0 {
		return
	}
	for block := range p.blocks() {
		for j := range p.panels {
			p.packShared(b, block, j, 0)
		}
	}
}

// PackOn is Pack by a pool.
func (p *Plan[T]) PackOn(w Workers, b []T) {
	if w.N() == 1 || p.needB == 0 {
		p.Pack(b)
		return
	}
	p.b = b
	for p.block = range p.blocks() {
		w.Do(p.panels, p.packTask)
	}
	p.b = nil
}

// Rows computes rows i0 to i1 of the product of a and the packed B into the top rows of c, so that what follows can consume them while they are in the
// first-level cache, and the whole result need never be stored. Different workers may compute different rows at the same time.
// The bits are those of Run. Multiples of 12 rows are fastest.
func (p *Plan[T]) Rows(worker int, a, c []T, i0, i1 int) {
	s := &p.spec
	if i0 < 0 || i1 > s.M || i0 > i1 || !s.Stream || len(a) < p.needA || len(c) < extent(i1-i0, s.N, s.LdC) {
		panic(fmt.Sprintf("gemm: Rows %d to %d of %d with slices of %d and %d elements; Stream is %t", i0, i1, s.M, len(a), len(c), s.Stream))
	}
	if p.needA == 0 {
		scale(c, i1-i0, s.N, s.LdC, p.beta)
		return
	}
	p.setArgs(&p.lanes[worker].args)
	for block := range p.blocks() {
		p.strips(worker, a, part[T]{block, i0, i1, 0, p.panels, p.sharedPanel(0, block), unsafe.SliceData(c)})
	}
}
