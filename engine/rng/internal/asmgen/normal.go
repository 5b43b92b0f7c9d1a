package main

import "fmt"

// precision holds what differs between the float32 and the float64 normal numbers.
type precision struct {
	bits                                  int
	f, i                                  string // suffixes of float and integer instructions
	ln, sin, cos                          int    // first rows
	lnN, sinN, cosN                       int
	third, mantissa, one, minus2, l2, top int // rows
}

var (
	single = precision{32, "PS", "D", ln32, sin32, cos32, 9, 4, 5, third32, mantissa32, one32, minus2s, ln4s, sign32}
	double = precision{64, "PD", "Q", ln64, sin64, cos64, 21, 7, 8, third64, mantissa64, one64, minus2d, ln4d, sign64}
)

// boxMuller turns words a and b into two normal numbers in place: the operations of boxMuller32 and boxMuller64 in their order.
func (g *generator) boxMuller(p precision, a, b int, free []int) {
	r, f, s, c, z, t := free[0], free[1], free[2], free[3], free[4], free[5]
	g.uniform(p, a, t)
	g.radius(p, t, r, f, s, z)

	g.angle(p, b, f)
	g.op("VMUL"+p.f, f, f, z)
	g.horner(p, p.sin, p.sinN, z, s)
	g.op("VMUL"+p.f, f, s, s)
	g.op("VMUL"+p.f, r, s, s)
	g.horner(p, p.cos, p.cosN, z, c)
	if g.wide {
		g.op("VPTERNLOG"+p.i+".BCST", "$0x78", rowAt(p.top), b, c) // c ^ b&top
	} else {
		g.row("VPAND", p.top, b, t)
		g.op("VPXOR", t, c, c)
	}
	g.op("VMUL"+p.f, r, c, c)
	g.exchange(p, b, s, c, a, t)
}

// uniform makes u in (0, 1] of word a.
func (g *generator) uniform(p precision, a, u int) {
	if p.bits == 32 {
		g.op("VPSRLD", "$1", a, u)
		g.op("VCVTDQ2PS", u, u)
		g.load(32, unit32, a)
		g.row("VFMADD132PS", unit31, a, u)
		return
	}
	g.op("VPSRLQ", "$12", a, u)
	g.row("VPOR"+g.q, one64, u, u)
	g.row("VSUBPD", below1, u, u)
}

// radius makes r = √(-2 ln u) and destroys u.
func (g *generator) radius(p precision, u, r, f, poly, z int) {
	third := p.third
	if p.bits == 64 && !g.wide {
		third = lowered64
	}
	g.row("VPSUB"+p.i, third, u, u)
	g.exponent(p, u, r)
	and := "VPAND"
	if g.wide {
		and += p.i
	}
	g.row(and, p.mantissa, u, u)
	g.row("VPADD"+p.i, p.third, u, u)
	g.row("VSUB"+p.f, p.one, u, f)
	g.horner(p, p.ln, p.lnN, f, poly)
	g.op("VMUL"+p.f, f, f, z)
	g.row("VMUL"+p.f, p.minus2, f, f)
	g.op("VFMADD213"+p.f, f, z, poly)
	g.row("VFMADD132"+p.f, p.l2, poly, r)
	g.op("VSQRT"+p.f, r, r)
}

// exponent is the signed number above the mantissa of x, as a float.
func (g *generator) exponent(p precision, x, k int) {
	switch {
	case p.bits == 32:
		g.op("VPSRAD", "$23", x, k)
		g.op("VCVTDQ2PS", k, k)
	case g.wide:
		g.op("VPSRAQ", "$52", x, k)
		g.op("VCVTQQ2PD", k, k)
	default: // AVX2 has neither instruction: 1024 was added to the exponent, which made it positive
		g.op("VPSRLQ", "$52", x, k)
		g.row("VPOR", big52, k, k)
		g.row("VSUBPD", big52k, k, k)
	}
}

// angle makes f in [-1/2, 1/2] of word b.
func (g *generator) angle(p precision, b, f int) {
	if p.bits == 32 {
		g.op("VPSLLD", "$2", b, f)
		g.row("VPOR"+g.d, two32, f, f)
		g.op("VCVTDQ2PS", f, f)
		g.row("VMULPS", unit32, f, f)
		return
	}
	g.op("VPSLLQ", "$2", b, f)
	g.op("VPSRLQ", "$12", f, f)
	g.row("VPOR"+g.q, odd64, f, f)
	g.row("VSUBPD", threeHalves, f, f)
}

// horner evaluates the polynomial whose coefficients, highest power first, begin at row.
func (g *generator) horner(p precision, row, n, x, y int) {
	g.load(p.bits, row, y)
	for i := 1; i < n; i++ {
		g.row("VFMADD213"+p.f, row+i, x, y)
	}
}

// exchange puts c in a and s in b, or the other way round where the second bit of b is set.
func (g *generator) exchange(p precision, b, s, c, a, t int) {
	g.op(fmt.Sprintf("VPSLL%s", p.i), "$1", b, t)
	if g.wide {
		g.op(fmt.Sprintf("VPMOV%s2M", p.i), t, "K3")
		g.op("VBLENDM"+p.f, s, c, "K3", a)
		g.op("VBLENDM"+p.f, c, s, "K3", b)
		return
	}
	g.op("VBLENDV"+p.f, t, s, c, a)
	g.op("VBLENDV"+p.f, t, c, s, b)
}
