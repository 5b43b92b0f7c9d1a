package main

// multispinTables writes what fills the tables of a block of words of package multispin, a vector a row.
func multispinTables() string {
	t := newText()
	t.WriteString("#include \"go_asm.h\"\n")
	for _, g := range targets {
		t.pairRows(g)
		t.thresholdRows(g)
	}
	return t.String()
}

// v writes an instruction whose name has a suffix Q with 512 bits.
func (t *text) v(g target, op, operands string, a ...any) {
	if g == avx512 {
		op += "Q"
	}
	t.p(op+" "+operands, a...)
}

// move is the unaligned move of a vector.
func (g target) move() string {
	if g == avx512 {
		return "VMOVDQU64"
	}
	return "VMOVDQU"
}

// pairRows computes the rows of the 16 pairs of planes, as pass.perPair does for one word.
func (t *text) pairRows(g target) {
	t.function("pairRows"+g.suffix, "pairRows"+g.suffix+" fills the four rows of each pair of planes.")
	t.p("MOVQ tablesArgs_pairs(AX), DI")
	names := []string{"m0", "m1", "low", "c3", "x1", "k11", "k02", "k12", "k13", "next"}
	at := map[string]string{}
	for i, name := range names {
		at[name] = g.r(4 + i)
		t.p("VPBROADCASTQ tablesArgs_%s(AX), %s", name, at[name])
	}
	word, a, b, row := g.r(0), g.r(1), g.r(2), g.r(3)
	low := func(from, key string, place int) {
		t.v(g, "VPAND", "%s, %s, %s", at["low"], from, row)
		t.v(g, "VPXOR", "%s, %s, %s", at[key], row, row)
		t.p("%s %s, %d(DI)", g.move(), row, 64*place)
	}
	high := func(from, key, to string) {
		t.p("VPSRLQ $32, %s, %s", from, to)
		t.v(g, "VPXOR", "%s, %s, %s", at[key], to, to)
	}
	t.p("%s tablesArgs_words(AX), %s", g.move(), word)
	t.p("MOVQ $16, CX")
	t.p("pair:")
	t.p("VPMULUDQ %s, %s, %s", at["m0"], word, a)
	low(a, "k11", 0)
	high(a, "c3", a)
	t.p("VPMULUDQ %s, %s, %s", at["m1"], a, b)
	low(b, "k02", 1)
	high(b, "x1", b)
	t.p("VPMULUDQ %s, %s, %s", at["m0"], b, a)
	high(a, "k12", b)
	t.p("%s %s, 128(DI)", g.move(), b)
	low(a, "k13", 3)
	t.p("VPADDQ %s, %s, %s", at["next"], word, word)
	t.p("ADDQ $256, DI")
	t.p("DECQ CX")
	t.p("JNZ pair")
	t.end()
}

// thresholdRows copies the words of one class of all planes, repeated until they fill a vector, combined with a base.
func (t *text) thresholdRows(g target) {
	t.function("thresholdRows"+g.suffix, "thresholdRows"+g.suffix+" fills the rows of one class of thresholds.")
	for _, x := range [][2]string{{"rows", "DI"}, {"step", "R8"}, {"from", "SI"}, {"fromStep", "R9"}, {"base", "BX"}, {"baseStep", "R10"}} {
		t.p("MOVQ tablesArgs_%s(AX), %s", x[0], x[1])
	}
	t.p("%s tablesArgs_pick%s(AX), %s", g.move(), map[target]string{avx2: "4"}[g], g.r(1))
	if g == avx512 {
		t.p("KMOVB tablesArgs_mask(AX), K1")
	} else {
		t.p("VMOVDQU tablesArgs_mask4(AX), Y3")
	}
	t.p("MOVQ $const_Planes, CX")
	t.p("plane:")
	if g == avx512 {
		t.p("VMOVDQU64.Z (SI), K1, Z2")
		t.p("VPERMQ Z2, Z1, Z2")
	} else {
		t.p("VPMASKMOVQ (SI), Y3, Y2")
		t.p("VPERMD Y2, Y1, Y2")
	}
	t.v(g, "VPXOR", "(BX), %s, %s", g.r(2), g.r(2))
	t.p("%s %s, (DI)", g.move(), g.r(2))
	for _, x := range [][2]string{{"R8", "DI"}, {"R9", "SI"}, {"R10", "BX"}} {
		t.p("ADDQ %s, %s", x[0], x[1])
	}
	t.p("DECQ CX")
	t.p("JNZ plane")
	t.end()
}
