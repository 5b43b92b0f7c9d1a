package main

import "fmt"

// lowRank writes the sweeps of package lowrank: n vectors of replicas, sequential or in blocks.
func lowRank() string {
	t := newText()
	t.float("minustwo", -2)
	for _, c := range []struct {
		g target
		n int
	}{{avx512, 1}, {avx512, 2}, {avx2, 2}} {
		visitLowRank(t, c.g, c.n, false)
		visitLowRank(t, c.g, c.n, true)
	}
	return t.String()
}

// visitLowRank visits consecutive sites: the field is the product of the site's row of patterns with rows of lanes
// (overlaps, or Gaussian variables when gibbs is set), the spin turns where its threshold allows it, and the overlaps
// follow: by -2 s ξ where it turned, or by s ξ everywhere when gibbs is set and they are being counted anew.
func visitLowRank(t *text, g target, n int, gibbs bool) {
	name := "visit"
	if gibbs {
		name = "gibbs"
	}
	t.function(fmt.Sprintf("%s%d%s", name, n*g.bytes/4, g.suffix), name+" visits consecutive sites of a low-rank model.")
	for i, reg := range []string{"CX", "R8", "SI", "R9", "BX", "R10", "DI", "DX", "R11", "R12", "R13"} {
		// sites, quads of patterns, spins, bytes of a spin row, fields' rows, their bytes, patterns, thresholds, their bytes, external, overlaps
		t.p("MOVQ %d(AX), %s", 8*i, reg)
	}
	two, shift, scale, ext := g.r(15), g.r(14), g.r(13), g.r(12)
	t.p("VBROADCASTSS minustwo<>(SB), %s", two)
	t.p("VBROADCASTSS 88(AX), %s", shift)
	t.p("VBROADCASTSS 96(AX), %s", scale)
	t.p("site:")
	for i := range 4 * n {
		t.p("VXORPS %s, %s, %s", g.r(i), g.r(i), g.r(i))
	}
	t.p("MOVQ BX, AX")
	t.p("MOVQ DI, R14")
	t.p("MOVQ R8, R15")
	t.p("dot:")
	for u := range 4 {
		t.p("VBROADCASTSS %d(R14), %s", 4*u, g.r(4*n+u%3))
		for v := range n {
			t.p("VFMADD231PS %d(AX), %s, %s", v*g.bytes, g.r(4*n+u%3), g.r(n*u+v))
		}
		t.p("ADDQ R10, AX")
	}
	t.p("ADDQ $16, R14")
	t.p("DECQ R15")
	t.p("JNZ dot")
	t.p("VBROADCASTSS (R12), %s", ext)
	t.p("ADDQ $4, R12")
	for v := range n {
		d, s, x := g.r(v), g.r(2*n+v), g.r(n+v)
		t.p("VADDPS %s, %s, %s", g.r(n+v), d, d)
		t.p("VADDPS %s, %s, %s", g.r(3*n+v), g.r(2*n+v), g.r(2*n+v))
		t.p("VADDPS %s, %s, %s", g.r(2*n+v), d, d)
		t.p("VMOVUPS %d(SI), %s", v*g.bytes, s)
		t.p("VMULPS %s, %s, %s", d, s, d)
		t.p("VSUBPS %s, %s, %s", shift, d, d)
		t.p("VMULPS %s, %s, %s", scale, d, d)
		t.p("VMULPS %s, %s, %s", ext, s, x)
		t.p("VADDPS %s, %s, %s", x, d, d)
		// The change of the spin, then the new spin, replace its field.
		if g == avx512 {
			t.p("VCMPPS $18, %d(DX), %s, K%d", v*g.bytes, d, 1+v)
			t.p("VMULPS.Z %s, %s, K%d, %s", two, s, 1+v, d)
		} else {
			t.p("VCMPPS $18, %d(DX), %s, %s", v*g.bytes, d, d)
			t.p("VMULPS %s, %s, %s", two, s, x)
			t.p("VANDPS %s, %s, %s", x, d, d)
		}
		t.p("VADDPS %s, %s, %s", d, s, s)
		t.p("VMOVUPS %s, %d(SI)", s, v*g.bytes)
		if gibbs {
			t.p("VMOVAPS %s, %s", s, d)
		}
	}
	if !gibbs {
		if g == avx512 {
			t.p("KORTESTW K1, K%d", n)
		} else {
			t.p("VORPS Y0, Y1, Y2")
			t.p("VPTEST Y2, Y2")
		}
		t.p("JZ next")
	}
	t.p("MOVQ R13, AX")
	t.p("MOVQ DI, R14")
	t.p("MOVQ R8, R15")
	t.p("turn:")
	for u := range 4 {
		for v := range n {
			m := g.r(n + (u*n+v)%(3*n))
			t.p("VBROADCASTSS %d(R14), %s", 4*u, m)
			t.p("VFMADD213PS %d(AX), %s, %s", v*g.bytes, g.r(v), m)
			t.p("VMOVUPS %s, %d(AX)", m, v*g.bytes)
		}
		t.p("ADDQ R10, AX")
	}
	t.p("ADDQ $16, R14")
	t.p("DECQ R15")
	t.p("JNZ turn")
	t.p("next:")
	t.p("ADDQ R9, SI")
	t.p("ADDQ R11, DX")
	t.p("MOVQ R8, R14")
	t.p("SHLQ $4, R14")
	t.p("ADDQ R14, DI")
	t.p("DECQ CX")
	t.p("JNZ site")
	t.end()
}
