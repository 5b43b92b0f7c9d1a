package gemm

import "unsafe"

// portableBinary is the kernels of binary products in plain Go, four columns a vector.
func portableBinary() *binarySet {
	const lanes = 4
	s := &binarySet{lanes: lanes, subsets: []func(*binaryArgs){nil}, lookups: []func(*binaryArgs){nil}, indexRow: indexRow, indexColumns: indexColumns, packColumns: packColumns[float32]}
	for nv := 1; nv <= tableColumns/lanes; nv++ {
		s.subsets = append(s.subsets, func(p *binaryArgs) { subsets(p, lanes*(nv-1)+p.last) })
		s.lookups = append(s.lookups, func(p *binaryArgs) { lookup(p, lanes*(nv-1)+p.last) })
	}
	return s
}

// subsets tables the sums of all subsets of α times every four rows of B.
func subsets(p *binaryArgs, width int) {
	table := unsafe.Slice(p.table, p.groups*tableColumns<<groupRows)
	for g := range p.groups {
		sums := table[g*tableColumns<<groupRows:]
		clear(sums[:width])
		for r := range groupRows {
			row := unsafe.Slice(at(p.b, (g*groupRows+r)*p.rowB), width)
			for s := range 1 << r {
				out := sums[(s|1<<r)*tableColumns:][:width]
				for j, x := range sums[s*tableColumns:][:width] {
					out[j] = x + float32(p.alpha*row[j])
				}
			}
		}
	}
}

// lookup adds the sums that the indices name to C, or to 0, into out.
func lookup(p *binaryArgs, width int) {
	for i := range p.rows {
		c := unsafe.Slice(at(p.out, i*p.rowOut), width)
		if p.add == 0 {
			clear(c)
		} else {
			copy(c, unsafe.Slice(at(p.c, i*p.rowC), width))
		}
		for g := range blockGroups {
			offset := int(*(*uint16)(unsafe.Add(unsafe.Pointer(p.index), i*p.row+2*g)))
			for j, x := range unsafe.Slice(at(p.table, 4*g*tableColumns<<groupRows+offset), width) {
				c[j] += x
			}
		}
	}
}

// indexRow makes the indices of one row of zeros and ones: the offsets in a table, in bytes, of the sums that every four of its elements name. It returns
// the number of ones, or -1 if there is another number.
func indexRow(k int, a *float32, index *uint16) int {
	return indexBits(k, func(i int) float32 { return *at(a, 4*i) }, func(i int) *uint16 { return (*uint16)(unsafe.Add(unsafe.Pointer(index), i/groupRows*2)) })
}

// indexColumns makes the indices of the columns of 16 rows, n of each: four for every column, row bytes apart.
func indexColumns(n int, rows *[16]*float32, index *uint16, row int) int {
	ones := 0
	for j := range n {
		to := func(i int) *uint16 { return (*uint16)(unsafe.Add(unsafe.Pointer(index), j*row+i/groupRows*2)) }
		ones = addOnes(ones, indexBits(len(rows), func(r int) float32 { return *at(rows[r], 4*j) }, to))
	}
	return ones
}

// indexBits sets the bits of n elements, four in an index, and counts the ones.
func indexBits(n int, element func(i int) float32, index func(i int) *uint16) int {
	ones := 0
	for i := range n {
		to := index(i)
		if i%groupRows == 0 {
			*to = 0
		}
		switch element(i) {
		case 0:
		case 1:
			*to |= 4 * tableColumns << (i % groupRows)
			ones = addOnes(ones, 1)
		default:
			ones = -1
		}
	}
	return ones
}
