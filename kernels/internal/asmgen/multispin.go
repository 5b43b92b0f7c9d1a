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
	parity    = imm3(func(d, b, a bool) bool { return d != b != a })
	majority  = imm3(func(d, b, a bool) bool { return d && b || a && (d || b) })
	carryOf   = imm3(func(d, b, a bool) bool { return d == b && d || d != b && !a }) // of d + b + c, when a is their sum
	choose    = imm3(func(d, b, a bool) bool { return b && a || !b && d })           // b ? a : d
	still     = imm3(func(d, b, a bool) bool { return d && b == a })
	orAnd     = imm3(func(d, b, a bool) bool { return d || b && a })
	xorAnd    = imm3(func(d, b, a bool) bool { return d != (b && a) })
	xorAndNot = imm3(func(d, b, a bool) bool { return d != b && !a })
	neither   = imm3(func(d, b, a bool) bool { return !d && !b && !a })
	not       = imm3(func(d, b, a bool) bool { return !a })
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
		f := spins512{spinLoops{t, r}}
		f.function(r.name+"AVX512", r.name+"AVX512 sweeps one colour of rows of a plane.")
		f.p("KMOVB planeArgs_mask(AX), K1")
		f.p("VPBROADCASTQ planeArgs_m0(AX), Z31")
		f.p("VPBROADCASTQ planeArgs_m1(AX), Z30")
		f.rows("VPBROADCASTQ planeArgs_rowSite(AX), Z29", func() {
			f.front()
			f.count()
			f.core()
			f.scatter()
		})
		f.end()
		f.tail()
	}
	for _, r := range spinRules {
		f := spins512{spinLoops{t, r}}
		f.function(r.name+"SharedAVX512", r.name+"SharedAVX512 sweeps one colour of rows of a plane with one random number a word.")
		f.p("KMOVB planeArgs_mask(AX), K1")
		f.p("VPBROADCASTQ planeArgs_m0(AX), Z31")
		f.p("VPBROADCASTQ planeArgs_m1(AX), Z30")
		f.rows("MOVQ $-1, planeArgs_eight(AX)", func() {
			f.words()
			f.front()
			f.count()
			f.p("MOVQ planeArgs_word(AX), DX")
			f.shared()
		})
		f.end()
	}
	for dims := 2; dims <= 3; dims++ {
		f := spins512{spinLoops{t, spinRule{dims: dims}}}
		name := [2]string{"unsatisfied2", "unsatisfied3"}[dims-2]
		f.function(name+"AVX512", name+"AVX512 counts the unsatisfied bonds of one colour of rows of a plane.")
		f.p("KMOVB planeArgs_mask(AX), K1")
		f.clearTally("tallyVectors")
		f.rows("", func() {
			f.front()
			f.count()
			f.tally("tallyVectors", ones, twos, fours)
		})
		f.flushTally()
		f.end()
		name = [2]string{"bonds2", "bonds3"}[dims-2]
		f.function(name+"AVX512", name+"AVX512 counts the unsatisfied bonds of rows of a plane of packed words.")
		f.clearTally("bondVectors")
		f.rows("", func() {
			f.bondsFront()
			f.bondsCount()
			f.tally("bondVectors", 7, 1)
		})
		f.flushTally()
		f.end()
	}
	return t.String()
}

// spins512 writes functions for vectors of eight words.
type spins512 struct{ spinLoops }

// spinLoops writes what all functions have in common.
type spinLoops struct {
	*text
	spinRule
}

