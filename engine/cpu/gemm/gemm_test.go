package gemm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"cavity/engine/cpu/level"
)

// everyLevel runs f once for each CPU level that this processor has.
func everyLevel(t *testing.T, f func(t *testing.T)) {
	for _, l := range level.Available() {
		t.Run(l.String(), func(t *testing.T) {
			defer level.Use(l)()
			f(t)
		})
	}
}

func TestProduct(t *testing.T) {
	everyLevel(t, func(t *testing.T) {
		testProducts[float32](t)
		testProducts[float64](t)
	})
}

func testProducts[T Float](t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		checkProduct[T](t, r, randomSpec(r))
	}
}

// randomSpec draws a product with all the features that change its path: transposes, gaps between rows, batches, several depth blocks.
func randomSpec(r *rand.Rand) Spec {
	size := func(most int) int { return int(math.Exp(r.Float64() * math.Log(float64(most)+.99))) }
	s := Spec{M: size(90), N: size(150), K: size(900), TransA: r.IntN(2) == 0, TransB: r.IntN(2) == 0}
	s.Alpha, s.Beta = r.NormFloat64(), float64(r.IntN(3))*.5
	if r.IntN(3) == 0 {
		s.LdA, s.LdB, s.LdC = max(s.M, s.K)+r.IntN(5), max(s.N, s.K)+r.IntN(5), s.N+r.IntN(5)
	}
	if r.IntN(8) == 0 {
		s.LdA = 1024
	}
	if r.IntN(4) == 0 {
		s.Batch, s.StrideC = 1+r.IntN(3), max(s.LdC, s.N)*s.M+r.IntN(3)
		s.StrideA, s.StrideB = r.IntN(20), r.IntN(20)
	} else {
		s.Stream = r.IntN(4) == 0
	}
	return s
}

// checkProduct compares one product with sums in float64 and the a-priori bound of K+3 roundings (Higham 2002, section 3.5), and looks for writes outside C.
func checkProduct[T Float](t *testing.T, r *rand.Rand, s Spec) {
	t.Helper()
	p, err := New[T](s)
	if err != nil {
		t.Fatal(err)
	}
	a, b, c := random[T](r, p.needA), random[T](r, p.needB), random[T](r, p.needC+3)
	old := append([]T(nil), c...)
	if s.Beta == 0 { // must not be read
		s := p.Spec()
		eachElement(s, func(at, _, _, _ int) { c[at] = T(math.NaN()) })
	}
	if s.Stream && r.IntN(2) == 0 {
		p.Pack(b)
		for i := 0; i < s.M; i += 7 {
			p.Rows(0, a, c[i*p.spec.LdC:], i, min(i+7, s.M))
		}
	} else {
		p.Run(a, b, c)
	}
	want, bound := reference(p.Spec(), a, b, old)
	for i := range c {
		if !(math.Abs(float64(c[i])-want[i]) <= bound[i]) {
			t.Fatalf("%T %+v: c[%d] = %v, want %v ± %v", c[i], s, i, c[i], want[i], bound[i])
		}
	}
}

func random[T Float](r *rand.Rand, n int) []T {
	x := make([]T, n)
	for i := range x {
		x[i] = T(r.NormFloat64())
	}
	return x
}

// eachElement calls f for every element of the results: its place, its matrix, row and column.
func eachElement(s Spec, f func(at, batch, i, j int)) {
	for batch := range s.Batch {
		for i := range s.M {
			for j := range s.N {
				f(batch*s.StrideC+i*s.LdC+j, batch, i, j)
			}
		}
	}
}

// reference computes the product in float64, and how far a correct result may be from it.
func reference[T Float](s Spec, a, b, c []T) (want, bound []float64) {
	unit := 0x1p-24
	if any(T(0)) == any(float64(0)) {
		unit = 0x1p-53
	}
	want, bound = make([]float64, len(c)), make([]float64, len(c))
	for i, x := range c {
		want[i] = float64(x)
	}
	alpha, beta := float64(T(s.Alpha)), float64(T(s.Beta))
	eachElement(s, func(at, batch, i, j int) {
		sum, size := 0.0, 0.0
		for k := range s.K {
			ia, ib := i*s.LdA+k, k*s.LdB+j
			if s.TransA {
				ia = k*s.LdA + i
			}
			if s.TransB {
				ib = j*s.LdB + k
			}
			x := float64(a[batch*s.StrideA+ia]) * float64(b[batch*s.StrideB+ib])
			sum += x
			size += math.Abs(x)
		}
		want[at] = alpha*sum + beta*float64(c[at])
		// twice: in float64 the reference rounds as much as the result
		bound[at] = 2 * float64(s.K+3) * unit * (math.Abs(alpha)*size + math.Abs(beta*float64(c[at])))
	})
	return want, bound
}

func BenchmarkShapes(b *testing.B) {
	for _, s := range []Spec{{M: 128, N: 500, K: 784}, {M: 128, N: 784, K: 500, TransB: true}, {M: 784, N: 500, K: 128, TransA: true},
		{M: 1024, N: 1024, K: 1024}, {M: 100, N: 1000, K: 30}, {M: 100, N: 100, K: 784}, {M: 100, N: 10, K: 100}, {M: 2, N: 2, K: 2},
		{M: 1, N: 784, K: 500}, {M: 1, N: 784, K: 500, TransB: true}, {M: 784, N: 1, K: 500}} {
		b.Run(fmt.Sprintf("%dx%dx%d-%t-%t", s.M, s.N, s.K, s.TransA, s.TransB), func(b *testing.B) {
			s.Alpha = 1
			p, _ := New32(s)
			r := rand.New(rand.NewPCG(1, 2))
			x, y, z := random[float32](r, p.needA), random[float32](r, p.needB), random[float32](r, p.needC)
			for b.Loop() {
				p.Run(x, y, z)
			}
			b.ReportMetric(2*float64(s.M)*float64(s.N)*float64(s.K)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		})
	}
}
