package main

import "fmt"

// noise writes the random numbers of sweeps whose vector lanes are replicas: raw Philox words, and the thresholds that
// package chance makes of them.
func noise() string {
	t := newText()
	t.words("philox", 0xD2511F53, 0, 0xCD9E8D57, 0)
	t.words("even", 0, 0, 2, 0, 4, 0, 6, 0, 8, 0, 10, 0, 12, 0, 14, 0)
	t.float("lognum", 0.5, 1, 2, 1./9, 1./7, 1./5, 1./3, 0.69314718055994531, 65536)
	t.words("logbits", 0x3f3504f3, 0x007fffff, 32, 0xffff)
	for _, g := range targets {
		philoxRows(t, g)
	}
	for _, g := range targets {
		threshold(t, g, "exponential", false)
		threshold(t, g, "logistic", true)
	}
	return t.String()
}

// A lane64 is four Philox words held in the low halves of 64-bit lanes, with two spare registers.
type lane64 struct {
	c     [4]int
	spare [2]int
}

// round advances both sets by one Philox round, taking the round's keys from memory. The high halves of the words
// fill with rubbish, which the 32-bit multiplication ignores.
func (t *text) round(g target, s *lane64, r int) {
	n0, n2 := s.spare[0], s.spare[1]
	m0, m1, key := "Z20", "Z21", ""
	if g == avx2 {
		m0, m1, key = "Y12", "Y13", "Y14"
	}
	t.p("VPMULUDQ %s, %s, %s", m0, g.r(s.c[0]), g.r(s.c[0]))
	t.p("VPMULUDQ %s, %s, %s", m1, g.r(s.c[2]), g.r(s.c[2]))
	t.p("VPSRLQ $32, %s, %s", g.r(s.c[2]), g.r(n0))
	t.p("VPSRLQ $32, %s, %s", g.r(s.c[0]), g.r(n2))
	for i, n := range [2]int{n0, n2} {
		old := g.r(s.c[1+2*i])
		if g == avx512 {
			t.p("VPTERNLOGD.BCST $0x96, %d(BX), %s, %s", 8*r+4*i, old, g.r(n))
			continue
		}
		t.p("VPXOR %s, %s, %s", old, g.r(n), g.r(n))
		t.p("VPBROADCASTD %d(BX), %s", 8*r+4*i, key)
		t.p("VPXOR %s, %s, %s", key, g.r(n), g.r(n))
	}
	p0, p1 := s.c[0], s.c[2]
	s.spare = [2]int{s.c[1], s.c[3]}
	s.c = [4]int{n0, p1, n2, p0}
}

