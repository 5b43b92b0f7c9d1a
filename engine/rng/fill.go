package rng

import "unsafe"

// The Fill functions write elements offset, offset+1, … of the stream to dst, the same bits as the functions of one element,
// at any offset and length: a worker fills its part alone. They allocate nothing.

// FillUint32 writes Uint32(offset+i) to dst[i].
func (s Stream) FillUint32(dst []uint32, offset uint64) { fill(dst, offset, s, law{kind: uints32}) }

// FillFloat32 writes Float32(offset+i) to dst[i].
func (s Stream) FillFloat32(dst []float32, offset uint64) { fill(dst, offset, s, law{kind: floats32}) }

// FillFloat64 writes Float64(offset+i) to dst[i].
func (s Stream) FillFloat64(dst []float64, offset uint64) { fill(dst, offset, s, law{kind: floats64}) }

// FillNormal32 writes Normal32(offset+i) to dst[i].
func (s Stream) FillNormal32(dst []float32, offset uint64) {
	fill(dst, offset, s, law{kind: normals32})
}

// FillNormal64 writes Normal64(offset+i) to dst[i].
func (s Stream) FillNormal64(dst []float64, offset uint64) {
	fill(dst, offset, s, law{kind: normals64})
}

// FillBernoulli sets dst[i] to one where Bernoulli(offset+i, threshold) is true and to zero elsewhere.
func (s Stream) FillBernoulli(dst []float32, offset, threshold uint64) {
	if threshold <= mask {
		fill(dst, offset, s, law{kind: bernoulli32, threshold: uint32(threshold)})
		return
	}
	for i := range dst { // always: such a threshold is no word
		dst[i] = 1
	}
}

// A group is the least run of elements that fills whole vectors: 16 counters and 64 elements of 32 bits, or 8 counters and 16 elements of 64.
const (
	group32, counters32 = 64, 16
	group64, counters64 = 16, 8
)

// kind names what a group of counters is turned into.
type kind uint8

const (
	uints32 kind = iota
	floats32
	normals32
	bernoulli32
	floats64
	normals64
)

// law is a kind with its parameter, if it has one.
type law struct {
	kind      kind
	threshold uint32 // of bernoulli32
}

// fill computes whole groups in place and the group at either end that dst has only a part of in a buffer.
func fill[T uint32 | float32 | float64](dst []T, offset uint64, s Stream, k law) {
	group, counters := uint64(group32), uint64(counters32)
	if k.kind >= floats64 {
		group, counters = group64, counters64
	}
	for len(dst) > 0 {
		c, skip := offset/group*counters, offset%group
		if skip != 0 || uint64(len(dst)) < group {
			var part [group32]T
			s.groups(k, unsafe.Pointer(&part), 1, c)
			n := copy(dst, part[skip:group])
			dst, offset = dst[n:], offset+uint64(n)
			continue
		}
		// Within one run the counter's second word is constant.
		n := min(uint64(len(dst))/group, (1<<32-c&(1<<32-1))/counters)
		s.groups(k, unsafe.Pointer(&dst[0]), int(n), c)
		dst, offset = dst[n*group:], offset+n*group
	}
}

// portableGroups writes n groups from counter c on to dst: the definition that the assembly agrees with bit for bit.
func (s Stream) portableGroups(k law, dst unsafe.Pointer, n int, c uint64) {
	if k.kind >= floats64 {
		out := unsafe.Slice((*float64)(dst), n*group64)
		for ; len(out) > 0; out, c = out[group64:], c+counters64 {
			s.portable64(k.kind, (*[group64]float64)(out), c)
		}
		return
	}
	out := unsafe.Slice((*uint32)(dst), n*group32)
	for ; len(out) > 0; out, c = out[group32:], c+counters32 {
		s.words((*[group32]uint32)(out), c)
		words, values := (*[group32]uint32)(out), (*[group32]float32)(unsafe.Pointer(&out[0]))
		switch k.kind {
		case floats32:
			toFloats32(values, words)
		case normals32:
			toNormals32(values, words)
		case bernoulli32:
			toBernoulli32(values, words, k.threshold)
		}
	}
}

// words writes the words of 16 counters, all first words, then all second words, and so on.
func (s Stream) words(out *[group32]uint32, c uint64) {
	for i := range counters32 {
		out[i], out[16+i], out[32+i], out[48+i] = s.block(uint32(c)+uint32(i), uint32(c>>32))
	}
}

// The three functions below may be given the same memory twice: each entry is read before it is written.
func toFloats32(out *[group32]float32, w *[group32]uint32) {
	for i := range w {
		out[i] = unit32(w[i])
	}
}

func toNormals32(out *[group32]float32, w *[group32]uint32) {
	for i := range counters32 {
		out[i], out[16+i] = boxMuller32(w[i], w[16+i])
		out[32+i], out[48+i] = boxMuller32(w[32+i], w[48+i])
	}
}

func toBernoulli32(out *[group32]float32, w *[group32]uint32, threshold uint32) {
	for i := range w {
		out[i] = float32((uint64(w[i]) - uint64(threshold)) >> 63) // the borrow, without a branch that is never predicted
	}
}

func (s Stream) portable64(k kind, out *[group64]float64, c uint64) {
	for i := range counters64 {
		b0, b1, b2, b3 := s.block(uint32(c)+uint32(i), uint32(c>>32))
		x, y := join(b0, b1), join(b2, b3)
		if k == normals64 {
			out[i], out[8+i] = boxMuller64(x, y)
		} else {
			out[i], out[8+i] = unit64(x), unit64(y)
		}
	}
}
