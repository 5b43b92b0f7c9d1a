package main

import (
	"fmt"
	"math/bits"
)

// Offsets in binaryArgs.
const (
	binaryRows, binaryGroups         = 0, 8
	binaryIndex, binaryRow           = 16, 24
	binaryB, binaryRowB, binaryTable = 32, 40, 48
	binaryC, binaryRowC, binaryLast  = 56, 64, 72
	binaryAlpha, binaryAdd           = 80, 84
	binaryOut, binaryRowOut          = 88, 96
)

const (
	subsetBytes = 128 // of a sum of rows in a table: the columns of a panel
	groupRows   = 4   // of B in a group
	blockGroups = 8   // groups of a table
)

// binaryFile writes the products whose left operand holds zeros and ones only, float32.
func binaryFile(v isa) func(*source) {
	return func(s *source) {
		g := gemm{s, v, f32}
		if !v.masks {
			maskTable(s)
		}
		widest := subsetBytes / v.bytes
		for nv := 1; nv <= widest; nv++ {
			g.subsets(nv)
			g.lookup(nv)
		}
		for _, name := range []string{"subset", "lookup"} {
			s.goDecl("var %ss%s = []func(*binaryArgs){nil, %s}\n", name, g.suffix(), list(widest, func(i int) string { return fmt.Sprintf("%s%sx%d", name, g.suffix(), i+1) }))
		}
		g.indexRow()
		g.indexColumns()
	}
}

// subsets emits the sums of all subsets of alpha times every four rows of B: sum s of a group is that of the rows whose bits are set in s, from the lowest.
func (g gemm) subsets(nv int) {
	const alpha, w0, top, out = 8, 9, 12, 13 // registers 0 to 7 hold the sums of the first three rows
	mask := 15
	g.text(fmt.Sprintf("subset%sx%d", g.suffix(), nv), "(p *binaryArgs)", 8)
	g.op("MOVQ p+0(FP), AX")
	g.op("MOVQ %d(AX), CX", binaryGroups)
	g.op("MOVQ %d(AX), SI", binaryB)
	g.op("MOVQ %d(AX), R8", binaryRowB)
	g.op("MOVQ %d(AX), DI", binaryTable)
	g.op("MOVQ %d(AX), R9", binaryLast)
	g.mask(g.source, g.elem, "R9", mask)
	g.op("VBROADCASTSS %d(AX), %s", binaryAlpha, g.r(alpha))
	g.op("LEAQ (R8)(R8*2), R10")
	g.zero(g.source, 0)
	g.label("loop")
	rows := []string{"(SI)", "(SI)(R8*1)", "(SI)(R8*2)", "(SI)(R10*1)"}
	for j := range nv {
		for i, row := range rows {
			g.load(g.source, g.elem, fmt.Sprintf("%d%s", g.bytes*j, row), w0+i, j == nv-1, mask)
		}
		for i, sum := range []int{1, 2, 4, top} {
			g.op("VMULPS %s, %s, %s", g.r(alpha), g.r(w0+i), g.r(sum))
		}
		for _, sum := range []int{3, 5, 6, 7} {
			high := 2
			if sum > 4 {
				high = 4
			}
			g.op("VADDPS %s, %s, %s", g.r(high), g.r(sum-high), g.r(sum))
		}
		for sum := range 16 {
			r := sum
			switch {
			case sum == 8:
				r = top
			case sum > 8:
				r = out + sum%2
				g.op("VADDPS %s, %s, %s", g.r(top), g.r(sum-8), g.r(r))
			}
			g.store(g.source, g.elem, r, fmt.Sprintf("%d(DI)", subsetBytes*sum+g.bytes*j), false, 0)
		}
	}
	g.op("LEAQ (SI)(R8*%d), SI", groupRows)
	g.op("ADDQ $%d, DI", 16*subsetBytes)
	g.op("DECQ CX")
	g.op("JNZ loop")
	g.ret()
}

