package vec

import "math"

// The error function's family. With k = 2.5 (float32) or 3.5 (float64) and y = (z - k)/(z + k), the function
//
//	F(y) = (z + k) e^(z²) erfc(z), z >= 0
//
// is smooth on [-1, 1] (after M. M. Shepherd, J. G. Laframboise, Math. Comp. 36, 249 (1981)), and the rounding of z² is made good in e^(-z²).

func erfcShape32(y float32) float32 {
	q := fma32(-0x1.3566aap-16, y, 0x1.0f31b2p-13)
	q = fma32(q, y, 0x1.5ba990p-11)
	q = fma32(q, y, -0x1.092c1ep-11)
	q = fma32(q, y, -0x1.3c5310p-8)
	q = fma32(q, y, 0x1.13a4d4p-7)
	q = fma32(q, y, 0x1.d0c63cp-6)
	q = fma32(q, y, -0x1.5eb9f0p-3)
	q = fma32(q, y, 0x1.d0cea4p-2)
	q = fma32(q, y, -0x1.9bfb52p-1)
	return fma32(q, y, 0x1.0dd508p+0)
}

// gauss32 is e^-h corrected for what h = z² or z²/2 has lost.
func gauss32(h, lost float32) float32 {
	e := exp32(-h)
	return fma32(-lost, e, e)
}

// erfcSize32 is erfc(z) for z >= 0; beyond the limit it rounds to 0.
func erfcSize32(z float32) float32 {
	if z > 11 {
		z = 11
	}
	h := float32(z * z)
	e := gauss32(h, fma32(z, z, -h))
	q := 1 / (z + 2.5)
	return float32(e * (q * erfcShape32(fma32(-5, q, 1))))
}

// erfc32 is 1 - erf(x), accurate relative to itself also where it is small.
func erfc32(x float32) float32 {
	z := abs32(x)
	r := erfcSize32(z)
	if x < 0 {
		r = 2 - r
	}
	if z < 0.5 {
		r = 1 - erfNear32(x, float32(x*x))
	}
	return r
}

// erfNear32 is erf(x) for -1 < x < 1, z = x².
func erfNear32(x, z float32) float32 { return fma32(x, erfRatio32(z), x) }

// erfRatio32 is erf(x)/x - 1 as a function of x².
func erfRatio32(z float32) float32 {
	q := fma32(0x1.48d6d0p-14, z, -0x1.a3c30ep-11)
	q = fma32(q, z, 0x1.53ff04p-8)
	q = fma32(q, z, -0x1.b7f850p-6)
	q = fma32(q, z, 0x1.ce2cf0p-4)
	q = fma32(q, z, -0x1.81273ep-2)
	return fma32(q, z, 0x1.06eba8p-3)
}

// erf32 is (2/√π) ∫ from 0 to x of e^(-t²) dt.
func erf32(x float32) float32 {
	z := abs32(x)
	y := 1 - erfcSize32(z)
	if z < 1 {
		y = erfNear32(z, float32(z*z))
	}
	return math.Float32frombits(math.Float32bits(y) | math.Float32bits(x)&signBit32)
}

// normcdf32 is (1 + erf(x/√2))/2, accurate relative to itself also where it is small.
func normcdf32(x float32) float32 {
	z := abs32(x)
	if z > 15 {
		z = 15
	}
	h := float32(z * z)
	e := gauss32(float32(0.5*h), float32(0.5*fma32(z, z, -h)))
	q := 1 / (z + 0x1.c48c6p+1)                                                     // k √2
	r := float32(e * (0x1.6a09e6p-1 * q * erfcShape32(fma32(-0x1.c48c6p+2, q, 1)))) // √½
	if x > 0 {
		r = 1 - r
	}
	if z < 0.7 {
		r = fma32(0.5, erfNear32(float32(0x1.6a09e6p-1*x), float32(0.5*h)), 0.5)
	}
	return r
}

