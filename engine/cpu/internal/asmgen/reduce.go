package main

import "fmt"

// Reductions accumulate in 32 float64 lanes, element i in lane i mod 32, for both types of elements:
// accumulators A(0), A(1), … hold lanes 0.., one vector after another.

// reductions writes sum, dot, max and column sums of one level and type.
func reductions(v isa, t elem) func(*source) {
	return func(s *source) {
		s.goDecl("import \"unsafe\"\n")
		r := &reducer{s, v, t}
		r.sums("Sum", 1)
		r.sums("Dot", 2)
		r.columns()
		r.largest()
		if !v.masks {
			maskTable(s)
		}
	}
}

type reducer struct {
	*source
	isa
	elem
}

func (r *reducer) name(op string) string { return r.level() + op + r.tag() }

// tag is the width of the elements in bits.
func (r *reducer) tag() string { return r.elem.tag }

// wide is the number of float64 lanes of a register, vectors how many registers hold 32 of them.
func (r *reducer) wide() int    { return r.bytes / 8 }
func (r *reducer) vectors() int { return 32 / r.wide() }

// half names the register that holds wide() elements before conversion to float64.
func (r *reducer) half(i int) string {
	if r.size == 8 {
		return r.r(i)
	}
	return map[bool]string{true: "Y", false: "X"}[r.masks] + r.r(i)[1:]
}

// widened loads wide() elements as float64 into register i, those in the mask when part is set.
func (r *reducer) widened(mem string, i int, part bool) {
	switch {
	case r.size == 8:
		r.load(r.source, r.elem, mem, i, part, maskAt)
	case !part:
		r.op("VCVTPS2PD %s, %s", mem, r.r(i))
	case r.masks:
		r.op("VMOVUPS.Z %s, K1, %s", mem, r.half(i))
		r.op("VCVTPS2PD %s, %s", r.half(i), r.r(i))
	default:
		r.op("VMASKMOVPS %s, X15, %s", mem, r.half(i))
		r.op("VCVTPS2PD %s, %s", r.half(i), r.r(i))
	}
}

// accumulate adds x[lanes of vector k], or its product with y, to accumulator k. Registers from 8 on are free.
func (r *reducer) accumulate(k, arity int, part bool) {
	r.widened(fmt.Sprintf("%d(SI)", k*r.wide()*r.size), 8+k%3*2, part)
	if arity == 1 {
		r.op("VADDPD %s, %s, %s", r.r(8+k%3*2), r.r(k), r.r(k))
		return
	}
	r.widened(fmt.Sprintf("%d(DI)", k*r.wide()*r.size), 9+k%3*2, part)
	r.op("VFMADD231PD %s, %s, %s", r.r(8+k%3*2), r.r(9+k%3*2), r.r(k))
}

// sums writes the sum of x, or of x*y: the product is exact or fused.
func (r *reducer) sums(name string, arity int) {
	r.text(r.name(name), map[int]string{1: "(n int, x unsafe.Pointer) float64", 2: "(n int, x, y unsafe.Pointer) float64"}[arity], 16+8*arity)
	r.op("MOVQ n+0(FP), CX")
	r.op("MOVQ x+8(FP), SI")
	if arity == 2 {
		r.op("MOVQ y+16(FP), DI")
	}
	for k := range r.vectors() {
		r.zero(r.source, k)
	}
	r.op("SUBQ $32, CX")
	r.op("JLT tail")
	r.op("PCALIGN $32")
	r.label("loop")
	for k := range r.vectors() {
		r.accumulate(k, arity, false)
	}
	r.op("ADDQ $%d, SI", 32*r.size)
	if arity == 2 {
		r.op("ADDQ $%d, DI", 32*r.size)
	}
	r.op("SUBQ $32, CX")
	r.op("JGE loop")
	r.label("tail")
	r.op("ADDQ $32, CX")
	for k := range r.vectors() {
		r.op("JLE tree")
		r.firstLanes(r.wide())
		r.accumulate(k, arity, true)
		r.op("SUBQ $%d, CX", r.wide())
	}
	r.label("tree")
	for n := r.vectors() / 2; n > 0; n /= 2 {
		for k := range n {
			r.op("VADDPD %s, %s, %s", r.r(k+n), r.r(k), r.r(k))
		}
	}
	if r.masks {
		r.op("VEXTRACTF64X4 $1, Z0, Y1")
		r.op("VADDPD Y1, Y0, Y0")
	}
	r.op("VEXTRACTF128 $1, Y0, X1")
	r.op("VADDPD X1, X0, X0")
	r.op("VUNPCKHPD X0, X0, X1")
	r.op("VADDSD X1, X0, X0")
	r.op("VMOVSD X0, ret+%d(FP)", 8+8*arity)
	r.ret()
}

// firstLanes masks the first min(CX, n) lanes.
func (r *reducer) firstLanes(n int) {
	r.op("MOVQ $%d, DX", n)
	r.op("CMPQ CX, DX")
	r.op("CMOVQLT CX, DX")
	r.mask(r.source, r.elem, "DX", maskAt)
}

