package main

// The tally counts, bit by bit, in eight planes that stay in registers 8 to 15; before they overflow they are added to
// the totals in memory.
const (
	tallyPlanes = 8
	tallyFirst  = 8
)

func (f spins512) clearTally(room string) {
	for i := range tallyPlanes {
		f.p("VPXORQ Z%d, Z%d, Z%d", tallyFirst+i, tallyFirst+i, tallyFirst+i)
	}
	f.p("MOVQ $const_%s, CX", room)
	f.p("MOVQ CX, planeArgs_room(AX)")
}

// tally adds the counts of a vector, given by their planes in order; room names how many vectors fit.
func (f spins512) tally(room string, counts ...int) {
	carry, next := 2, 26
	for i := range tallyPlanes {
		t := tallyFirst + i
		switch {
		case i == 0:
			f.p("VPANDQ Z%d, Z%d, Z%d", t, counts[0], carry)
			f.p("VPXORQ Z%d, Z%d, Z%d", t, counts[0], t)
		case i < len(counts):
			f.p("VPTERNLOGQ $%#x, Z%d, Z%d, Z%d", parity, counts[i], carry, t)
			f.p("VPTERNLOGQ $%#x, Z%d, Z%d, Z%d", carryOf, t, counts[i], carry)
		case i == tallyPlanes-1:
			f.p("VPXORQ Z%d, Z%d, Z%d", t, carry, t)
		default:
			f.p("VPANDQ Z%d, Z%d, Z%d", t, carry, next)
			f.p("VPXORQ Z%d, Z%d, Z%d", t, carry, t)
			carry, next = next, carry
		}
	}
	f.p("DECQ planeArgs_room(AX)")
	f.p("JNZ next")
	f.flush("full")
	f.clearTally(room)
}

// bondsFront loads consecutive words of a row: registers 1 to dims the unsatisfied bonds from their sites on, each bond once.
func (f spins512) bondsFront() {
	f.p("KMOVB step_low(BX), K2")
	f.p("KMOVB step_rightLow(BX), K4")
	f.p("KMOVB step_rightWrap(BX), K6")
	f.p("MOVQ step_here(BX), CX")
	f.p("VMOVDQU64.Z (R8)(CX*1), K2, Z0")
	f.p("MOVQ step_right(BX), DX")
	f.p("VMOVDQU64.Z (R8)(DX*1), K4, Z1")
	f.p("MOVQ step_rightFrom(BX), DX")
	f.p("VMOVDQU64 (R8)(DX*1), K6, Z1")
	f.p("VPRORVQ step_rightTurn(BX), Z1, Z1")
	f.p("VMOVDQU64.Z (R9)(CX*1), K2, Z3")
	if f.dims == 3 {
		f.p("VMOVDQU64.Z (R11)(CX*1), K2, Z5")
	}
	f.p("MOVQ planeArgs_layout(AX), DX")
	f.p("CMPQ DX, $const_layoutPackedFree")
	f.p("JEQ free")
	f.p("JGT one")
	bonds := []struct {
		base string
		x    int
	}{{"R13", 1}, {"R14", 3}, {"SI", 5}}[:f.dims]
	for _, b := range bonds {
		f.p("VPTERNLOGQ.Z $%#x, (%s)(CX*1), Z0, K2, Z%d", parity, b.base, b.x)
	}
	f.p("JMP loaded")
	f.p("one:")
	f.p("KMOVB step_bondLanes(BX), K4")
	f.p("VMOVDQU64 planeArgs_bondPick(AX), Z%d", bondPick)
	f.p("MOVQ step_bond(BX), CX")
	for _, b := range bonds {
		f.p("VMOVDQU64.Z (%s)(CX*1), K4, Z7", b.base)
		f.p("VPERMQ Z7, Z%d, Z7", bondPick)
		f.p("VPTERNLOGQ $%#x, Z7, Z0, Z%d", parity, b.x)
	}
	f.p("JMP loaded")
	f.p("free:")
	for _, b := range bonds {
		f.p("VPXORQ Z0, Z%d, Z%d", b.x, b.x)
	}
	f.p("loaded:")
}

// bondsCount adds them: ones in register 7, twos in register 1.
func (f spins512) bondsCount() {
	if f.dims == 2 {
		f.p("VPXORQ Z1, Z3, Z7")
		f.p("VPANDQ Z1, Z3, Z1")
		return
	}
	f.p("VMOVDQA64 Z1, Z7")
	f.p("VPTERNLOGQ $%#x, Z3, Z5, Z7", parity)
	f.p("VPTERNLOGQ $%#x, Z3, Z5, Z1", majority)
}

func (f spins512) flushTally() { f.flush("rest") }

// flush adds the planes in registers to the totals.
func (f spins512) flush(label string) {
	f.p("MOVQ planeArgs_totals(AX), CX")
	f.p("VPXORQ Z2, Z2, Z2")
	for i := range tallyPlanes {
		f.p("VMOVDQU64 %d(CX), Z26", 64*i)
		f.p("VMOVDQA64 Z26, Z27")
		f.p("VPTERNLOGQ $%#x, Z%d, Z2, Z27", parity, tallyFirst+i)
		f.p("VPTERNLOGQ $%#x, Z%d, Z26, Z2", majority, tallyFirst+i)
		f.p("VMOVDQU64 Z27, %d(CX)", 64*i)
	}
	f.p("ADDQ $%d, CX", 64*tallyPlanes)
	f.p("%sCarry:", label)
	f.p("VPTESTMQ Z2, Z2, K2")
	f.p("KORTESTB K2, K2")
	f.p("JZ %sDone", label)
	f.p("VMOVDQU64 (CX), Z26")
	f.p("VPXORQ Z2, Z26, Z27")
	f.p("VPANDQ Z2, Z26, Z2")
	f.p("VMOVDQU64 Z27, (CX)")
	f.p("ADDQ $64, CX")
	f.p("JMP %sCarry", label)
	f.p("%sDone:", label)
}
