package main

import "fmt"

// gemmFile writes everything that products of one element type need on one family of instructions.
func gemmFile(v isa, e elem) func(*source) {
	return func(s *source) {
		g := gemm{s, v, e}
		if !v.masks {
			maskTable(s)
		}
		for mr := 1; mr <= v.tileRow; mr++ {
			for nv := 1; nv <= g.widest(mr); nv++ {
				g.tile(mr, nv)
			}
		}
		g.table()
		for nv := 1; nv <= 4; nv++ {
			g.packRows(nv)
		}
		g.packColumns()
		g.dots()
	}
}

type gemm struct {
	*source
	isa
	elem
}

func (g gemm) suffix() string { return g.elem.tag + g.isa.tag }

func (g gemm) tileName(mr, nv int) string { return fmt.Sprintf("tile%s%dx%d", g.suffix(), mr, nv) }

// table declares the table of tiles.
func (g gemm) table() {
	rows := list(g.tileRow+1, func(mr int) string {
		if mr == 0 {
			return "0: nil"
		}
		names := list(g.widest(mr), func(j int) string { return g.tileName(mr, j+1) })
		return fmt.Sprintf("\n%d: {nil, %s}", mr, names)
	})
	g.goDecl("// tiles%s[mr][nv] multiplies a tile of mr rows and nv vectors of columns.\n", g.suffix())
	fmt.Fprintf(&g.decl, "var tiles%s = [][]func(*args[%s]){%s,\n}\n", g.suffix(), g.goType, rows)
}

// widest is the number of vectors of the widest tile of mr rows. A tile needs about eight sums in flight to hide the latency
// of its multiply-adds, so low tiles are wide. All of them leave four registers free.
func (g gemm) widest(mr int) int {
	switch {
	case mr == 1, mr == 2 && g.masks:
		return 8
	case mr <= 6 && g.masks, mr <= 3:
		return 4
	}
	return 2
}

// Offsets in args.
const (
	argK, argARow, argACol, argBRow, argCRow = 0, 8, 16, 24, 32
	argA, argB, argC                         = 40, 48, 56
	argLast, argAlpha                        = 64, 72
)

// tile emits: C[i,j] = alpha sum_k A[i,k] B[k,j] + beta C[i,j] for mr rows and nv vectors of columns, the last one masked. One sum a
// result, in the order of k, on every family of instructions: so AVX2 and AVX-512 give the same bits.
func (g gemm) tile(mr, nv int) {
	n := mr * nv
	free := g.regs - 4 // the first register beside the sums
	if g.masks || nv == 1 {
		free = g.regs - 8
	}
	g.text(g.tileName(mr, nv), fmt.Sprintf("(p *args[%s])", g.goType), 8)
	g.op("MOVQ p+0(FP), AX")
	for _, l := range []struct {
		off int
		reg string
	}{{argK, "CX"}, {argARow, "R8"}, {argACol, "R10"}, {argBRow, "R14"}, {argCRow, "R11"}, {argA, "SI"}, {argB, "DI"}, {argC, "DX"}} {
		g.op("MOVQ %d(AX), %s", l.off, l.reg)
	}
	if g.partial(nv) {
		g.op("MOVQ %d(AX), R9", argLast)
		g.mask(g.source, g.elem, "R9", g.regs-1)
	}
	g.op("LEAQ (R8)(R8*2), R9")
	if mr > 4 {
		g.op("LEAQ (SI)(R8*4), R12")
	}
	if mr > 8 {
		g.op("LEAQ (R12)(R8*4), R13")
	}
	for i := range n {
		g.zero(g.source, i)
	}
	g.op("MOVQ DX, BX") // the rows of C are wanted at the end
	for range mr {
		for j := range nv {
			g.op("PREFETCHT0 %d(BX)", g.bytes*j)
		}
		g.op("ADDQ R11, BX")
	}
	g.label("loop")
	if nv <= 2 {
		g.depthNarrow(mr, nv, free)
	} else {
		g.depthWide(mr, nv, free)
	}
	for i, base := range []string{"SI", "R12", "R13"} {
		if mr > 4*i {
			g.op("ADDQ R10, %s", base)
		}
	}
	g.op("ADDQ R14, DI")
	g.op("DECQ CX")
	g.op("JNZ loop")
	g.finish(mr, nv, g.regs-4)
}

