package rng

import "math"

// Normal numbers are made in pairs by Box and Muller (1958): of a uniform u and an angle θ, (√(-2 ln u) cos θ, √(-2 ln u) sin θ).
// The functions below are their definition, bit for bit: each line is one correctly rounded IEEE operation (or exact integer ones),
// multiply-adds are fused where fma is written, and the SIMD and CUDA versions do the same operations in the same order.
//
// The polynomials are minimax fits of the relative error (Remez) made for this package; 2^-n beside each is that error before rounding.

// ln32 are the coefficients of P, where -2 ln(1+f) = -2f + f²·P(f) for -1/3 ≤ f ≤ 1/3, highest power first; 2^-27.7.
var ln32 = [9]float32{
	0.2589791365897014, -0.28009516320431831, 0.24334313334254533, -0.28002321034686514, 0.33364610935459594,
	-0.40021495180804888, 0.49999434935688306, -0.66666416834481183, 1.0000000241515755,
}

// sin32 and cos32: sin(πf/2) = f·S(f²), cos(πf/2) = C(f²) for |f| ≤ 1/2, highest power first; 2^-28.2 and 2^-34.1.
var (
	sin32 = [4]float32{-0.0046016578872117952, 0.079680032768536677, -0.64596346023320465, 1.5707963217083444}
	cos32 = [5]float32{0.00090336297538154142, -0.020859936027770347, 0.2536691825960689, -1.2337005395647638, 1}
)

// ln64, sin64 and cos64 are the same for float64; 2^-59.4, 2^-58.1 and 2^-64.6.
var (
	ln64 = [21]float64{
		0.16696244780638422833, -0.17007363088908276728, 0.07660876935128275693, -0.083462838639112483569,
		0.1149876803062275985377, -0.1210463995088083204992, 0.1246058986695070125305, -0.1330116044655428500667,
		0.1428829200731547299706, -0.1538654538609397025861, 0.1666655723191315916013, -0.1818174462099473616505,
		0.200000029554356613357, -0.2222222394962775534644, 0.2499999995181455997611, -0.2857142854818164218918,
		0.3333333333376150343923, -0.4000000000015463300663, 0.4999999999999831425761, -0.6666666666666631089765,
		1.000000000000000017138,
	}
	sin64 = [7]float64{
		5.633721012201000410978e-8, -0.000003598641754448450762919, 0.0001604411502916515369932, -0.004681754132282418194343,
		0.0796926262460395603381, -0.6459640975062442416209, 1.570796326794896614029,
	}
	cos64 = [8]float64{
		-6.320557335939868598108e-9, 4.710603581268371532631e-7, -0.00002520203656820771857605, 0.0009192602741467707084568,
		-0.02086348076330800332496, 0.2536695079010465743665, -1.233700550136169809697, 1,
	}
)

// Constants of the reduction u = 2^k·(1+f), 2/3 ≤ 1+f < 4/3, and -2 ln 2.
const (
	third32    = 0x3F2AAAAB // bits of 2/3
	third64    = 0x3FE5555555555555
	minus2ln2  = -1.38629436111989061883446424291635313615
	mantissa32 = 1<<23 - 1
	mantissa64 = 1<<52 - 1
	sign32     = 1 << 31
	sign64     = 1 << 63
	one64      = 0x3FF0000000000000 // bits of 1
)

