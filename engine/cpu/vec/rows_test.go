package vec

import (
	"math"
	"testing"

	"cavity/engine/cpu/level"
)

// logits are numbers that a softmax finds in practice, and some far away.
func logits[T Float](n int, seed uint64) []T {
	x := noisy[T](n, seed)
	for i := range x {
		if i%5 != 0 {
			x[i] = T(math.Mod(float64(x[i]), 4))
		} else {
			x[i] = T(math.Mod(float64(x[i]), 40))
		}
	}
	return x
}

var rowShapes = [][2]int{{1, 1}, {5, 1}, {3, 2}, {128, 10}, {7, 33}, {2, 1000}, {3, 1024}, {2, 1025}, {2, 5000}}

// TestRows compares every row function with sums in float64 of math.Exp and math.Log, and all levels with each other.
// The bounds hold the roundings of the definition: a few ulp of T, and for gradients of the size of their terms.
func TestRows(t *testing.T) {
	t.Run("float32", func(t *testing.T) { rowsAgree[float32](t, 0x1p-23) })
	t.Run("float64", func(t *testing.T) { rowsAgree[float64](t, 0x1p-52) })
}

func rowsAgree[T Float](t *testing.T, ulp float64) {
	for _, s := range rowShapes {
		rows, cols := s[0], s[1]
		n := rows * cols
		x, g := logits[T](n, 1), logits[T](n, 2)
		compute := func() [5][]T {
			r := NewRows[T]()
			var o [5][]T
			for i := range o {
				o[i] = make([]T, n)
			}
			o[4] = make([]T, rows)
			r.Softmax(o[0], x, cols)
			r.LogSoftmax(o[1], x, cols)
			r.SoftmaxGrad(o[2], o[0], g, cols)
			r.LogSoftmaxGrad(o[3], o[1], g, cols)
			r.LogSumExp(o[4], x, cols)
			return o
		}
		want := atLevel(level.Portable, compute)
		for _, l := range level.Available() {
			for k, got := range atLevel(l, compute) {
				for i := range got {
					if got[i] != want[k][i] {
						t.Fatalf("%s %d×%d: function %d, element %d is %v, portable %v", l, rows, cols, k, i, got[i], want[k][i])
					}
				}
			}
		}
		for i := range rows {
			exactRow(t, ulp, x[i*cols:(i+1)*cols], g[i*cols:(i+1)*cols], [4][]T{want[0][i*cols:], want[1][i*cols:], want[2][i*cols:], want[3][i*cols:]}, want[4][i])
		}
	}
}

func exactRow[T Float](t *testing.T, ulp float64, x, g []T, got [4][]T, lse T) {
	t.Helper()
	m := math.Inf(-1)
	for _, v := range x {
		m = max(m, float64(v))
	}
	var sum, sumG, yg, sizeG float64
	var lost float64 // compensated, so that the reference is better than what it judges
	for _, v := range x {
		term := math.Exp(float64(v)-m) - lost
		next := sum + term
		lost = (next - sum) - term
		sum = next
	}
	for j, v := range g {
		y := math.Exp(float64(x[j])-m) / sum
		sumG += float64(v)
		yg += y * float64(v)
		sizeG += math.Abs(float64(v))
	}
	near := func(what string, j int, got T, want, tolerance float64) {
		t.Helper()
		if !(math.Abs(float64(got)-want) <= tolerance) {
			t.Fatalf("%s of %d columns, element %d: %v, want %v ± %v", what, len(x), j, got, want, tolerance)
		}
	}
	largest := math.Abs(m) + 80 // of x - m and the logarithm
	near("log-sum-exp", 0, lse, m+math.Log(sum), 2*ulp*(math.Abs(m)+2))
	for j := range x {
		l := float64(x[j]) - m - math.Log(sum)
		y := math.Exp(l)
		near("softmax", j, got[0][j], y, y*ulp*(4+largest/2)+0x1p-140)
		near("log-softmax", j, got[1][j], l, 2*ulp*(math.Abs(l)+2))
		near("softmax gradient", j, got[2][j], (float64(g[j])-yg)*y, 100*ulp*y*(math.Abs(float64(g[j]))+50)+0x1p-140)
		near("log-softmax gradient", j, got[3][j], float64(g[j])-y*sumG, ulp*(100*y*sizeG+2*math.Abs(float64(g[j]))))
	}
}

