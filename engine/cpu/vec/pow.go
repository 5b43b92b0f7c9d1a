package vec

import "math"

// a^b is e^(b ln a) with ln a in two numbers of the type, so that the result errs by about one unit in the last place wherever it is
// normal. The special values are those of math.Pow.

// ln 2 in two numbers.
const (
	ln2Full64 = 0x1.62e42fefa39efp-1
	ln2Rest64 = 0x1.abc9e3b39803fp-56
	ln2Full32 = 0x1.62e4300000000p-1
	ln2Rest32 = -0x1.05c6100000000p-29
)

// pow32 begins with x = |a| = (1 + f) 2^e; ln(1 + f) is the series 2s + s³(2/3 + 2/5 s² + …) in s = f/(2 + f).
func pow32(a, b float32) float32 {
	x := abs32(a)
	y := x
	shift := float32(0)
	if x < minNormal32 {
		y = x * 0x1p24
		shift = -24
	}
	f := mantissa32(y) - 1
	e := exponent32(y) + shift
	d := f + 2
	s := f / d
	sl := (fma32(-s, d, f) - float32(s*(f-(d-2)))) / d
	z := float32(s * s)
	zl := fma32(s+s, sl, fma32(s, s, -z))
	t := float32(0x1.e1e1e20000000p-4)
	t = fma32(t, z, 0x1.1111120000000p-3)
	t = fma32(t, z, 0x1.3b13b20000000p-3)
	t = fma32(t, z, 0x1.745d180000000p-3)
	t = fma32(t, z, 0x1.c71c720000000p-3)
	t = fma32(t, z, 0x1.24924a0000000p-2)
	t = fma32(t, z, 0x1.99999a0000000p-2)
	u := float32(z * t)
	c := 0x1.5555560000000p-1 + u
	cl := 0x1.5555560000000p-1 - c
	cl = cl + u
	cl = cl + -0x1.5555560000000p-26
	w := float32(z * c)
	wl := fma32(zl, c, fma32(z, cl, fma32(z, c, -w)))
	v := float32(s * w)
	vl := fma32(s, wl, fma32(sl, w, fma32(s, w, -v)))
	h := s + s
	l := h + v
	ll := h - l
	ll = ll + v
	ll = ll + vl
	ll = ll + (sl + sl)
	k := float32(e * ln2Full32)
	kl := fma32(e, ln2Rest32, fma32(e, ln2Full32, -k))
	g := k + l
	gl := k - g
	gl = gl + l
	gl = gl + (kl + ll)
	lh := g + gl
	lr := g - lh
	lr = lr + gl
	p := float32(b * lh)
	pl := fma32(b, lr, fma32(b, lh, -p))
	if p > 89 {
		p = 89
		pl = 0
	}
	if p < -104 {
		p = -104
		pl = 0
	}
	return powSign32(a, b, powEdge32(x, b, powExp32(p, pl)))
}

// powExp32 is e^(p + l) for a small l.
func powExp32(p, l float32) float32 {
	n := expPower32(p)
	r := expRest32(p, n) + l
	q := fma32(expTail32(r), r, 1)
	return scale32(fma32(q, r, 1), n)
}

// powEdge32 mends m = x^b where x >= 0 is 0, 1 or infinite.
func powEdge32(x, b, m float32) float32 {
	big := inf32()
	if b < 0 {
		big = 0
	}
	zero := float32(0)
	if b < 0 {
		zero = inf32()
	}
	if x == 1 {
		return 1
	}
	if x == 0 {
		return zero
	}
	if x > max32 {
		return big
	}
	return m
}

// powSign32 gives m = |a|^b its sign, or NaN where there is no power.
func powSign32(a, b, m float32) float32 {
	sign := math.Float32frombits(math.Float32bits(float32(1)) | math.Float32bits(a)&signBit32)
	half := float32(b * 0.5)
	if floor32(half) == half {
		sign = 1
	}
	whole := a
	if floor32(b) == b {
		whole = 1
	}
	if floor32(b) < b {
		sign = 1
	}
	if a < -max32 {
		whole = 1
	}
	if b == 0 {
		return 1
	}
	if a == 1 {
		return 1
	}
	if !(abs32(a) >= 0) {
		return nan32()
	}
	if !(abs32(b) >= 0) {
		return nan32()
	}
	if whole < 0 {
		return nan32()
	}
	return float32(m * sign)
}

