package vec

import "math"

// The float32 definitions: straight-line Go that package asmgen also compiles to assembly. Every product that is added to something
// is either inside fma32 or rounded by an explicit conversion, so that no compiler may fuse it.

const (
	shift32     = 0x1.8p23 // adding and subtracting it rounds to an integer
	log2e32     = 0x1.715476p+0
	ln2Hi32     = 0x1.62e43p-1
	ln2Lo32     = -0x1.05c61p-29
	minNormal32 = 0x1p-126
	max32       = 0x1.fffffep127
	signBit32   = 1 << 31

	// MaxAngle32 is the largest |x| of which sin and cos are computed; beyond it they are NaN.
	MaxAngle32 = 0x1p20
)

func inf32() float32 { return math.Float32frombits(0x7f800000) }
func nan32() float32 { return math.Float32frombits(0x7fc00000) }

func mov32(x float32) float32    { return x }
func neg32(x float32) float32    { return -x }
func abs32(x float32) float32    { return math.Float32frombits(math.Float32bits(x) &^ signBit32) }
func square32(x float32) float32 { return x * x }
func cube32(x float32) float32   { return x * x * x }

func sign32(x float32) float32 {
	if x > 0 {
		return 1
	}
	if x < 0 {
		return -1
	}
	return x
}

func step32(x float32) float32 {
	if x > 0 {
		return 1
	}
	return 0
}

func relu32(x float32) float32 {
	if x < 0 {
		return 0
	}
	return x
}

func inverse32(x float32) float32     { return 1 / x }
func inverseSqrt32(x float32) float32 { return 1 / sqrt32(x) }

func floor32(x float32) float32 {
	size := abs32(x)
	r := (size + 0x1p23) - 0x1p23
	r = math.Float32frombits(math.Float32bits(r) | math.Float32bits(x)&signBit32)
	if r > x {
		r = r - 1
	}
	if !(size < 0x1p23) {
		return x
	}
	return r
}

func ceil32(x float32) float32 { return -floor32(-x) }

// expPower32 is the integer n nearest to x/ln 2, expRest32 is x - n ln 2.
func expPower32(x float32) float32 { return fma32(x, log2e32, shift32) - shift32 }
func expRest32(x, n float32) float32 {
	return fma32(-n, ln2Lo32, fma32(-n, ln2Hi32, x))
}

// expTail32 is (e^r - 1 - r)/r^2 for |r| <= ln(2)/2.
func expTail32(r float32) float32 {
	q := fma32(0x1.6b6978p-10, r, 0x1.122a6ap-7)
	q = fma32(q, r, 0x1.555720p-5)
	q = fma32(q, r, 0x1.5554acp-3)
	return fma32(q, r, 0x1.fffffep-2)
}

// exp32 splits x = n ln 2 + r; beyond the two limits the result has overflowed or rounds to 0.
func exp32(x float32) float32 {
	if x > 89 {
		x = 89
	}
	if x < -104 {
		x = -104
	}
	n := expPower32(x)
	r := expRest32(x, n)
	p := fma32(expTail32(r), r, 1)
	return scale32(fma32(p, r, 1), n)
}

// expm132 is e^x - 1 computed at half size, so that 2^128 is never needed.
func expm132(x float32) float32 {
	if x > 89 {
		x = 89
	}
	if x < -30 {
		x = -30
	}
	n := expPower32(x)
	r := expRest32(x, n)
	p := fma32(float32(r*r), expTail32(r), r)
	h := scale32(0.5, n)
	y := fma32(h, p, h-0.5)
	return y + y
}

// sigmoid32 is 1/(1 + e^-x).
func sigmoid32(x float32) float32 { return 1 / (1 + exp32(-x)) }

// tanh32 is m/(m + 2) with m = e^2x - 1, accurate relative to the result also near 0.
func tanh32(x float32) float32 {
	if x > 9.5 {
		x = 9.5
	}
	if x < -9.5 {
		x = -9.5
	}
	x = x + x
	n := expPower32(x)
	r := expRest32(x, n)
	p := fma32(float32(r*r), expTail32(r), r)
	s := scale32(1, n)
	m := fma32(s, p, s-1)
	return m / (m + 2)
}

// exponent32 and mantissa32 write a positive normal x as m 2^e with m in [sqrt(1/2), sqrt 2).
func exponent32(x float32) float32 {
	i := math.Float32bits(x) + (0x3f800000 - 0x3f3504f3)
	return math.Float32frombits(i>>23|0x4b000000) - (0x1p23 + 127)
}

func mantissa32(x float32) float32 {
	i := math.Float32bits(x) + (0x3f800000 - 0x3f3504f3)
	return math.Float32frombits(math.Float32bits(x) + 0x3f800000 - i&0xff800000)
}

// logSum32 is ln(1+f) + e ln 2 for f in [sqrt(1/2) - 1, sqrt 2 - 1].
func logSum32(f, e float32) float32 {
	q := fma32(0x1.11c874p-4, f, -0x1.dd6510p-4)
	q = fma32(q, f, 0x1.e7a54ep-4)
	q = fma32(q, f, -0x1.fc4da0p-4)
	q = fma32(q, f, 0x1.232cfap-3)
	q = fma32(q, f, -0x1.555ae4p-3)
	q = fma32(q, f, 0x1.99a546p-3)
	q = fma32(q, f, -0x1.00000ap-2)
	q = fma32(q, f, 0x1.555546p-2)
	z := float32(f * f)
	y := fma32(e, ln2Lo32, float32(float32(z*f)*q))
	y = fma32(z, -0.5, y)
	return fma32(e, ln2Hi32, f+y)
}

