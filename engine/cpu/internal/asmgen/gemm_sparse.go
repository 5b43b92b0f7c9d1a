package main

import "fmt"

// Offsets in listArgs.
const (
	listN, listIndex, listValue, listB, listC = 0, 8, 16, 24, 32
	listLast, listAlpha, listBeta             = 40, 48, 52
)

// sparseFile writes the products whose left operand is a list of nonzeros, float32.
func sparseFile(v isa) func(*source) {
	return func(s *source) {
		g := gemm{s, v, f32}
		if v.masks {
			s.data("iota", 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
		} else {
			maskTable(s)
			s.data("iota", 0, 1, 2, 3, 4, 5, 6, 7)
		}
		widest := g.widestList()
		for nv := 1; nv <= widest; nv++ {
			g.listRow(nv)
		}
		g.goDecl("// listRows%s[nv] multiplies a list of nonzeros by nv vectors of columns.\n", g.suffix())
		fmt.Fprintf(&g.decl, "var listRows%s = []func(*listArgs){nil, %s}\n", g.suffix(), list(widest, func(i int) string { return fmt.Sprintf("listRow%sx%d", g.suffix(), i+1) }))
		g.compress()
		g.count()
	}
}

// widestList leaves room for two sums a column, two values, a scratch and a mask.
func (g gemm) widestList() int {
	if g.masks {
		return 8
	}
	return 6
}

// listRow emits C[j] = alpha sum_i value[i] B[index[i] bytes + j] + beta C[j]. Even and odd nonzeros have a sum each, which are added at the end.
func (g gemm) listRow(nv int) {
	value, mask := g.regs-4, g.regs-1 // and value+1, value+2
	g.text(fmt.Sprintf("listRow%sx%d", g.suffix(), nv), "(p *listArgs)", 8)
	g.op("MOVQ p+0(FP), AX")
	g.op("MOVQ %d(AX), CX", listN)
	g.op("MOVQ %d(AX), SI", listIndex)
	g.op("MOVQ %d(AX), R8", listValue)
	g.op("MOVQ %d(AX), DI", listB)
	g.op("MOVQ %d(AX), DX", listC)
	g.op("MOVQ %d(AX), R9", listLast)
	g.mask(g.source, g.elem, "R9", mask)
	for i := range 2 * nv {
		g.zero(g.source, i)
	}
	one := func(i int) {
		g.op("MOVL %d(SI), R9", 4*i)
		g.op("VBROADCASTSS %d(R8), %s", 4*i, g.r(value+i))
		g.op("ADDQ DI, R9")
		for j := range nv {
			mem := fmt.Sprintf("%d(R9)", g.bytes*j)
			if j < nv-1 {
				g.op("VFMADD231PS %s, %s, %s", mem, g.r(value+i), g.r(i*nv+j))
				continue
			}
			g.load(g.source, g.elem, mem, value+2, true, mask)
			g.op("VFMADD231PS %s, %s, %s", g.r(value+2), g.r(value+i), g.r(i*nv+j))
		}
	}
	g.op("SUBQ $2, CX")
	g.op("JLT odd")
	g.label("loop")
	one(0)
	one(1)
	g.op("ADDQ $8, SI")
	g.op("ADDQ $8, R8")
	g.op("SUBQ $2, CX")
	g.op("JGE loop")
	g.label("odd")
	g.op("ADDQ $2, CX")
	g.op("JZ sum")
	one(0)
	g.label("sum")
	alpha, beta, c := g.r(value), g.r(value+1), value+2
	g.op("VBROADCASTSS %d(AX), %s", listAlpha, alpha)
	g.op("VBROADCASTSS %d(AX), %s", listBeta, beta)
	g.op("MOVL %d(AX), BX", listBeta)
	for j := range nv {
		g.op("VADDPS %s, %s, %s", g.r(nv+j), g.r(j), g.r(j))
		g.op("VMULPS %s, %s, %s", alpha, g.r(j), g.r(j))
	}
	g.op("TESTL BX, BX")
	g.op("JZ store")
	for j := range nv {
		g.load(g.source, g.elem, fmt.Sprintf("%d(DX)", g.bytes*j), c, j == nv-1, mask)
		g.op("VFMADD231PS %s, %s, %s", beta, g.r(c), g.r(j))
	}
	g.label("store")
	for j := range nv {
		g.store(g.source, g.elem, j, fmt.Sprintf("%d(DX)", g.bytes*j), j == nv-1, mask)
	}
	g.ret()
}

// compress emits the listing of a row's nonzeros: place times step, and value. It may write a vector's length beyond the last.
// AVX2 has no compression of vectors: it permutes by a table of 256 entries for the bits of a comparison.
func (g gemm) compress() {
	signature, bytes := "(n int, a *float32, index *uint32, value *float32, step int) int", 48
	if !g.masks {
		signature, bytes = "(n int, a *float32, index *uint32, value *float32, step int, table *[256][8]uint32) int", 56
	}
	g.text("compress"+g.suffix(), signature, bytes)
	g.op("MOVQ n+0(FP), CX")
	g.op("MOVQ a+8(FP), SI")
	g.op("MOVQ index+16(FP), DI")
	g.op("MOVQ value+24(FP), R8")
	g.op("MOVQ step+32(FP), AX")
	lanes := g.bytes / 4
	mask := g.regs - 1
	if g.masks {
		g.op("VPBROADCASTD AX, Z1")
	} else {
		g.op("MOVQ table+40(FP), R12")
		g.op("MOVQ AX, X1")
		g.op("VPBROADCASTD X1, Y1")
	}
	g.op("VPMULLD iota<>(SB), %s, %s", g.r(1), g.r(2))
	g.op("VPSLLD $%d, %s, %s", map[int]int{16: 4, 8: 3}[lanes], g.r(1), g.r(1))
	g.zero(g.source, 0)
	g.op("MOVQ $%d, R9", lanes)
	g.op("XORQ R10, R10")
	g.label("loop")
	g.op("CMPQ CX, $%d", lanes)
	g.op("CMOVQLT CX, R9")
	g.op("MOVQ R9, R11")
	g.mask(g.source, g.elem, "R11", mask)
	g.load(g.source, g.elem, "(SI)", 3, true, mask)
	if g.masks {
		g.op("VCMPPS $4, Z0, Z3, K2")
		g.op("VPCOMPRESSD.Z Z2, K2, Z4")
		g.op("VCOMPRESSPS.Z Z3, K2, Z5")
		g.op("KMOVW K2, AX")
	} else {
		g.op("VCMPPS $4, Y0, Y3, Y4")
		g.op("VMOVMSKPS Y4, AX")
		g.op("MOVQ AX, BX")
		g.op("SHLQ $5, BX")
		g.op("VMOVDQU (R12)(BX*1), Y6")
		g.op("VPERMD Y2, Y6, Y4")
		g.op("VPERMD Y3, Y6, Y5")
	}
	g.op("VMOVUPS %s, (DI)(R10*4)", g.r(4))
	g.op("VMOVUPS %s, (R8)(R10*4)", g.r(5))
	g.op("POPCNTL AX, AX")
	g.op("ADDQ AX, R10")
	g.op("VPADDD %s, %s, %s", g.r(1), g.r(2), g.r(2))
	g.op("ADDQ $%d, SI", g.bytes)
	g.op("SUBQ $%d, CX", lanes)
	g.op("JGT loop")
	g.op("MOVQ R10, ret+%d(FP)", bytes-8)
	g.ret()
}

// count emits the counting of nonzeros: one is added to counts[i] where a[i] is not 0. It returns how many there are.
func (g gemm) count() {
	g.text("count"+g.suffix(), "(n int, a *float32, counts *uint32) int", 32)
	g.op("MOVQ n+0(FP), CX")
	g.op("MOVQ a+8(FP), SI")
	g.op("MOVQ counts+16(FP), DI")
	lanes, mask := g.bytes/4, g.regs-1
	g.zero(g.source, 0)
	if g.masks {
		g.op("MOVL $1, AX")
		g.op("VPBROADCASTD AX, Z1")
	}
	g.op("MOVQ $%d, R9", lanes)
	g.op("XORQ R10, R10")
	g.label("loop")
	g.op("CMPQ CX, $%d", lanes)
	g.op("CMOVQLT CX, R9")
	g.op("MOVQ R9, R11")
	g.mask(g.source, g.elem, "R11", mask)
	g.load(g.source, g.elem, "(SI)", 3, true, mask)
	g.load(g.source, g.elem, "(DI)", 4, true, mask)
	if g.masks {
		g.op("VCMPPS $4, Z0, Z3, K2")
		g.op("VPADDD Z1, Z4, K2, Z4")
		g.op("KMOVW K2, AX")
	} else {
		g.op("VCMPPS $4, Y0, Y3, Y5")
		g.op("VPSUBD Y5, Y4, Y4")
		g.op("VMOVMSKPS Y5, AX")
	}
	g.store(g.source, g.elem, 4, "(DI)", true, mask)
	g.op("POPCNTL AX, AX")
	g.op("ADDQ AX, R10")
	g.op("ADDQ $%d, SI", g.bytes)
	g.op("ADDQ $%d, DI", g.bytes)
	g.op("SUBQ $%d, CX", lanes)
	g.op("JGT loop")
	g.op("MOVQ R10, ret+24(FP)")
	g.ret()
}