// philoxRows writes, for each site, the wanted words of 16 consecutive counters: word w of counter c0+l goes to lane l.
func philoxRows(t *text, g target) {
	t.function("philoxRows"+g.suffix, "philoxRows stores Philox4x32-7 words of 16 lanes for consecutive sites.")
	for _, f := range []struct{ off, reg string }{{"0", "DI"}, {"8", "R8"}, {"16", "CX"}, {"56", "R10"}, {"64", "BX"}} {
		t.p("MOVQ %s(AX), %s", f.off, f.reg)
	}
	if g == avx512 {
		t.p("VPBROADCASTQ philox<>+0(SB), Z20")
		t.p("VPBROADCASTQ philox<>+8(SB), Z21")
		t.p("VPBROADCASTQ 32(AX), Z22")
		t.p("VPADDQ even<>(SB), Z22, Z22")
		t.p("MOVL $1, DX")
		t.p("VPBROADCASTQ DX, Z23")
		t.p("VPADDQ Z22, Z23, Z23")
		t.p("VPBROADCASTQ 24(AX), Z24")
		t.p("VPBROADCASTQ DX, Z27")
		t.p("VPBROADCASTQ 40(AX), Z25")
		t.p("VPBROADCASTQ 48(AX), Z26")
		t.p("MOVL $0xaaaa, DX")
		t.p("KMOVW DX, K1")
	} else {
		t.p("VPBROADCASTQ philox<>+0(SB), Y12")
		t.p("VPBROADCASTQ philox<>+8(SB), Y13")
	}
	t.p("site:")
	halves := 64 / g.bytes
	for h := 0; h < halves; h++ {
		a := lane64{[4]int{0, 1, 2, 3}, [2]int{8, 9}}
		b := lane64{[4]int{4, 5, 6, 7}, [2]int{10, 11}}
		if g == avx512 {
			t.p("VMOVDQA64 Z22, Z0")
			t.p("VMOVDQA64 Z23, Z4")
			for i := 1; i < 4; i++ {
				t.p("VMOVDQA64 Z%d, Z%d", 23+i, i)
				t.p("VMOVDQA64 Z%d, Z%d", 23+i, 4+i)
			}
		} else {
			t.p("VPBROADCASTQ 32(AX), Y0")
			t.p("VPADDQ even<>+%d(SB), Y0, Y0", 32*h)
			t.p("VPCMPEQD Y14, Y14, Y14")
			t.p("VPSUBQ Y14, Y0, Y4")
			for i, off := range [3]int{24, 40, 48} {
				t.p("VPBROADCASTQ %d(AX), Y%d", off, 1+i)
				t.p("VMOVDQA Y%d, Y%d", 1+i, 5+i)
			}
		}
		for r := 0; r < 7; r++ {
			t.round(g, &a, r)
			t.round(g, &b, r)
		}
		t.p("MOVQ DI, SI")
		for w := 0; w < 4; w++ {
			if w == 2 {
				t.p("ADDQ 72(AX), SI")
			}
			label := fmt.Sprintf("skip%d%d", h, w)
			t.p("BTL $%d, R10", w)
			t.p("JCC %s", label)
			even, odd := g.r(a.c[w]), g.r(b.c[w])
			t.p("VPSLLQ $32, %s, %s", odd, odd)
			if g == avx512 {
				t.p("VPBLENDMD %s, %s, K1, %s", odd, even, even)
				t.p("VMOVDQU32 %s, (SI)", even)
			} else {
				t.p("VPBLENDD $0xaa, %s, %s, %s", odd, even, even)
				t.p("VMOVDQU %s, %d(SI)", even, 32*h)
			}
			t.p("ADDQ $64, SI")
			t.p("%s:", label)
		}
	}
	t.p("ADDQ R8, DI")
	if g == avx512 {
		t.p("VPADDQ Z27, Z24, Z24")
	} else {
		t.p("INCQ 24(AX)")
	}
	t.p("DECQ CX")
	t.p("JNZ site")
	t.end()
}

