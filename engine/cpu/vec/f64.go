package vec

import "math"

// The float64 definitions: straight-line Go that package asmgen also compiles to assembly. Every product that is added to something
// is either inside fma64 or rounded by an explicit conversion, so that no compiler may fuse it.

const (
	shift64     = 0x1.8p52 // adding and subtracting it rounds to an integer
	log2e64     = 0x1.71547652b82fep+0
	ln2Hi64     = 0x1.62e42fefa39efp-1
	ln2Lo64     = 0x1.abc9e3b39803fp-56
	minNormal64 = 0x1p-1022
	max64       = 0x1.fffffffffffffp1023
	signBit64   = 1 << 63

	// MaxAngle64 is the largest |x| of which sin and cos are computed; beyond it they are NaN.
	MaxAngle64 = 0x1p40
)

func inf64() float64 { return math.Float64frombits(0x7ff0000000000000) }
func nan64() float64 { return math.Float64frombits(0x7ff8000000000000) }

func mov64(x float64) float64    { return x }
func neg64(x float64) float64    { return -x }
func abs64(x float64) float64    { return math.Float64frombits(math.Float64bits(x) &^ signBit64) }
func square64(x float64) float64 { return x * x }
func cube64(x float64) float64   { return x * x * x }

func sign64(x float64) float64 {
	if x > 0 {
		return 1
	}
	if x < 0 {
		return -1
	}
	return x
}

func step64(x float64) float64 {
	if x > 0 {
		return 1
	}
	return 0
}

func relu64(x float64) float64 {
	if x < 0 {
		return 0
	}
	return x
}

func inverse64(x float64) float64     { return 1 / x }
func inverseSqrt64(x float64) float64 { return 1 / sqrt64(x) }

func floor64(x float64) float64 {
	size := abs64(x)
	r := (size + 0x1p52) - 0x1p52
	r = math.Float64frombits(math.Float64bits(r) | math.Float64bits(x)&signBit64)
	if r > x {
		r = r - 1
	}
	if !(size < 0x1p52) {
		return x
	}
	return r
}

func ceil64(x float64) float64 { return -floor64(-x) }

// expPower64 is the integer n nearest to x/ln 2, expRest64 is x - n ln 2.
func expPower64(x float64) float64 { return fma64(x, log2e64, shift64) - shift64 }
func expRest64(x, n float64) float64 {
	return fma64(-n, ln2Lo64, fma64(-n, ln2Hi64, x))
}

// expTail64 is (e^r - 1 - r)/r^2 for |r| <= ln(2)/2.
func expTail64(r float64) float64 {
	q := fma64(0x1.1f113ea8bfd64p-29, r, 0x1.af5ffe27c2d41p-26)
	q = fma64(q, r, 0x1.27e519279a36ap-22)
	q = fma64(q, r, 0x1.71ddf7acefa41p-19)
	q = fma64(q, r, 0x1.a01a018b51b6dp-16)
	q = fma64(q, r, 0x1.a01a01b020765p-13)
	q = fma64(q, r, 0x1.6c16c16c1b32ep-10)
	q = fma64(q, r, 0x1.111111110f62bp-7)
	q = fma64(q, r, 0x1.555555555554cp-5)
	q = fma64(q, r, 0x1.5555555555559p-3)
	return fma64(q, r, 0.5)
}

// exp64 splits x = n ln 2 + r; beyond the two limits the result has overflowed or rounds to 0.
func exp64(x float64) float64 {
	if x > 710 {
		x = 710
	}
	if x < -746 {
		x = -746
	}
	n := expPower64(x)
	r := expRest64(x, n)
	p := fma64(expTail64(r), r, 1)
	return scale64(fma64(p, r, 1), n)
}

// expm164 is e^x - 1 computed at half size, so that 2^1024 is never needed.
func expm164(x float64) float64 {
	if x > 710 {
		x = 710
	}
	if x < -50 {
		x = -50
	}
	n := expPower64(x)
	r := expRest64(x, n)
	p := fma64(float64(r*r), expTail64(r), r)
	h := scale64(0.5, n)
	y := fma64(h, p, h-0.5)
	return y + y
}

