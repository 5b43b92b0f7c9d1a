package main

import "fmt"

// sparse writes the visits of package sparse: sweeps, and sums of s·field for energies.
func sparse() string {
	t := newText()
	t.float("minustwo", -2)
	for _, c := range []struct {
		g target
		n int
	}{{avx512, 1}, {avx512, 2}, {avx2, 2}} {
		visitSparse(t, c.g, c.n)
	}
	energySparse(t, avx512, 1)
	energySparse(t, avx2, 2)
	return t.String()
}

// neighbours sums weight·spin over the neighbours of the site in AX into registers 0 to n-1. It needs the state in SI,
// a row's bytes in R8, offsets in R9, neighbours in R10 and weights in R11, and overwrites R12 to R15.
func (t *text) neighbours(g target, n int, label string) {
	t.p("MOVLQSX (R9)(AX*4), R12")
	t.p("MOVLQSX 4(R9)(AX*4), R13")
	t.p("CMPQ R12, R13")
	t.p("JGE %sdone", label)
	t.p("%sloop:", label)
	t.p("MOVLQSX (R10)(R12*4), R14")
	t.p("IMULQ R8, R14")
	t.p("VBROADCASTSS (R11)(R12*4), %s", g.r(4))
	for v := range n {
		t.p("VFMADD231PS %d(SI)(R14*1), %s, %s", v*g.bytes, g.r(4), g.r(v))
	}
	t.p("INCQ R12")
	t.p("CMPQ R12, R13")
	t.p("JLT %sloop", label)
	t.p("%sdone:", label)
}

// visitSparse visits listed sites, whose thresholds follow each other.
func visitSparse(t *text, g target, n int) {
	t.function(fmt.Sprintf("visit%d%s", n*g.bytes/4, g.suffix), "visit decides the listed sites one after another.")
	for i, reg := range []string{"CX", "BX", "SI", "R8", "R9", "R10", "R11", "DX", "DI"} {
		// sites, order, state, bytes of a row, offsets, neighbours, weights, external, thresholds (their bytes are read below)
		t.p("MOVQ %d(AX), %s", 8*i, reg)
	}
	two := g.r(15)
	t.p("VBROADCASTSS minustwo<>(SB), %s", two)
	t.p("MOVQ 72(AX), R15")
	t.p("site:")
	t.p("MOVLQSX (BX), AX")
	t.p("ADDQ $4, BX")
	for v := range n {
		t.p("VBROADCASTSS (DX)(AX*4), %s", g.r(v))
	}
	t.neighbours(g, n, "n")
	t.p("IMULQ R8, AX")
	for v := range n {
		h, s, d := g.r(v), g.r(5+v), g.r(7+v)
		t.p("VMOVUPS %d(SI)(AX*1), %s", v*g.bytes, s)
		t.p("VMULPS %s, %s, %s", h, s, h)
		if g == avx512 {
			t.p("VCMPPS $18, %d(DI), %s, K%d", v*g.bytes, h, 1+v)
			t.p("VMULPS.Z %s, %s, K%d, %s", two, s, 1+v, d)
		} else {
			t.p("VCMPPS $18, %d(DI), %s, %s", v*g.bytes, h, h)
			t.p("VMULPS %s, %s, %s", two, s, d)
			t.p("VANDPS %s, %s, %s", h, d, d)
		}
		t.p("VADDPS %s, %s, %s", d, s, s)
		t.p("VMOVUPS %s, %d(SI)(AX*1)", s, v*g.bytes)
	}
	t.p("ADDQ R15, DI")
	t.p("DECQ CX")
	t.p("JNZ site")
	t.end()
}

// energySparse adds, for 16 lanes over all sites in order, s·Σ_j J s to one row of float64 sums and s·b to another.
func energySparse(t *text, g target, n int) {
	t.function("energy16"+g.suffix, "energy sums s·field and s·b over all sites.")
	for i, reg := range []string{"CX", "DI", "SI", "R8", "R9", "R10", "R11", "DX"} {
		t.p("MOVQ %d(AX), %s", 8*i, reg)
	}
	sums := 2 * n // registers of float64 for 16 lanes, from register 6 on, twice
	for i := range 2 * sums {
		t.p("VXORPS %s, %s, %s", g.r(6+i), g.r(6+i), g.r(6+i))
	}
	t.p("XORQ AX, AX")
	t.p("site:")
	for v := range n {
		t.p("VXORPS %s, %s, %s", g.r(v), g.r(v), g.r(v))
	}
	t.neighbours(g, n, "n")
	t.p("VBROADCASTSS (DX)(AX*4), %s", g.r(4))
	t.p("MOVQ AX, R12")
	t.p("IMULQ R8, R12")
	for v := range n {
		t.p("VMOVUPS %d(SI)(R12*1), %s", v*g.bytes, g.r(5))
		t.p("VMULPS %s, %s, %s", g.r(v), g.r(5), g.r(v))
		t.widen(g, g.r(v), v, 6)
		t.p("VMULPS %s, %s, %s", g.r(4), g.r(5), g.r(v))
		t.widen(g, g.r(v), v, 6+sums)
	}
	t.p("INCQ AX")
	t.p("CMPQ AX, CX")
	t.p("JLT site")
	for i := range 2 * sums {
		t.p("VMOVUPS %s, %d(DI)", g.r(6+i), i*g.bytes)
	}
	t.end()
}

// widen adds the lanes of a float32 vector to the two vectors of float64 sums that belong to it, from register base on.
func (t *text) widen(g target, x string, v, base int) {
	narrow := map[target]string{avx512: "Y", avx2: "X"}[g]
	half, wide := narrow+x[1:], g.r(5-2)
	for i := range 2 {
		if i == 1 {
			if g == avx512 {
				t.p("VEXTRACTF64X4 $1, %s, %s", x, half)
			} else {
				t.p("VEXTRACTF128 $1, %s, %s", x, half)
			}
		}
		t.p("VCVTPS2PD %s, %s", half, wide)
		t.p("VADDPD %s, %s, %s", wide, g.r(base+2*v+i), g.r(base+2*v+i))
	}
}