// log appends ln(max(float32(w), 1/2) · 2^-32) of the words in register w, as the Go function LogUniform computes it.
// The result is in w; the four temporaries are overwritten.
func (t *text) log(g target, w int, tmp [4]int) {
	r := g.r
	x, e, m, q := r(w), r(tmp[0]), r(tmp[1]), r(tmp[2])
	s := r(tmp[3])
	num := func(i int) string { return r(map[target]int{avx512: 16, avx2: 6}[g] + i) }
	if g == avx512 {
		t.p("VCVTUDQ2PS %s, %s", x, x)
		t.p("VMAXPS %s, %s, %s", num(0), x, x)
		t.p("VPSUBD Z25, %s, %s", x, x)
		t.p("VPSRAD $23, %s, %s", x, e)
		t.p("VPSUBD Z27, %s, %s", e, e)
		t.p("VPANDD Z26, %s, %s", x, x)
		t.p("VPADDD Z25, %s, %s", x, x)
	} else {
		t.p("VPSRLD $16, %s, %s", x, e)
		t.p("VPSLLD $16, %s, %s", x, x)
		t.p("VPSRLD $16, %s, %s", x, x)
		t.p("VCVTDQ2PS %s, %s", x, x)
		t.p("VCVTDQ2PS %s, %s", e, e)
		t.p("VBROADCASTSS lognum<>+32(SB), %s", m)
		t.p("VMULPS %s, %s, %s", m, e, e)
		t.p("VADDPS %s, %s, %s", x, e, x)
		t.p("VMAXPS %s, %s, %s", num(0), x, x)
		t.p("VPBROADCASTD logbits<>+0(SB), %s", m)
		t.p("VPSUBD %s, %s, %s", m, x, x)
		t.p("VPSRAD $23, %s, %s", x, e)
		t.p("VPBROADCASTD logbits<>+8(SB), %s", q)
		t.p("VPSUBD %s, %s, %s", q, e, e)
		t.p("VPBROADCASTD logbits<>+4(SB), %s", q)
		t.p("VPAND %s, %s, %s", q, x, x)
		t.p("VPADDD %s, %s, %s", m, x, x)
	}
	t.p("VCVTDQ2PS %s, %s", e, e)
	t.p("VMULPS %s, %s, %s", num(7), e, e)
	t.p("VSUBPS %s, %s, %s", num(1), x, x) // f = m - 1
	t.p("VADDPS %s, %s, %s", num(2), x, m) // f + 2
	t.p("VDIVPS %s, %s, %s", m, x, s)      // s = f/(f+2)
	t.p("VMULPS %s, %s, %s", s, s, q)      // z = s²
	t.p("VMULPS %s, %s, %s", num(3), q, m)
	for i := 4; i <= 6; i++ {
		t.p("VADDPS %s, %s, %s", num(i), m, m)
		if i < 6 {
			t.p("VMULPS %s, %s, %s", q, m, m)
		}
	}
	t.p("VADDPS %s, %s, %s", s, s, s)
	t.p("VMULPS %s, %s, %s", q, s, q)
	t.p("VMULPS %s, %s, %s", m, q, q)
	t.p("VADDPS %s, %s, %s", q, s, s)
	t.p("VADDPS %s, %s, %s", s, e, x)
}

// threshold turns words into thresholds in place, one column of 16 lanes at a time.
func threshold(t *text, g target, name string, bath bool) {
	t.function(name+g.suffix, name+" turns rows of words into the thresholds of a sweep.")
	t.p("MOVQ 0(AX), DI")
	t.p("MOVQ 8(AX), R8")
	t.p("MOVQ 16(AX), R9")
	t.p("MOVQ 24(AX), R10")
	t.p("MOVQ 32(AX), SI")
	first := 16
	if g == avx2 {
		first = 6
	}
	for i := 0; i < 8; i++ {
		t.p("VBROADCASTSS lognum<>+%d(SB), %s", 4*i, g.r(first+i))
	}
	if g == avx512 {
		for i := 0; i < 3; i++ {
			t.p("VPBROADCASTD logbits<>+%d(SB), Z%d", 4*i, 25+i)
		}
	}
	t.p("column:")
	t.p("MOVQ DI, DX")
	t.p("MOVQ R9, CX")
	t.p("VMOVUPS (SI), %s", g.r(15))
	t.p("row:")
	t.p("VMOVUPS (DX), %s", g.r(0))
	if bath {
		// The word is reloaded for its complement: AVX2 has no register to spare.
		t.log(g, 0, [4]int{2, 3, 4, 5})
		if g == avx512 {
			t.p("VMOVUPS (DX), Z1")
			t.p("VPTERNLOGD $0x55, Z1, Z1, Z1")
		} else {
			t.p("VPCMPEQD Y1, Y1, Y1")
			t.p("VPXOR (DX), Y1, Y1")
		}
		t.log(g, 1, [4]int{2, 3, 4, 5})
		t.p("VSUBPS %s, %s, %s", g.r(1), g.r(0), g.r(0))
	} else {
		t.log(g, 0, [4]int{2, 3, 4, 5})
	}
	t.p("VMULPS %s, %s, %s", g.r(15), g.r(0), g.r(0))
	t.p("VMOVUPS %s, (DX)", g.r(0))
	t.p("ADDQ R8, DX")
	t.p("DECQ CX")
	t.p("JNZ row")
	t.p("ADDQ $%d, DI", g.bytes)
	t.p("ADDQ $%d, SI", g.bytes)
	t.p("DECQ R10")
	t.p("JNZ column")
	t.end()
}