// boxMuller32 makes two independent normal numbers of two words.
//
//	u = (⌊a/2⌋ + 1/2)·2⁻³¹ rounded once;  f = (4·(b mod 2³⁰) + 2, read as a signed word, rounded)·2⁻³²: an angle within a quarter turn
//	r = √(-2 ln u);  c = cos(πf/2), negated when bit 31 of b is set;  s = sin(πf/2)
//	(x, y) = (r·c, r·s), exchanged when bit 30 of b is set
//
// |x| ≤ 6.67. The law is symmetric exactly; moments, tails and accuracy are pinned by the tests.
func boxMuller32(a, b uint32) (x, y float32) {
	u := fma32(float32(int32(a>>1)), 0x1p-31, 0x1p-32)
	t := math.Float32bits(u) - third32
	k := float32(int32(t) >> 23)
	f := math.Float32frombits(t&mantissa32+third32) - 1
	p := ln32[0]
	for _, c := range ln32[1:] {
		p = fma32(p, f, c)
	}
	q := fma32(float32(f*f), p, -2*f)
	r := float32(math.Sqrt(float64(fma32(k, minus2ln2, q))))

	g := float32(int32(b<<2|2)) * 0x1p-32
	z := float32(g * g)
	s := sin32[0]
	for _, c := range sin32[1:] {
		s = fma32(s, z, c)
	}
	s = float32(s*g) * r
	c := cos32[0]
	for _, d := range cos32[1:] {
		c = fma32(c, z, d)
	}
	c = math.Float32frombits(math.Float32bits(c)^b&sign32) * r
	if b&(1<<30) != 0 {
		return s, c
	}
	return c, s
}

// boxMuller64 is the float64 version, of two 64-bit words.
//
//	u = (⌊a/2¹²⌋ + 1/2)·2⁻⁵²;  f = n·2⁻⁵² - 1/2, n = bits 10 … 61 of b with the lowest set;  sign and exchange: bits 63 and 62 of b
//
// Both u and f are exact, |x| ≤ 8.58.
func boxMuller64(a, b uint64) (x, y float64) {
	u := math.Float64frombits(a>>12|one64) - (1 - 0x1p-53)
	t := math.Float64bits(u) - third64
	k := float64(int64(t) >> 52)
	f := math.Float64frombits(t&mantissa64+third64) - 1
	p := ln64[0]
	for _, c := range ln64[1:] {
		p = math.FMA(p, f, c)
	}
	q := math.FMA(float64(f*f), p, -2*f)
	r := math.Sqrt(math.FMA(k, minus2ln2, q))

	g := math.Float64frombits(b<<2>>12|one64|1) - 1.5
	z := float64(g * g)
	s := sin64[0]
	for _, c := range sin64[1:] {
		s = math.FMA(s, z, c)
	}
	s = float64(s*g) * r
	c := cos64[0]
	for _, d := range cos64[1:] {
		c = math.FMA(c, z, d)
	}
	c = math.Float64frombits(math.Float64bits(c)^b&sign64) * r
	if b&(1<<62) != 0 {
		return s, c
	}
	return c, s
}

// fma32 is x·y+z rounded once to float32, for results in the normal range.
// The product of two float32 is exact in float64. Rounding the float64 sum again goes wrong only when that sum lies half-way
// between two float32 values without being exact; then it is nudged off the half-way point to the side of its rounding error.
func fma32(x, y, z float32) float32 {
	p := float64(x) * float64(y)
	s := p + float64(z)
	if math.Float64bits(s)&(1<<29-1) == 1<<28 {
		s = nudge(s, p, float64(z))
	}
	return float32(s)
}

// nudge moves s = p+z rounded by one unit in the last place toward the exact sum, if they differ.
func nudge(s, p, z float64) float64 {
	v := s - p
	if e := (p - (s - v)) + (z - v); e > 0 {
		return math.Nextafter(s, math.Inf(1))
	} else if e < 0 {
		return math.Nextafter(s, math.Inf(-1))
	}
	return s
}

// Normal32 returns element e as a normal number of mean 0 and variance 1.
// The four words of a counter make two pairs; words 0 and 2 hold the first of each pair, 1 and 3 the second, in the layout of Uint32.
func (s Stream) Normal32(e uint64) float32 {
	c, word := slot32(e)
	b := s.Block(uint32(c), uint32(c>>32))
	x, y := boxMuller32(b[word&2], b[word|1])
	if word&1 == 0 {
		return x
	}
	return y
}

// Normal64 returns element e as a normal number of mean 0 and variance 1; elements with h = 0 and 1 of one counter (see Float64) form a pair.
func (s Stream) Normal64(e uint64) float64 {
	c, half := slot64(e)
	b := s.Block(uint32(c), uint32(c>>32))
	x, y := boxMuller64(join(b[0], b[1]), join(b[2], b[3]))
	if half == 0 {
		return x
	}
	return y
}
