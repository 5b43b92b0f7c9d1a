package main

// front loads a vector in one of the layouts: register 0 the spins, 1 to 2·dims their unsatisfied bonds, 27 the sites.
func (f spins512) front() {
	f.p("MOVQ planeArgs_layout(AX), DX")
	f.p("CMPQ DX, $const_layoutPacked")
	f.p("JEQ packed")
	f.p("JGT packedOther")
	f.p("CMPQ DX, $const_layoutShared")
	f.p("JEQ shared")
	f.wideFront("", f.wideBond)
	f.p("shared:")
	f.wideFront("Shared", f.sharedBond)
	f.p("packedOther:")
	f.p("CMPQ DX, $const_layoutPackedFree")
	f.p("JEQ packedFree")
	f.packedSpins()
	f.sharedCouplings()
	f.p("JMP loaded")
	f.p("packedFree:")
	f.packedSpins()
	for x := 1; x <= 2*f.dims; x++ {
		f.p("VPXORQ Z0, Z%d, Z%d", x, x)
	}
	f.p("JMP loaded")
	f.p("packed:")
	f.packedSpins()
	f.packedCouplings()
	f.p("loaded:")
}

// wideFront takes one site and up to eight of its words. unsatisfied combines a register with the spins and the couplings at
// an address; with strips, the word beyond the row's end is turned before.
func (f spins512) wideFront(suffix string, unsatisfied func(base, index string, x, s int)) {
	f.p("MOVQ step_here(BX), CX")
	f.p("MOVQ step_right(BX), DX")
	f.p("VMOVDQU64.Z (R8)(CX*1), K1, Z0")
	f.p("VMOVDQU64.Z (R8)(DX*1), K1, Z1")
	f.p("MOVQ step_left(BX), DX")
	f.p("VMOVDQU64.Z (R8)(DX*1), K1, Z2")
	for i, b := range f.bonds() {
		f.p("VMOVDQU64.Z (%s)(CX*1), K1, Z%d", b[0], 3+i)
	}
	f.p("VPBROADCASTQ step_sites(BX), Z27")
	f.p("MOVQ step_bond(BX), CX")
	f.p("MOVQ step_bondLeft(BX), DX")
	f.p("CMPQ step_turned(BX), $0")
	f.p("JNE turn%s", suffix)
	unsatisfied("R13", "DX", 2, 0)
	f.p("across%s:", suffix)
	unsatisfied("R13", "CX", 1, 0)
	for i, b := range f.bonds() {
		unsatisfied(b[1], "CX", 3+i, 0)
	}
	f.p("JMP loaded")
	f.p("turn%s:", suffix)
	f.p("VPXORQ Z26, Z26, Z26")
	unsatisfied("R13", "DX", 2, 26)
	f.p("VPRORVQ step_leftTurn(BX), Z2, Z2")
	f.p("VPXORQ Z0, Z2, Z2")
	f.p("VPRORVQ step_rightTurn(BX), Z1, Z1")
	f.p("JMP across%s", suffix)
}

func (f spins512) wideBond(base, index string, x, s int) {
	f.p("VPTERNLOGQ.Z $%#x, (%s)(%s*1), Z%d, K1, Z%d", parity, base, index, s, x)
}

func (f spins512) sharedBond(base, index string, x, s int) {
	f.p("VPTERNLOGQ.BCST $%#x, (%s)(%s*1), Z%d, Z%d", parity, base, index, s, x)
}

// pick takes the words of several sites of one colour from sixteen consecutive words: the lanes in register from.
func (f spins512) pick(base, index, low, high string, from, x int) {
	f.p("VMOVDQU64.Z (%s)(%s*1), %s, Z%d", base, index, low, x)
	f.p("VMOVDQU64.Z 64(%s)(%s*1), %s, Z26", base, index, high)
	f.p("VPERMT2Q Z26, Z%d, Z%d", from, x)
}

// Registers of the lanes that are picked.
const (
	ownPick      = 28
	oppositePick = 17 // sites of the other colour
	bondPick     = 16 // couplings of one word a bond, always at the same place
)

