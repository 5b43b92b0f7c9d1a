package main

import "fmt"

// siteRow is the distance in bytes between the sites of a block in scratch memory: 32 lanes of float32.
const siteRow = 128

// denseSweep writes the three steps of a sweep with dense couplings; package dense says how they fit together.
func denseSweep() string {
	t := newText()
	t.float("minustwo", -2)
	transposeAVX512(t)
	transposeAVX2(t)
	decide(t, avx512, 1)
	decide(t, avx512, 2)
	decide(t, avx2, 2)
	for _, g := range targets {
		for n := 1; n <= 8; n++ {
			apply(t, g, n)
		}
		energyDense(t, g)
	}
	return t.String()
}

// address is row i of four that start at base with stride R8 (three strides in R9).
func address(base string, i int, stride, triple string) string {
	return [4]string{
		fmt.Sprintf("(%s)", base), fmt.Sprintf("(%s)(%s*1)", base, stride),
		fmt.Sprintf("(%s)(%s*2)", base, stride), fmt.Sprintf("(%s)(%s*1)", base, triple),
	}[i]
}

func (t *text) transposeHead(suffix string) {
	t.function("transpose"+suffix, "transpose turns a row of 16×16 tiles of 32-bit elements.")
	for i, reg := range []string{"SI", "R8", "R10", "DI", "R11", "R13", "CX"} {
		t.p("MOVQ %d(AX), %s", 8*i, reg)
	}
	t.p("LEAQ (R8)(R8*2), R9")
	t.p("LEAQ (R11)(R11*2), R12")
	t.p("tile:")
}

func (t *text) transposeTail() {
	t.p("ADDQ R10, SI")
	t.p("ADDQ R13, DI")
	t.p("DECQ CX")
	t.p("JNZ tile")
	t.end()
}

func transposeAVX512(t *text) {
	t.transposeHead("AVX512")
	t.p("MOVQ SI, BX")
	for r := 0; r < 16; r++ {
		t.p("VMOVUPS %s, Z%d", address("BX", r%4, "R8", "R9"), r)
		if r%4 == 3 && r < 15 {
			t.p("LEAQ (BX)(R8*4), BX")
		}
	}
	for r := 0; r < 16; r += 2 {
		t.p("VUNPCKLPS Z%d, Z%d, Z%d", r+1, r, 16+r)
		t.p("VUNPCKHPS Z%d, Z%d, Z%d", r+1, r, 17+r)
	}
	for r := 0; r < 16; r += 4 {
		for q := 0; q < 2; q++ {
			t.p("VUNPCKLPD Z%d, Z%d, Z%d", 18+r+q, 16+r+q, r+2*q)
			t.p("VUNPCKHPD Z%d, Z%d, Z%d", 18+r+q, 16+r+q, r+2*q+1)
		}
	}
	// Register 4g+q now holds, in 128-bit lane l, column 4l+q of rows 4g..4g+3.
	for q := 0; q < 4; q++ {
		for i, imm := range [2]string{"0x88", "0xdd"} {
			t.p("VSHUFF32X4 $%s, Z%d, Z%d, Z%d", imm, 4+q, q, 16+2*i)
			t.p("VSHUFF32X4 $%s, Z%d, Z%d, Z%d", imm, 12+q, 8+q, 17+2*i)
		}
		for l, src := range [4]int{16, 18, 16, 18} {
			imm := [4]string{"0x88", "0x88", "0xdd", "0xdd"}[l]
			t.p("VSHUFF32X4 $%s, Z%d, Z%d, Z%d", imm, src+1, src, 20+l)
		}
		t.p("MOVQ DI, BX")
		for i := 0; i < q; i++ {
			t.p("ADDQ R11, BX")
		}
		for l := 0; l < 4; l++ {
			t.p("VMOVUPS Z%d, (BX)", 20+l)
			if l < 3 {
				t.p("LEAQ (BX)(R11*4), BX")
			}
		}
	}
	t.transposeTail()
}

