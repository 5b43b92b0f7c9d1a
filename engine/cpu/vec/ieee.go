package vec

import "math"

// The operations below, + - * / and comparisons, and the integer operations on bit patterns are all that the definitions in f32.go and f64.go are made of.
// Package asmgen translates each of them to instructions with the same result.

// fma32 returns a*b + c rounded once to float32.
//
// The product of two float32 numbers is exact in float64. Rounding the sum twice, to float64 and to float32, goes wrong only if the first
// rounding lands in the middle between two float32 numbers, or if the result is subnormal, whose last bit lies elsewhere.
func fma32(a, b, c float32) float32 {
	s := float64(a)*float64(b) + float64(c)
	if bits := math.Float64bits(s); bits&(1<<29-1) != 1<<28 && bits<<1 >= (1023-126)<<53 {
		return float32(s)
	}
	return fmaOdd(a, b, c)
}

// fmaOdd rounds the sum to odd in float64 (an inexact result keeps a set last bit), after which the rounding to float32 is correct,
// subnormals included, because float64 has more than two further bits
// (S. Boldo, G. Melquiond, Emulation of a FMA and correctly rounded sums: proved algorithms using rounding to odd, IEEE Trans. Comput. 57, 462 (2008)).
func fmaOdd(a, b, c float32) float32 {
	p, z := float64(a)*float64(b), float64(c)
	s := p + z
	t := s - p
	lost := (p - (s - t)) + (z - t)
	if lost > 0 || lost < 0 { // never true of infinities and NaN, whose lost part is NaN
		bits := math.Float64bits(s)
		if bits&1 == 0 {
			if (lost > 0) == (s > 0) {
				bits++
			} else {
				bits--
			}
			s = math.Float64frombits(bits)
		}
	}
	return float32(s)
}

// fma64 returns a*b + c rounded once to float64.
func fma64(a, b, c float64) float64 { return math.FMA(a, b, c) }

// sqrt32 returns the square root of x rounded to float32: the double rounding through float64 is harmless.
func sqrt32(x float32) float32 { return float32(math.Sqrt(float64(x))) }

// sqrt64 returns the square root of x rounded to float64.
func sqrt64(x float64) float64 { return math.Sqrt(x) }

// scale32 returns p * 2^n rounded once (as two powers of two, of which only the second can over- or underflow), for an integral n, |n| <= 252, and 1/4 < |p| < 4 or NaN.
func scale32(p, n float32) float32 {
	i := math.Float32bits(n + shift32) // ends in n, in two's complement
	half := i << 22 & 0xff800000
	rest := i<<23 - half
	one := uint32(127) << 23
	p *= math.Float32frombits(half + one)
	return float32(p * math.Float32frombits(rest+one))
}

// scale64 returns p * 2^n rounded once, for an integral n, |n| <= 2044, and 1/4 < |p| < 4 or NaN.
func scale64(p, n float64) float64 {
	i := math.Float64bits(n + shift64) // ends in n, in two's complement
	half := i << 51 & 0xfff0000000000000
	rest := i<<52 - half
	one := uint64(1023) << 52
	p *= math.Float64frombits(half + one)
	return float64(p * math.Float64frombits(rest+one))
}