// sigmoid64 is 1/(1 + e^-x).
func sigmoid64(x float64) float64 { return 1 / (1 + exp64(-x)) }

// tanh64 is m/(m + 2) with m = e^2x - 1, accurate relative to the result also near 0.
func tanh64(x float64) float64 {
	if x > 19.5 {
		x = 19.5
	}
	if x < -19.5 {
		x = -19.5
	}
	x = x + x
	n := expPower64(x)
	r := expRest64(x, n)
	p := fma64(float64(r*r), expTail64(r), r)
	s := scale64(1, n)
	m := fma64(s, p, s-1)
	return m / (m + 2)
}

// exponent64 and mantissa64 write a positive normal x as m 2^e with m in [sqrt(1/2), sqrt 2).
func exponent64(x float64) float64 {
	i := math.Float64bits(x) + (0x3ff0000000000000 - 0x3fe6a09e667f3bcd)
	return math.Float64frombits(i>>52|0x4330000000000000) - (0x1p52 + 1023)
}

func mantissa64(x float64) float64 {
	i := math.Float64bits(x) + (0x3ff0000000000000 - 0x3fe6a09e667f3bcd)
	return math.Float64frombits(math.Float64bits(x) + 0x3ff0000000000000 - i&0xfff0000000000000)
}

// logSum64 is ln(1+f) + e ln 2 for f in [sqrt(1/2) - 1, sqrt 2 - 1], by ln(1+f) = 2 artanh(s) with s = f/(2+f).
// The first terms are f - f^2/2, so that the division's rounding weighs little.
func logSum64(f, e float64) float64 {
	s := f / (2 + f)
	z := float64(s * s)
	q := fma64(0x1.2f17efa94bb3cp-3, z, 0x1.399fd376aebe3p-3)
	q = fma64(q, z, 0x1.746652b1500b2p-3)
	q = fma64(q, z, 0x1.c71c51a26870dp-3)
	q = fma64(q, z, 0x1.249249427c47dp-2)
	q = fma64(q, z, 0x1.999999997f26cp-2)
	q = fma64(q, z, 0x1.5555555555595p-1)
	half := float64(0.5 * float64(f*f))
	y := fma64(s, fma64(q, z, half), float64(e*ln2Lo64))
	return fma64(e, ln2Hi64, f-(half-y))
}

func log64(x float64) float64 {
	y := x
	shift := float64(0)
	if x < minNormal64 {
		y = x * 0x1p54
		shift = -54
	}
	r := logSum64(mantissa64(y)-1, exponent64(y)+shift)
	if x == 0 {
		return -inf64()
	}
	if !(x >= 0) {
		return nan64()
	}
	if x > max64 {
		return x
	}
	return r
}

// log264 adds the exponent after the conversion to base 2, so that powers of two are exact.
func log264(x float64) float64 {
	y := x
	shift := float64(0)
	if x < minNormal64 {
		y = x * 0x1p54
		shift = -54
	}
	l := logSum64(mantissa64(y)-1, 0)
	r := fma64(l, log2e64, exponent64(y)+shift)
	if x == 0 {
		return -inf64()
	}
	if !(x >= 0) {
		return nan64()
	}
	if x > max64 {
		return x
	}
	return r
}

// log1p64 writes 1 + x = (1 + f) 2^e with f computed from x itself.
func log1p64(x float64) float64 {
	e := exponent64(1 + x)
	s := scale64(1, -e)
	r := logSum64(fma64(x, s, s-1), e)
	if x == -1 {
		return -inf64()
	}
	if !(x >= -1) {
		return nan64()
	}
	if x > max64 {
		return x
	}
	return r
}

// softplus64 is ln(1 + e^x) = max(x, 0) + ln(1 + z), z = e^-|x|.
func softplus64(x float64) float64 {
	z := exp64(-abs64(x))
	f := z
	e := float64(0)
	if z > 0x1.a827999fcef32p-2 { // sqrt 2 - 1
		f = fma64(z, 0.5, -0.5)
		e = 1
	}
	return logSum64(f, e) + relu64(x)
}

