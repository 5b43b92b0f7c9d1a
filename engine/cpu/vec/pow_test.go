package vec

import (
	"math"
	"math/big"
	"testing"

	"cavity/engine/rng"
)

// TestPowSpecial compares every pair of awkward numbers with math.Pow, whose special values are the definition's.
func TestPowSpecial(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	values := []float64{0, math.Copysign(0, -1), 1, -1, .5, -.5, 2, -2, 3, -3, 7, -7, 1e30, -1e30, inf, -inf, nan, 1 << 24, 1<<24 - 1, -(1<<24 - 1), .1, -.1}
	same := func(got, want float64) bool {
		exact := want == 0 || math.IsInf(want, 0) || want != want || math.Abs(want) == 1
		if !exact {
			return math.Abs(got/want-1) < 1e-6
		}
		return math.Float64bits(got) == math.Float64bits(want) || got != got && want != want
	}
	for _, a := range values {
		for _, b := range values {
			if got, want := pow64(a, b), math.Pow(a, b); !same(got, want) {
				t.Errorf("pow64(%v, %v) = %v, want %v", a, b, got, want)
			}
			x, y := float32(a), float32(b)
			want := float32(math.Pow(float64(x), float64(y)))
			if got := pow32(x, y); !same(float64(got), float64(want)) {
				t.Errorf("pow32(%v, %v) = %v, want %v", x, y, got, want)
			}
		}
	}
}

// TestPowAccuracy: within 1.1 units in the last place of the true power over the whole range of normal results. Integer powers are
// compared with exact ones; float32 powers with those of float64.
func TestPowAccuracy(t *testing.T) {
	s := rng.At(3, 0, rng.SetupStage, 9)
	worst32, worst64 := 0., 0.
	for i := range uint64(20000) {
		x := float32(math.Exp(20 * (float64(s.Float64(2*i)) - .5)))
		y := float32(80 * (float64(s.Float64(2*i+1)) - .5) / math.Max(1, math.Abs(math.Log(float64(x)))))
		want := math.Pow(float64(x), float64(y)) // errs by far less than float32 does
		ulp := float64(math.Nextafter32(float32(want), float32(math.Inf(1))) - float32(want))
		worst32 = max(worst32, math.Abs(float64(pow32(x, y))-want)/ulp)
	}
	for i := range uint64(2000) {
		x := math.Exp2(3 * (s.Float64(1<<20+i) - .5))
		n := int(s.Below(1<<21+i, 400)) + 1
		exact := new(big.Float).SetPrec(400).SetInt64(1)
		for range n {
			exact.Mul(exact, big.NewFloat(x).SetPrec(53))
		}
		want, _ := exact.Float64()
		if math.IsInf(want, 0) || want < minNormal64 {
			continue
		}
		d := new(big.Float).SetPrec(400).Sub(exact, new(big.Float).SetFloat64(pow64(x, float64(n))))
		err, _ := d.Float64()
		worst64 = max(worst64, math.Abs(err)/(math.Nextafter(want, math.Inf(1))-want))
	}
	t.Logf("worst errors in units in the last place: float32 %.3f, float64 %.3f", worst32, worst64)
	if worst32 > 1.1 || worst64 > 1.1 {
		t.Errorf("errors of %.3f (float32) and %.3f (float64) units in the last place, at most 1.1", worst32, worst64)
	}
}
