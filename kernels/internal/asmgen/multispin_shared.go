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

// words finds the site's random numbers at offset DX of planeArgs_words, which holds those of the last eight sites.
func (f spins512) words() {
	f.p("MOVQ step_sites(BX), DX")
	f.p("ADDQ planeArgs_rowSite(AX), DX")
	f.p("MOVQ DX, CX")
	f.p("SHRQ $3, CX")
	f.p("CMPQ CX, planeArgs_eight(AX)")
	f.p("JEQ known")
	f.p("MOVQ CX, planeArgs_eight(AX)")
	f.p("VPBROADCASTQ CX, Z%d", siteLow)
	f.p("VPXORQ.BCST planeArgs_siteKey(AX), Z%d, Z%d", siteLow, siteLow)
	f.p("VPMULUDQ Z31, Z%d, Z%d", siteLow, siteLow)
	f.p("VPSHUFD $0xf5, Z%d, Z%d", siteLow, siteHigh)
	f.p("MOVQ DX, CX")
	f.p("ANDQ $1, CX")
	f.p("SHLQ $%d, CX", 8) // tableBytes
	f.p("ADDQ planeArgs_tables(AX), CX")
	for i, r := range f.blocks(0, 1, 0) {
		f.p("VPSRLQ $32, Z%d, Z26", r)
		f.p("VMOVDQU64 Z26, planeArgs_words+%d(AX)", 128*i)
		f.p("VPSLLQ $32, Z%d, Z26", r)
		f.p("VPSRLQ $32, Z26, Z26")
		f.p("VMOVDQU64 Z26, planeArgs_words+%d(AX)", 128*i+64)
	}
	f.p("known:")
	f.p("SHLQ $5, DX") // word (site/2)%4 of 64 bytes
	f.p("ANDQ $0xc0, DX")
}