// turns64 counts quarter turns in the last bits of the result, quarter64 is what remains of x.
func turns64(x float64) float64 { return fma64(x, 0x1.45f306dc9c883p-1, shift64) }
func quarter64(x, t float64) float64 {
	n := t - shift64
	r := fma64(-n, 0x1.921fb54442d18p+0, x)
	r = fma64(-n, 0x1.1a62633145c07p-54, r)
	return fma64(-n, -0x1.f1976b7ed8fbcp-110, r)
}

// sine64 and cosine64 hold for |r| <= pi/4.
func sine64(r float64) float64 {
	z := float64(r * r)
	q := fma64(-0x1.a5de1048781acp-41, z, 0x1.611599d9c988fp-33)
	q = fma64(q, z, -0x1.ae643ea111887p-26)
	q = fma64(q, z, 0x1.71de3a4103be8p-19)
	q = fma64(q, z, -0x1.a01a01a007695p-13)
	q = fma64(q, z, 0x1.111111111108dp-7)
	q = fma64(q, z, -0x1.5555555555555p-3)
	return fma64(float64(r*z), q, r)
}

func cosine64(r float64) float64 {
	z := float64(r * r)
	q := fma64(-0x1.8f97add31f3b2p-37, z, 0x1.1ee9bff82d070p-29)
	q = fma64(q, z, -0x1.27e4f7c9bae0bp-22)
	q = fma64(q, z, 0x1.a01a019c593ffp-16)
	q = fma64(q, z, -0x1.6c16c16c14df3p-10)
	q = fma64(q, z, 0x1.555555555554ap-5)
	q = fma64(q, z, -0.5)
	return fma64(q, z, 1)
}

// rotate64 is the sine of r + q quarter turns.
func rotate64(r float64, q uint64) float64 {
	y := sine64(r)
	if q&1 != 0 {
		y = cosine64(r)
	}
	return math.Float64frombits(math.Float64bits(y) ^ q&2<<62)
}

func sin64(x float64) float64 {
	t := turns64(x)
	y := rotate64(quarter64(x, t), math.Float64bits(t))
	if !(abs64(x) <= MaxAngle64) {
		return nan64()
	}
	return y
}

func cos64(x float64) float64 {
	t := turns64(x)
	y := rotate64(quarter64(x, t), math.Float64bits(t)+1)
	if !(abs64(x) <= MaxAngle64) {
		return nan64()
	}
	return y
}

func add64(a, b float64) float64 { return a + b }
func sub64(a, b float64) float64 { return a - b }
func mul64(a, b float64) float64 { return a * b }
func div64(a, b float64) float64 { return a / b }

func smaller64(a, b float64) float64 {
	m := b
	if a < b {
		m = a
	}
	if a != a {
		return a
	}
	return m
}

func larger64(a, b float64) float64 {
	m := b
	if a > b {
		m = a
	}
	if a != a {
		return a
	}
	return m
}

func gt64(a, b float64) float64 {
	if a > b {
		return 1
	}
	return 0
}

func gte64(a, b float64) float64 {
	if a >= b {
		return 1
	}
	return 0
}

func lt64(a, b float64) float64 {
	if a < b {
		return 1
	}
	return 0
}

func lte64(a, b float64) float64 {
	if a <= b {
		return 1
	}
	return 0
}

func eq64(a, b float64) float64 {
	if a == b {
		return 1
	}
	return 0
}

func ne64(a, b float64) float64 {
	if a != b {
		return 1
	}
	return 0
}

// bernoulli64 is 1 with probability 1/(1 + e^-x) when u is uniform on [0, 1).
func bernoulli64(x, u float64) float64 {
	if fma64(u, exp64(-x), u) < 1 {
		return 1
	}
	return 0
}

// spin64 is 1 with probability 1/(1 + e^-x), otherwise -1.
func spin64(x, u float64) float64 {
	if fma64(u, exp64(-x), u) < 1 {
		return 1
	}
	return -1
}

func muladd64(a, b, c float64) float64 { return fma64(a, b, c) }
func mulsub64(a, b, c float64) float64 { return fma64(-a, b, c) }

func select64(mask, a, b float64) float64 {
	if mask != 0 {
		return a
	}
	return b
}
