package vec

import (
	"math"
	"math/rand/v2"
	"testing"
)

// An accuracy is a bound in units in the last place of the exact result on an interval. Results below the normal numbers count in the
// smallest subnormal. doc.go states the bounds.
type accuracy struct {
	op       string
	lo, hi   float64 // of float32
	lo6, hi6 float64 // of float64
	ulp      float64 // float32
	ulp6     float64 // float64
}

var accuracies = []accuracy{
	{"exp", -104, 88.72, -745.2, 709.78, 1, 1},
	{"expm1", -20, 88.72, -40, 709.78, 1.5, 1.5},
	{"log", 0x1p-149, max32, 0x1p-1074, max64, 1, 1},
	{"log2", 0x1p-149, max32, 0x1p-1074, max64, 2, 2},
	{"log1p", -0.9999999, max32, -0.999999999, max64, 1.5, 1.5},
	{"sigmoid", -87, 30, -708, 50, 2.5, 2.5},
	{"softplus", -87, 1000, -708, 1000, 2.5, 2.5},
	{"tanh", -10, 10, -20, 20, 2.5, 2.5},
	{"sin", -100, 100, -100, 100, 1.5, 1.5},
	{"cos", -100, 100, -100, 100, 1.5, 1.5},
	{"sin", -MaxAngle32, MaxAngle32, -MaxAngle64, MaxAngle64, 2, 2},
	{"cos", -MaxAngle32, MaxAngle32, -MaxAngle64, MaxAngle64, 2, 2},
	{"erf", -5, 5, -7, 7, 2, 2},
	{"erfc", -5, 9, -7, 26, 6, 5},
	{"normcdf", -13, 5, -37, 9, 6, 5},
	{"inversesqrt", 0x1p-126, max32, 0x1p-1022, max64, 1.5, 1.5},
}

// grid spreads points over [lo, hi] evenly, and evenly in the logarithm of the distance from 0 down to small.
func grid(n int, lo, hi, small float64) []float64 {
	r := rand.New(rand.NewPCG(9, 9))
	xs := make([]float64, 0, n)
	for len(xs) < n {
		if x := lo + (hi/2-lo/2)*2*r.Float64(); !math.IsInf(x, 0) && len(xs)%2 == 0 {
			xs = append(xs, x)
			continue
		}
		size := math.Exp(math.Log(small) + r.Float64()*(math.Log(max(-lo, hi))-math.Log(small)))
		if x := math.Copysign(size, r.Float64()-0.5); x >= lo && x <= hi {
			xs = append(xs, x)
		}
	}
	return xs
}

// apply runs a unary op.
func apply[T Float](op string, x []T) []T {
	f, _ := Find(op, "v", dtypeOf[T]())
	out := make([]T, len(x))
	f(len(x), pointer(out), pointer(x), nil, nil)
	return out
}

// TestAccuracy32 compares with package math in float64 on dense grids.
func TestAccuracy32(t *testing.T) {
	for _, a := range accuracies {
		x := make([]float32, 0, 60000)
		for _, v := range grid(cap(x), a.lo, a.hi, max(a.lo, 0x1p-149)) {
			x = append(x, float32(v))
		}
		worst, at := 0.0, float32(0)
		for i, got := range apply(a.op, x) {
			want := double[a.op](float64(x[i]))
			unit := math.Ldexp(1, max(math.Ilogb(want)-23, -149))
			if e := math.Abs(float64(got)-want) / unit; !(e <= worst) && want != float64(got) {
				worst, at = e, x[i]
			}
		}
		t.Logf("%s: %.2f ulp at %v", a.op, worst, at)
		if !(worst <= a.ulp) {
			t.Errorf("%s errs by %.2f ulp at %v, allowed %v", a.op, worst, at, a.ulp)
		}
	}
}

// double are the functions in float64, far better than float32.
var double = map[string]func(float64) float64{
	"exp": math.Exp, "expm1": math.Expm1, "log": math.Log, "log2": math.Log2, "log1p": math.Log1p, "tanh": math.Tanh, "sin": math.Sin, "cos": math.Cos,
	"erf": math.Erf, "erfc": math.Erfc,
	"sigmoid":     func(x float64) float64 { return 1 / (1 + math.Exp(-x)) },
	"softplus":    func(x float64) float64 { return math.Max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) },
	"normcdf":     func(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 },
	"inversesqrt": func(x float64) float64 { return 1 / math.Sqrt(x) },
}