// transposeAVX2 turns a 16×16 tile as four 8×8 tiles.
func transposeAVX2(t *text) {
	t.transposeHead("AVX2")
	for quarter := 0; quarter < 4; quarter++ {
		a, b := quarter/2, quarter%2 // half of the rows, half of the columns
		t.p("LEAQ %d(SI), BX", 32*b)
		t.p("LEAQ %d(DI), DX", 32*a)
		if a == 1 {
			t.p("LEAQ (BX)(R8*8), BX")
		}
		if b == 1 {
			t.p("LEAQ (DX)(R11*8), DX")
		}
		for r := 0; r < 8; r++ {
			t.p("VMOVUPS %s, Y%d", address("BX", r%4, "R8", "R9"), r)
			if r == 3 {
				t.p("LEAQ (BX)(R8*4), BX")
			}
		}
		for r := 0; r < 8; r += 2 {
			t.p("VUNPCKLPS Y%d, Y%d, Y%d", r+1, r, 8+r)
			t.p("VUNPCKHPS Y%d, Y%d, Y%d", r+1, r, 9+r)
		}
		for r := 0; r < 8; r += 4 {
			for q := 0; q < 2; q++ {
				t.p("VUNPCKLPD Y%d, Y%d, Y%d", 10+r+q, 8+r+q, r+2*q)
				t.p("VUNPCKHPD Y%d, Y%d, Y%d", 10+r+q, 8+r+q, r+2*q+1)
			}
		}
		for q := 0; q < 4; q++ {
			t.p("VPERM2F128 $0x20, Y%d, Y%d, Y%d", 4+q, q, 8+q)
			t.p("VPERM2F128 $0x31, Y%d, Y%d, Y%d", 4+q, q, 12+q)
		}
		for c := 0; c < 8; c++ {
			t.p("VMOVUPS Y%d, %s", 8+c, address("DX", c%4, "R11", "R12"))
			if c == 3 {
				t.p("LEAQ (DX)(R11*4), DX")
			}
		}
	}
	t.transposeTail()
}

// decide visits the sites of a block one after another for n vectors of replicas: accept where s·h ≤ threshold, turn the
// accepted spins, note them in the masks, and add their couplings to the fields of the block's later sites.
func decide(t *text, g target, n int) {
	t.function(fmt.Sprintf("decide%d%s", n*g.bytes/4, g.suffix), "decide visits the sites of a block in order.")
	for i, reg := range []string{"CX", "DI", "SI", "DX", "BX", "R8", "R9"} {
		t.p("MOVQ %d(AX), %s", 8*i, reg)
	}
	t.p("MOVQ DI, R13") // the block's fields
	t.p("ADDQ $7, CX")
	t.p("SHRQ $3, CX") // groups of eight sites whose fields are kept
	t.p("MOVQ (AX), R10")
	t.p("XORQ AX, AX") // the site
	two := g.r(31)
	if g == avx2 {
		two = g.r(15)
	}
	t.p("VBROADCASTSS minustwo<>(SB), %s", two)
	t.p("site:")
	for v := 0; v < n; v++ {
		off := v * g.bytes
		s, x := g.r(v), g.r(2+v)
		t.p("VMOVUPS %d(SI), %s", off, s)
		t.p("VMULPS %d(DI), %s, %s", off, s, x)
		if g == avx512 {
			t.p("VCMPPS $18, %d(DX), %s, K%d", off, x, 1+v)
			t.p("VMULPS.Z %s, %s, K%d, %s", two, s, 1+v, x)
			t.p("KMOVW K%d, %d(R9)", 1+v, 2*v)
		} else {
			t.p("VCMPPS $18, %d(DX), %s, %s", off, x, x)
			t.p("VMOVMSKPS %s, %s", x, []string{"R11", "R12"}[v])
			t.p("VMULPS %s, %s, %s", two, s, g.r(4))
			t.p("VANDPS %s, %s, %s", g.r(4), x, x)
		}
		t.p("VADDPS %s, %s, %s", x, s, s)
		t.p("VMOVUPS %s, %d(SI)", s, off)
	}
	if g == avx512 {
		t.p("KORTESTW K1, K%d", n)
	} else {
		t.p("SHLL $8, R12")
		t.p("ORL R12, R11")
		t.p("MOVW R11, (R9)")
		t.p("TESTL R11, R11")
	}
	t.p("JZ next")
	// Fields of sites up to this one are no longer read: start at the group of eight that holds the next site.
	t.p("LEAQ 1(AX), R11")
	t.p("SHRQ $3, R11")
	t.p("MOVQ CX, R12")
	t.p("SUBQ R11, R12")
	t.p("JLE next")
	t.p("SHLQ $5, R11")
	t.p("LEAQ (BX)(R11*1), R14")
	t.p("SHLQ $5, R11")
	t.p("ADDQ R13, R11")
	t.p("group:")
	for u := 0; u < 8; u++ {
		for v := 0; v < n; v++ {
			reg := g.r(4 + (u*n+v)%8)
			t.p("VBROADCASTSS %d(R14), %s", 4*u, reg)
			t.p("VFMADD213PS %d(R11), %s, %s", siteRow*u+v*g.bytes, g.r(2+v), reg)
			t.p("VMOVUPS %s, %d(R11)", reg, siteRow*u+v*g.bytes)
		}
	}
	t.p("ADDQ $32, R14")
	t.p("ADDQ $%d, R11", 8*siteRow)
	t.p("DECQ R12")
	t.p("JNZ group")
	t.p("next:")
	t.p("ADDQ $%d, DI", siteRow)
	t.p("ADDQ $%d, SI", siteRow)
	t.p("ADDQ $%d, DX", siteRow)
	t.p("ADDQ R8, BX")
	t.p("ADDQ $8, R9")
	t.p("INCQ AX")
	t.p("CMPQ AX, R10")
	t.p("JLT site")
	t.end()
}

