package gemm

import "unsafe"

// portable is the set of kernels in plain Go: tiles of up to 4 rows and 4 columns. Products are rounded before they are added, on
// every architecture, so that all of them give the same bits.
func portable[T Float]() *set[T] {
	s := &set[T]{lanes: 4, panel: 1, packColumns: packColumns[T]}
	s.tiles = [][]func(*args[T]){nil}
	for rows := 1; rows <= 4; rows++ {
		s.tiles = append(s.tiles, []func(*args[T]){1: func(p *args[T]) { tile(p, rows) }})
	}
	s.packRows = []func(int, *T, int, *T, int){nil}
	for nv := 1; nv <= 4; nv++ {
		s.packRows = append(s.packRows, func(k int, src *T, ld int, dst *T, last int) { packRows(k, src, ld, dst, 4*nv-4+last, 4*nv) })
	}
	return s
}

// at is the element off bytes behind p.
func at[T Float](p *T, off int) *T { return (*T)(unsafe.Add(unsafe.Pointer(p), off)) }

// tile multiplies rows×4, two rows at a time so that the sums stay in registers.
func tile[T Float](p *args[T], rows int) {
	q := *p
	for ; rows >= 2; rows -= 2 {
		var s [8]T
		tile2(&q, &s)
		store(&q, (*[4]T)(s[:4]), 0)
		store(&q, (*[4]T)(s[4:]), 1)
		q.a, q.c = at(q.a, 2*q.rowA), at(q.c, 2*q.rowC)
	}
	if rows == 1 {
		var s [8]T
		q.rowA = 0
		tile2(&q, &s)
		store(&q, (*[4]T)(s[:4]), 0)
	}
}

func tile2[T Float](p *args[T], s *[8]T) {
	var s0, s1, s2, s3, t0, t1, t2, t3 T
	a, b := p.a, p.b
	for range p.k {
		x, y := *a, *at(a, p.rowA)
		v := (*[4]T)(unsafe.Pointer(b))
		s0 += T(x * v[0])
		s1 += T(x * v[1])
		s2 += T(x * v[2])
		s3 += T(x * v[3])
		t0 += T(y * v[0])
		t1 += T(y * v[1])
		t2 += T(y * v[2])
		t3 += T(y * v[3])
		a, b = at(a, p.colA), at(b, p.rowB)
	}
	*s = [8]T{s0, s1, s2, s3, t0, t1, t2, t3}
}

// store writes the valid columns of one row of sums.
func store[T Float](p *args[T], s *[4]T, row int) {
	c := unsafe.Slice(at(p.c, row*p.rowC), p.last)
	for j := range c {
		v := T(p.alpha * s[j])
		if p.beta != 0 {
			v += T(p.beta * c[j])
		}
		c[j] = v
	}
}

// packRows copies k rows of n elements, ld bytes apart, to rows of width elements, filled up with zeros.
func packRows[T Float](k int, src *T, ld int, dst *T, n, width int) {
	out := unsafe.Slice(dst, width*k)
	for i := range k {
		row := out[i*width:][:width]
		copy(row, unsafe.Slice(at(src, i*ld), n))
		clear(row[n:])
	}
}

// packColumns copies 4 rows into columns, ld bytes between the rows of dst.
func packColumns[T Float](k int, rows *[16]*T, dst *T, ld int) {
	for r := range 4 {
		d := at(dst, r*sizeOf[T]())
		for _, x := range unsafe.Slice(rows[r], k) {
			*d = x
			d = at(d, ld)
		}
	}
}