// TestAccuracy64 compares with series in 320 bits.
func TestAccuracy64(t *testing.T) {
	for _, a := range accuracies {
		x := grid(1500, a.lo6, a.hi6, max(a.lo6, 0x1p-60))
		worst, at := 0.0, 0.0
		for i, got := range apply(a.op, x) {
			want := exactly[a.op](x[i])
			unit := math.Ldexp(1, max(want.MantExp(nil)-53, -1074))
			e, _ := overBig(sumBig(bf(got), nf().Neg(want)), bf(unit)).Float64()
			if e = math.Abs(e); !(e <= worst) {
				worst, at = e, x[i]
			}
		}
		t.Logf("%s: %.2f ulp at %v", a.op, worst, at)
		if !(worst <= a.ulp6) {
			t.Errorf("%s errs by %.2f ulp at %v, allowed %v", a.op, worst, at, a.ulp6)
		}
	}
}

// TestExactValues: results that are numbers of T come out exactly.
func TestExactValues(t *testing.T) {
	for _, c := range []struct {
		op      string
		x, want float64
	}{
		{"exp", 0, 1}, {"expm1", 0, 0}, {"log", 1, 0}, {"log1p", 0, 0}, {"log2", 1, 0}, {"log2", 8, 3}, {"log2", 0x1p-140, -140}, {"sigmoid", 0, 0.5}, {"tanh", 0, 0},
		{"tanh", 30, 1}, {"tanh", -30, -1}, {"sin", 0, 0}, {"cos", 0, 1}, {"erf", 0, 0}, {"erf", 10, 1}, {"erfc", 0, 1}, {"erfc", 40, 0}, {"erfc", -10, 2}, {"normcdf", 0, 0.5},
		{"floor", -0.5, -1}, {"floor", 2.5, 2}, {"ceil", 2.5, 3}, {"ceil", -2.5, -2}, {"floor", 0x1p60, 0x1p60}, {"sqrt", 2.25, 1.5}, {"inverse", 4, 0.25}, {"cube", -3, -27},
		{"sign", -2, -1}, {"sign", 0, 0}, {"step", 0, 0}, {"step", 1e-30, 1}, {"relu", -1, 0}, {"relu", 2, 2},
	} {
		if got := apply(c.op, []float32{float32(c.x)})[0]; got != float32(c.want) {
			t.Errorf("float32 %s(%v) = %v, want %v", c.op, c.x, got, c.want)
		}
		if got := apply(c.op, []float64{c.x})[0]; got != c.want {
			t.Errorf("float64 %s(%v) = %v, want %v", c.op, c.x, got, c.want)
		}
	}
}

// TestSpecialValues: infinities, NaN and arguments outside the domain.
func TestSpecialValues(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct {
		op                     string
		minusInf, plusInf, bad float64 // results at -Inf, Inf and at an argument outside the domain
		outside                float64
	}{
		{"exp", 0, inf, nan, nan}, {"expm1", -1, inf, nan, nan}, {"log", nan, inf, nan, -1}, {"log2", nan, inf, nan, -1e-30}, {"log1p", nan, inf, nan, -1.5},
		{"sigmoid", 0, 1, nan, nan}, {"softplus", 0, inf, nan, nan}, {"tanh", -1, 1, nan, nan}, {"sin", nan, nan, nan, 0x1p41}, {"cos", nan, nan, nan, -0x1p41},
		{"erf", -1, 1, nan, nan}, {"erfc", 2, 0, nan, nan}, {"normcdf", 0, 1, nan, nan}, {"sqrt", nan, inf, nan, -1}, {"relu", 0, inf, nan, nan}, {"abs", inf, inf, nan, nan},
		{"floor", -inf, inf, nan, nan}, {"sign", -1, 1, nan, nan},
	} {
		for i, x := range []float64{-inf, inf, c.outside, nan} {
			want := []float64{c.minusInf, c.plusInf, c.bad, nan}[i]
			if got := apply(c.op, []float32{float32(x)})[0]; !same32(got, float32(want)) {
				t.Errorf("float32 %s(%v) = %v, want %v", c.op, x, got, want)
			}
			if got := apply(c.op, []float64{x})[0]; !same64(got, want) {
				t.Errorf("float64 %s(%v) = %v, want %v", c.op, x, got, want)
			}
		}
	}
	for _, op := range []string{"log", "log2"} {
		if got := apply(op, []float64{0})[0]; !math.IsInf(got, -1) {
			t.Errorf("%s(0) = %v", op, got)
		}
	}
	if got := apply("log1p", []float32{-1})[0]; !math.IsInf(float64(got), -1) {
		t.Errorf("log1p(-1) = %v", got)
	}
}
