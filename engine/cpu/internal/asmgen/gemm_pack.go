package main

import "fmt"

// packRows emits a copy of k rows of nv vectors, ld bytes apart, to rows without gaps; last elements of the last vector are read, the rest becomes 0.
func (g gemm) packRows(nv int) {
	g.text(fmt.Sprintf("packRows%sx%d", g.suffix(), nv), fmt.Sprintf("(k int, src *%s, ld int, dst *%s, last int)", g.goType, g.goType), 40)
	g.op("MOVQ k+0(FP), CX")
	g.op("MOVQ src+8(FP), SI")
	g.op("MOVQ ld+16(FP), R8")
	g.op("MOVQ dst+24(FP), DI")
	g.op("MOVQ last+32(FP), R9")
	g.mask(g.source, g.elem, "R9", 4)
	g.label("loop")
	for j := range nv {
		g.load(g.source, g.elem, fmt.Sprintf("%d(SI)", g.bytes*j), j, j == nv-1, 4)
		g.store(g.source, g.elem, j, fmt.Sprintf("%d(DI)", g.bytes*j), false, 0)
	}
	g.op("ADDQ R8, SI")
	g.op("ADDQ $%d, DI", g.bytes*nv)
	g.op("DECQ CX")
	g.op("JNZ loop")
	g.ret()
}

// packColumns emits a transposing copy of one vector's worth of rows given by their addresses: dst[p*ld + r] = rows[r][p] for p < k, with ld in bytes.
// It may write zeros to the rows of dst up to the next multiple of the vector's length.
func (g gemm) packColumns() {
	lanes := g.bytes / g.size
	g.text("packColumns"+g.suffix(), fmt.Sprintf("(k int, rows *[16]*%s, dst *%s, ld int)", g.goType, g.goType), 32)
	g.op("MOVQ k+0(FP), CX")
	g.op("MOVQ rows+8(FP), SI")
	g.op("MOVQ dst+16(FP), DI")
	g.op("MOVQ ld+24(FP), R8")
	g.op("XORQ R10, R10")
	g.op("MOVQ $%d, R9", lanes)
	mask := g.regs - 1
	g.label("loop")
	g.op("CMPQ CX, $%d", lanes)
	g.op("CMOVQLT CX, R9")
	if g.masks {
		g.mask(g.source, g.elem, "R9", 0)
	} else {
		g.op("MOVQ R9, R11")
		g.mask(g.source, g.elem, "R11", mask)
	}
	for i := range lanes {
		g.op("MOVQ %d(SI), R11", 8*i)
		g.load(g.source, g.elem, "(R11)(R10*1)", i, true, mask)
	}
	g.transpose(lanes)
	g.op("ADDQ $%d, R10", g.bytes)
	g.op("SUBQ $%d, CX", lanes)
	g.op("JGT loop")
	g.ret()
}

// transpose turns registers 0 to lanes-1 into the columns of the block that they hold as rows, and stores them R8 bytes apart, leaving DI behind the last.
func (g gemm) transpose(lanes int) {
	t := lanes // temporaries
	op := func(name string, a, b, dst int) { g.op("%s %s, %s, %s", name, g.r(b), g.r(a), g.r(dst)) }
	per := 16 / g.size // elements in a 128-bit lane
	src := 0           // after this, register src + per*q + p holds, in lane L, column per*L + p of rows per*q to per*q+per-1
	for i := 0; i < lanes; i += 2 {
		op("VUNPCKL"+g.packed, i, i+1, t+i)
		op("VUNPCKH"+g.packed, i, i+1, t+i+1)
	}
	if per == 4 {
		for i := 0; i < lanes; i += 4 {
			op("VUNPCKLPD", t+i, t+i+2, i)
			op("VUNPCKHPD", t+i, t+i+2, i+1)
			op("VUNPCKLPD", t+i+1, t+i+3, i+2)
			op("VUNPCKHPD", t+i+1, t+i+3, i+3)
		}
	} else {
		src = t
	}
	dst := lanes - src // the half that is free now
	for p := range per {
		a, out := src+p, []int{dst + 4, dst + 5, dst + 6, dst + 7}
		if g.masks {
			op("VSHUFF64X2 $0x88,", a, a+per, dst)
			op("VSHUFF64X2 $0xdd,", a, a+per, dst+1)
			op("VSHUFF64X2 $0x88,", a+2*per, a+3*per, dst+2)
			op("VSHUFF64X2 $0xdd,", a+2*per, a+3*per, dst+3)
			op("VSHUFF64X2 $0x88,", dst, dst+2, out[0])
			op("VSHUFF64X2 $0x88,", dst+1, dst+3, out[1])
			op("VSHUFF64X2 $0xdd,", dst, dst+2, out[2])
			op("VSHUFF64X2 $0xdd,", dst+1, dst+3, out[3])
		} else {
			out = []int{dst, dst + 1}
			op("VPERM2F128 $0x20,", a, a+per, out[0])
			op("VPERM2F128 $0x31,", a, a+per, out[1])
		}
		g.op("MOVQ DI, BX")
		for l, z := range out {
			g.store(g.source, g.elem, z, "(BX)", false, 0)
			if l < len(out)-1 {
				g.op("LEAQ (BX)(R8*%d), BX", per)
			}
		}
		if p < per-1 {
			g.op("ADDQ R8, DI")
		} else {
			g.op("LEAQ (BX)(R8*1), DI")
		}
	}
}