// lookup emits out[i][j] = the sum over a table's groups of the sums that row i of the indices names, added to C[i][j] if add is set. The first-level cache
// is the limit, so four indices come with one load.
func (g gemm) lookup(nv int) {
	const mask, together = 15, 4
	g.text(fmt.Sprintf("lookup%sx%d", g.suffix(), nv), "(p *binaryArgs)", 8)
	g.op("MOVQ p+0(FP), AX")
	for _, l := range []struct {
		from int
		to   string
	}{{binaryRows, "CX"}, {binaryIndex, "SI"}, {binaryRow, "R8"}, {binaryTable, "DI"}, {binaryC, "DX"}, {binaryRowC, "R9"}, {binaryOut, "R13"}, {binaryRowOut, "R15"}, {binaryLast, "R10"}} {
		g.op("MOVQ %d(AX), %s", l.from, l.to)
	}
	g.mask(g.source, g.elem, "R10", mask)
	row := func() {
		for i := range blockGroups {
			indices := []string{"R10", "R11"}[i/together%2]
			at := []string{"R12", "BX"}[i%2]
			if i%together == 0 {
				g.op("MOVQ %d(SI), %s", 2*i, indices)
			} else {
				g.op("SHRQ $16, %s", indices)
			}
			g.op("MOVWLZX %s, %s", indices, at)
			g.op("ADDQ DI, %s", at)
			for j := range nv {
				g.op("VADDPS %d(%s), %s, %s", 16*subsetBytes*i+g.bytes*j, at, g.r(j), g.r(j))
			}
		}
		for j := range nv {
			g.store(g.source, g.elem, j, fmt.Sprintf("%d(R13)", g.bytes*j), j == nv-1, mask)
		}
		g.op("ADDQ R8, SI")
		g.op("ADDQ R9, DX")
		g.op("ADDQ R15, R13")
		g.op("DECQ CX")
	}
	g.op("MOVL %d(AX), BX", binaryAdd)
	g.op("TESTL BX, BX")
	g.op("JZ first")
	g.label("add")
	for j := range nv {
		g.load(g.source, g.elem, fmt.Sprintf("%d(DX)", g.bytes*j), j, j == nv-1, mask)
	}
	row()
	g.op("JNZ add")
	g.ret()
	g.label("first")
	for j := range nv {
		g.zero(g.source, j)
	}
	row()
	g.op("JNZ first")
	g.ret()
}

// ones puts the bits of the elements of register x that are 1 into general register to and counts them in R10, and adds the bits of those that are neither 0 nor 1 to R11.
// Register one holds ones, register zero zeros. It leaves the comparison with 1 in K2, or register eq.
func (g gemm) ones(x, zero, one, eq, ne int, to, scratch string) {
	if g.masks {
		g.op("VCMPPS $0, %s, %s, K2", g.r(one), g.r(x))
		g.op("VCMPPS $4, %s, %s, K3", g.r(zero), g.r(x))
		g.op("KMOVW K2, %s", to)
		g.op("KMOVW K3, %s", scratch)
	} else {
		g.op("VCMPPS $0, %s, %s, %s", g.r(one), g.r(x), g.r(eq))
		g.op("VCMPPS $4, %s, %s, %s", g.r(zero), g.r(x), g.r(ne))
		g.op("VMOVMSKPS %s, %s", g.r(eq), to)
		g.op("VMOVMSKPS %s, %s", g.r(ne), scratch)
	}
	g.op("XORL %s, %s", to, scratch)
	g.op("ORL %s, R11", scratch)
	g.op("POPCNTL %s, %s", to, scratch)
	g.op("ADDQ %s, R10", scratch)
}

// indexRow emits the indices of one row of zeros and ones: the offsets in a table, in bytes, of the sums that every four of its elements name. It returns
// the number of ones, or -1 if there is another number. It writes a vector's worth of indices beyond the last element.
func (g gemm) indexRow() {
	g.text("indexRow"+g.suffix(), "(k int, a *float32, index *uint16) int", 32)
	lanes := g.bytes / 4
	g.op("MOVQ k+0(FP), CX")
	g.op("MOVQ a+8(FP), SI")
	g.op("MOVQ index+16(FP), DI")
	g.begin()
	vector := func(part bool) {
		g.load(g.source, g.elem, "(SI)", 2, part, 15)
		g.ones(2, 0, 1, 3, 4, "AX", "R13")
		if g.masks { // bytes apart, then nibbles
			g.op("MOVQ AX, BX")
			g.op("SHLQ $24, BX")
			g.op("ORQ BX, AX")
			g.op("ANDQ R8, AX")
		}
		g.op("MOVQ AX, BX")
		g.op("SHLQ $12, BX")
		g.op("ORQ BX, AX")
		g.op("ANDQ R12, AX")
		g.op("SHLQ $%d, AX", bits.TrailingZeros(subsetBytes))
		if g.masks {
			g.op("MOVQ AX, (DI)")
		} else {
			g.op("MOVL AX, (DI)")
		}
	}
	g.op("SUBQ $%d, CX", lanes)
	g.op("JLT tail")
	g.label("loop")
	vector(false)
	g.op("ADDQ $%d, SI", g.bytes)
	g.op("ADDQ $%d, DI", lanes/2)
	g.op("SUBQ $%d, CX", lanes)
	g.op("JGE loop")
	g.label("tail")
	g.op("ADDQ $%d, CX", lanes)
	g.op("JZ end")
	g.mask(g.source, g.elem, "CX", 15)
	vector(true)
	g.label("end")
	g.indexEnd(24)
}

