package blas

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
	"gonum.org/v1/gonum/blas/testblas"

	"cavity/engine/cpu/level"
)

func everyLevel(t *testing.T, f func(t *testing.T)) {
	for _, l := range level.Available() {
		t.Run(l.String(), func(t *testing.T) {
			defer level.Use(l)()
			f(t)
		})
	}
}

// TestConformance runs gonum's own tests of a float64 BLAS.
func TestConformance(t *testing.T) {
	var impl Implementation
	everyLevel(t, func(t *testing.T) {
		testblas.TestDgemm(t, impl)
		testblas.DsymmTest(t, impl)
		testblas.DsyrkTest(t, impl)
		testblas.Dsyr2kTest(t, impl)
		testblas.DtrmmTest(t, impl)
		testblas.DtrsmTest(t, impl)
		testblas.DgemvTest(t, impl)
		testblas.DgerTest(t, impl)
		testblas.DgbmvTest(t, impl)
		testblas.DsymvTest(t, impl)
		testblas.DtrmvTest(t, impl)
		testblas.DtrsvTest(t, impl)
		testblas.DaxpyTest(t, impl)
		testblas.DdotTest(t, impl)
		testblas.Dnrm2Test(t, impl)
	})
}

// TestConformanceSingle runs the cases of gonum's test of Dgemm through Sgemm.
func TestConformanceSingle(t *testing.T) {
	everyLevel(t, func(t *testing.T) { testblas.TestDgemm(t, single{t}) })
}

// single answers as Dgemm does and compares Sgemm with it on the same numbers, rounded.
type single struct{ t *testing.T }

