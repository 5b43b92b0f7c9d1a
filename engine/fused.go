package engine

import "gorgonia.org/tensor"

// Fused is a product whose elements a loop takes while they are at hand, before or instead of their being written to memory, and the
// uniform numbers that only the loop reads, made where they are used: the bias, the activation and the sample of a layer in one pass.
// It means the Random steps, then the Product, then the Loop, except that what only the Loop reads of them need not be stored; where
// the product itself is read later, the Loop's first instruction stores it. Every element of Out is the same bits as in three steps.
//
// No operand of the product overlaps what the loop writes, so elements may be finished in any order.
type Fused struct {
	Name
	Product *Product
	Random  []*Random
	Loop    *Loop
}

// A Fuser takes Fused steps; Fuses says whether it takes this one. Backends that are none get the steps one by one.
type Fuser interface {
	Backend
	Fuses(f *Fused) bool
}

// fuse joins products with the loops that read them, as far as b takes them.
func (pr *Program) fuse(steps []Step, b Fuser) []Step {
	gone := map[Step]bool{}
	for j := range steps {
		l, ok := steps[j].(*Loop)
		if !ok {
			continue
		}
		for i := j - 1; i >= 0; i-- {
			p, ok := steps[i].(*Product)
			if !ok || gone[p] || !pr.fits(steps, i, j) {
				continue
			}
			f := &Fused{Name: p.Name + " " + l.Name, Product: p, Loop: l}
			if pr.readLater(steps, p.C, i, j) {
				keep := Instr{Op: "mov", NSrc: 1, Dst: Operand{Kind: Array, Buf: p.C.flat()}, Src: [3]Operand{{Kind: Array, Buf: p.C.flat()}}}
				f.Loop = &Loop{Name: l.Name, N: l.N, Cols: l.Cols, Temps: l.Temps, Code: append([]Instr{keep}, l.Code...)}
			}
			f.Random = pr.uniforms(steps, gone, j)
			if !b.Fuses(f) {
				continue
			}
			gone[p], steps[j] = true, f
			for _, r := range f.Random {
				gone[r] = true
			}
			break
		}
	}
	var rest []Step
	for _, s := range steps {
		if !gone[s] {
			rest = append(rest, s)
		}
	}
	return rest
}

// fits reports whether product i may be computed element by element within loop j.
func (pr *Program) fits(steps []Step, i, j int) bool {
	p, l := steps[i].(*Product), steps[j].(*Loop)
	if l.N != p.C.Len() || max(l.Cols, 1) != p.N {
		return false
	}
	used := false
	for _, in := range l.Code {
		for _, o := range append([]Operand{in.Dst}, in.Src[:in.NSrc]...) {
			if o.Kind == Temp || !o.Buf.overlaps(p.C) {
				continue
			}
			if o.Kind != Array || !o.Buf.Same(p.C) {
				return false // an element that may not be finished yet
			}
			used = true
		}
		if d := in.Dst; d.Kind != Temp && (d.Buf.overlaps(p.A) || d.Buf.overlaps(p.B)) {
			return false
		}
	}
	inputs, _ := traffic(p)
	for _, s := range steps[i+1 : j] { // what the product is moved across
		reads, writes := traffic(s)
		for _, b := range writes {
			if b.overlaps(p.C) || overlap(b, inputs) {
				return false
			}
		}
		if overlap(p.C, reads) {
			return false
		}
	}
	return used
}

// uniforms are the uniform numbers that loop j reads element by element and no other step reads.
func (pr *Program) uniforms(steps []Step, gone map[Step]bool, j int) (rs []*Random) {
	l := steps[j].(*Loop)
	for i := j - 1; i >= 0; i-- {
		r, ok := steps[i].(*Random)
		if !ok || gone[r] || r.Law != Uniform || r.Out.Len() != l.N || pr.readLater(steps, r.Out, i, j) {
			continue
		}
		reads, others := 0, 0
		for _, in := range l.Code {
			for k, o := range append([]Operand{in.Dst}, in.Src[:in.NSrc]...) {
				switch {
				case o.Kind == Temp || !o.Buf.overlaps(r.Out):
				case k > 0 && o.Kind == Array && o.Buf.Same(r.Out):
					reads++
				default:
					others++
				}
			}
		}
		for _, s := range steps[i+1 : j] {
			if _, writes := traffic(s); overlap(r.Out, writes) {
				others++
			}
		}
		if reads > 0 && others == 0 {
			rs = append(rs, r)
		}
	}
	return rs
}

// readLater reports whether what step i leaves in b is read by a step after it other than j, or survives the stage in a slot.
func (pr *Program) readLater(steps []Step, b Buffer, i, j int) bool {
	for k := i + 1; k < len(steps); k++ {
		reads, writes := traffic(steps[k])
		if k != j && overlap(b, reads) {
			return true
		}
		for _, w := range writes {
			if w.Same(b) && w.Bytes() >= b.Bytes() {
				return false
			}
		}
	}
	for _, s := range pr.slots {
		if s.overlaps(b) {
			return true
		}
	}
	return false
}

// traffic is the memory that a step reads and writes, or more.
func traffic(s Step) (reads, writes []Buffer) {
	switch s := s.(type) {
	case *Product:
		reads, writes = []Buffer{s.A, s.B}, []Buffer{s.C}
		if s.Beta != 0 {
			reads = append(reads, s.C)
		}
	case *Loop:
		for _, in := range s.Code {
			for _, o := range in.Src[:in.NSrc] {
				if o.Kind != Temp {
					reads = append(reads, o.Buf)
				}
			}
			if in.Dst.Kind != Temp {
				writes = append(writes, in.Dst.Buf)
			}
		}
	case *Reduce:
		reads, writes = []Buffer{s.In}, []Buffer{s.Out}
	case *Softmax:
		reads, writes = []Buffer{s.In}, []Buffer{s.Out}
	case *SoftmaxGrad:
		reads, writes = []Buffer{s.Y, s.G}, []Buffer{s.Out}
	case *Random:
		writes = []Buffer{s.Out}
	case *Move: // into part of Out: what is there survives
		reads, writes = []Buffer{s.In, s.Out}, []Buffer{s.Out}
	case *Call: // kernels may advance Out
		reads, writes = append([]Buffer{s.Out}, s.In...), []Buffer{s.Out}
	case *Fused:
		reads, writes = traffic(s.Product)
		r, w := traffic(s.Loop)
		reads, writes = append(reads, r...), append(writes, w...)
	}
	return reads, writes
}

func overlap(b Buffer, others []Buffer) bool {
	for _, o := range others {
		if b.overlaps(o) {
			return true
		}
	}
	return false
}

// overlaps reports whether two buffers share memory.
func (b Buffer) overlaps(o Buffer) bool {
	if b.Mem != o.Mem || b.Dtype == (tensor.Dtype{}) || o.Dtype == (tensor.Dtype{}) {
		return false
	}
	x, y := uintptr(b.Off)+uintptr(b.host), uintptr(o.Off)+uintptr(o.host)
	return x < y+uintptr(o.Bytes()) && y < x+uintptr(b.Bytes())
}
