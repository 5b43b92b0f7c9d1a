package gemm

import (
	"fmt"
	"unsafe"
)

// sizeOf is the size of an element in bytes.
func sizeOf[T Float]() int { return int(unsafe.Sizeof(T(0))) }

// ptr is the address of s[i], where i has been checked by the plan.
func ptr[T Float](s []T, i int) *T {
	return at(unsafe.SliceData(s), i*sizeOf[T]())
}

// panelAt is packed panel j of a block.
func (p *Plan[T]) panelAt(packed *T, j int) *T {
	return at(packed, j*p.panelLen*sizeOf[T]())
}

// sharedPanel is where panel j of a depth block lies in the common scratch.
func (p *Plan[T]) sharedPanel(j, block int) *T {
	return p.panelAt((*T)(p.ws.common.start), block*p.panels+j)
}

// packPanel packs one panel of B, all of its depth, in the common scratch.
func (p *Plan[T]) packPanel(b []T, j, worker int) {
	for block := range p.blocks() {
		p.packB(&p.lanes[worker], b, p.sharedPanel(j, block), block, j)
	}
}

// width is the number of columns of panel j.
func (p *Plan[T]) width(j int) int { return min(p.panel, p.spec.N-j*p.panel) }

// blockDepth is the depth of a block.
func (p *Plan[T]) blockDepth(block int) int { return min(p.kc, p.spec.K-block*p.kc) }

// packB packs a depth block of panel j into rows of whole vectors.
func (p *Plan[T]) packB(l *lane[T], b []T, dst *T, block, j int) {
	size := sizeOf[T]()
	s, lanes := &p.spec, p.set.lanes
	k0, kb, j0, w := block*p.kc, p.blockDepth(block), j*p.panel, p.width(j)
	nv := (w + lanes - 1) / lanes
	if !s.TransB {
		p.set.packRows[nv](kb, ptr(b, k0*s.LdB+j0), s.LdB*size, dst, w-(nv-1)*lanes)
		return
	}
	for v := range nv {
		for r := range lanes { // columns beyond the last repeat it: their sums are never stored
			l.rows[r] = ptr(b, min(j0+v*lanes+r, s.N-1)*s.LdB+k0)
		}
		p.set.packColumns(kb, &l.rows, at(dst, v*lanes*size), nv*lanes*size)
	}
}

// strips multiplies rows i0 to i1 by packed panels j0 to j1 of one depth block; c is the address of row i0.
func (p *Plan[T]) strips(l *lane[T], worker int, a []T, c, packed *T, block, i0, i1, j0, j1 int) {
	size := sizeOf[T]()
	s, x, lanes := &p.spec, &l.args, p.set.lanes
	x.k, x.beta = p.blockDepth(block), 1
	if block == 0 {
		x.beta = p.beta
	}
	n := (i1 - i0 + p.set.rows() - 1) / p.set.rows()
	for strip := range n { // strips of nearly equal height: a low one is slow
		i, end := i0+(i1-i0)*strip/n, i0+(i1-i0)*(strip+1)/n
		x.a = ptr(a, i*p.rowA+block*p.kc*p.colA)
		if p.packA {
			p.copyA(l, worker, end-i)
		}
		tiles := p.set.tiles[end-i]
		row := at(c, (i-i0)*s.LdC*size)
		for j := j0; j < j1; j++ {
			w := p.width(j)
			nv := (w + lanes - 1) / lanes
			x.b, x.c = p.panelAt(packed, j-j0), at(row, j*p.panel*size)
			x.rowB, x.last = nv*lanes*size, w-(nv-1)*lanes
			tiles[nv](x)
		}
	}
}

// copyA copies the strip of A at l.args.a to the worker's scratch, where its rows lie close together, and points the kernel there.
func (p *Plan[T]) copyA(l *lane[T], worker, rows int) {
	size := sizeOf[T]()
	x := &l.args
	dst := at((*T)(p.ws.private[worker].start), p.bLen()*size)
	if p.spec.TransA {
		nv := (rows + p.set.lanes - 1) / p.set.lanes
		p.set.packRows[nv](x.k, x.a, p.colA*size, dst, rows-(nv-1)*p.set.lanes)
		x.rowA, x.colA = size, nv*p.set.lanes*size
	} else {
		for i := range rows {
			copy(unsafe.Slice(at(dst, i*x.k*size), x.k), unsafe.Slice(at(x.a, i*p.rowA*size), x.k))
		}
		x.rowA, x.colA = x.k*size, size
	}
	x.a = dst
}

// inPlace multiplies rows i0 to i1 by B as it lies in memory.
func (p *Plan[T]) inPlace(l *lane[T], a, b, c []T, i0, i1 int) {
	size := sizeOf[T]()
	s, x, lanes := &p.spec, &l.args, p.set.lanes
	x.rowB = s.LdB * size
	n := (i1 - i0 + p.set.rows() - 1) / p.set.rows()
	for strip := range n {
		i, end := i0+(i1-i0)*strip/n, i0+(i1-i0)*(strip+1)/n
		tiles := p.set.tiles[end-i]
		for block := range p.blocks() {
			k0 := block * p.kc
			x.k, x.beta = p.blockDepth(block), 1
			if block == 0 {
				x.beta = p.beta
			}
			x.a = ptr(a, i*p.rowA+k0*p.colA)
			for j := 0; j < s.N; {
				nv := min((s.N-j+lanes-1)/lanes, len(tiles)-1)
				w := min(nv*lanes, s.N-j)
				x.b, x.c, x.last = ptr(b, k0*s.LdB+j), ptr(c, i*s.LdC+j), w-(nv-1)*lanes
				tiles[nv](x)
				j += w
			}
		}
	}
}

// Pack packs all of op(B) for Rows; the plan's Spec must ask for Stream. It panics when b is too short.
func (p *Plan[T]) Pack(b []T) {
	if !p.spec.Stream || len(b) < p.needB {
		panic(fmt.Sprintf("gemm: Pack of %d elements, %d are needed and Stream is %t", len(b), p.needB, p.spec.Stream))
	}
	if p.needB == 0 {
		return
	}
	for j := range p.panels {
		p.packPanel(b, j, 0)
	}
}

// PackOn is Pack by a pool.
func (p *Plan[T]) PackOn(w Workers, b []T) {
	if w.N() == 1 || p.needB == 0 {
		p.Pack(b)
		return
	}
	p.b = b
	w.Do(p.panels, p.packTask)
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
	l := &p.lanes[worker]
	p.setArgs(&l.args)
	for block := range p.blocks() {
		p.strips(l, worker, a, unsafe.SliceData(c), p.sharedPanel(0, block), block, i0, i1, 0, p.panels)
	}
}
