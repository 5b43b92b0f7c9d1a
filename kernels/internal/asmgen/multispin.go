package main

// The functions written here sweep one colour of some rows of a plane of a lattice for package multispin, whose comments
// define what they compute. A function is a loop over rows and, in a row, over vectors of eight words:
//
//	front    load the spins and count the unsatisfied bonds of every bit in three bit planes (ones, twos, fours)
//	core     compare random planes with the thresholds of each bit's class, most significant plane first, until all is decided
//	scatter  write the flipped spins
//
// Vector registers: 31, 30 the multipliers of Philox; 29 the first site of the row; 28 free; 0 spins; 1 to 7 bonds, counts and decisions; 8 to 25 Philox blocks; 26, 27 temporaries.
// Registers: AX the argument, BX the step along the row, R8 to R15, SI and DI the rows, CX and DX free.

// imm3 is the immediate of VPTERNLOGQ for f of (destination, second source, first source) in Go's order of operands.
func imm3(f func(d, b, a bool) bool) int {
	n := 0
	for i := range 8 {
		if f(i&4 != 0, i&2 != 0, i&1 != 0) {
			n |= 1 << i
		}
	}
	return n
}

var (
	parity   = imm3(func(d, b, a bool) bool { return d != b != a })
	majority = imm3(func(d, b, a bool) bool { return d && b || a && (d || b) })
	choose   = imm3(func(d, b, a bool) bool { return b && a || !b && d }) // b ? a : d
	still    = imm3(func(d, b, a bool) bool { return d && b == a })
	orAnd    = imm3(func(d, b, a bool) bool { return d || b && a })
	andNot   = imm3(func(d, b, a bool) bool { return d && !b })
	not      = imm3(func(d, b, a bool) bool { return !a })
)

// A spinRule is a rule of acceptance in two or three dimensions, with its number of classes of thresholds.
type spinRule struct {
	name    string
	dims    int
	classes int
	bath    bool
}

var spinRules = []spinRule{
	{"metropolis2", 2, 2, false}, {"metropolis3", 3, 3, false},
	{"heatBath2", 2, 3, true}, {"heatBath3", 3, 4, true},
}

// multispin512 writes the AVX-512 functions.
func multispin512() string {
	t := newText()
	t.WriteString("#include \"go_asm.h\"\n")
	for _, r := range spinRules {
		f := spins512{t, r}
		f.function(r.name+"AVX512", r.name+"AVX512 sweeps one colour of rows of a plane.")
		f.p("VPBROADCASTQ plane512_m0(AX), Z31")
		f.p("VPBROADCASTQ plane512_m1(AX), Z30")
		f.rows(func() {
			f.core()
			f.scatter()
		})
		f.end()
		f.tail()
	}
	for dims := 2; dims <= 3; dims++ {
		f := spins512{t, spinRule{dims: dims}}
		name := [2]string{"unsatisfied2", "unsatisfied3"}[dims-2]
		f.function(name+"AVX512", name+"AVX512 counts the unsatisfied bonds of one colour of rows of a plane.")
		f.clearTally()
		f.rows(f.tally)
		f.flushTally()
		f.end()
	}
	return t.String()
}

// spins512 writes functions for vectors of eight words.
type spins512 struct {
	*text
	spinRule
}

// rows writes the loops over rows and vectors around the work on one vector, which jumps to next when it is done.
func (f spins512) rows(work func()) {
	f.p("KMOVB plane512_mask(AX), K1")
	f.p("row:")
	f.p("MOVQ plane512_y(AX), CX")
	f.p("CMPQ CX, plane512_yEnd(AX)")
	f.p("JLT within")
	// A vector is loaded from whole rows, and would wait for the one before it had that just been stored in a neighbouring
	// row: every other row first, then the rest.
	f.p("MOVQ plane512_yOther(AX), CX")
	f.p("CMPQ CX, plane512_yEnd(AX)")
	f.p("JGE done")
	f.p("MOVQ plane512_yEnd(AX), DX")
	f.p("MOVQ DX, plane512_yOther(AX)")
	f.p("MOVQ plane512_siteOther(AX), DX")
	f.p("MOVQ DX, plane512_site(AX)")
	f.p("XORQ $1, plane512_colour(AX)")
	f.p("within:")
	f.p("LEAQ 2(CX), DX")
	f.p("MOVQ DX, plane512_y(AX)")
	f.rowPointers()
	f.p("VPBROADCASTQ plane512_site(AX), Z29")
	f.p("MOVQ plane512_colour(AX), DX")
	f.p("MOVQ plane512_steps(AX)(DX*8), BX")
	f.p("MOVQ plane512_stepsEnd(AX)(DX*8), DX")
	f.p("MOVQ DX, plane512_end(AX)")
	f.p("MOVQ plane512_nx(AX), DX")
	f.p("ADDQ DX, DX")
	f.p("ADDQ DX, plane512_site(AX)")
	f.p("vector:")
	f.front()
	f.count()
	work()
	f.p("next:")
	f.p("ADDQ $step512__size, BX")
	f.p("CMPQ BX, plane512_end(AX)")
	f.p("JNE vector")
	f.p("JMP row")
	f.p("done:")
}

// rowPointers sets R8 to R12 to the rows of the spins (own, y+1, y-1, z+1, z-1) and R13, R14, R15, SI, DI to the rows of the
// couplings (along x, along y from here and from y-1, along z from here and from z-1). CX is y.
func (f spins512) rowPointers() {
	f.p("LEAQ 1(CX), R9")
	f.p("XORL DX, DX")
	f.p("CMPQ R9, plane512_ny(AX)")
	f.p("CMOVQEQ DX, R9")
	f.p("MOVQ plane512_ny(AX), DX")
	f.p("DECQ DX")
	f.p("LEAQ -1(CX), R10")
	f.p("TESTQ CX, CX")
	f.p("CMOVQEQ DX, R10")
	f.p("MOVQ R10, R15")
	f.p("MOVQ CX, R8")
	f.p("MOVQ CX, R13")
	f.p("MOVQ plane512_row(AX), DX")
	for _, reg := range []string{"R8", "R9", "R10"} {
		f.p("IMULQ DX, %s", reg)
	}
	f.p("MOVQ R8, R11")
	f.p("MOVQ R8, R12")
	f.p("MOVQ plane512_jrow(AX), DX")
	f.p("IMULQ DX, R13")
	f.p("IMULQ DX, R15")
	for _, reg := range []string{"R14", "SI", "DI"} {
		f.p("MOVQ R13, %s", reg)
	}
	for _, b := range [][2]string{
		{"spin", "R8"}, {"spin", "R9"}, {"spin", "R10"}, {"up", "R11"}, {"down", "R12"},
		{"j0", "R13"}, {"j1", "R14"}, {"j1", "R15"}, {"j2", "SI"}, {"j2down", "DI"},
	} {
		f.p("ADDQ plane512_%s(AX), %s", b[0], b[1])
	}
}
