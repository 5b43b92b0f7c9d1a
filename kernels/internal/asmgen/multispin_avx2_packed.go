package main

import "fmt"

// Several sites in a vector of four words: they are picked from eight consecutive words, half of which are loaded and go to
// lanes of their own, so that what is picked from the two halves adds up.

// Registers that the packed layouts keep while they load.
const (
	lowMask, highMask = 10, 11
	ownLow, ownHigh   = 12, 13 // lanes of the sites to sweep
	nextLow, nextHigh = 14, 15 // and of their neighbours along the row
	sideLow, sideHigh = 7, 8   // masks of the neighbours, then spare
	packedSpare       = 9
)

// The vectors of a step for AVX2, in the order of the Go fields: masks4 and pick4.
const (
	lowAt4 = iota
	highAt4
	rightLowAt
	rightHighAt
	leftLowAt
	leftHighAt
	rightWrapAt
	leftWrapAt
	bondAt
	bondLeftAt
)

func (f spins256) mask(i, reg int) { f.p("VMOVDQU step_masks4+%d(BX), Y%d", 32*i, reg) }
func (f spins256) lanes(i, reg int) {
	f.p("VMOVDQU step_pick4+%d(BX), Y%d", 32*i, reg)
}

// pick combines register x with the words that masks low and high choose, put into the lanes of a and b.
func (f spins256) pick(base, index string, low, high, a, b, x int) {
	f.p("VPMASKMOVQ (%s)(%s*1), Y%d, Y%d", base, index, low, packedSpare)
	f.vp("VPERMD", packedSpare, a, packedSpare)
	f.vp("VPXOR", packedSpare, x, x)
	f.p("VPMASKMOVQ 32(%s)(%s*1), Y%d, Y%d", base, index, high, packedSpare)
	f.vp("VPERMD", packedSpare, b, packedSpare)
	f.vp("VPXOR", packedSpare, x, x)
}

// own combines register x with the words at CX of the sites to sweep.
func (f spins256) own(base string, x int) {
	f.pick(base, "CX", lowMask, highMask, ownLow, ownHigh, x)
}

// side combines register x with the neighbours on a side, those beyond the row's end included.
func (f spins256) side(base, side string, low, wrap, x int) {
	f.mask(low, sideLow)
	f.mask(low+1, sideHigh)
	f.p("MOVQ step_%s(BX), DX", side)
	f.pick(base, "DX", sideLow, sideHigh, nextLow, nextHigh, x)
	f.mask(wrap, sideLow)
	f.p("MOVQ step_%sFrom(BX), DX", side)
	f.p("VPMASKMOVQ (%s)(DX*1), Y%d, Y%d", base, sideLow, packedSpare)
	f.vp("VPXOR", packedSpare, x, x)
}

// turnLanes rotates the lanes of register x to the right, each by its own number of bits, where there are strips.
func (f spins256) turnLanes(side, label string, x int) {
	f.p("CMPQ step_turned(BX), $0")
	f.p("JEQ %s", label)
	f.p("VMOVDQU step_%sTurn(BX), Y%d", side, sideLow)
	f.p("VMOVDQU planeArgs_bits4(AX), Y%d", sideHigh)
	f.vp("VPSUBQ", sideLow, sideHigh, sideHigh)
	f.vp("VPSRLVQ", sideLow, x, packedSpare)
	f.vp("VPSLLVQ", sideHigh, x, x)
	f.vp("VPXOR", packedSpare, x, x)
	f.p("%s:", label)
}

