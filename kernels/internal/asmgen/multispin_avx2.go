package main

// multispin256 writes the AVX2 functions: the same loops for vectors of four words. Sixteen registers hold the
// Philox blocks of four planes, so what else a vector needs waits in memory, in planeArgs_scratch.
func multispin256() string {
	t := newText()
	t.WriteString("#include \"go_asm.h\"\n")
	for _, r := range spinRules {
		f := spins256{spinLoops{t, r}}
		f.function(r.name+"AVX2", r.name+"AVX2 sweeps one colour of rows of a plane.")
		f.rows("", func() {
			f.front()
			f.count()
			f.core()
		})
		f.end()
		f.tail()
	}
	for _, r := range spinRules {
		f := spins256{spinLoops{t, r}}
		f.function(r.name+"SharedAVX2", r.name+"SharedAVX2 sweeps one colour of rows of a plane with one random number a word.")
		f.rows("MOVQ $-1, planeArgs_eight(AX)", func() {
			f.words()
			f.front()
			f.count()
			f.shared()
			f.write()
		})
		f.end()
	}
	for dims := 2; dims <= 3; dims++ {
		f := spins256{spinLoops{t, spinRule{dims: dims}}}
		name := [2]string{"unsatisfied2", "unsatisfied3"}[dims-2]
		f.function(name+"AVX2", name+"AVX2 counts the unsatisfied bonds of one colour of rows of a plane.")
		f.clearTally("tallyVectors4")
		f.rows("", func() {
			f.front()
			f.count()
			f.tally("tallyVectors4", ones4, twos4, fours4)
		})
		f.flush("rest")
		f.end()
		name = [2]string{"bonds2", "bonds3"}[dims-2]
		f.function(name+"AVX2", name+"AVX2 counts the unsatisfied bonds of rows of a plane of packed words.")
		f.clearTally("bondVectors4")
		f.rows("", func() {
			f.bondsFront()
			f.bondsCount()
			f.tally("bondVectors4", 7, 1)
		})
		f.flush("rest")
		f.end()
	}
	return t.String()
}

// spins256 writes functions for vectors of four words.
type spins256 struct{ spinLoops }

// vp writes an instruction of 256-bit registers given by their numbers.
func (f spins256) vp(op string, reg ...int) {
	f.p("%s Y%d, Y%d, Y%d", op, reg[0], reg[1], reg[2])
}

// front loads a vector: register 0 the spins, 1 to 2·dims their unsatisfied bonds. Registers from 9 on stay untouched.
func (f spins256) front() {
	f.p("CMPQ planeArgs_layout(AX), $const_layoutShared")
	f.p("JGT packed")
	f.wideFront()
	f.p("JMP loaded")
	f.p("packed:")
	f.packedFront()
	f.p("loaded:")
}

// wideFront takes one site and up to four of its words.
func (f spins256) wideFront() {
	f.p("MOVQ step_here(BX), CX")
	f.p("MOVQ step_right(BX), DX")
	f.p("VMOVDQU planeArgs_mask4(AX), Y7")
	f.p("VPMASKMOVQ (R8)(CX*1), Y7, Y0")
	f.p("VPMASKMOVQ (R8)(DX*1), Y7, Y1")
	f.p("MOVQ step_left(BX), DX")
	f.p("VPMASKMOVQ (R8)(DX*1), Y7, Y2")
	for i, b := range f.bonds() {
		f.p("VPMASKMOVQ (%s)(CX*1), Y7, Y%d", b[0], 3+i)
		f.vp("VPXOR", 0, 3+i, 3+i)
	}
	f.p("CMPQ step_turned(BX), $const_turnRight")
	f.p("JNE straight")
	f.turn(1, "VPSRLQ", "VPSLLQ")
	f.p("straight:")
	f.vp("VPXOR", 0, 1, 1)
	f.p("MOVQ step_bond(BX), CX")
	f.p("MOVQ step_bondLeft(BX), DX")
	f.p("CMPQ planeArgs_layout(AX), $const_layoutShared")
	f.p("JEQ shared")
	f.couplings("VPMASKMOVQ (%s)(%s*1), Y7, Y8")
	f.p("JMP bonded")
	f.p("shared:")
	f.couplings("VPBROADCASTQ (%s)(%s*1), Y8")
	f.p("bonded:")
	f.p("CMPQ step_turned(BX), $const_turnLeft")
	f.p("JNE across")
	f.turn(2, "VPSLLQ", "VPSRLQ")
	f.p("across:")
	f.vp("VPXOR", 0, 2, 2)
}

// couplings combines them with the neighbours.
func (f spins256) couplings(load string) {
	all := append([][2]string{{"R13", "CX"}, {"R13", "DX"}}, f.bonds()...)
	for i, b := range all {
		if i < 2 {
			f.p(load, b[0], b[1])
		} else {
			f.p(load, b[1], "CX")
		}
		f.vp("VPXOR", 8, 1+i, 1+i)
	}
}