func (s single) Dgemm(tA, tB blas.Transpose, m, n, k int, alpha float64, a []float64, lda int, b []float64, ldb int, beta float64, c []float64, ldc int) {
	a32, b32, c32 := round(a), round(b), round(c)
	before := append([]float64(nil), c...)
	gonum.Implementation{}.Dgemm(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
	Implementation{}.Sgemm(tA, tB, m, n, k, float32(alpha), a32, lda, b32, ldb, float32(beta), c32, ldc)
	size := math.Abs(alpha)*float64(k)*largest(a)*largest(b) + math.Abs(beta)*largest(before)
	for i := range c { // three more roundings than the product: those of the operands
		if !(math.Abs(float64(c32[i])-c[i]) <= float64(k+6)*0x1p-24*size) {
			s.t.Errorf("%c%c %d×%d×%d: c[%d] = %v, want %v", tA, tB, m, n, k, i, c32[i], c[i])
		}
	}
}

func round(x []float64) []float32 {
	y := make([]float32, len(x))
	for i := range x {
		y[i] = float32(x[i])
	}
	return y
}

func largest(x []float64) float64 {
	most := 0.0
	for _, v := range x {
		most = max(most, math.Abs(v))
	}
	return most
}

// TestBadArguments: whatever is wrong, we panic with gonum's words.
func TestBadArguments(t *testing.T) {
	type arguments struct {
		tA, tB                          blas.Transpose
		m, n, k, a, lda, b, ldb, c, ldc int
	}
	good := arguments{blas.NoTrans, blas.Trans, 3, 4, 5, 15, 5, 20, 5, 12, 4}
	for name, change := range map[string]func(*arguments){
		"transpose A": func(x *arguments) { x.tA = 'X' }, "transpose B": func(x *arguments) { x.tB = 0 },
		"m": func(x *arguments) { x.m = -1 }, "n": func(x *arguments) { x.n = -1 }, "k": func(x *arguments) { x.k = -1 },
		"lda": func(x *arguments) { x.lda = 4 }, "ldb": func(x *arguments) { x.ldb = 4 }, "ldc": func(x *arguments) { x.ldc = 3 },
		"short a": func(x *arguments) { x.a-- }, "short b": func(x *arguments) { x.b-- }, "short c": func(x *arguments) { x.c-- },
		"nothing": func(*arguments) {}, "empty": func(x *arguments) { x.k = 0 },
	} {
		x := good
		change(&x)
		a, b, c := make([]float64, x.a), make([]float64, x.b), make([]float64, x.c)
		ours := caught(func() { Implementation{}.Dgemm(x.tA, x.tB, x.m, x.n, x.k, 1, a, x.lda, b, x.ldb, 0, c, x.ldc) })
		theirs := caught(func() {
			gonum.Implementation{}.Dgemm(x.tA, x.tB, x.m, x.n, x.k, 1, a, x.lda, b, x.ldb, 0, c, x.ldc)
		})
		if ours != theirs {
			t.Errorf("%s: panic %q, gonum's is %q", name, ours, theirs)
		}
		single := caught(func() {
			Implementation{}.Sgemm(x.tA, x.tB, x.m, x.n, x.k, 1, round(a), x.lda, round(b), x.ldb, 0, round(c), x.ldc)
		})
		if single != theirs {
			t.Errorf("%s: Sgemm panics with %q, gonum's Dgemm with %q", name, single, theirs)
		}
	}
}

func caught(f func()) (message string) {
	defer func() { message = fmt.Sprint(recover()) }()
	f()
	return
}

// FuzzGemm compares Sgemm and Dgemm with gonum's on any sizes, strides and values of alpha and beta.
func FuzzGemm(f *testing.F) {
	f.Add(uint64(1), uint16(3), uint16(5), uint16(7), uint8(0), uint8(0), 1.0, 0.0)
	f.Add(uint64(2), uint16(13), uint16(33), uint16(401), uint8(3), uint8(2), -.5, 2.0)
	f.Add(uint64(3), uint16(1), uint16(100), uint16(50), uint8(2), uint8(0), 3.0, 1.0)
	f.Add(uint64(4), uint16(100), uint16(1), uint16(50), uint8(1), uint8(1), 0.0, .5)
	f.Fuzz(func(t *testing.T, seed uint64, m16, n16, k16 uint16, trans, gap uint8, alpha, beta float64) {
		m, n, k := int(m16%120), int(n16%120), int(k16%500)
		if math.IsNaN(alpha+beta) || math.Abs(alpha) > 1e6 || math.Abs(beta) > 1e6 {
			t.Skip("the bound needs moderate numbers")
		}
		tA, tB := blas.NoTrans, blas.NoTrans
		rowsA, lda, rowsB, ldb := m, k, k, n
		if trans&1 == 1 {
			tA, rowsA, lda = blas.Trans, k, m
		}
		if trans&2 == 2 {
			tB, rowsB, ldb = blas.Trans, n, k
		}
		g := int(gap % 9)
		lda, ldb = max(lda+g, 1), max(ldb+g, 1)
		ldc := max(n+g, 1)
		r := rand.New(rand.NewPCG(seed, 1))
		a, b, c := draw(r, rowsA*lda), draw(r, rowsB*ldb), draw(r, m*ldc)
		want, got, got32 := append([]float64(nil), c...), append([]float64(nil), c...), round(c)
		gonum.Implementation{}.Dgemm(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, want, ldc)
		Implementation{}.Dgemm(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, got, ldc)
		Implementation{}.Sgemm(tA, tB, m, n, k, float32(alpha), round(a), lda, round(b), ldb, float32(beta), got32, ldc)
		size := float64(k+6) * (math.Abs(alpha)*float64(k) + math.Abs(beta)) // operands are at most 1
		for i := range want {
			if !(math.Abs(got[i]-want[i]) <= 2*0x1p-53*size) || !(math.Abs(float64(got32[i])-want[i]) <= 0x1p-24*(size+1)) {
				t.Fatalf("%d×%d×%d trans %d: c[%d] = %v and %v, want %v", m, n, k, trans&3, i, got[i], got32[i], want[i])
			}
		}
	})
}

func draw(r *rand.Rand, n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = 2*r.Float64() - 1
	}
	return x
}

// TestAllocates: memory is kept between calls.
func TestAllocates(t *testing.T) {
	a, c := make([]float64, 100*100), make([]float64, 100*100)
	n := testing.AllocsPerRun(20, func() {
		Implementation{}.Dgemm(blas.NoTrans, blas.NoTrans, 100, 100, 100, 1, a, 100, a, 100, 0, c, 100)
	})
	if n >= 1 { // the pool may lose a plan to the garbage collector
		t.Errorf("%v allocations a call", n)
	}
}
