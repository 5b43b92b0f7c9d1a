package rng

import (
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

// The statistical tests below have fixed seeds. Each compares z scores with 5 (two-sided false-alarm rate 6e-7 each, below 3e-5 for the file).
const alarm = 5

// moments compares the sample's mean of f with its exact mean and standard deviation under the law.
func moment(t *testing.T, what string, n int, at func(i int) float64, mean, sd float64) {
	t.Helper()
	var sum float64
	for i := range n {
		sum += at(i)
	}
	if z := (sum/float64(n) - mean) / (sd / math.Sqrt(float64(n))); math.Abs(z) > alarm || math.IsNaN(z) {
		t.Errorf("%s: mean %v, exact %v, z = %.1f", what, sum/float64(n), mean, z)
	}
}

func TestUniformMoments(t *testing.T) {
	const n = 1 << 18
	s := At(20240501, 3, 1, 2)
	x32, x64 := make([]float32, n), make([]float64, n)
	s.FillFloat32(x32, 0)
	s.FillFloat64(x64, 0)
	for _, c := range []struct {
		name string
		at   func(i int) float64
	}{{"float32", func(i int) float64 { return float64(x32[i]) }}, {"float64", func(i int) float64 { return x64[i] }}} {
		for i := range n {
			if x := c.at(i); !(x >= 0 && x < 1) {
				t.Fatalf("%s: element %d is %v", c.name, i, x)
			}
		}
		for p := 1; p <= 4; p++ {
			q := float64(p)
			moment(t, c.name, n, func(i int) float64 { return math.Pow(c.at(i), q) }, 1/(q+1), q/(q+1)/math.Sqrt(2*q+1))
		}
		for _, lag := range []int{1, 8, 16, 64} { // neighbours in memory, in the counter and in the word
			moment(t, c.name+" products", n-lag, func(i int) float64 { return (c.at(i) - .5) * (c.at(i+lag) - .5) }, 0, 1./12)
		}
	}
}

func TestNormalMoments(t *testing.T) {
	const n = 1 << 18
	s := At(7, 3, 1, 2)
	x32, x64 := make([]float32, n), make([]float64, n)
	s.FillNormal32(x32, 0)
	s.FillNormal64(x64, 0)
	for _, c := range []struct {
		name string
		at   func(i int) float64
	}{{"normal32", func(i int) float64 { return float64(x32[i]) }}, {"normal64", func(i int) float64 { return x64[i] }}} {
		exact := []float64{1, 0, 1, 0, 3, 0, 15, 0, 105}
		for p := 1; p <= 4; p++ {
			moment(t, c.name, n, func(i int) float64 { return math.Pow(c.at(i), float64(p)) }, exact[p], math.Sqrt(exact[2*p]-exact[p]*exact[p]))
		}
		for _, lag := range []int{1, 8, 16, 64} {
			moment(t, c.name+" products", n-lag, func(i int) float64 { return c.at(i) * c.at(i+lag) }, 0, 1)
			moment(t, c.name+" squares", n-lag, func(i int) float64 { return (c.at(i)*c.at(i) - 1) * (c.at(i+lag)*c.at(i+lag) - 1) }, 0, 2)
		}
		for _, edge := range []float64{-3, -1.5, -.5, .01, 1, 2, 4} {
			p := distuv.UnitNormal.CDF(edge)
			moment(t, c.name+" distribution", n, func(i int) float64 {
				if c.at(i) < edge {
					return 1
				}
				return 0
			}, p, math.Sqrt(p*(1-p)))
		}
	}
}

// TestBoxMullerAccuracy compares with math's functions on the same uniforms, at random words and at the ends of the range.
func TestBoxMullerAccuracy(t *testing.T) {
	s := At(1, 0, 0, 0)
	ends := []uint64{0, 1, math.MaxUint64, 1 << 63, 1<<63 - 1, 1 << 62, 3 << 62, 0xAAAAAAAAAAAAAAAA, 0x5555555555555555}
	var worst32, worst64 float64
	for i := range 200000 {
		a, b := s.uint64(uint64(2*i)), s.uint64(uint64(2*i+1))
		if i < len(ends)*len(ends) {
			a, b = ends[i/len(ends)], ends[i%len(ends)]
		}
		x, y := boxMuller64(a, b)
		// ln(1-v) from v = 1-u, exact, where u is near 1.
		u, v := (float64(a>>12)+.5)*0x1p-52, (float64(^a>>12)+.5)*0x1p-52
		lnu := math.Log(u)
		if v < .5 {
			lnu = math.Log1p(-v)
		}
		f := float64(b<<2>>12|1)*0x1p-52 - .5
		wx, wy := polar(lnu, f, b>>63 != 0, b>>62&1 != 0)
		worst64 = max(worst64, ulps(x, wx, 53), ulps(y, wy, 53))

		a32, b32 := uint32(a>>32), uint32(b>>32)
		x32, y32 := boxMuller32(a32, b32)
		u = float64(float32(float64(float32(a32>>1))*0x1p-31 + 0x1p-32)) // the two roundings of the definition
		f = float64(float32(int32(b32<<2|2))) * 0x1p-32
		wx, wy = polar(math.Log(u), f, b32>>31 != 0, b32>>30&1 != 0)
		worst32 = max(worst32, ulps(float64(x32), wx, 24), ulps(float64(y32), wy, 24))
	}
	t.Logf("largest error: %.2f ulp of float32, %.2f ulp of float64", worst32, worst64)
	if worst32 > 4 || worst64 > 5 {
		t.Errorf("errors of %.2f ulp of float32 and %.2f ulp of float64, stated 4 and 5 (with the reference's own)", worst32, worst64)
	}
}

func polar(lnu, f float64, negate, exchange bool) (x, y float64) {
	r := math.Sqrt(-2 * lnu)
	y, x = math.Sincos(math.Pi / 2 * f)
	if negate {
		x = -x
	}
	if exchange {
		x, y = y, x
	}
	return r * x, r * y
}

// ulps is the error of got in units of the last of the given number of binary digits of want.
func ulps(got, want float64, digits int) float64 {
	if want == 0 {
		return math.Abs(got) * 1e300
	}
	_, e := math.Frexp(want)
	return math.Abs(got-want) / math.Ldexp(1, e-digits)
}

// TestFMA32 compares the emulated float32 multiply-add with one whose float64 sum is exact or rounded to odd by big steps:
// cases where rounding twice fails, and random ones against the two-step sum in which no half-way point occurs.
func TestFMA32(t *testing.T) {
	for _, c := range []struct{ x, y, z, want float32 }{
		{1 + 0x1p-23, 1 - 0x1p-23, -1, -0x1p-46},
		{1 + 0x1p-12, 1 + 0x1p-12, 0x1p-60, 1 + 0x1p-11 + 0x1p-23},           // tie, broken upwards by z
		{1 + 0x1p-12, 1 + 0x1p-12, -0x1p-60, 1 + 0x1p-11},                    // the same tie, downwards
		{1 + 0x1p-12, 1 + 0x1p-12, 0, 1 + 0x1p-11},                           // exactly a tie: to even
		{-(1 + 0x1p-12), 1 + 0x1p-12, -0x1p-60, -(1 + 0x1p-11 + 0x1p-23)},    // negative
		{1 + 0x1p-12, 1 + 0x1p-12 + 0x1p-23, 0x1p-60, 1 + 0x1p-11 + 0x1p-22}, // odd neighbour
		{0x1p-30, 0x1p-30, 1 + 0x1p-23, 1 + 0x1p-23},                         // product far below
		{3, 5, -15, 0},
	} {
		if got := fma32(c.x, c.y, c.z); got != c.want {
			t.Errorf("fma32(%x, %x, %x) = %x, want %x", c.x, c.y, c.z, got, c.want)
		}
	}
}

func TestBernoulliAndThreshold(t *testing.T) {
	const n = 1 << 17
	s := At(5, 9, 2, 1)
	for _, p := range []float64{0, 1e-3, .25, .5, .9, 1} {
		thr, err := Threshold(p)
		if err != nil {
			t.Fatal(err)
		}
		hits := 0
		for e := range uint64(n) {
			if s.Bernoulli(e, thr) {
				hits++
			}
		}
		if d := math.Abs(float64(hits) - n*p); d > alarm*math.Sqrt(n*p*(1-p)) {
			t.Errorf("p = %v: %d of %d", p, hits, n)
		}
		x := make([]float32, 1001)
		s.FillBernoulli(x, 37, thr)
		for i, v := range x {
			if (v == 1) != s.Bernoulli(uint64(37+i), thr) || v != 0 && v != 1 {
				t.Fatalf("p = %v: FillBernoulli element %d is %v", p, i, v)
			}
		}
	}
	for _, p := range []float64{-1e-9, 1.0000001, math.NaN(), math.Inf(1)} {
		if _, err := Threshold(p); err == nil {
			t.Errorf("probability %v was accepted", p)
		}
	}
}

// TestPermutation: every order of four entries appears equally often (chi-square with 23 degrees of freedom; 70 is passed with probability 1e-6).
func TestPermutation(t *testing.T) {
	const n = 48000
	counts := map[[4]int32]float64{}
	for pass := range uint64(n) {
		var p [4]int32
		At(11, pass, 0, 1).Permutation(p[:])
		counts[p]++
	}
	var chi2 float64
	for _, c := range counts {
		chi2 += (c - n/24) * (c - n/24) / (n / 24)
	}
	if len(counts) != 24 || chi2 > 70 {
		t.Errorf("%d orders, chi-square %.1f", len(counts), chi2)
	}
	s, long, plain := At(3, 0, 0, 0), make([]int32, 1000), make([]int32, 1000)
	s.Permutation(long)
	for i := range plain {
		plain[i] = int32(i)
	}
	for i := len(plain) - 1; i > 0; i-- {
		j := s.Below(uint64(i), uint32(i)+1)
		plain[i], plain[j] = plain[j], plain[i]
	}
	if !slices.Equal(long, plain) {
		t.Error("Permutation is not the shuffle with Below that it states")
	}
	slices.Sort(long)
	for i, v := range long {
		if int(v) != i {
			t.Fatalf("not a permutation: rank %d holds %d", i, v)
		}
	}
	At(3, 0, 0, 0).Permutation(nil)
}

// TestBelow: equal frequencies for n = 7 (chi-square with 6 degrees of freedom; 38 is passed with probability 1e-6) and the ends.
func TestBelow(t *testing.T) {
	s := At(13, 0, 0, 0)
	var counts [7]float64
	for e := range uint64(70000) {
		counts[s.Below(e, 7)]++
	}
	var chi2 float64
	for _, c := range counts {
		chi2 += (c - 10000) * (c - 10000) / 10000
	}
	if chi2 > 38 {
		t.Errorf("Below(7) counts %v, chi-square %.1f", counts, chi2)
	}
	if s.Below(0, 0) != 0 || s.Below(0, 1) != 0 {
		t.Error("Below of 0 or 1 is not 0")
	}
}
