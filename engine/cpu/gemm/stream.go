package gemm

import (
	"fmt"
	"unsafe"
)

// Start begins a product by rows: it packs all of op(B), or lists the nonzeros of a. The plan's Spec must ask for Stream. It panics when a slice is too short.
func (p *Plan[T]) Start(a, b []T) {
	if p.startRows(a, b) {
		return
	}
	for p.block = range p.blocks() {
		for j := range p.panels {
			p.packShared(b, p.block, j, 0)
		}
	}
}

// StartOn is Start by a pool.
func (p *Plan[T]) StartOn(w Workers, a, b []T) {
	if p.startRows(a, b) {
		return
	}
	for p.block = range p.blocks() {
		w.Do(p.panels, p.packTask)
	}
}

// startRows checks, and reports whether nothing needs packing.
func (p *Plan[T]) startRows(a, b []T) bool {
	if !p.spec.Stream || len(a) < p.needA || len(b) < p.needB {
		panic(fmt.Sprintf("gemm: Start with slices of %d and %d elements; %d and %d are needed; Stream is %t", len(a), len(b), p.needA, p.needB, p.spec.Stream))
	}
	p.b, p.skip = b, p.listed(a)
	return p.skip || p.needB == 0
}

// Rows computes rows i0 to i1 of the product that Start began into the top rows of c, so that what follows can consume them while they are in the
// first-level cache, and the whole result need never be stored. Different workers may compute different rows at the same time.
// a must hold what it held then, and b too. The bits are those of Run. Multiples of 12 rows are fastest.
func (p *Plan[T]) Rows(worker int, a, c []T, i0, i1 int) {
	s := &p.spec
	if i0 < 0 || i1 > s.M || i0 > i1 || !s.Stream || len(a) < p.needA || len(c) < extent(i1-i0, s.N, s.LdC) {
		panic(fmt.Sprintf("gemm: Rows %d to %d of %d with slices of %d and %d elements; Stream is %t", i0, i1, s.M, len(a), len(c), s.Stream))
	}
	if p.needA == 0 {
		scale(c, i1-i0, s.N, s.LdC, p.beta)
		return
	}
	if p.skip {
		p.multiplyListed(worker, p.b, unsafe.SliceData(c), i0, i1)
		return
	}
	p.setArgs(&p.lanes[worker].args)
	for block := range p.blocks() {
		p.strips(worker, a, part[T]{block, i0, i1, 0, p.panels, p.sharedPanel(0, block), unsafe.SliceData(c)})
	}
}
