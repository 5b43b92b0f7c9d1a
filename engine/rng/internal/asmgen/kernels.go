package main

import "fmt"

// kernel32 writes the function that fills groups of 64 elements of 32 bits, 16 counters each.
func (g *generator) kernel32(kind string) {
	g.prologue(kind, lanes32)
	step := step16
	if !g.wide {
		step = step8
	}
	for at := 0; at < 64; at += g.width { // a row of 16 elements takes one AVX-512 register or two of AVX2
		a, b := setA, setB
		g.op("VPADDQ", headAt(step2), regP, spare)
		g.sixRounds(regP, &a)
		g.sixRounds(spare, &b)
		g.op("VPADDQ", headAt(step), regP, regP)
		w := g.lastRound32(a, b)
		free := others(w)
		if kind == "Normals32" {
			g.boxMuller(single, w[0], w[1], free)
			g.boxMuller(single, w[2], w[3], free)
		}
		for j, r := range w {
			if kind == "Floats32" {
				g.op("VPSRLD", "$8", r, r)
				g.op("VCVTDQ2PS", r, r)
				g.row("VMULPS", unit24, r, r)
			}
			if kind == "Bernoulli32" {
				g.below(r, free[0], free[1])
			}
			g.store(r, 64*j+at)
		}
	}
	g.op("ADDQ", "$256", "DI")
	g.epilogue()
}

// kernel64 writes the function that fills groups of 16 elements of 64 bits, 8 counters each.
func (g *generator) kernel64(kind string) {
	g.prologue(kind, lanes64)
	step := step8
	if !g.wide {
		step = step4
	}
	for at := 0; at < 64; at += g.width {
		s := setA
		g.sixRounds(regP, &s)
		g.op("VPADDQ", headAt(step), regP, regP)
		lo, hi := g.lastRound64(s)
		if kind == "Normals64" {
			g.boxMuller(double, lo, hi, others([4]int{lo, hi, lo, hi}))
		} else {
			g.unit64(lo, spare)
			g.unit64(hi, spare)
		}
		g.store(lo, at)
		g.store(hi, 64+at)
	}
	g.op("ADDQ", "$128", "DI")
	g.epilogue()
}

// below turns a word into 1 where it is below the threshold, which follows the keys, and into 0 elsewhere.
// AVX2 compares signed numbers only: flipping the top bits keeps the order.
func (g *generator) below(w, t, u int) {
	const threshold = 13
	if g.wide {
		g.op("VPCMPUD.BCST", "$1", fmt.Sprintf("%d(SI)", 4*threshold), w, "K3")
		g.op("VPBROADCASTD.Z", rowAt(one32), "K3", w)
		return
	}
	g.load(32, sign32, t)
	g.op("VPXOR", fmt.Sprintf("%d(SP)", 32*threshold), t, u)
	g.op("VPXOR", t, w, w)
	g.op("VPCMPGTD", w, u, w)
	g.row("VPAND", one32, w, w)
}

func (g *generator) store(r, at int) {
	move := "VMOVDQU"
	if g.wide {
		move = "VMOVDQU32"
	}
	g.op(move, r, fmt.Sprintf("%d(DI)", at))
}

// others lists the registers below the constants that hold none of w.
func others(w [4]int) (free []int) {
	for r := range regM0 {
		if r != w[0] && r != w[1] && r != w[2] && r != w[3] {
			free = append(free, r)
		}
	}
	return free
}

// unit64 turns the upper 53 bits of x into a uniform number. AVX2 converts no 64-bit integers: the upper 32 bits and the 21 below
// become the mantissas' ends of numbers near 2²⁰ and 1/2, and the sum of what exceeds those is exact.
func (g *generator) unit64(x, t int) {
	if g.wide {
		g.op("VPSRLQ", "$11", x, x)
		g.op("VCVTQQ2PD", x, x)
		g.row("VMULPD", unit53, x, x)
		return
	}
	g.op("VPSLLQ", "$32", x, t)
	g.op("VPSRLQ", "$43", t, t)
	g.row("VPOR", half, t, t)
	g.op("VPSRLQ", "$32", x, x)
	g.row("VPOR", big20, x, x)
	g.row("VSUBPD", big20half, x, x)
	g.op("VADDPD", t, x, x)
}