// turn rotates the words of register x by one bit.
func (f spins256) turn(x int, by, back string) {
	f.p("%s $1, Y%d, Y8", by, x)
	f.p("%s $63, Y%d, Y%d", back, x, x)
	f.vp("VPOR", 8, x, x)
}

// Where count leaves the planes of the number of unsatisfied bonds.
const (
	ones4  = 7
	twos4  = 2
	fours4 = 1
)

// add adds registers a, b and c bit by bit: the sum goes to register sum, the carry to a; b and c are overwritten.
func (f spins256) add(a, b, c, sum int) {
	f.vp("VPXOR", b, a, sum)
	f.vp("VPAND", b, a, a)
	f.vp("VPAND", sum, c, b)
	f.vp("VPXOR", sum, c, sum)
	f.vp("VPOR", a, b, a)
}

// count adds the unsatisfied bonds in registers 1 to 2·dims.
func (f spins256) count() {
	f.add(1, 2, 3, 7)
	if f.dims == 2 {
		f.vp("VPAND", 7, 4, 3)
		f.vp("VPXOR", 7, 4, ones4)
		f.vp("VPXOR", 1, 3, twos4)
		f.vp("VPAND", 1, 3, fours4)
		return
	}
	f.add(4, 5, 6, 2)
	f.vp("VPAND", 7, 2, 3)
	f.vp("VPXOR", 7, 2, ones4)
	f.add(1, 4, 3, twos4)
}

// Registers of the core, and what it keeps in scratch memory.
const (
	undecided4 = 0
	below4     = 1
	mult0      = 2
	mult1      = 3

	maskAt       = 0 // of a choice, three of them
	complementAt = 96
	lowAt        = 128 // the site's product
	highAt       = 160
)

// store writes a register to scratch memory.
func (f spins256) store(reg, at int) { f.p("VMOVDQU Y%d, planeArgs_scratch+%d(AX)", reg, at) }

// choose turns the counts into the choice of package multispin, its masks and complement in scratch memory and the bits that
// flip in any case in register below4.
func (f spins256) choose() {
	const t = 4
	f.vp("VPAND", ones4, twos4, t)
	switch {
	case !f.bath && f.dims == 2:
		f.store(ones4, maskAt)
		f.vp("VPOR", twos4, fours4, below4)
	case !f.bath:
		f.store(ones4, maskAt)
		f.store(twos4, maskAt+32)
		f.vp("VPOR", t, fours4, below4)
	case f.dims == 2:
		f.vp("VPOR", t, fours4, fours4)
		f.store(fours4, complementAt)
		f.vp("VPANDN", twos4, ones4, t)
		f.store(t, maskAt)
		f.store(ones4, maskAt+32)
	default:
		f.store(fours4, complementAt)
		f.store(t, maskAt+64)
		f.vp("VPXOR", t, ones4, t)
		f.store(t, maskAt+32)
		f.vp("VPXOR", twos4, fours4, t)
		f.vp("VPANDN", t, ones4, t)
		f.store(t, maskAt)
	}
	if f.bath {
		f.vp("VPXOR", below4, below4, below4)
	}
}

// product leaves the product of register 4, the sites, that begins their Philox blocks, in scratch memory.
func (f spins256) product() {
	f.p("VPBROADCASTQ planeArgs_siteKey(AX), Y5")
	f.vp("VPXOR", 5, 4, 4)
	f.vp("VPMULUDQ", mult0, 4, 4)
	f.store(4, lowAt)
	f.p("VPSHUFD $0xf5, Y4, Y4")
	f.store(4, highAt)
}

// core finds the flips and writes the spins.
func (f spins256) core() {
	f.choose()
	f.p("VMOVDQU planeArgs_m0x4(AX), Y%d", mult0)
	f.p("VMOVDQU planeArgs_m1x4(AX), Y%d", mult1)
	f.p("VPBROADCASTQ planeArgs_rowSite(AX), Y4")
	f.p("VPADDQ step_sites(BX), Y4, Y4")
	f.product()
	f.p("MOVQ planeArgs_tables(AX), CX")
	f.p("MOVQ planeArgs_thresholds(AX), DX")
	f.threshold(32, 4, 5)
	f.vp("VPOR", 4, below4, below4)
	f.vp("VPCMPEQD", 4, 4, 4)
	f.vp("VPXOR", 4, below4, undecided4)
	for plane := 0; plane < headPlanes; plane += 4 {
		f.compare(plane, f.blocks(plane/2))
	}
	f.p("VPTEST Y%d, Y%d", undecided4, undecided4)
	f.p("JNZ more")
	f.p("decided:")
	f.write()
}

// write writes the spins, with the flips in register below4, or those bits' complement where the choice says so.
func (f spins256) write() {
	if f.bath {
		f.p("VPXOR planeArgs_scratch+%d(AX), Y%d, Y%d", complementAt, below4, below4)
	}
	f.p("MOVQ step_here(BX), CX")
	f.p("CMPQ planeArgs_layout(AX), $const_layoutShared")
	f.p("JGT spread")
	f.p("VMOVDQU planeArgs_mask4(AX), Y4")
	f.p("VPMASKMOVQ (R8)(CX*1), Y4, Y5")
	f.vp("VPXOR", below4, 5, 5)
	f.p("VPMASKMOVQ Y5, Y4, (R8)(CX*1)")
	f.p("JMP next")
	f.p("spread:")
	f.scatter()
}

