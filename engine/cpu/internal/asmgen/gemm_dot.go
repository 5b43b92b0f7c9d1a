package main

import "fmt"

// Offsets in dotArgs.
const (
	dotK, dotRowA, dotRowB, dotRowC, dotColC = 0, 8, 16, 24, 32
	dotA, dotB, dotC, dotAlpha               = 40, 48, 56, 64
)

// mostDots is the number of rows of A in the highest kernel.
const mostDots = 4

// dots emits the kernels of low products and their table.
func (g gemm) dots() {
	for few := 1; few <= mostDots; few++ {
		g.dot(few, 1)
		g.dot(few, g.many(few))
	}
	g.goDecl("// dots%s[rows of A] multiplies by one row of B, and by as many as the second number says.\n", g.suffix())
	fmt.Fprintf(&g.decl, "var dots%s = []dotPair[%s]{{}, %s}\n", g.suffix(), g.goType, list(mostDots, func(i int) string {
		return fmt.Sprintf("{%s, %s, %d}", g.dotName(i+1, 1), g.dotName(i+1, g.many(i+1)), g.many(i+1))
	}))
}

func (g gemm) dotName(few, many int) string { return fmt.Sprintf("dot%s%dx%d", g.suffix(), few, many) }

// many is how many rows of B a kernel takes at a time: enough sums in flight to hide the latency of an addition.
func (g gemm) many(few int) int {
	if few <= 2 {
		return g.regs / 4
	}
	return g.regs / 8
}

// dot emits: C[i,j] = alpha sum_k A[i,k] B[j,k] + beta C[i,j], rows contiguous in k, C with strides of its own. Every lane of a vector has a sum of its own.
func (g gemm) dot(few, many int) {
	sums := few * many
	row, other, mask := sums, sums+few, g.regs-1 // registers of A, B
	g.text(g.dotName(few, many), fmt.Sprintf("(p *dotArgs[%s])", g.goType), 8)
	g.op("MOVQ p+0(FP), AX")
	for _, l := range []struct {
		off int
		reg string
	}{{dotK, "CX"}, {dotRowA, "R10"}, {dotRowB, "R8"}, {dotA, "DX"}, {dotB, "SI"}} {
		g.op("MOVQ %d(AX), %s", l.off, l.reg)
	}
	g.op("LEAQ (R8)(R8*2), R9")
	if many > 4 {
		g.op("LEAQ (SI)(R8*4), R12")
	}
	g.op("LEAQ (R10)(R10*2), R11")
	for i := range sums {
		g.zero(g.source, i)
	}
	lanes := g.bytes / g.size
	step := func(part bool) {
		for i := range few {
			g.load(g.source, g.elem, "(DX)"+[]string{"", "(R10*1)", "(R10*2)", "(R11*1)"}[i], row+i, part, mask)
		}
		for j := range many {
			g.load(g.source, g.elem, rowOf(j), other, part, mask)
			for i := range few {
				g.op("VFMADD231%s %s, %s, %s", g.packed, g.r(other), g.r(row+i), g.r(i*many+j))
			}
		}
	}
	g.op("SUBQ $%d, CX", lanes)
	g.op("JLT rest")
	g.label("loop")
	step(false)
	g.op("ADDQ $%d, DX", g.bytes)
	g.op("ADDQ $%d, SI", g.bytes)
	if many > 4 {
		g.op("ADDQ $%d, R12", g.bytes)
	}
	g.op("SUBQ $%d, CX", lanes)
	g.op("JGE loop")
	g.label("rest")
	g.op("ADDQ $%d, CX", lanes)
	g.op("JZ sum")
	g.mask(g.source, g.elem, "CX", mask)
	step(true)
	g.label("sum")
	g.dotStore(few, many)
}

// dotStore adds up the lanes of every sum and stores the scaled results.
func (g gemm) dotStore(few, many int) {
	alpha, beta := few*many, few*many+1
	x := func(i int) string { return fmt.Sprintf("X%d", i) }
	g.op("VMOV%s %d(AX), %s", g.scalar, dotAlpha, x(alpha))
	g.op("VMOV%s %d(AX), %s", g.scalar, dotAlpha+g.size, x(beta))
	g.op("MOVQ %d(AX), R9", dotRowC)
	g.op("MOVQ %d(AX), R8", dotColC)
	g.op("MOVQ %d(AX), DI", dotC)
	g.op("%s %d(AX), BX", map[int]string{4: "MOVL", 8: "MOVQ"}[g.size], dotAlpha+g.size)
	for i := range few {
		g.op("MOVQ DI, DX")
		for j := range many {
			s := i*many + j
			g.sumLanes(s, beta+1)
			g.op("VMUL%s %s, %s, %s", g.scalar, x(alpha), x(s), x(s))
			g.op("TESTQ BX, BX")
			g.op("JZ clear%d", s)
			g.op("VFMADD231%s (DX), %s, %s", g.scalar, x(beta), x(s))
			g.label(fmt.Sprintf("clear%d", s))
			g.op("VMOV%s %s, (DX)", g.scalar, x(s))
			g.op("ADDQ R8, DX")
		}
		g.op("ADDQ R9, DI")
	}
	g.ret()
}

// sumLanes adds the lanes of register s into its lowest, halving; t is free.
func (g gemm) sumLanes(s, t int) {
	x := func(i int) string { return fmt.Sprintf("X%d", i) }
	y := func(i int) string { return fmt.Sprintf("Y%d", i) }
	if g.bytes == 64 {
		g.op("VEXTRACTF64X4 $1, %s, %s", g.r(s), y(t))
		g.op("VADD%s %s, %s, %s", g.packed, y(t), y(s), y(s))
		g.op("VEXTRACTF32X4 $1, %s, %s", y(s), x(t))
	} else {
		g.op("VEXTRACTF128 $1, %s, %s", y(s), x(t))
	}
	g.op("VADD%s %s, %s, %s", g.packed, x(t), x(s), x(s))
	g.op("VPERMILPD $1, %s, %s", x(s), x(t))
	g.op("VADD%s %s, %s, %s", g.packed, x(t), x(s), x(s))
	if g.size == 4 {
		g.op("VMOVSHDUP %s, %s", x(s), x(t))
		g.op("VADDSS %s, %s, %s", x(t), x(s), x(s))
	}
}
