package main

// Planes that are compared before the first test whether all bits are decided, and planes between later tests.
const (
	headPlanes = 12
	tailPlanes = 4
)

// Where the core keeps its state.
const (
	undecided = 2
	siteLow   = 4 // product of the second round: its low halves count
	siteHigh  = 5
	below     = 7
	level     = 26 // the plane of the selected thresholds
	three     = 27
)

// core leaves in register 7 the bits that flip. The words of Philox of one vector differ from those of another only in the
// site, which enters rounds 0 and 1 alike for all planes: what is left of the first three rounds is one multiplication.
func (f spins512) core() {
	f.p("VPADDQ Z29, Z27, Z27")
	f.p("VPXORQ.BCST planeArgs_siteKey(AX), Z27, Z27")
	f.p("VPMULUDQ Z31, Z27, Z%d", siteLow)
	f.p("VPSHUFD $0xf5, Z%d, Z%d", siteLow, siteHigh)
	f.p("MOVQ planeArgs_tables(AX), CX")
	f.p("MOVQ planeArgs_thresholds(AX), DX")
	f.choose()
	f.threshold(32)
	if f.bath {
		f.p("VMOVDQA64 Z%d, Z%d", level, below)
	} else {
		f.p("VPORQ Z%d, Z%d, Z%d", level, fours, below)
	}
	f.p("VPTERNLOGQ $%#x, Z%d, Z%d, Z%d", not, below, below, undecided)
	for plane := 0; plane < headPlanes; plane += 6 {
		f.compare(plane, f.blocks(plane/2, 3, 0))
	}
	f.p("VPTESTMQ Z%d, Z%d, K7", undecided, undecided)
	f.p("KORTESTB K7, K7")
	f.p("JNZ more")
	f.p("decided:")
	if f.bath {
		f.p("VPXORQ Z%d, Z%d, Z%d", fours, below, below)
	}
}

// tail compares further planes for the few vectors that need them. Bits equal to their threshold in all planes do not flip.
func (f spins512) tail() {
	f.p("more:")
	f.p("ADDQ $%d, CX", headPlanes/2*tableBytes)
	f.p("ADDQ $%d, DX", headPlanes*f.classes*64)
	f.p("again:")
	f.compare(0, f.blocks(0, tailPlanes/2, 0))
	f.p("VPTESTMQ Z%d, Z%d, K7", undecided, undecided)
	f.p("KORTESTB K7, K7")
	f.p("JZ decided")
	f.p("ADDQ $%d, CX", tailPlanes/2*tableBytes)
	f.p("ADDQ $%d, DX", tailPlanes*f.classes*64)
	f.p("CMPQ CX, planeArgs_tablesEnd(AX)")
	f.p("JNE again")
	f.p("VPANDNQ Z%d, Z%d, Z%d", below, undecided, below)
	f.p("JMP decided")
}

// choose turns the counts into the choice of package multispin: register fours the bits that flip in any case or, with heat
// bath, the complementary ones, and the masks of the choice in the registers that masks lists.
func (f spins512) choose() {
	switch {
	case !f.bath && f.dims == 2:
		f.p("VPORQ Z%d, Z%d, Z%d", twos, fours, fours)
	case !f.bath:
		f.p("VPTERNLOGQ $%#x, Z%d, Z%d, Z%d", orAnd, ones, twos, fours)
	case f.dims == 2:
		f.p("VPTERNLOGQ $%#x, Z%d, Z%d, Z%d", orAnd, ones, twos, fours)
		f.p("VPANDNQ Z%d, Z%d, Z%d", twos, ones, twos)
	default:
		f.p("VPANDQ Z%d, Z%d, Z%d", ones, twos, three)
		f.p("VPTERNLOGQ $%#x, Z%d, Z%d, Z%d", xorAndNot, ones, fours, twos)
		f.p("VPXORQ Z%d, Z%d, Z%d", three, ones, ones)
	}
}

// masks lists the registers of the masks of a choice.
func (f spins512) masks() []int {
	switch {
	case !f.bath:
		return []int{ones, twos}[:f.dims-1]
	case f.dims == 2:
		return []int{twos, ones}
	}
	return []int{twos, ones, three}
}

// threshold leaves the plane of each bit's threshold in register level. The planes are at DX: the first choice's, then how the
// others differ from it.
func (f spins512) threshold(plane int) {
	at := 64 * plane * f.classes
	f.p("VMOVDQU64 %d(DX), Z%d", at, level)
	for i, m := range f.masks() {
		f.p("VPTERNLOGQ $%#x, %d(DX), Z%d, Z%d", xorAnd, at+64*(i+1), m, level)
	}
}

// tableBytes is the size of the part of Philox that does not depend on the site, for one pair of planes.
const tableBytes = 4 * 64

