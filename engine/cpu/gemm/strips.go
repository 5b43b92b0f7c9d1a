package gemm

import "unsafe"

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

// sharedPanel is where panel j of a depth block lies in the common scratch: streaming keeps all blocks there, otherwise one replaces the other.
func (p *Plan[T]) sharedPanel(j, block int) *T {
	if !p.spec.Stream {
		block = 0
	}
	return p.panelAt((*T)(p.ws.common.start), block*p.panels+j)
}

// packShared packs a panel in the common scratch.
func (p *Plan[T]) packShared(b []T, block, j, worker int) {
	p.packB(&p.lanes[worker], b, p.sharedPanel(j, block), block, j)
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

// part is a rectangle of the result at one depth block.
type part[T Float] struct {
	block          int
	i0, i1, j0, j1 int // rows, panels
	packed, c      *T  // panel j0 of B, row i0 of C
}

// strips multiplies one part. Where A is copied, so many rows at a time that whole cache lines are read.
func (p *Plan[T]) strips(worker int, a []T, q part[T]) {
	s, l := &p.spec, &p.lanes[worker]
	x := &l.args
	x.k, x.beta = p.blockDepth(q.block), 1
	if q.block == 0 {
		x.beta = p.beta
	}
	chunk := q.i1 - q.i0
	if p.packA {
		chunk = p.set.rows()
		if s.TransA {
			chunk *= packedVectors * p.set.lanes / chunk
		}
	}
	for i := q.i0; i < q.i1; i += chunk {
		rows := min(chunk, q.i1-i)
		x.a = ptr(a, i*p.rowA+q.block*p.kc*p.colA)
		if p.packA {
			p.copyA(x, worker, rows)
		}
		first := x.a
		for strip, n := 0, p.stripsOf(rows); strip < n; strip++ {
			top, end := rows*strip/n, rows*(strip+1)/n
			x.a = at(first, top*x.rowA)
			p.strip(x, end-top, at(q.c, (i-q.i0+top)*x.rowC), &q)
		}
	}
}

// stripsOf divides rows into strips of nearly equal height, since a low one is slow.
func (p *Plan[T]) stripsOf(rows int) int { return (rows + p.set.rows() - 1) / p.set.rows() }

// strip multiplies the rows of A at x.a by packed panels; c is where its first row of results begins.
func (p *Plan[T]) strip(x *args[T], rows int, c *T, q *part[T]) {
	size, lanes, tiles := sizeOf[T](), p.set.lanes, p.set.tiles[rows]
	for j := q.j0; j < q.j1; j++ {
		w := p.width(j)
		nv := (w + lanes - 1) / lanes
		x.b, x.c = p.panelAt(q.packed, j-q.j0), at(c, j*p.panel*size)
		x.rowB, x.last = nv*lanes*size, w-(nv-1)*lanes
		tiles[nv](x)
	}
}

// copyA copies the rows of A at x.a to the worker's scratch, where they lie close together, and points x there.
func (p *Plan[T]) copyA(x *args[T], worker, rows int) {
	size, lanes := sizeOf[T](), p.set.lanes
	dst := at((*T)(p.ws.private[worker].start), p.bLen()*size)
	if p.spec.TransA {
		nv := (rows + lanes - 1) / lanes
		p.set.packRows[nv](x.k, x.a, p.colA*size, dst, rows-(nv-1)*lanes)
		x.rowA, x.colA = size, nv*lanes*size
	} else {
		for i := range rows {
			copy(unsafe.Slice(at(dst, i*x.k*size), x.k), unsafe.Slice(at(x.a, i*p.rowA*size), x.k))
		}
		x.rowA, x.colA = x.k*size, size
	}
	x.a = dst
}

// multiplyInPlace multiplies one part, all of its depth, by B as it lies in memory. One strip of rows takes all columns at once; several take
// them panel by panel, so that B comes once from afar.
func (p *Plan[T]) multiplyInPlace(worker int, a, b, c []T, q part[T]) {
	s, x := &p.spec, &p.lanes[worker].args
	x.rowB = s.LdB * sizeOf[T]()
	strips, last := p.stripsOf(q.i1-q.i0), min(q.j1*p.panel, s.N)
	step := last
	if strips > 1 {
		step = p.panel
	}
	for block := range p.blocks() {
		x.k, x.beta = p.blockDepth(block), 1
		if block == 0 {
			x.beta = p.beta
		}
		for j := q.j0 * p.panel; j < last; j += step {
			for strip := range strips {
				i, end := q.i0+(q.i1-q.i0)*strip/strips, q.i0+(q.i1-q.i0)*(strip+1)/strips
				x.a = ptr(a, i*p.rowA+block*p.kc*p.colA)
				p.stripInPlace(x, p.set.tiles[end-i], b[block*p.kc*s.LdB:], c[i*s.LdC:], j, min(j+step, last))
			}
		}
	}
}

// stripInPlace multiplies the rows of A at x.a by columns j0 to j1, as wide tiles as there are.
func (p *Plan[T]) stripInPlace(x *args[T], tiles []func(*args[T]), b, c []T, j0, j1 int) {
	lanes := p.set.lanes
	for j := j0; j < j1; {
		nv := min((j1-j+lanes-1)/lanes, len(tiles)-1)
		w := min(nv*lanes, j1-j)
		if w < nv*lanes && nv > p.set.partial { // first the whole vectors
			nv--
			w = nv * lanes
		}
		x.b, x.c, x.last = ptr(b, j), ptr(c, j), w-(nv-1)*lanes
		tiles[nv](x)
		j += w
	}
}
