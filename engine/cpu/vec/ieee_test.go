package vec

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// exact32 rounds a*b + c once, by arithmetic in as many bits as it takes.
func exact32(a, b, c float32) float32 {
	wide := func(x float32) *big.Float { return new(big.Float).SetPrec(1000).SetFloat64(float64(x)) }
	p := wide(a)
	r, _ := p.Add(p.Mul(p, wide(b)), wide(c)).Float32()
	return r
}

// TestFma32 looks for double roundings: random bits of all sizes, sums near ties of float32, cancellations and subnormal results.
func TestFma32(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	finite := func() float32 {
		for {
			if x := math.Float32frombits(r.Uint32()); x-x == 0 {
				return x
			}
		}
	}
	check := func(a, b, c float32) {
		t.Helper()
		got, want := fma32(a, b, c), exact32(a, b, c)
		if got != want && !(math.IsInf(float64(got), 0) && math.IsInf(float64(want), 0)) {
			t.Fatalf("fma32(%x, %x, %x) = %x, exactly rounded %x", a, b, c, got, want)
		}
	}
	for range 50000 {
		a, b := finite(), finite()
		check(a, b, finite())
		check(a, b, -a*b) // what the product lost
		// a*b is half a unit of c less a little that float64 cannot hold, for normal and for subnormal sums
		little := float32(math.Ldexp(1, -15-r.IntN(8)))
		half := float32(math.Ldexp(1, r.IntN(40)-20))
		sign := float32(2*r.IntN(2) - 1)
		c := sign * half * (1 + 0x1p-23*float32(r.IntN(1<<23)))
		check(sign*half*0x1p-12*(1+little), 0x1p-12*(1-little), c)
		check(-sign*half*0x1p-12*(1+little), 0x1p-12*(1-little), c)
		check(0x1p-75*(1+little), sign*0x1p-75*(1-little), math.Float32frombits(r.Uint32()%(1<<24)|r.Uint32()&(1<<31)))
	}
}

// TestFma32Special compares with the fused multiply-add of float64, which is exact about infinities and NaN.
func TestFma32Special(t *testing.T) {
	values := []float32{0, float32(math.Copysign(0, -1)), 1, -1, inf32(), -inf32(), nan32(), max32, -max32, 0x1p-149, -0x1p-149, 0x1p-126}
	for _, a := range values {
		for _, b := range values {
			for _, c := range values {
				got, want := fma32(a, b, c), float32(math.FMA(float64(a), float64(b), float64(c)))
				if big := math.Abs(float64(a)) == max32 || math.Abs(float64(b)) == max32 || math.Abs(float64(c)) == max32; !big && !same32(got, want) && want-want != 0 {
					t.Errorf("fma32(%v, %v, %v) = %v, want %v", a, b, c, got, want)
				}
				if a-a == 0 && b-b == 0 && c-c == 0 {
					if want := exact32(a, b, c); want != 0 && got != want {
						t.Errorf("fma32(%v, %v, %v) = %v, exactly rounded %v", a, b, c, got, want)
					}
				}
				if want == 0 && got == 0 && math.Signbit(float64(got)) != math.Signbit(float64(want)) {
					t.Errorf("fma32(%v, %v, %v) = %v, want %v", a, b, c, got, want)
				}
			}
		}
	}
}

// TestScale compares with exact powers of two, rounded once, down to the smallest subnormals and up to overflow.
func TestScale(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for n := -252; n <= 252; n++ {
		for range 20 {
			p := 0.25 + 3.75*r.Float32()
			want, _ := new(big.Float).SetMantExp(big.NewFloat(float64(p)), n).Float32()
			if got := scale32(p, float32(n)); got != want {
				t.Fatalf("scale32(%x, %d) = %x, want %x", p, n, got, want)
			}
		}
	}
	for n := -2044; n <= 2044; n++ {
		p := 0.25 + 3.75*r.Float64()
		want, _ := new(big.Float).SetMantExp(big.NewFloat(p), n).Float64()
		if got := scale64(p, float64(n)); got != want {
			t.Fatalf("scale64(%x, %d) = %x, want %x", p, n, got, want)
		}
	}
}

// TestSqrt32 checks that rounding the float64 root again is harmless.
func TestSqrt32(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for range 20000 {
		x := math.Float32frombits(r.Uint32() & (1<<31 - 1))
		if x-x != 0 {
			continue
		}
		want, _ := new(big.Float).Sqrt(new(big.Float).SetPrec(200).SetFloat64(float64(x))).Float32()
		if got := sqrt32(x); got != want {
			t.Fatalf("sqrt32(%x) = %x, want %x", x, got, want)
		}
	}
}

func FuzzFma32(f *testing.F) {
	f.Add(uint32(0x3f800001), uint32(0x3f800001), uint32(0x33800000))
	f.Add(uint32(1), uint32(1), uint32(0x80000001))
	f.Fuzz(func(t *testing.T, a, b, c uint32) {
		x, y, z := math.Float32frombits(a), math.Float32frombits(b), math.Float32frombits(c)
		if x-x != 0 || y-y != 0 || z-z != 0 {
			t.Skip()
		}
		if got, want := fma32(x, y, z), exact32(x, y, z); got != want {
			t.Errorf("fma32(%x, %x, %x) = %x, exactly rounded %x", x, y, z, got, want)
		}
	})
}