// columns writes acc[j] += sum over rows of x[row][j] for up to 16 columns, row by row.
func (r *reducer) columns() {
	r.text(r.name("Columns"), "(rows, stride int, x unsafe.Pointer, n int, acc *[16]float64)", 40)
	n := 16 / r.wide()
	r.op("MOVQ rows+0(FP), R8")
	r.op("MOVQ stride+8(FP), R9")
	r.op("MOVQ x+16(FP), SI")
	r.op("MOVQ n+24(FP), CX")
	r.op("MOVQ acc+32(FP), DI")
	for k := range n {
		r.zero(r.source, k)
		// masks K2, K3 or registers 12 to 15; a count below 0 counts as 0
		r.op("MOVQ CX, DX")
		r.op("SUBQ $%d, DX", k*r.wide())
		r.op("MOVQ $0, BX")
		r.op("CMOVQLT BX, DX")
		r.op("MOVQ $%d, BX", r.wide())
		r.op("CMPQ DX, BX")
		r.op("CMOVQGT BX, DX")
		r.mask(r.source, r.elem, "DX", 12+k)
		if r.masks {
			r.op("KMOVW K1, K%d", 2+k)
		}
	}
	r.op("PCALIGN $32")
	r.label("loop")
	for k := range n {
		mem := fmt.Sprintf("%d(SI)", k*r.wide()*r.size)
		switch {
		case r.masks:
			r.op("VMOVU%s.Z %s, K%d, %s", r.packed, mem, 2+k, r.half(4+k))
		case r.size == 8:
			r.op("VMASKMOVPD %s, Y%d, Y%d", mem, 12+k, 4+k)
		default:
			r.op("VMASKMOVPS %s, X%d, X%d", mem, 12+k, 4+k)
		}
		if r.size == 4 {
			r.op("VCVTPS2PD %s, %s", r.half(4+k), r.r(4+k))
		}
		r.op("VADDPD %s, %s, %s", r.r(4+k), r.r(k), r.r(k))
	}
	r.op("ADDQ R9, SI")
	r.op("DECQ R8")
	r.op("JNZ loop")
	for k := range n {
		r.op("VADDPD %d(DI), %s, %s", k*r.bytes, r.r(k), r.r(k))
		r.op("VMOVUPD %s, %d(DI)", r.r(k), k*r.bytes)
	}
	r.ret()
}

// largest writes the maximum, which does not depend on the order; NaN if any element is NaN, never -0.
func (r *reducer) largest() {
	lanes := r.bytes / r.size
	r.text(r.name("Max"), "(n int, x unsafe.Pointer) "+r.goType, 16+r.size)
	r.op("MOVQ n+0(FP), CX")
	r.op("MOVQ x+8(FP), SI")
	infinity := map[int]string{4: "MOVQ $0xff800000, AX", 8: "MOVQ $0xfff0000000000000, AX"}[r.size]
	r.op(infinity)
	r.op("VMOVQ AX, X3")
	r.op("VBROADCAST%s X3, %s", r.scalar, r.r(3))
	r.op("VMOVAPS %s, %s", r.r(3), r.r(0))
	r.op("VMOVAPS %s, %s", r.r(3), r.r(1))
	r.zero(r.source, 4) // becomes NaN where one was seen
	r.op("SUBQ $%d, CX", 2*lanes)
	r.op("JLT tail")
	r.label("loop")
	for k := range 2 {
		r.op("VMOVU%s %d(SI), %s", r.packed, k*r.bytes, r.r(5+k))
		r.larger(5+k, k)
	}
	r.op("ADDQ $%d, SI", 2*r.bytes)
	r.op("SUBQ $%d, CX", 2*lanes)
	r.op("JGE loop")
	r.label("tail")
	r.op("ADDQ $%d, CX", 2*lanes)
	for k := range 2 {
		r.op("JLE tree")
		r.firstLanes(lanes)
		if r.masks {
			r.op("VMOVAPS Z3, Z5")
			r.op("VMOVU%s (SI), K1, Z5", r.packed)
		} else {
			r.op("VMASKMOV%s (SI), Y15, Y5", r.packed)
			r.op("VBLENDV%s Y15, Y5, Y3, Y5", r.packed)
		}
		r.larger(5, k)
		r.op("ADDQ $%d, SI", r.bytes)
		r.op("SUBQ $%d, CX", lanes)
	}
	r.label("tree")
	r.op("VMAX%s %s, %s, %s", r.packed, r.r(1), r.r(0), r.r(0))
	for _, i := range []int{0, 4} {
		op := map[int]string{0: "VMAX", 4: "VADD"}[i] + r.packed
		if r.masks {
			r.op("VEXTRACTF64X4 $1, Z%d, Y1", i)
			r.op("%s Y1, Y%d, Y%d", op, i, i)
		}
		r.op("VEXTRACTF128 $1, Y%d, X1", i)
		r.op("%s X1, X%d, X%d", op, i, i)
		r.op("VPERMILPD $1, X%d, X1", i)
		r.op("%s X1, X%d, X%d", op, i, i)
		if r.size == 4 {
			r.op("VPSHUFD $1, X%d, X1", i)
			r.op("%s X1, X%d, X%d", op, i, i)
		}
	}
	r.op("VADD%s X4, X0, X0", r.scalar) // X4 is 0 or NaN
	r.op("VMOV%s X0, ret+16(FP)", r.scalar)
	r.ret()
}

// larger takes the maximum of register x into accumulator k and adds x*0 of unordered lanes to register 4.
func (r *reducer) larger(x, k int) {
	r.op("VMAX%s %s, %s, %s", r.packed, r.r(x), r.r(k), r.r(k))
	if r.masks {
		r.op("VCMP%s $3, %s, %s, K2", r.packed, r.r(x), r.r(x))
		r.op("VADD%s %s, %s, K2, %s", r.packed, r.r(x), r.r(4), r.r(4))
		return
	}
	r.op("VCMP%s $3, %s, %s, Y2", r.packed, r.r(x), r.r(x))
	r.op("VORP%s Y2, Y4, Y4", r.packed[1:])
}
