package vec

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"cavity/engine/cpu/level"
)

// noisy draws numbers of very different sizes, so that another order of addition shows.
func noisy[T Float](n int, seed uint64) []T {
	r := rand.New(rand.NewPCG(seed, 7))
	x := make([]T, n)
	for i := range x {
		x[i] = T(r.NormFloat64() * math.Exp(10*r.Float64()))
	}
	return x
}

// atLevel runs f at a level.
func atLevel[R any](l level.Level, f func() R) R {
	defer level.Use(l)()
	return f()
}

var lengths = []int{0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 40, 63, 64, 65, 100, 127, 500, 4095, 4096, 4097, 8192, 12289, 20000}

func TestReductionsSameBits(t *testing.T) {
	t.Run("float32", reductionsSameBits[float32])
	t.Run("float64", reductionsSameBits[float64])
}

func reductionsSameBits[T Float](t *testing.T) {
	for _, n := range lengths {
		x, y := noisy[T](n, 1), noisy[T](n, 2)
		compute := func() []float64 {
			blocks := make([]float64, Blocks(n))
			SumBlocks(blocks, x)
			all := []float64{Sum(x), Pairwise(blocks), Dot(x, y), float64(Max(x)), float64(ArgMax(x))}
			for _, cols := range []int{1, 3, 10, 16, 37} {
				rows := n / cols
				m, r, c, mr, mc := x[:rows*cols], make([]T, rows), make([]T, cols), make([]T, rows), make([]T, cols)
				SumRows(r, m, cols)
				SumColumns(c, m, rows, cols)
				MaxRows(mr, m, cols)
				MaxColumns(mc, m, rows, cols)
				for _, s := range [][]T{r, c, mr, mc} {
					for _, v := range s {
						all = append(all, float64(v))
					}
				}
			}
			return all
		}
		want := atLevel(level.Portable, compute)
		if want[0] != want[1] && n > 0 {
			t.Errorf("n=%d: Sum %v, Pairwise of SumBlocks %v", n, want[0], want[1])
		}
		for _, l := range level.Available() {
			for i, got := range atLevel(l, compute) {
				if math.Float64bits(got) != math.Float64bits(want[i]) {
					t.Fatalf("%s n=%d: number %d is %v, portable %v", l, n, i, got, want[i])
				}
			}
		}
	}
}

// TestSumAccuracy compares with exact arithmetic: pairwise blocks of 32 lanes err by at most about (n/32 within a block, at most 128, + 12 + log2 blocks)
// units of 2^-53 of the sum of sizes.
func TestSumAccuracy(t *testing.T) {
	x, y := noisy[float64](20000, 3), noisy[float64](20000, 4)
	exact, dot, size, dotSize := new(big.Float).SetPrec(300), new(big.Float).SetPrec(300), 0.0, 0.0
	for i, v := range x {
		exact.Add(exact, new(big.Float).SetPrec(300).SetFloat64(v))
		p := new(big.Float).SetPrec(300).SetFloat64(v)
		dot.Add(dot, p.Mul(p, big.NewFloat(y[i])))
		size += math.Abs(v)
		dotSize += math.Abs(v * y[i])
	}
	for _, c := range []struct {
		name  string
		got   float64
		exact *big.Float
		size  float64
	}{{"sum", Sum(x), exact, size}, {"dot", Dot(x, y), dot, dotSize}} {
		want, _ := c.exact.Float64()
		if math.Abs(c.got-want) > 143*0x1p-53*c.size {
			t.Errorf("%s %v, exact %v", c.name, c.got, want)
		}
	}
}

func TestMaxSpecial(t *testing.T) {
	everywhere(t, func(t *testing.T) {
		nan, inf := float32(math.NaN()), float32(math.Inf(1))
		for n := 1; n < 70; n++ {
			for at := range n {
				x := make([]float32, n)
				for i := range x {
					x[i] = -5 - float32(i)
				}
				x[at] = nan
				if m := Max(x); m == m || ArgMax(x) != at {
					t.Fatalf("n=%d: NaN at %d: maximum %v at %d", n, at, m, ArgMax(x))
				}
				x[at] = float32(math.Copysign(0, -1))
				if m := Max(x); math.Float32bits(m) != 0 || ArgMax(x) != at {
					t.Fatalf("n=%d: -0 at %d: maximum %v at %d", n, at, m, ArgMax(x))
				}
				x[at] = inf
				if m := Max(x); m != inf {
					t.Fatalf("n=%d: +Inf at %d: maximum %v", n, at, m)
				}
			}
		}
		if m := Max([]float64{}); !math.IsInf(m, -1) || ArgMax([]float64{}) != -1 {
			t.Errorf("maximum of nothing %v at %d", m, ArgMax([]float64{}))
		}
	})
}

// TestReductionEdges surrounds a slice by NaN and huge numbers: reading them would show.
func TestReductionEdges(t *testing.T) {
	everywhere(t, func(t *testing.T) {
		t.Run("float32", reductionEdges[float32])
		t.Run("float64", reductionEdges[float64])
	})
}

func reductionEdges[T Float](t *testing.T) {
	const pad = 40
	for n := range 100 {
		x := make([]T, n+2*pad)
		for i := range x {
			x[i] = T(math.NaN())
		}
		s := x[pad : pad+n]
		for i := range s {
			s[i] = T(i + 1)
		}
		if got, want := Sum(s), float64(n*(n+1)/2); got != want {
			t.Fatalf("n=%d: sum %v, want %v", n, got, want)
		}
		if got, want := Dot(s, s), float64(n*(n+1)*(2*n+1)/6); got != want {
			t.Fatalf("n=%d: dot %v, want %v", n, got, want)
		}
		if got := Max(s); n > 0 && got != T(n) {
			t.Fatalf("n=%d: maximum %v", n, got)
		}
		sum := make([]T, n)
		SumColumns(sum, s, min(n, 1), n)
		for j, v := range sum {
			if v != T(j+1) {
				t.Fatalf("n=%d: column %d sums to %v", n, j, v)
			}
		}
	}
}

// TestColumnsInParts: columns asked for one part at a time give the same bits as all at once.
func TestColumnsInParts(t *testing.T) {
	const rows, cols = 700, 53
	x := noisy[float32](rows*cols, 5)
	all, parts := make([]float32, cols), make([]float32, cols)
	SumColumns(all, x, rows, cols)
	for j := 0; j < cols; j += 7 {
		end := min(cols, j+7)
		SumColumns(parts[j:end], x[j:], rows, cols)
	}
	for j := range all {
		if all[j] != parts[j] {
			t.Errorf("column %d: %v in parts, %v at once", j, parts[j], all[j])
		}
	}
}

func BenchmarkReduce(b *testing.B) {
	const n = 4096
	x := noisy[float32](n, 1)
	out := make([]float32, 64)
	for _, l := range level.Available() {
		for _, k := range []struct {
			name string
			f    func()
		}{{"sum", func() { Sum(x) }}, {"dot", func() { Dot(x, x) }}, {"max", func() { Max(x) }},
			{"rows", func() { SumRows(out, x, 64) }}, {"columns", func() { SumColumns(out, x, 64, 64) }}} {
			b.Run(l.String()+"/"+k.name, func(b *testing.B) {
				defer level.Use(l)()
				for b.Loop() {
					k.f()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/element")
			})
		}
	}
}