// partial reports whether a tile of nv vectors of B, read in place, reads no more of the last than its columns.
func (g gemm) partial(nv int) bool { return g.masks || nv == 1 }

// rowOf addresses A[i, k].
func rowOf(i int) string {
	base := []string{"SI", "R12", "R13"}[i/4]
	return "(" + base + ")" + []string{"", "(R8*1)", "(R8*2)", "(R9*1)"}[i%4]
}

// fetch asks for the row of B that is due eight depths later, and in a high tile for A's column if A is transposed: where these lie far
// apart the processor does not foresee them. What lies behind the matrices is asked for in vain and without harm.
func (g gemm) fetch(mr, nv int) {
	if mr > 4 {
		g.op("PREFETCHT0 %d(SI)(R10*8)", (mr-1)*g.size)
	}
	for off := 0; off < g.bytes*nv; off += 64 {
		g.op("PREFETCHT0 %d(DI)(R14*8)", off)
	}
}

// depthNarrow adds one depth to a tile of one or two vectors: B in registers, A broadcast row by row.
func (g gemm) depthNarrow(mr, nv, free int) {
	g.fetch(mr, nv)
	for j := range nv {
		g.load(g.source, g.elem, fmt.Sprintf("%d(DI)", g.bytes*j), free+j, g.partial(nv) && j == nv-1, g.regs-1)
	}
	spare := free + 2
	spares := g.regs - spare
	if nv == 1 {
		spares-- // the mask
	}
	for i := range mr {
		z := g.r(spare + i%spares)
		g.op("VBROADCAST%s %s, %s", g.scalar, rowOf(i), z)
		for j := range nv {
			g.op("VFMADD231%s %s, %s, %s", g.packed, g.r(free+j), z, g.r(i*nv+j))
		}
	}
}

// depthWide adds one depth to a low, wide tile: A broadcast once, B streamed.
func (g gemm) depthWide(mr, nv, free int) {
	g.fetch(mr, nv)
	for i := range mr {
		g.op("VBROADCAST%s %s, %s", g.scalar, rowOf(i), g.r(free+i))
	}
	for j := range nv {
		z := free + mr
		if z+1 < g.regs {
			z += j % 2
		}
		g.load(g.source, g.elem, fmt.Sprintf("%d(DI)", g.bytes*j), z, g.partial(nv) && j == nv-1, g.regs-1)
		for i := range mr {
			g.op("VFMADD231%s %s, %s, %s", g.packed, g.r(z), g.r(free+i), g.r(i*nv+j))
		}
	}
}

// finish scales the sums and stores them; C is not read when beta is 0. Uses registers t to t+3.
func (g gemm) finish(mr, nv, t int) {
	alpha, beta, c, mask := g.r(t), g.r(t+1), g.r(t+2), t+3
	if !g.masks {
		g.op("MOVQ %d(AX), R9", argLast)
		g.mask(g.source, g.elem, "R9", mask)
	}
	g.op("VBROADCAST%s %d(AX), %s", g.scalar, argAlpha, alpha)
	g.op("VBROADCAST%s %d(AX), %s", g.scalar, argAlpha+g.size, beta)
	if g.size == 4 {
		g.op("MOVL %d(AX), BX", argAlpha+g.size)
	} else {
		g.op("MOVQ %d(AX), BX", argAlpha+g.size)
	}
	g.op("TESTQ BX, BX")
	g.op("JNZ accumulate")
	for i := range mr {
		for j := range nv {
			a := i*nv + j
			g.op("VMUL%s %s, %s, %s", g.packed, alpha, g.r(a), g.r(a))
			g.store(g.source, g.elem, a, fmt.Sprintf("%d(DX)", g.bytes*j), j == nv-1, mask)
		}
		if i < mr-1 {
			g.op("ADDQ R11, DX")
		}
	}
	g.ret()
	g.label("accumulate")
	for i := range mr {
		for j := range nv {
			a, mem := i*nv+j, fmt.Sprintf("%d(DX)", g.bytes*j)
			g.op("VMUL%s %s, %s, %s", g.packed, alpha, g.r(a), g.r(a))
			g.load(g.source, g.elem, mem, t+2, j == nv-1, mask)
			g.op("VFMADD231%s %s, %s, %s", g.packed, beta, c, g.r(a))
			g.store(g.source, g.elem, a, mem, j == nv-1, mask)
		}
		if i < mr-1 {
			g.op("ADDQ R11, DX")
		}
	}
	g.ret()
}