// rows writes the loops over rows and vectors around the work on one vector, which jumps to next when it is done. begin is
// an instruction for each row.
func (f spinLoops) rows(begin string, work func()) {
	f.p("row:")
	f.p("MOVQ planeArgs_y(AX), CX")
	f.p("CMPQ CX, planeArgs_yEnd(AX)")
	f.p("JLT within")
	// A vector is loaded from whole rows, and would wait for the one before it had that just been stored in a neighbouring
	// row: every other row first, then the rest.
	f.p("MOVQ planeArgs_yOther(AX), CX")
	f.p("CMPQ CX, planeArgs_yEnd(AX)")
	f.p("JGE done")
	f.p("MOVQ planeArgs_yEnd(AX), DX")
	f.p("MOVQ DX, planeArgs_yOther(AX)")
	f.p("MOVQ planeArgs_siteOther(AX), DX")
	f.p("MOVQ DX, planeArgs_site(AX)")
	f.p("XORQ $1, planeArgs_colour(AX)")
	f.p("within:")
	f.p("LEAQ 2(CX), DX")
	f.p("MOVQ DX, planeArgs_y(AX)")
	f.rowPointers()
	f.p("MOVQ planeArgs_colour(AX), DX")
	f.p("MOVQ planeArgs_steps(AX)(DX*8), BX")
	f.p("MOVQ planeArgs_stepsEnd(AX)(DX*8), DX")
	f.p("MOVQ DX, planeArgs_end(AX)")
	f.p("MOVQ planeArgs_site(AX), DX")
	f.p("MOVQ DX, planeArgs_rowSite(AX)")
	f.p("ADDQ planeArgs_nx(AX), DX")
	f.p("ADDQ planeArgs_nx(AX), DX")
	f.p("MOVQ DX, planeArgs_site(AX)")
	if begin != "" {
		f.p("%s", begin)
	}
	f.p("vector:")
	work()
	f.p("next:")
	f.p("ADDQ $step__size, BX")
	f.p("CMPQ BX, planeArgs_end(AX)")
	f.p("JNE vector")
	f.p("JMP row")
	f.p("done:")
}

// rowPointers sets R8 to R12 to the rows of the spins (own, y+1, y-1, z+1, z-1) and R13, R14, R15, SI, DI to the rows of the
// couplings (along x, along y from here and from y-1, along z from here and from z-1). CX is y.
func (f spinLoops) rowPointers() {
	f.p("LEAQ 1(CX), R9")
	f.p("XORL DX, DX")
	f.p("CMPQ R9, planeArgs_ny(AX)")
	f.p("CMOVQEQ DX, R9")
	f.p("MOVQ planeArgs_ny(AX), DX")
	f.p("DECQ DX")
	f.p("LEAQ -1(CX), R10")
	f.p("TESTQ CX, CX")
	f.p("CMOVQEQ DX, R10")
	f.p("MOVQ R10, R15")
	f.p("MOVQ CX, R8")
	f.p("MOVQ CX, R13")
	f.p("MOVQ planeArgs_row(AX), DX")
	for _, reg := range []string{"R8", "R9", "R10"} {
		f.p("IMULQ DX, %s", reg)
	}
	f.p("MOVQ R8, R11")
	f.p("MOVQ R8, R12")
	f.p("MOVQ planeArgs_jrow(AX), DX")
	f.p("IMULQ DX, R13")
	f.p("IMULQ DX, R15")
	for _, reg := range []string{"R14", "SI", "DI"} {
		f.p("MOVQ R13, %s", reg)
	}
	for _, b := range [][2]string{
		{"spin", "R8"}, {"spin", "R9"}, {"spin", "R10"}, {"up", "R11"}, {"down", "R12"},
		{"j0", "R13"}, {"j1", "R14"}, {"j1", "R15"}, {"j2", "SI"}, {"j2down", "DI"},
	} {
		f.p("ADDQ planeArgs_%s(AX), %s", b[0], b[1])
	}
}

// bonds lists the neighbours beyond the two along the row: the registers of the neighbour's row and of the bond's couplings.
func (f spinLoops) bonds() [][2]string {
	all := [][2]string{{"R9", "R14"}, {"R10", "R15"}, {"R11", "SI"}, {"R12", "DI"}}
	return all[:2*(f.dims-1)]
}
