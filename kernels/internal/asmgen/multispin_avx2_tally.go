package main

// The tally of four words has seven planes, in registers 9 to 15.
const (
	tally4Planes = 7
	tally4First  = 9
)

func (f spins256) clearTally(room string) {
	for i := range tally4Planes {
		f.vp("VPXOR", tally4First+i, tally4First+i, tally4First+i)
	}
	f.p("MOVQ $const_%s, CX", room)
	f.p("MOVQ CX, planeArgs_room(AX)")
}

// tally adds the counts of a vector, given by their planes in order; room names how many vectors fit.
func (f spins256) tally(room string, counts ...int) {
	carry, next := 0, 3
	for i := range tally4Planes {
		t := tally4First + i
		switch {
		case i == 0:
			f.vp("VPAND", t, counts[0], carry)
			f.vp("VPXOR", t, counts[0], t)
		case i < len(counts):
			f.vp("VPXOR", t, counts[i], 3)
			f.vp("VPAND", t, counts[i], 4)
			f.vp("VPXOR", 3, carry, t)
			f.vp("VPAND", 3, carry, carry)
			f.vp("VPOR", 4, carry, carry)
		case i == tally4Planes-1:
			f.vp("VPXOR", t, carry, t)
		default:
			f.vp("VPAND", t, carry, next)
			f.vp("VPXOR", t, carry, t)
			carry, next = next, carry
		}
	}
	f.p("DECQ planeArgs_room(AX)")
	f.p("JNZ next")
	f.flush("full")
	f.clearTally(room)
}

// flush adds the planes in registers to the totals, whose planes are 64 bytes apart.
func (f spins256) flush(label string) {
	const carry = 0
	f.p("MOVQ planeArgs_totals(AX), CX")
	f.vp("VPXOR", carry, carry, carry)
	for i := range tally4Planes {
		x := tally4First + i
		f.p("VMOVDQU %d(CX), Y1", 64*i)
		f.vp("VPXOR", 1, x, 2)
		f.vp("VPAND", 1, x, 1)
		f.vp("VPXOR", 2, carry, 3)
		f.vp("VPAND", 2, carry, carry)
		f.vp("VPOR", 1, carry, carry)
		f.p("VMOVDQU Y3, %d(CX)", 64*i)
	}
	f.p("ADDQ $%d, CX", 64*tally4Planes)
	f.p("%sCarry:", label)
	f.p("VPTEST Y%d, Y%d", carry, carry)
	f.p("JZ %sDone", label)
	f.p("VMOVDQU (CX), Y1")
	f.vp("VPXOR", 1, carry, 2)
	f.vp("VPAND", 1, carry, carry)
	f.p("VMOVDQU Y2, (CX)")
	f.p("ADDQ $64, CX")
	f.p("JMP %sCarry", label)
	f.p("%sDone:", label)
}