// tail compares further planes for the vectors that need them.
func (f spins256) tail() {
	f.p("more:")
	f.p("ADDQ $%d, CX", headPlanes/2*tableBytes)
	f.p("ADDQ $%d, DX", headPlanes*f.classes*64)
	f.p("again:")
	f.compare(0, f.blocks(0))
	f.p("VPTEST Y%d, Y%d", undecided4, undecided4)
	f.p("JZ decided")
	f.p("ADDQ $%d, CX", 2*tableBytes)
	f.p("ADDQ $%d, DX", 4*f.classes*64)
	f.p("CMPQ CX, planeArgs_tablesEnd(AX)")
	f.p("JNE again")
	f.vp("VPANDN", below4, undecided4, below4)
	f.p("JMP decided")
}

// threshold leaves the plane of each bit's threshold in register to.
func (f spins256) threshold(plane, to, spare int) {
	at := 64 * plane * f.classes
	f.p("VMOVDQU %d(DX), Y%d", at, to)
	for i := 1; i < f.classes; i++ {
		f.p("VMOVDQU planeArgs_scratch+%d(AX), Y%d", maskAt+32*(i-1), spare)
		f.p("VPAND %d(DX), Y%d, Y%d", at+64*i, spare, spare)
		f.vp("VPXOR", spare, to, to)
	}
}

// blocks computes the blocks of two pairs of planes, from pair q on, and returns the registers of the four planes.
func (f spins256) blocks(q int) (planes []int) {
	const a, b, c, d, e, g = 4, 5, 6, 7, 8, 9
	each := func(format string, args func(k, shift int) []any) {
		for k := range 2 {
			f.p(format, args(k, 6*k)...)
		}
	}
	three := func(op string, x, y, to int) {
		for k := range 2 {
			f.vp(op, x+6*k, y+6*k, to+6*k)
		}
	}
	times := func(m, x, to int) {
		for k := range 2 {
			f.vp("VPMULUDQ", m, x+6*k, to+6*k)
		}
	}
	high := func(x, to int) {
		each("VPSHUFD $0xf5, Y%d, Y%d", func(_, s int) []any { return []any{x + s, to + s} })
	}
	table := func(i, x int) {
		each("VPXOR %d(CX), Y%d, Y%d", func(k, s int) []any { return []any{tableBytes*(q+k) + 64*i, x + s, x + s} })
	}
	key := func(round, half, x int) {
		each("VPXOR planeArgs_keys4+%d(AX), Y%d, Y%d", func(_, s int) []any { return []any{64*round + 32*half, x + s, x + s} })
	}
	scratch := func(at, to int) {
		each("VMOVDQU planeArgs_scratch+%d(AX), Y%d", func(_, s int) []any { return []any{at, to + s} })
	}
	scratch(highAt, b)
	table(0, b)
	times(mult1, b, c)
	scratch(lowAt, b)
	table(2, b)
	high(c, a)
	table(1, a)
	x1, x3, p0, p1 := c, -1, d, e
	for round := 3; round <= 5; round++ {
		times(mult0, a, p0)
		times(mult1, b, p1)
		high(p1, a)
		high(p0, b)
		three("VPXOR", x1, a, a)
		key(round, 0, a)
		if round == 3 {
			table(3, b)
			x1, x3, p0, p1 = p1, p0, c, g
			continue
		}
		three("VPXOR", x3, b, b)
		key(round, 1, b)
		x1, x3, p0, p1 = p1, p0, x3, x1
	}
	times(mult0, a, p0)
	times(mult1, b, p1)
	for _, x := range []int{x1, x3} {
		each("VPSLLQ $32, Y%d, Y%d", func(_, s int) []any { return []any{x + s, x + s} })
	}
	three("VPXOR", x1, p1, p1)
	key(6, 0, p1)
	three("VPXOR", x3, p0, p0)
	key(6, 1, p0)
	return []int{p1, p0, p1 + 6, p0 + 6}
}

// compare takes random planes, from plane on, against the thresholds.
func (f spins256) compare(plane int, r []int) {
	var free []int // two registers of the first block that hold no plane
	for x := 4; len(free) < 2; x++ {
		if x != r[0] && x != r[1] {
			free = append(free, x)
		}
	}
	t, u := free[0], free[1]
	for i, x := range r {
		f.threshold(plane+i, t, u)
		f.vp("VPANDN", t, x, u)
		f.vp("VPAND", undecided4, u, u)
		f.vp("VPOR", u, below4, below4)
		f.vp("VPXOR", x, t, t)
		f.vp("VPANDN", undecided4, t, undecided4)
	}
}