// TestRowsInPlace writes over each input.
func TestRowsInPlace(t *testing.T) {
	const n, cols = 2200, 1100
	x, g := logits[float32](n, 3), logits[float32](n, 4)
	r := NewRows[float32]()
	y := make([]float32, n)
	r.Softmax(y, x, cols)
	for k, f := range []func(dst, a, b []float32){
		func(dst, a, _ []float32) { r.Softmax(dst, a, cols) },
		func(dst, a, _ []float32) { r.LogSoftmax(dst, a, cols) },
		func(dst, a, b []float32) { r.SoftmaxGrad(dst, a, b, cols) },
		func(dst, a, b []float32) { r.LogSoftmaxGrad(dst, a, b, cols) },
	} {
		want := make([]float32, n)
		f(want, y, g)
		overA, overB := append([]float32{}, y...), append([]float32{}, g...)
		f(overA, overA, g)
		if k >= 2 {
			f(overB, y, overB)
		} else {
			copy(overB, want)
		}
		for i := range want {
			if overA[i] != want[i] || overB[i] != want[i] {
				t.Fatalf("function %d in place: element %d is %v or %v, want %v", k, i, overA[i], overB[i], want[i])
			}
		}
	}
}

func TestRowsSpecial(t *testing.T) {
	inf := math.Inf(1)
	r := NewRows[float64]()
	out := make([]float64, 1)
	for _, c := range []struct{ x, want float64 }{{-inf, -inf}, {inf, inf}} {
		if r.LogSumExp(out, []float64{c.x, c.x}, 2); out[0] != c.want {
			t.Errorf("log-sum-exp of %v twice is %v", c.x, out[0])
		}
	}
	index := make([]int, 3)
	if ArgMaxRows(index, []float64{1, 2, 2, 0, -1, 0, 5, math.NaN(), 7}, 3); index != nil && (index[0] != 1 || index[1] != 0 || index[2] != 1) {
		t.Errorf("argmax of rows is %v", index)
	}
	y := []float64{-inf, 0, -inf}
	if r.Softmax(y, y, 3); y[0] != 0 || y[1] != 1 || y[2] != 0 {
		t.Errorf("softmax with probability one is %v", y)
	}
}

func TestRowsNoAllocation(t *testing.T) {
	const rows, cols = 16, 100
	x, out, one, col := logits[float32](rows*cols, 1), make([]float32, rows*cols), make([]float32, rows), make([]float32, cols)
	index := make([]int, rows)
	everywhere(t, func(t *testing.T) {
		r := NewRows[float32]()
		if n := testing.AllocsPerRun(5, func() {
			r.Softmax(out, x, cols)
			r.LogSoftmax(out, x, cols)
			r.SoftmaxGrad(out, out, x, cols)
			r.LogSoftmaxGrad(out, out, x, cols)
			r.LogSumExp(one, x, cols)
			ArgMaxRows(index, x, cols)
			SumRows(one, x, cols)
			MaxRows(one, x, cols)
			SumColumns(col, x, rows, cols)
			MaxColumns(col, x, rows, cols)
		}); n != 0 {
			t.Errorf("%v allocations", n)
		}
	})
}

// TestPanics: wrong shapes are a programmer's mistake.
func TestPanics(t *testing.T) {
	x := make([]float32, 12)
	for name, f := range map[string]func(){
		"rows":    func() { SumRows(make([]float32, 3), x, 5) },
		"columns": func() { SumColumns(make([]float32, 4), x, 4, 4) },
		"dot":     func() { Dot(x, x[:3]) },
		"softmax": func() { NewRows[float32]().Softmax(x, x, 5) },
		"blocks":  func() { SumBlocks(nil, x) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}

func BenchmarkRows(b *testing.B) {
	const n, cols = 4000, 10
	x, y := logits[float32](n, 1), make([]float32, n)
	for _, l := range level.Available() {
		b.Run(l.String()+"/softmax", func(b *testing.B) {
			defer level.Use(l)()
			r := NewRows[float32]()
			for b.Loop() {
				r.Softmax(y, x, cols)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/element")
		})
	}
}
