package gemm

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
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
	switch r.IntN(60) {
	case 0:
		s.M = 0
	case 1:
		s.N = 0
	case 2:
		s.K = 0
	case 3:
		s.Alpha = 0
	}
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
	a, b, c := random[T](r, lengthA(p)), random[T](r, lengthB(p)), random[T](r, lengthC(p)+3)
	old := append([]T(nil), c...)
	if s.Beta == 0 { // must not be read
		s := p.Spec()
		eachElement(s, func(at, _, _, _ int) { c[at] = T(math.NaN()) })
	}
	if s.Stream && r.IntN(2) == 0 {
		p.Start(a, b)
		for i := 0; i < s.M; i += 7 {
			p.Rows(0, a, c[i*p.Spec().LdC:], i, min(i+7, s.M))
		}
	} else {
		p.Run(a, b, c)
	}
	within(t, p.Spec(), c, a, b, old)
}

// within compares c with the product of a and b added to old.
func within[T Float](t *testing.T, s Spec, c, a, b, old []T) {
	t.Helper()
	want, bound := reference(s, a, b, old)
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
			if alpha == 0 {
				break // neither a nor b is read
			}
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

// TestWorkers: any number of workers gives the same bits, and running allocates nothing.
func TestWorkers(t *testing.T) {
	everyLevel(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(9, 10))
		for _, s := range []Spec{
			{M: 128, N: 200, K: 500},
			{M: 300, N: 70, K: 410, TransA: true, LdA: 1024},
			{M: 100, N: 100, K: 100, TransB: true, Batch: 3, StrideA: 10000, StrideB: 10000, StrideC: 10000},
			{M: 500, N: 8, K: 90},
			{M: 130, N: 140, K: 150, Sparse: true},
			{M: 100, N: 30, K: 1000},
			{M: 100, N: 30, K: 1000, TransB: true, LdC: 33},
			{M: 100, N: 700, K: 30, TransB: true},
			{M: 70, N: 130, K: 520, TransA: true, LdA: 1024},
			{M: 90, N: 300, K: 450, Stream: true},
		} {
			s.Alpha, s.Beta, s.Workers = .7, .3, 3
			p, err := New32(s)
			if err != nil {
				t.Fatal(err)
			}
			a, b, c := mostlyZero(r, lengthA(p), .1), random[float32](r, lengthB(p)), random[float32](r, lengthC(p))
			one, three := append([]float32(nil), c...), append([]float32(nil), c...)
			if n := testing.AllocsPerRun(1, func() { copy(one, c); p.Run(a, b, one) }); n != 0 {
				t.Errorf("%+v: %v allocations a run", s, n)
			}
			p.RunOn(goroutines{3}, a, b, three)
			if !slices.Equal(one, three) {
				t.Errorf("%+v: 1 and 3 workers differ", s)
			}
		}
	})
}

// TestLevelsAgree: where every element is one chain of multiply-adds, AVX2 and AVX-512 give the same bits.
func TestLevelsAgree(t *testing.T) {
	if level.Hardware() < level.AVX512 {
		t.Skip("no AVX-512")
	}
	r := rand.New(rand.NewPCG(11, 12))
	for range 100 {
		s := randomSpec(r)
		var first []float32
		for _, l := range []level.Level{level.AVX512, level.AVX2} {
			undo := level.Use(l)
			p, err := New32(s)
			undo()
			if err != nil {
				t.Fatal(err)
			}
			data := rand.New(rand.NewPCG(13, 14))
			a, b, c := random[float32](data, lengthA(p)), random[float32](data, lengthB(p)), random[float32](data, lengthC(p))
			if p.path == dotted {
				continue
			}
			p.Run(a, b, c)
			if first == nil {
				first = c
			} else if !slices.Equal(first, c) {
				t.Fatalf("%+v: the levels differ", s)
			}
		}
	}
}

func lengthA[T Float](p *Plan[T]) int { a, _, _ := p.Spec().Lengths(); return a }
func lengthB[T Float](p *Plan[T]) int { _, b, _ := p.Spec().Lengths(); return b }
func lengthC[T Float](p *Plan[T]) int { _, _, c := p.Spec().Lengths(); return c }

// TestSpecErrors: what cannot be a product is refused in a sentence.
func TestSpecErrors(t *testing.T) {
	for _, s := range []Spec{
		{M: -1}, {N: -1}, {K: -1}, {Batch: -1}, {Workers: -1},
		{M: 2, N: 2, K: 3, LdA: 2}, {M: 2, N: 2, K: 3, TransA: true, LdA: 1}, {M: 2, N: 2, K: 3, LdB: 1}, {M: 2, N: 2, K: 3, TransB: true, LdB: 2}, {M: 2, N: 2, LdC: 1},
		{M: 2, N: 2, K: 2, Batch: 2, StrideC: 3}, {M: 2, N: 2, K: 2, Batch: 2, StrideC: 4, StrideA: -1}, {M: 2, N: 2, K: 2, Batch: 2, StrideC: 4, Stream: true},
		{M: 1 << 40, N: 1, K: 1},
	} {
		if _, err := New32(s); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%+v: %v", s, err)
		}
	}
}

// TestShortSlices: a slice that is too short is a programmer's mistake, never a read or write beyond it.
func TestShortSlices(t *testing.T) {
	p, err := New64(Spec{M: 3, N: 5, K: 7, LdA: 9, LdB: 6, LdC: 8, Alpha: 1})
	if err != nil {
		t.Fatal(err)
	}
	need := []int{2*9 + 7, 6*6 + 5, 2*8 + 5}
	for short := range 4 {
		x := make([][]float64, 3)
		for i := range x {
			x[i] = make([]float64, need[i])
			if i == short {
				x[i] = x[i][1:]
			}
		}
		func() {
			defer func() {
				if got, want := recover() != nil, short < 3; got != want {
					t.Errorf("operand %d short: panic %t", short, got)
				}
			}()
			p.Run(x[0], x[1], x[2])
		}()
	}
}