// begin sets what both makers of indices need: zeros, ones, counters, and the masks of bytes and nibbles.
func (g gemm) begin() {
	g.zero(g.source, 0)
	g.op("MOVL $0x3f800000, AX")
	g.op("MOVQ AX, X1")
	g.op("VBROADCASTSS X1, %s", g.r(1))
	g.op("MOVQ $0xff000000ff, R8")
	g.op("MOVQ $0x000f000f000f000f, R12")
	g.op("MOVQ $%d, R9", g.bytes/4)
	g.op("XORQ R10, R10")
	g.op("XORL R11, R11")
}

func (g gemm) indexEnd(result int) {
	g.op("TESTL R11, R11")
	g.op("JZ binary")
	g.op("MOVQ $-1, R10")
	g.label("binary")
	g.op("MOVQ R10, ret+%d(FP)", result)
	g.ret()
}

// indexColumns emits the indices of the columns of 16 rows of zeros and ones, n of each, whose addresses are given: four for every column, row bytes apart. It returns
// what indexRow returns and writes a vector's worth of columns.
func (g gemm) indexColumns() {
	g.text("indexColumns"+g.suffix(), "(n int, rows *[16]*float32, index *uint16, row int) int", 40)
	lanes := g.bytes / 4
	const bit, pair, even = 4, 12, 14 // pair holds the first two indices of every column, pair+1 the others
	g.op("MOVQ n+0(FP), CX")
	g.op("MOVQ rows+8(FP), SI")
	g.op("MOVQ index+16(FP), DI")
	g.begin()
	g.op("MOVQ row+24(FP), R12")
	for i := range groupRows {
		g.op("MOVL $%d, AX", subsetBytes<<i)
		g.op("MOVQ AX, X%d", bit+i)
		g.op("VPBROADCASTD X%d, %s", bit+i, g.r(bit+i))
	}
	g.op("XORQ DX, DX")
	g.label("loop")
	g.op("CMPQ CX, $%d", lanes)
	g.op("CMOVQLT CX, R9")
	g.op("MOVQ R9, R13")
	g.mask(g.source, g.elem, "R13", 15)
	for group := range 4 {
		sum := even
		if group%2 == 1 {
			sum = pair + group/2
		}
		g.zero(g.source, sum)
		for i := range groupRows {
			g.op("MOVQ %d(SI), R13", 8*(groupRows*group+i))
			g.load(g.source, g.elem, "(R13)(DX*1)", 2, true, 15)
			g.ones(2, 0, 1, 3, 10, "AX", "R13")
			if g.masks {
				g.op("VPADDD Z%d, Z%d, K2, Z%d", bit+i, sum, sum)
			} else {
				g.op("VPAND Y3, Y%d, Y3", bit+i)
				g.op("VPADDD Y3, Y%d, Y%d", sum, sum)
			}
		}
		if group%2 == 1 {
			g.op("VPSLLD $16, %s, %s", g.r(sum), g.r(sum))
			g.op("VPADDD %s, %s, %s", g.r(even), g.r(sum), g.r(sum))
		}
	}
	// Of columns 4q to 4q+3, lane q of one register holds the first two, of the other the last two.
	g.op("VPUNPCKLDQ %s, %s, %s", g.r(pair+1), g.r(pair), g.r(2))
	g.op("VPUNPCKHDQ %s, %s, %s", g.r(pair+1), g.r(pair), g.r(3))
	for q := range lanes / 4 {
		for _, r := range []int{2, 3} {
			if q > 0 {
				g.op("VEXTRACT%s $%d, %s, X10", map[bool]string{true: "I32X4", false: "I128"}[g.masks], q, g.r(r))
				r = 10
			}
			g.op("VMOVQ X%d, (DI)", r)
			g.op("VMOVHPS X%d, (DI)(R12*1)", r)
			g.op("LEAQ (DI)(R12*2), DI")
		}
	}
	g.op("ADDQ $%d, DX", g.bytes)
	g.op("SUBQ $%d, CX", lanes)
	g.op("JGT loop")
	g.indexEnd(32)
}