// packedFront loads a packed vector: register 0 the spins, 1 to 2·dims their unsatisfied bonds.
func (f spins256) packedFront() {
	for i, reg := range []int{lowMask, highMask} {
		f.mask(lowAt4+i, reg)
	}
	for i, reg := range []int{ownLow, ownHigh, nextLow, nextHigh} {
		f.lanes(i, reg)
	}
	f.p("MOVQ step_here(BX), CX")
	for x := 0; x <= 2*f.dims; x++ {
		f.vp("VPXOR", x, x, x)
	}
	f.own("R8", 0)
	f.side("R8", "right", rightLowAt, rightWrapAt, 1)
	f.turnLanes("right", "rightTurned", 1)
	f.side("R8", "left", leftLowAt, leftWrapAt, 2)
	for i, b := range f.bonds() {
		f.own(b[0], 3+i)
	}
	f.p("CMPQ planeArgs_layout(AX), $const_layoutPackedFree")
	f.p("JEQ free")
	f.p("JGT one")
	f.own("R13", 1)
	f.side("R13", "left", leftLowAt, leftWrapAt, 2)
	for i, b := range f.bonds() {
		f.own(b[1], 3+i)
	}
	f.p("JMP free")
	f.p("one:")
	one := func(base, index string, x int) {
		f.p("VPMASKMOVQ (%s)(%s*1), Y%d, Y%d", base, index, sideLow, packedSpare)
		f.p("VPERMQ $0xa0, Y%d, Y%d", packedSpare, packedSpare)
		f.vp("VPXOR", packedSpare, x, x)
	}
	f.mask(bondLeftAt, sideLow)
	f.p("MOVQ step_bondLeft(BX), DX")
	one("R13", "DX", 2)
	f.mask(leftWrapAt, sideLow)
	f.p("MOVQ step_bondLeftFrom(BX), DX")
	f.p("VPBROADCASTQ (R13)(DX*1), Y%d", packedSpare)
	f.vp("VPAND", sideLow, packedSpare, packedSpare)
	f.vp("VPXOR", packedSpare, 2, 2)
	f.mask(bondAt, sideLow)
	f.p("MOVQ step_bond(BX), CX")
	one("R13", "CX", 1)
	for i, b := range f.bonds() {
		one(b[1], "CX", 3+i)
	}
	f.p("free:")
	f.turnLanes("left", "leftTurned", 2)
	for x := 1; x <= 2*f.dims; x++ {
		f.vp("VPXOR", 0, x, x)
	}
}

// scatter writes the flips in register below4 to the words that they were picked from.
func (f spins256) scatter() {
	for i, at := range []int{lowAt4, highAt4} {
		f.lanes(4+i, 4)
		f.vp("VPERMD", below4, 4, 4)
		f.mask(at, 5)
		address := fmt.Sprintf("%d(R8)(CX*1)", 32*i)
		f.p("VPMASKMOVQ %s, Y5, Y6", address)
		f.vp("VPXOR", 4, 6, 6)
		f.p("VPMASKMOVQ Y6, Y5, %s", address)
	}
}

// bondsFront loads consecutive words of a row: registers 1, 3, 5 the unsatisfied bonds from their sites on, each bond once.
func (f spins256) bondsFront() {
	f.mask(lowAt4, 7)
	f.p("MOVQ step_here(BX), CX")
	f.p("VPMASKMOVQ (R8)(CX*1), Y7, Y0")
	f.p("VPMASKMOVQ (R9)(CX*1), Y7, Y3")
	if f.dims == 3 {
		f.p("VPMASKMOVQ (R11)(CX*1), Y7, Y5")
	}
	f.mask(rightLowAt, 8)
	f.p("MOVQ step_right(BX), DX")
	f.p("VPMASKMOVQ (R8)(DX*1), Y8, Y1")
	f.mask(rightWrapAt, 8)
	f.p("MOVQ step_rightFrom(BX), DX")
	f.p("VPMASKMOVQ (R8)(DX*1), Y8, Y2")
	f.vp("VPXOR", 2, 1, 1)
	f.p("CMPQ step_turned(BX), $0")
	f.p("JEQ straight")
	f.p("VMOVDQU step_rightTurn(BX), Y2")
	f.p("VMOVDQU planeArgs_bits4(AX), Y4")
	f.vp("VPSUBQ", 2, 4, 4)
	f.vp("VPSRLVQ", 2, 1, 2)
	f.vp("VPSLLVQ", 4, 1, 1)
	f.vp("VPXOR", 2, 1, 1)
	f.p("straight:")
	bonds := []struct {
		base string
		x    int
	}{{"R13", 1}, {"R14", 3}, {"SI", 5}}[:f.dims]
	for _, b := range bonds {
		f.vp("VPXOR", 0, b.x, b.x)
	}
	f.p("CMPQ planeArgs_layout(AX), $const_layoutPackedFree")
	f.p("JEQ loaded")
	f.p("JGT one")
	for _, b := range bonds {
		f.p("VPMASKMOVQ (%s)(CX*1), Y7, Y2", b.base)
		f.vp("VPXOR", 2, b.x, b.x)
	}
	f.p("JMP loaded")
	f.p("one:")
	f.mask(bondAt, 7)
	f.p("MOVQ step_bond(BX), CX")
	for _, b := range bonds {
		f.p("VPMASKMOVQ (%s)(CX*1), Y7, Y2", b.base)
		f.p("VPERMQ $0x50, Y2, Y2")
		f.vp("VPXOR", 2, b.x, b.x)
	}
	f.p("loaded:")
}

// bondsCount adds them: ones in register 7, twos in register 1.
func (f spins256) bondsCount() {
	if f.dims == 3 {
		f.add(1, 3, 5, 7)
		return
	}
	f.vp("VPXOR", 1, 3, 7)
	f.vp("VPAND", 1, 3, 1)
}