func log32(x float32) float32 {
	y := x
	shift := float32(0)
	if x < minNormal32 {
		y = x * 0x1p24
		shift = -24
	}
	r := logSum32(mantissa32(y)-1, exponent32(y)+shift)
	if x == 0 {
		return -inf32()
	}
	if !(x >= 0) {
		return nan32()
	}
	if x > max32 {
		return x
	}
	return r
}

// log232 adds the exponent after the conversion to base 2, so that powers of two are exact.
func log232(x float32) float32 {
	y := x
	shift := float32(0)
	if x < minNormal32 {
		y = x * 0x1p24
		shift = -24
	}
	l := logSum32(mantissa32(y)-1, 0)
	r := fma32(l, log2e32, exponent32(y)+shift)
	if x == 0 {
		return -inf32()
	}
	if !(x >= 0) {
		return nan32()
	}
	if x > max32 {
		return x
	}
	return r
}

// log1p32 writes 1 + x = (1 + f) 2^e with f computed from x itself.
func log1p32(x float32) float32 {
	e := exponent32(1 + x)
	s := scale32(1, -e)
	r := logSum32(fma32(x, s, s-1), e)
	if x == -1 {
		return -inf32()
	}
	if !(x >= -1) {
		return nan32()
	}
	if x > max32 {
		return x
	}
	return r
}

// softplus32 is ln(1 + e^x) = max(x, 0) + ln(1 + z), z = e^-|x|.
func softplus32(x float32) float32 {
	z := exp32(-abs32(x))
	f := z
	e := float32(0)
	if z > 0x1.a8279ap-2 { // sqrt 2 - 1
		f = fma32(z, 0.5, -0.5)
		e = 1
	}
	return logSum32(f, e) + relu32(x)
}

// turns32 counts quarter turns in the last bits of the result, quarter32 is what remains of x.
func turns32(x float32) float32 { return fma32(x, 0x1.45f306p-1, shift32) }
func quarter32(x, t float32) float32 {
	n := t - shift32
	r := fma32(-n, 0x1.921fb6p+0, x)
	r = fma32(-n, -0x1.777a5cp-25, r)
	return fma32(-n, -0x1.ee59dap-50, r)
}

// sine32 and cosine32 hold for |r| <= pi/4.
func sine32(r float32) float32 {
	z := float32(r * r)
	q := fma32(-0x1.991e08p-13, z, 0x1.1106cap-7)
	q = fma32(q, z, -0x1.555544p-3)
	return fma32(float32(r*z), q, r)
}

func cosine32(r float32) float32 {
	z := float32(r * r)
	q := fma32(0x1.99e1d6p-16, z, -0x1.6c0c1cp-10)
	q = fma32(q, z, 0x1.55554ap-5)
	q = fma32(q, z, -0.5)
	return fma32(q, z, 1)
}

// rotate32 is the sine of r + q quarter turns.
func rotate32(r float32, q uint32) float32 {
	y := sine32(r)
	if q&1 != 0 {
		y = cosine32(r)
	}
	return math.Float32frombits(math.Float32bits(y) ^ q&2<<30)
}

func sin32(x float32) float32 {
	t := turns32(x)
	y := rotate32(quarter32(x, t), math.Float32bits(t))
	if !(abs32(x) <= MaxAngle32) {
		return nan32()
	}
	return y
}

func cos32(x float32) float32 {
	t := turns32(x)
	y := rotate32(quarter32(x, t), math.Float32bits(t)+1)
	if !(abs32(x) <= MaxAngle32) {
		return nan32()
	}
	return y
}

func add32(a, b float32) float32 { return a + b }
func sub32(a, b float32) float32 { return a - b }
func mul32(a, b float32) float32 { return a * b }
func div32(a, b float32) float32 { return a / b }

func smaller32(a, b float32) float32 {
	m := b
	if a < b {
		m = a
	}
	if a != a {
		return a
	}
	return m
}

func larger32(a, b float32) float32 {
	m := b
	if a > b {
		m = a
	}
	if a != a {
		return a
	}
	return m
}

func gt32(a, b float32) float32 {
	if a > b {
		return 1
	}
	return 0
}

func gte32(a, b float32) float32 {
	if a >= b {
		return 1
	}
	return 0
}

func lt32(a, b float32) float32 {
	if a < b {
		return 1
	}
	return 0
}

func lte32(a, b float32) float32 {
	if a <= b {
		return 1
	}
	return 0
}

func eq32(a, b float32) float32 {
	if a == b {
		return 1
	}
	return 0
}

func ne32(a, b float32) float32 {
	if a != b {
		return 1
	}
	return 0
}

// bernoulli32 is 1 with probability 1/(1 + e^-x) when u is uniform on [0, 1).
func bernoulli32(x, u float32) float32 {
	if fma32(u, exp32(-x), u) < 1 {
		return 1
	}
	return 0
}

// spin32 is 1 with probability 1/(1 + e^-x), otherwise -1.
func spin32(x, u float32) float32 {
	if fma32(u, exp32(-x), u) < 1 {
		return 1
	}
	return -1
}

func muladd32(a, b, c float32) float32 { return fma32(a, b, c) }
func mulsub32(a, b, c float32) float32 { return fma32(-a, b, c) }

func select32(mask, a, b float32) float32 {
	if mask != 0 {
		return a
	}
	return b
}