// blocks computes n Philox blocks at once, beginning with pair of planes q, and returns the registers of their 2n planes.
func (f spins512) blocks(q, n, first int) []int {
	reg := func(b, i int) int { return 8 + 6*(first+b) + i }
	each := func(format string, a func(b int) []any) {
		for b := range n {
			f.p(format, a(b)...)
		}
	}
	table := func(b, i int) int { return tableBytes*(q+b) + 64*i }
	const a, b, c, d, e, g = 0, 1, 2, 3, 4, 5
	each("VPXORQ %d(CX), Z%d, Z%d", func(k int) []any { return []any{table(k, 0), siteHigh, reg(k, b)} })
	each("VPMULUDQ Z30, Z%d, Z%d", func(k int) []any { return []any{reg(k, b), reg(k, c)} })
	each("VPXORQ %d(CX), Z%d, Z%d", func(k int) []any { return []any{table(k, 2), siteLow, reg(k, b)} })
	each("VPSHUFD $0xf5, Z%d, Z%d", func(k int) []any { return []any{reg(k, c), reg(k, a)} })
	each("VPXORQ %d(CX), Z%d, Z%d", func(k int) []any { return []any{table(k, 1), reg(k, a), reg(k, a)} })
	// x1 holds c; x3 of round 3 is in the table.
	x1, x3, p0, p1 := c, -1, d, e
	for round := 3; round <= 5; round++ {
		each("VPMULUDQ Z31, Z%d, Z%d", func(k int) []any { return []any{reg(k, a), reg(k, p0)} })
		each("VPMULUDQ Z30, Z%d, Z%d", func(k int) []any { return []any{reg(k, b), reg(k, p1)} })
		each("VPSHUFD $0xf5, Z%d, Z%d", func(k int) []any { return []any{reg(k, p1), reg(k, a)} })
		each("VPSHUFD $0xf5, Z%d, Z%d", func(k int) []any { return []any{reg(k, p0), reg(k, b)} })
		each("VPTERNLOGQ.BCST $%#x, planeArgs_keys+%d(AX), Z%d, Z%d", func(k int) []any {
			return []any{parity, 16 * round, reg(k, x1), reg(k, a)}
		})
		if round == 3 {
			each("VPXORQ %d(CX), Z%d, Z%d", func(k int) []any { return []any{table(k, 3), reg(k, b), reg(k, b)} })
			x1, x3, p0, p1 = p1, p0, c, g
			continue
		}
		each("VPTERNLOGQ.BCST $%#x, planeArgs_keys+%d(AX), Z%d, Z%d", func(k int) []any {
			return []any{parity, 16*round + 8, reg(k, x3), reg(k, b)}
		})
		x1, x3, p0, p1 = p1, p0, x3, x1
	}
	each("VPMULUDQ Z31, Z%d, Z%d", func(k int) []any { return []any{reg(k, a), reg(k, p0)} })
	each("VPMULUDQ Z30, Z%d, Z%d", func(k int) []any { return []any{reg(k, b), reg(k, p1)} })
	each("VPSLLQ $32, Z%d, Z%d", func(k int) []any { return []any{reg(k, x1), reg(k, x1)} })
	each("VPSLLQ $32, Z%d, Z%d", func(k int) []any { return []any{reg(k, x3), reg(k, x3)} })
	// The last keys are shifted like the words that they belong to.
	each("VPTERNLOGQ.BCST $%#x, planeArgs_keys+96(AX), Z%d, Z%d", func(k int) []any { return []any{parity, reg(k, x1), reg(k, p1)} })
	each("VPTERNLOGQ.BCST $%#x, planeArgs_keys+104(AX), Z%d, Z%d", func(k int) []any { return []any{parity, reg(k, x3), reg(k, p0)} })
	var planes []int
	for k := range n {
		planes = append(planes, reg(k, p1), reg(k, p0))
	}
	return planes
}

// compare takes the random planes in registers r, from plane on, against the thresholds.
func (f spins512) compare(plane int, r []int) {
	for i, x := range r {
		f.threshold(plane + i)
		f.p("VPTERNLOGQ $%#x, Z%d, Z%d, Z%d", choose, level, undecided, below)
		f.p("VPTERNLOGQ $%#x, Z%d, Z%d, Z%d", still, x, level, undecided)
	}
}

// scatter writes the flipped spins.
func (f spins512) scatter() {
	f.p("MOVQ step_here(BX), CX")
	f.p("CMPQ planeArgs_layout(AX), $const_layoutShared")
	f.p("JGT spread")
	f.p("VPXORQ Z%d, Z0, Z0", below)
	f.p("VMOVDQU64 Z0, K1, (R8)(CX*1)")
	f.p("JMP next")
	f.p("spread:")
	for i, mask := range []string{"K2", "K3"} { // as packedSpins left them
		f.p("VMOVDQU64 step_spread+%d(BX), Z26", 64*i)
		f.p("VPERMQ.Z Z%d, Z26, %s, Z26", below, mask)
		f.p("VPXORQ.Z %d(R8)(CX*1), Z26, %s, Z26", 64*i, mask)
		f.p("VMOVDQU64 Z26, %s, %d(R8)(CX*1)", mask, 64*i)
	}
}
