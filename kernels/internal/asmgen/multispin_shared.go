package main

// shared writes the core of the mode in which the bits of a word share a random number: register below the bits that flip.
// A block of Philox serves the word's four sites of one colour among eight in order; it is computed when the first of them is met.
func (f spins512) shared() {
	f.choose()
	f.p("VMOVDQU64 planeArgs_words(AX)(DX*1), Z%d", level)
	masks := f.masks()
	if f.bath {
		f.p("VPXORQ Z%d, Z%d, Z%d", below, below, below)
		f.p("VMOVDQA64 Z%d, Z%d", masks[0], undecided)
		f.p("VPTERNLOGQ $%#x, Z%d, Z%d, Z%d", neither, masks[1], masks[len(masks)-1], undecided)
	} else {
		f.p("VMOVDQA64 Z%d, Z%d", fours, below)
		f.p("VMOVDQA64 Z%d, Z%d", fours, undecided)
		f.p("VPTERNLOGQ $%#x, Z%d, Z%d, Z%d", neither, masks[0], masks[len(masks)-1], undecided)
	}
	f.p("MOVQ planeArgs_thresholds(AX), CX")
	for i, m := range append([]int{undecided}, masks...) {
		f.p("VPCMPUQ $1, %d(CX), Z%d, K%d", 64*i, level, 2+i)
		f.p("VPORQ Z%d, Z%d, K%d, Z%d", m, below, 2+i, below)
	}
	if f.bath {
		f.p("VPXORQ Z%d, Z%d, Z%d", fours, below, below)
	}
	f.p("VPXORQ Z%d, Z0, Z0", below)
	f.p("MOVQ step_here(BX), CX")
	f.p("VMOVDQU64 Z0, K1, (R8)(CX*1)")
}

// known finds out whether planeArgs_words holds the random numbers of the site, those of its eight sites in order; it falls
// through with the number of these in CX and the site in DX when it does not.
func (f spinLoops) known() {
	f.p("MOVQ step_sites(BX), DX")
	f.p("ADDQ planeArgs_rowSite(AX), DX")
	f.p("MOVQ DX, CX")
	f.p("SHRQ $3, CX")
	f.p("CMPQ CX, planeArgs_eight(AX)")
	f.p("JEQ known")
	f.p("MOVQ CX, planeArgs_eight(AX)")
}

// parityTables sets CX to the tables for the site's parity.
func (f spinLoops) parityTables() {
	f.p("MOVQ DX, CX")
	f.p("ANDQ $1, CX")
	f.p("IMULQ $%d, CX", tableBytes)
	f.p("ADDQ planeArgs_tables(AX), CX")
}

// place leaves the offset of the site's word among planeArgs_words in planeArgs_word.
func (f spinLoops) place() {
	f.p("known:")
	f.p("SHLQ $5, DX") // word (site/2)%4 of 64 bytes
	f.p("ANDQ $0xc0, DX")
	f.p("MOVQ DX, planeArgs_word(AX)")
}

// words computes the random numbers of the site's eight sites.
func (f spins512) words() {
	f.known()
	f.p("VPBROADCASTQ CX, Z%d", siteLow)
	f.p("VPXORQ.BCST planeArgs_siteKey(AX), Z%d, Z%d", siteLow, siteLow)
	f.p("VPMULUDQ Z31, Z%d, Z%d", siteLow, siteLow)
	f.p("VPSHUFD $0xf5, Z%d, Z%d", siteLow, siteHigh)
	f.parityTables()
	for i, r := range f.blocks(0, 1, 0) {
		f.p("VPSRLQ $32, Z%d, Z26", r)
		f.p("VMOVDQU64 Z26, planeArgs_words+%d(AX)", 128*i)
		f.p("VPSLLQ $32, Z%d, Z26", r)
		f.p("VPSRLQ $32, Z26, Z26")
		f.p("VMOVDQU64 Z26, planeArgs_words+%d(AX)", 128*i+64)
	}
	f.place()
}

// words computes the random numbers of the site's eight sites, and of others that are not used.
func (f spins256) words() {
	f.known()
	f.p("VMOVDQU planeArgs_m0x4(AX), Y%d", mult0)
	f.p("VMOVDQU planeArgs_m1x4(AX), Y%d", mult1)
	f.p("VMOVQ CX, X4")
	f.p("VPBROADCASTQ X4, Y4")
	f.product()
	f.parityTables()
	for i, r := range f.blocks(0)[:2] {
		f.p("VPSRLQ $32, Y%d, Y0", r)
		f.p("VMOVDQU Y0, planeArgs_words+%d(AX)", 128*i)
		f.p("VPSLLQ $32, Y%d, Y0", r)
		f.p("VPSRLQ $32, Y0, Y0")
		f.p("VMOVDQU Y0, planeArgs_words+%d(AX)", 128*i+64)
	}
	f.place()
}

// shared writes the core of the same mode for four words.
func (f spins256) shared() {
	const number, base, x = 3, 4, 5
	f.choose()
	f.p("MOVQ planeArgs_word(AX), DX")
	f.p("VMOVDQU planeArgs_words(AX)(DX*1), Y%d", number)
	f.p("VMOVDQA Y%d, Y%d", below4, base)
	for i := range f.classes - 1 {
		f.p("VPOR planeArgs_scratch+%d(AX), Y%d, Y%d", maskAt+32*i, base, base)
	}
	f.vp("VPCMPEQD", x, x, x)
	f.vp("VPXOR", x, base, base)
	f.p("MOVQ planeArgs_thresholds(AX), CX")
	for i := range f.classes {
		f.p("VMOVDQU %d(CX), Y%d", 64*i, x)
		f.vp("VPCMPGTQ", number, x, x)
		if i == 0 {
			f.vp("VPAND", base, x, x)
		} else {
			f.p("VPAND planeArgs_scratch+%d(AX), Y%d, Y%d", maskAt+32*(i-1), x, x)
		}
		f.vp("VPOR", x, below4, below4)
	}
}
