package main

// The tally counts, bit by bit, in eight planes that stay in registers 8 to 15; before they overflow they are added to
// the totals in memory.
const (
	tallyPlanes = 8
	tallyFirst  = 8
)

func (f spins512) clearTally() {
	for i := range tallyPlanes {
		f.p("VPXORQ Z%d, Z%d, Z%d", tallyFirst+i, tallyFirst+i, tallyFirst+i)
	}
	f.p("MOVQ $const_tallyVectors, CX")
	f.p("MOVQ CX, planeArgs_room(AX)")
}

// tally adds the counts of a vector.
func (f spins512) tally() {
	f.p("KMOVB step_lanes(BX), K2")
	carry := -1
	for i := range tallyPlanes {
		t := tallyFirst + i
		if i >= 3 {
			f.p("VPANDQ Z%d, Z%d, Z26", t, carry)
			f.p("VPXORQ Z%d, Z%d, Z%d", t, carry, t)
			f.p("VMOVDQA64 Z26, Z%d", carry)
			continue
		}
		x := [3]int{ones, twos, fours}[i]
		f.p("VMOVDQA64.Z Z%d, K2, Z%d", x, x)
		if i == 0 {
			f.p("VPANDQ Z%d, Z%d, Z2", t, x)
			f.p("VPXORQ Z%d, Z%d, Z%d", t, x, t)
			carry = 2
			continue
		}
		f.p("VMOVDQA64 Z%d, Z26", t)
		f.p("VPTERNLOGQ $%#x, Z%d, Z%d, Z%d", parity, x, carry, t)
		f.p("VPTERNLOGQ $%#x, Z26, Z%d, Z%d", majority, x, carry)
	}
	f.p("DECQ planeArgs_room(AX)")
	f.p("JNZ next")
	f.flush("full")
	f.clearTally()
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