func erfcShape64(y float64) float64 {
	q := fma64(0x1.af7b27a1b910cp-29, y, 0x1.2b18781d9f2b5p-27)
	q = fma64(q, y, -0x1.706975100c4adp-26)
	q = fma64(q, y, -0x1.6221605fefae7p-24)
	q = fma64(q, y, 0x1.f25bb77835129p-24)
	q = fma64(q, y, 0x1.26ca0a05c9e1bp-21)
	q = fma64(q, y, -0x1.abab35cc375c5p-21)
	q = fma64(q, y, -0x1.c71eca0568df4p-19)
	q = fma64(q, y, 0x1.e62a42a793471p-18)
	q = fma64(q, y, 0x1.38d6be75c4235p-16)
	q = fma64(q, y, -0x1.39a36e01f7780p-14)
	q = fma64(q, y, -0x1.60d771be284fbp-15)
	q = fma64(q, y, 0x1.769ed304ccbe5p-11)
	q = fma64(q, y, -0x1.5630df7094526p-10)
	q = fma64(q, y, -0x1.a06c1eb01d026p-9)
	q = fma64(q, y, 0x1.b27b27494f61bp-6)
	q = fma64(q, y, -0x1.7a232e1d1b930p-4)
	q = fma64(q, y, 0x1.ce500ceb58f31p-3)
	q = fma64(q, y, -0x1.bdb3c1808b48ep-2)
	q = fma64(q, y, 0x1.6362dd28019bcp-1)
	q = fma64(q, y, -0x1.e02749166d56dp-1)
	return fma64(q, y, 0x1.1649466cd0bf1p+0)
}

// gauss64 is e^-h corrected for what h = z² or z²/2 has lost.
func gauss64(h, lost float64) float64 {
	e := exp64(-h)
	return fma64(-lost, e, e)
}

// erfcSize64 is erfc(z) for z >= 0; beyond the limit it rounds to 0.
func erfcSize64(z float64) float64 {
	if z > 28 {
		z = 28
	}
	h := float64(z * z)
	e := gauss64(h, fma64(z, z, -h))
	q := 1 / (z + 3.5)
	return float64(e * (q * erfcShape64(fma64(-7, q, 1))))
}

// erfc64 is 1 - erf(x), accurate relative to itself also where it is small.
func erfc64(x float64) float64 {
	z := abs64(x)
	r := erfcSize64(z)
	if x < 0 {
		r = 2 - r
	}
	if z < 0.5 {
		r = 1 - erfNear64(x, float64(x*x))
	}
	return r
}

// erfNear64 is erf(x) for -1 < x < 1, z = x².
func erfNear64(x, z float64) float64 { return fma64(x, erfRatio64(z), x) }

// erfRatio64 is erf(x)/x - 1 as a function of x².
func erfRatio64(z float64) float64 {
	q := fma64(-0x1.aa96d4c836ce8p-31, z, 0x1.d6b987a192dbfp-27)
	q = fma64(q, z, -0x1.5bf85f6afd7cap-23)
	q = fma64(q, z, 0x1.b97d47349a7bfp-20)
	q = fma64(q, z, -0x1.f4ca06ddf6cd6p-17)
	q = fma64(q, z, 0x1.f9a2b5b1f802cp-14)
	q = fma64(q, z, -0x1.c02db0035b0a0p-11)
	q = fma64(q, z, 0x1.565bccf771eddp-8)
	q = fma64(q, z, -0x1.b82ce311eabc6p-6)
	q = fma64(q, z, 0x1.ce2f21a04080cp-4)
	q = fma64(q, z, -0x1.812746b0379b1p-2)
	return fma64(q, z, 0x1.06eba8214db68p-3)
}

// erf64 is (2/√π) ∫ from 0 to x of e^(-t²) dt.
func erf64(x float64) float64 {
	z := abs64(x)
	y := 1 - erfcSize64(z)
	if z < 1 {
		y = erfNear64(z, float64(z*z))
	}
	return math.Float64frombits(math.Float64bits(y) | math.Float64bits(x)&signBit64)
}

// normcdf64 is (1 + erf(x/√2))/2, accurate relative to itself also where it is small.
func normcdf64(x float64) float64 {
	z := abs64(x)
	if z > 39 {
		z = 39
	}
	h := float64(z * z)
	e := gauss64(float64(0.5*h), float64(0.5*fma64(z, z, -h)))
	q := 1 / (z + 0x1.3cc8a99af5453p+2)                                                            // k √2
	r := float64(e * (0x1.6a09e667f3bcdp-1 * q * erfcShape64(fma64(-0x1.3cc8a99af5453p+3, q, 1)))) // √½
	if x > 0 {
		r = 1 - r
	}
	if z < 0.7 {
		r = fma64(0.5, erfNear64(float64(0x1.6a09e667f3bcdp-1*x), float64(0.5*h)), 0.5)
	}
	return r
}
