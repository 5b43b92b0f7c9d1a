package main

import "fmt"

// signs writes the counting of mismatches of package signs: for a row of couplings' bits and lanes of spins' bits, how many
// bits differ in each lane.
func signs() string {
	t := newText()
	nibbles := []uint32{0x02010100, 0x03020201, 0x03020201, 0x04030302}
	t.words("counts", append(append([]uint32{}, nibbles...), nibbles...)...)
	t.words("low", 0x0f0f0f0f)
	mismatches(t, avx512, 2, "popcnt")
	mismatches(t, avx512, 4, "popcnt")
	mismatches(t, avx2, 4, "shuffle")
	return t.String()
}

// mismatches counts with n vectors of 64-bit lanes: by the popcount instruction where there is one, by tables of nibbles
// where there is not.
func mismatches(t *text, g target, n int, how string) {
	t.function(fmt.Sprintf("mismatches%d%s", n*g.bytes/8, g.suffix), "mismatches counts differing bits by "+how+".")
	for i, reg := range []string{"DI", "SI", "R8", "BX", "CX"} { // counts, spins, bytes of a row, couplings, words
		t.p("MOVQ %d(AX), %s", 8*i, reg)
	}
	for v := range n {
		t.p("VPXOR X%d, X%d, X%d", v, v, v)
	}
	if how == "shuffle" {
		t.p("VMOVDQU counts<>(SB), Y15")
		t.p("VPBROADCASTD low<>(SB), Y14")
		t.p("VPXOR Y13, Y13, Y13")
	}
	t.p("word:")
	t.p("VPBROADCASTQ (BX), %s", g.r(12))
	for v := range n {
		x := g.r(4 + v%4)
		if how == "popcnt" {
			t.p("VPXORQ %d(SI), %s, %s", v*g.bytes, g.r(12), x)
			t.p("VPOPCNTQ %s, %s", x, x)
			t.p("VPADDQ %s, %s, %s", x, g.r(v), g.r(v))
			continue
		}
		hi := g.r(8 + v%4)
		t.p("VPXOR %d(SI), Y12, %s", v*g.bytes, x)
		t.p("VPSRLW $4, %s, %s", x, hi)
		t.p("VPAND Y14, %s, %s", x, x)
		t.p("VPAND Y14, %s, %s", hi, hi)
		t.p("VPSHUFB %s, Y15, %s", x, x)
		t.p("VPSHUFB %s, Y15, %s", hi, hi)
		t.p("VPADDB %s, %s, %s", hi, x, x)
		t.p("VPSADBW Y13, %s, %s", x, x)
		t.p("VPADDQ %s, %s, %s", x, g.r(v), g.r(v))
	}
	t.p("ADDQ $8, BX")
	t.p("ADDQ R8, SI")
	t.p("DECQ CX")
	t.p("JNZ word")
	for v := range n {
		t.p("VMOVDQU%s %s, %d(DI)", map[bool]string{true: "64", false: ""}[g == avx512], g.r(v), v*g.bytes)
	}
	t.end()
}
