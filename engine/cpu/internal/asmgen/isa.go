package main

import "fmt"

// isa is a family of vector instructions as the emitters see it.
type isa struct {
	tag     string // in function names
	reg     string // prefix of a register's name
	bytes   int    // of a register
	masks   bool   // has mask registers
	regs    int    // how many registers
	tileRow int    // rows of the largest register tile of a product
}

var (
	avx512 = isa{tag: "Z", reg: "Z", bytes: 64, masks: true, regs: 32, tileRow: 12}
	avx2   = isa{tag: "Y", reg: "Y", bytes: 32, regs: 16, tileRow: 6}
)

// r names vector register i.
func (v isa) r(i int) string {
	if i < 0 || i >= v.regs {
		panic(fmt.Sprintf("asmgen: no register %s%d", v.reg, i))
	}
	return fmt.Sprintf("%s%d", v.reg, i)
}

// zero clears vector register i.
func (v isa) zero(s *source, i int) {
	if v.masks {
		s.op("VPXORD %s, %s, %s", v.r(i), v.r(i), v.r(i))
	} else {
		s.op("VXORPS %s, %s, %s", v.r(i), v.r(i), v.r(i))
	}
}

// maskTable is read from word 8-n for a mask of n words of an AVX2 register.
func maskTable(s *source) {
	s.data("masks", 1<<32-1, 1<<32-1, 1<<32-1, 1<<32-1, 1<<32-1, 1<<32-1, 1<<32-1, 1<<32-1, 0, 0, 0, 0, 0, 0, 0, 0)
}

// mask makes a mask of the first n elements, n in a general register that it overwrites with BX: in K1, or in vector register at for AVX2.
func (v isa) mask(s *source, e elem, n string, at int) {
	if v.masks {
		s.op("MOVL $-1, BX")
		s.op("BZHIL %s, BX, BX", n)
		s.op("KMOVW BX, K1")
		return
	}
	s.op("NEGQ %s", n)
	s.op("LEAQ masks<>+32(SB), BX")
	s.op("VMOVUPS (BX)(%s*%d), %s", n, e.size, v.r(at))
}

// load reads memory into register i, only the elements in the mask when part is set: others become 0. at is as in mask.
func (v isa) load(s *source, e elem, mem string, i int, part bool, at int) {
	switch {
	case !part:
		s.op("VMOVU%s %s, %s", e.packed, mem, v.r(i))
	case v.masks:
		s.op("VMOVU%s.Z %s, K1, %s", e.packed, mem, v.r(i))
	default:
		s.op("VMASKMOV%s %s, %s, %s", e.packed, mem, v.r(at), v.r(i))
	}
}

// store writes register i to memory, only the elements in the mask when part is set.
func (v isa) store(s *source, e elem, i int, mem string, part bool, at int) {
	switch {
	case !part:
		s.op("VMOVU%s %s, %s", e.packed, v.r(i), mem)
	case v.masks:
		s.op("VMOVU%s %s, K1, %s", e.packed, v.r(i), mem)
	default:
		s.op("VMASKMOV%s %s, %s, %s", e.packed, v.r(i), v.r(at), mem)
	}
}

// elem is a type of elements.
type elem struct {
	tag, goType    string
	size           int
	packed, scalar string // suffixes of instructions
}

var (
	f32 = elem{"32", "float32", 4, "PS", "SS"}
	f64 = elem{"64", "float64", 8, "PD", "SD"}
)