// apply adds the rows of the couplings that a block's accepted flips call for to n vectors of every replica's fields,
// in the order of the sites. The fields stay in registers while a replica's rows are added.
func apply(t *text, g target, n int) {
	t.function(fmt.Sprintf("apply%d%s", n, g.suffix), "apply adds rows of couplings to a tile of the fields.")
	for i, reg := range []string{"DI", "R8", "R9", "SI", "R10", "BX", "DX", "CX"} {
		t.p("MOVQ %d(AX), %s", 8*i, reg)
	}
	scale, d := g.r(15), g.r(14)
	t.p("VBROADCASTSS 64(AX), %s", scale)
	t.p("MOVQ 72(AX), R14")
	t.p("MOVQ 80(AX), R15")
	t.p("replica:")
	// Rows of the next tile, from memory to the second-level cache, a few for each replica.
	t.p("MOVQ 88(AX), R12")
	t.p("ahead:")
	t.p("TESTQ R15, R15")
	t.p("JZ fetched")
	for off := 0; off < n*g.bytes; off += 64 {
		t.p("PREFETCHT1 %d(R14)", off)
	}
	t.p("ADDQ DX, R14")
	t.p("DECQ R15")
	t.p("DECQ R12")
	t.p("JNZ ahead")
	t.p("fetched:")
	t.p("MOVQ (R9), R11")
	t.p("TESTQ R11, R11")
	t.p("JZ skip")
	for v := 0; v < n; v++ {
		t.p("VMOVUPS %d(DI), %s", v*g.bytes, g.r(v))
	}
	t.p("flip:")
	t.p("TZCNTQ R11, R12")
	t.p("BLSRQ R11, R11")
	t.p("MOVQ R12, R13")
	t.p("IMULQ R10, R13")
	t.p("IMULQ DX, R12")
	t.p("VMULSS (SI)(R13*1), X15, X14")
	t.p("VBROADCASTSS X14, %s", d)
	t.p("ADDQ BX, R12")
	for v := 0; v < n; v++ {
		t.p("VFMADD231PS %d(R12), %s, %s", v*g.bytes, d, g.r(v))
	}
	t.p("TESTQ R11, R11")
	t.p("JNZ flip")
	for v := 0; v < n; v++ {
		t.p("VMOVUPS %s, %d(DI)", g.r(v), v*g.bytes)
	}
	t.p("skip:")
	t.p("ADDQ R8, DI")
	t.p("ADDQ $8, R9")
	t.p("ADDQ $4, SI")
	t.p("DECQ CX")
	t.p("JNZ replica")
	t.end()
}

// energyDense sums s·(h + b) in eight lanes of float64.
func energyDense(t *text, g target) {
	t.function("energy"+g.suffix, "energy sums s·(h + b) in eight lanes.")
	for i, reg := range []string{"CX", "SI", "DI", "DX", "BX"} { // groups of eight, spins, fields, external, sums
		t.p("MOVQ %d(AX), %s", 8*i, reg)
	}
	parts := 64 / g.bytes
	for v := range parts {
		t.p("VXORPS %s, %s, %s", g.r(v), g.r(v), g.r(v))
	}
	t.p("eight:")
	for v := range parts {
		off := v * g.bytes / 2
		t.p("VCVTPS2PD %d(DI), %s", off, g.r(4+v))
		t.p("VCVTPS2PD %d(DX), %s", off, g.r(6+v))
		t.p("VADDPD %s, %s, %s", g.r(6+v), g.r(4+v), g.r(4+v))
		t.p("VCVTPS2PD %d(SI), %s", off, g.r(6+v))
		t.p("VFMADD231PD %s, %s, %s", g.r(6+v), g.r(4+v), g.r(v)) // the product by ±1 or 0 is exact
	}
	for _, reg := range []string{"SI", "DI", "DX"} {
		t.p("ADDQ $32, %s", reg)
	}
	t.p("DECQ CX")
	t.p("JNZ eight")
	for v := range parts {
		t.p("VMOVUPD %s, %d(BX)", g.r(v), v*g.bytes)
	}
	t.end()
}
