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

// at is the element off bytes behind p. It must be an element of the same slice: the garbage collector sees the address.
func at[T Float](p *T, off int) *T { return (*T)(unsafe.Add(unsafe.Pointer(p), off)) }

// tile multiplies rows×4, two rows at a time so that the sums stay in registers.
func tile[T Float](p *args[T], rows int) {
	for i := 0; i < rows; i += 2 {
		pair := min(2, rows-i)
		var s [8]T
		tile2(p, i, i+pair-1, &s)
		for r := range pair {
			store(p, (*[4]T)(s[4*r:]), i+r)
		}
	}
}

// tile2 sums the products of rows i0 and i1.
func tile2[T Float](p *args[T], i0, i1 int, s *[8]T) {
	var s0, s1, s2, s3, t0, t1, t2, t3 T
	a0, a1 := at(p.a, i0*p.rowA), at(p.a, i1*p.rowA)
	for k := range p.k {
		x, y := *at(a0, k*p.colA), *at(a1, k*p.colA)
		v := (*[4]T)(unsafe.Pointer(at(p.b, k*p.rowB)))
		s0 += T(x * v[0])
		s1 += T(x * v[1])
		s2 += T(x * v[2])
		s3 += T(x * v[3])
		t0 += T(y * v[0])
		t1 += T(y * v[1])
		t2 += T(y * v[2])
		t3 += T(y * v[3])
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
		for i, x := range unsafe.Slice(rows[r], k) {
			*at(dst, i*ld+r*sizeOf[T]()) = x
		}
	}
}