// packedSpins loads several sites of one colour with all their words. The neighbours across the row's end come from its other
// end, turned by one bit with strips.
func (f spins512) packedSpins() {
	f.p("VMOVDQU64 step_oppositePick(BX), Z%d", oppositePick)
	f.p("VMOVDQU64 step_pick(BX), Z%d", ownPick)
	f.p("KMOVB step_low(BX), K2")
	f.p("KMOVB step_high(BX), K3")
	f.p("MOVQ step_here(BX), CX")
	f.pick("R8", "CX", "K2", "K3", ownPick, 0)
	for i, side := range []string{"right", "left"} {
		f.p("KMOVB step_%sLow(BX), K4", side)
		f.p("KMOVB step_%sHigh(BX), K5", side)
		f.p("MOVQ step_%s(BX), DX", side)
		f.pick("R8", "DX", "K4", "K5", oppositePick, 1+i)
		f.p("KMOVB step_%sWrap(BX), K6", side)
		f.p("MOVQ step_%sFrom(BX), DX", side)
		f.p("VMOVDQU64 (R8)(DX*1), K6, Z%d", 1+i)
		f.p("VPRORVQ step_%sTurn(BX), Z%d, Z%d", side, 1+i, 1+i)
	}
	for i, b := range f.bonds() {
		f.pick(b[0], "CX", "K2", "K3", ownPick, 3+i)
	}
	f.p("VMOVDQU64 step_sites(BX), Z27")
}

// packedCouplings combines the spins and neighbours with as many couplings. The masks of the left neighbours are still in
// registers K4, K5 and, across the row's end, K6.
func (f spins512) packedCouplings() {
	f.p("MOVQ step_left(BX), DX")
	f.pick("R13", "DX", "K4", "K5", oppositePick, 7)
	f.p("MOVQ step_leftFrom(BX), DX")
	f.p("VMOVDQU64 (R13)(DX*1), K6, Z7")
	f.turnLeftBond()
	f.pick("R13", "CX", "K2", "K3", ownPick, 7)
	f.p("VPTERNLOGQ $%#x, Z7, Z0, Z1", parity)
	for i, b := range f.bonds() {
		f.pick(b[1], "CX", "K2", "K3", ownPick, 7)
		f.p("VPTERNLOGQ $%#x, Z7, Z0, Z%d", parity, 3+i)
	}
}

// sharedCouplings does the same with one word of couplings a bond.
func (f spins512) sharedCouplings() {
	f.p("VMOVDQU64 planeArgs_bondPick(AX), Z%d", bondPick)
	pick := func(base, index string) {
		f.p("VMOVDQU64.Z (%s)(%s*1), K4, Z7", base, index)
		f.p("VPERMQ Z7, Z%d, Z7", bondPick)
	}
	f.p("KMOVB step_bondLeftLanes(BX), K4")
	f.p("MOVQ step_bondLeft(BX), DX")
	pick("R13", "DX")
	f.p("MOVQ step_bondLeftFrom(BX), DX")
	f.p("VPBROADCASTQ (R13)(DX*1), K6, Z7")
	f.turnLeftBond()
	f.p("KMOVB step_bondLanes(BX), K4")
	f.p("MOVQ step_bond(BX), CX")
	pick("R13", "CX")
	f.p("VPTERNLOGQ $%#x, Z7, Z0, Z1", parity)
	for i, b := range f.bonds() {
		pick(b[1], "CX")
		f.p("VPTERNLOGQ $%#x, Z7, Z0, Z%d", parity, 3+i)
	}
}

func (f spins512) turnLeftBond() {
	f.p("VPRORVQ step_leftTurn(BX), Z7, Z7")
	f.p("VPTERNLOGQ $%#x, Z7, Z0, Z2", parity)
}

// Where count leaves the three planes of the number of unsatisfied bonds.
const (
	ones  = 1
	twos  = 6
	fours = 3
)

// count adds the unsatisfied bonds in registers 1 to 2·dims bit by bit.
func (f spins512) count() {
	f.p("VMOVDQA64 Z1, Z7")
	f.p("VPTERNLOGQ $%#x, Z3, Z2, Z7", parity)
	f.p("VPTERNLOGQ $%#x, Z3, Z2, Z1", majority)
	if f.dims == 2 {
		f.p("VPANDQ Z7, Z4, Z2")
		f.p("VPXORQ Z1, Z2, Z%d", twos)
		f.p("VPANDQ Z1, Z2, Z%d", fours)
		f.p("VPXORQ Z7, Z4, Z%d", ones)
		return
	}
	f.p("VMOVDQA64 Z4, Z2")
	f.p("VPTERNLOGQ $%#x, Z6, Z5, Z2", parity)
	f.p("VPTERNLOGQ $%#x, Z6, Z5, Z4", majority)
	f.p("VPANDQ Z7, Z2, Z3")
	f.p("VMOVDQA64 Z1, Z%d", twos)
	f.p("VPTERNLOGQ $%#x, Z3, Z4, Z%d", parity, twos)
	f.p("VPTERNLOGQ $%#x, Z1, Z4, Z%d", majority, fours)
	f.p("VPXORQ Z7, Z2, Z%d", ones)
}