// pow64 begins with x = |a| = (1 + f) 2^e; ln(1 + f) is the series 2s + s³(2/3 + 2/5 s² + …) in s = f/(2 + f).
func pow64(a, b float64) float64 {
	x := abs64(a)
	y := x
	shift := float64(0)
	if x < minNormal64 {
		y = x * 0x1p54
		shift = -54
	}
	f := mantissa64(y) - 1
	e := exponent64(y) + shift
	d := f + 2
	s := f / d
	sl := (fma64(-s, d, f) - float64(s*(f-(d-2)))) / d
	z := float64(s * s)
	zl := fma64(s+s, sl, fma64(s, s, -z))
	t := float64(0x1.2f684bda12f68p-4)
	t = fma64(t, z, 0x1.47ae147ae147bp-4)
	t = fma64(t, z, 0x1.642c8590b2164p-4)
	t = fma64(t, z, 0x1.8618618618618p-4)
	t = fma64(t, z, 0x1.af286bca1af28p-4)
	t = fma64(t, z, 0x1.e1e1e1e1e1e1ep-4)
	t = fma64(t, z, 0x1.1111111111111p-3)
	t = fma64(t, z, 0x1.3b13b13b13b14p-3)
	t = fma64(t, z, 0x1.745d1745d1746p-3)
	t = fma64(t, z, 0x1.c71c71c71c71cp-3)
	t = fma64(t, z, 0x1.2492492492492p-2)
	t = fma64(t, z, 0x1.999999999999ap-2)
	u := float64(z * t)
	c := 0x1.5555555555555p-1 + u
	cl := 0x1.5555555555555p-1 - c
	cl = cl + u
	cl = cl + 0x1.5555555555555p-55
	w := float64(z * c)
	wl := fma64(zl, c, fma64(z, cl, fma64(z, c, -w)))
	v := float64(s * w)
	vl := fma64(s, wl, fma64(sl, w, fma64(s, w, -v)))
	h := s + s
	l := h + v
	ll := h - l
	ll = ll + v
	ll = ll + vl
	ll = ll + (sl + sl)
	k := float64(e * ln2Full64)
	kl := fma64(e, ln2Rest64, fma64(e, ln2Full64, -k))
	g := k + l
	gl := k - g
	gl = gl + l
	gl = gl + (kl + ll)
	lh := g + gl
	lr := g - lh
	lr = lr + gl
	p := float64(b * lh)
	pl := fma64(b, lr, fma64(b, lh, -p))
	if p > 710 {
		p = 710
		pl = 0
	}
	if p < -746 {
		p = -746
		pl = 0
	}
	return powSign64(a, b, powEdge64(x, b, powExp64(p, pl)))
}

// powExp64 is e^(p + l) for a small l.
func powExp64(p, l float64) float64 {
	n := expPower64(p)
	r := expRest64(p, n) + l
	q := fma64(expTail64(r), r, 1)
	return scale64(fma64(q, r, 1), n)
}

// powEdge64 mends m = x^b where x >= 0 is 0, 1 or infinite.
func powEdge64(x, b, m float64) float64 {
	big := inf64()
	if b < 0 {
		big = 0
	}
	zero := float64(0)
	if b < 0 {
		zero = inf64()
	}
	if x == 1 {
		return 1
	}
	if x == 0 {
		return zero
	}
	if x > max64 {
		return big
	}
	return m
}

// powSign64 gives m = |a|^b its sign, or NaN where there is no power.
func powSign64(a, b, m float64) float64 {
	sign := math.Float64frombits(math.Float64bits(float64(1)) | math.Float64bits(a)&signBit64)
	half := float64(b * 0.5)
	if floor64(half) == half {
		sign = 1
	}
	whole := a
	if floor64(b) == b {
		whole = 1
	}
	if floor64(b) < b {
		sign = 1
	}
	if a < -max64 {
		whole = 1
	}
	if b == 0 {
		return 1
	}
	if a == 1 {
		return 1
	}
	if !(abs64(a) >= 0) {
		return nan64()
	}
	if !(abs64(b) >= 0) {
		return nan64()
	}
	if whole < 0 {
		return nan64()
	}
	return float64(m * sign)
}
