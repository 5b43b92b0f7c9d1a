package rng

import (
	"math"
	"unsafe"

	"cavity/engine/cpu/level"
)

//go:generate go run ./internal/asmgen

// groups writes n groups of 64 (32-bit kinds) or 16 elements from counter c on, at the level in use.
// Seven rounds have assembly; a stream in checking mode runs in portable Go.
func (s Stream) groups(k law, dst unsafe.Pointer, n int, c uint64) {
	l := level.Of()
	if l == level.Portable || s.Check {
		s.portableGroups(k, dst, n, c)
		return
	}
	keys := s.keys(uint32(c >> 32))
	keys[13] = k.threshold
	if l == level.AVX512 {
		switch k.kind {
		case uints32:
			fillUints32AVX512(dst, n, uint32(c), &keys, unsafe.Pointer(&table32))
		case floats32:
			fillFloats32AVX512(dst, n, uint32(c), &keys, unsafe.Pointer(&table32))
		case normals32:
			fillNormals32AVX512(dst, n, uint32(c), &keys, unsafe.Pointer(&table32))
		case bernoulli32:
			fillBernoulli32AVX512(dst, n, uint32(c), &keys, unsafe.Pointer(&table32))
		case floats64:
			fillFloats64AVX512(dst, n, uint32(c), &keys, unsafe.Pointer(&table64))
		case normals64:
			fillNormals64AVX512(dst, n, uint32(c), &keys, unsafe.Pointer(&table64))
		}
		return
	}
	switch k.kind {
	case uints32:
		fillUints32AVX2(dst, n, uint32(c), &keys, unsafe.Pointer(&table32))
	case floats32:
		fillFloats32AVX2(dst, n, uint32(c), &keys, unsafe.Pointer(&table32))
	case normals32:
		fillNormals32AVX2(dst, n, uint32(c), &keys, unsafe.Pointer(&table32))
	case bernoulli32:
		fillBernoulli32AVX2(dst, n, uint32(c), &keys, unsafe.Pointer(&table32))
	case floats64:
		fillFloats64AVX2(dst, n, uint32(c), &keys, unsafe.Pointer(&table64))
	case normals64:
		fillNormals64AVX2(dst, n, uint32(c), &keys, unsafe.Pointer(&table64))
	}
}

// keys are what the seven rounds exclusive-or into the state, in the order of use. Words 1, 2 and 3 of the counter are the same for
// all elements of a run, so the half of round 1 and the parts of rounds 2 and 3 that depend on them alone are computed here, once.
// The last entry is left for the threshold of a Bernoulli law.
func (s Stream) keys(c1 uint32) (k [14]uint32) {
	p1 := uint64(s.C2) * m1
	x0 := uint32(p1>>32) ^ c1 ^ s.K0 // word 0 after round 1
	p0 := uint64(x0) * m0
	k[0] = s.C3 ^ s.K1
	k[1] = uint32(p1) ^ (s.K0 + w0)
	k[2] = uint32(p0>>32) ^ (s.K1 + w1)
	k[3] = s.K0 + 2*w0&mask
	k[4] = uint32(p0) ^ (s.K1 + 2*w1&mask)
	k0, k1 := s.K0+2*w0&mask, s.K1+2*w1&mask
	for i := 5; i < 13; i += 2 {
		k0, k1 = k0+w0, k1+w1
		k[i], k[i+1] = k0, k1
	}
	return k
}

// head opens both tables: see internal/asmgen, whose row numbers these are.
type head [8][8]uint64

// table32 and table64 hold the constants of the assembly, each repeated to the width of an AVX2 register.
var (
	table32 = struct {
		head head
		rows [28][8]uint32
	}{newHead(), rows32()}
	table64 = struct {
		head head
		rows [52][4]uint64
	}{newHead(), rows64()}
)

func newHead() (h head) {
	for i := range uint64(8) {
		h[0][i], h[1][i] = m0, m1
		h[2][i] = 2*(i&^1) + i&1 // 0, 1, 4, 5, …: counters 2, 3, 6, 7, … are in the second set
		h[3][i] = i
		h[4][i], h[5][i], h[6][i], h[7][i] = 2*m0, 4*m0, 8*m0, 16*m0
	}
	return h
}

func rows32() (rows [28][8]uint32) {
	var all []uint32
	for _, f := range [][]float32{ln32[:], sin32[:], cos32[:], {0x1p-24, 0x1p-31, 0x1p-32}} {
		for _, v := range f {
			all = append(all, math.Float32bits(v))
		}
	}
	all = append(all, third32, mantissa32, math.Float32bits(1), math.Float32bits(-2), math.Float32bits(minus2ln2), 2, sign32)
	for i := range rows {
		for j := range rows[i] {
			rows[i][j] = all[i]
		}
	}
	return rows
}

func rows64() (rows [52][4]uint64) {
	var all []uint64
	for _, f := range [][]float64{ln64[:], sin64[:], cos64[:], {0x1p-53, 1, 1 - 0x1p-53}} {
		for _, v := range f {
			all = append(all, math.Float64bits(v))
		}
	}
	all = append(all, third64, mantissa64, math.Float64bits(-2), math.Float64bits(minus2ln2), one64|1, math.Float64bits(1.5), sign64,
		math.Float64bits(0x1p52), math.Float64bits(0x1p52+1024), math.Float64bits(0x1p20), math.Float64bits(0x1p20+.5), math.Float64bits(.5), third64+3<<62) // -1024<<52 modulo 2⁶⁴
	for i := range rows {
		for j := range rows[i] {
			rows[i][j] = all[i]
		}
	}
	return rows
}
